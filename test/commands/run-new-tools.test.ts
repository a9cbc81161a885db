import { chmodSync, existsSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { boundByModes } from '../support/bound.js'
import { type Bench, links, makeBench, picture } from '../support/fake-tools.js'
import { jobshim, type Outcome, run } from '../support/jobshim.js'
import { asUser, eve, makeDirectoryOf, testAsOthers } from '../support/other-user.js'
import { test } from '../support/test-with.js'
import { openToOthers, repository, writeFiles } from '../support/workspace.js'

const good = (stdout: string, stderr = ''): Outcome => ({ status: 0, signal: null, stdout, stderr })

/** Puts tools on the PATH of a bench, which say which they are. */
const addTools = ({ root }: Pick<Bench, 'root'>, ...names: string[]): void =>
  writeFiles(root, Object.fromEntries(names.map(name => [`tools/${name}`, `#!/bin/sh\necho ${name}\n`])))

const around = ({ root, path }: Bench) => ({
  cwd: root,
  env: { PATH: path, HOME: root, XDG_RUNTIME_DIR: root },
})

/** Runs a command below `jobshim run`, which reads the config of the bench, if it has one. stderr: what comes before the summary. */
async function runBelow(bench: Bench, ...words: string[]): Promise<Outcome> {
  const outcome = await jobshim(['run', '--dir', bench.dir, '-j2', '--', ...words], around(bench))
  const summary = /^jobshim: \d+ tools? ran[\s\S]*/m
  assert.match(outcome.stderr, summary)
  return { ...outcome, stderr: outcome.stderr.replace(summary, '') }
}

const added = (dir: string, ...names: string[]): string =>
  `jobshim: added the shims of ${names.join(' ')} in ${dir}\n`

test('run :: new tools :: those of wanted families and adapters get shims, and are governed', async () => {
  const bench = makeBench(['cc'])
  const { dir, install } = bench
  await install()
  addTools(bench, 'clang', 'x86_64-linux-gnu-gcc-14', 'ninja', 'clang-format', 'ar')
  const words = ['/bin/sh', '-c', 'command -v clang; clang']
  const names = ['clang', 'ninja', 'x86_64-linux-gnu-gcc-14']
  assert.equal(await runBelow(bench, ...words), good(`${dir}/clang\nclang\n`, added(dir, ...names)))
  assert.equal(picture(dir), { '.jobshim': 'directory', ...links('cc', ...names) })
  assert.equal(await runBelow(bench, ...words), good(`${dir}/clang\nclang\n`))
  assert.equal(await bench.call('install'), good(`nothing changed: 4 shims in ${dir}\n`))
  assert.is((await bench.call('uninstall')).status, 0)
  assert.not.ok(existsSync(dir))
})

test('run :: new tools :: what was asked for by --tools and --no-adapters holds, whatever this run wishes', async () => {
  const bench = makeBench(['cc'])
  const { dir, install } = bench
  await install('--tools', 'gcc', '--no-adapters')
  addTools(bench, 'clang', 'ld', 'make', 'gcc-14')
  assert.equal(await runBelow(bench, 'gcc-14'), good('gcc-14\n', added(dir, 'gcc-14')))
  assert.equal(picture(dir), { '.jobshim': 'directory', ...links('cc', 'gcc-14') })
})

test('run :: new tools :: a directory that install has not seen, as a toolchain of one project :: nothing is added', async () => {
  const bench = makeBench(['cc'])
  const { dir, root, install } = bench
  await install()
  writeFiles(root, { 'llvm/bin/clang': '#!/bin/sh\necho clang\n' })
  const ofProject = { ...bench, path: `${root}/llvm/bin:${bench.path}` }
  assert.equal(await runBelow(ofProject, 'clang'), good('clang\n'))
  assert.equal(picture(dir), { '.jobshim': 'directory', ...links('cc') })
})

test('run :: new tools :: a tool by its name has no family: nothing is added', async () => {
  const bench = makeBench(['gcc-13'])
  await bench.install('--tools', 'gcc-13', '--no-adapters')
  addTools(bench, 'gcc-14')
  assert.equal(await runBelow(bench, 'gcc-14'), good('gcc-14\n'))
})

test('run :: new tools :: they are told what install has told the others, not what this run is', async () => {
  const bench = makeBench(['cc'])
  const { dir, path, root, install } = bench
  writeFiles(root, { '.jobshimrc': 'patience: 7\nload: 3\njoin: true\n' })
  await install()
  writeFiles(root, { '.jobshimrc': 'patience: 9\n' })
  addTools(bench, 'ld', 'make')
  assert.equal(await runBelow(bench, 'ld'), good('ld\n', added(dir, 'ld', 'make')))
  const text = (name: string): string => readFileSync(join(dir, '.jobshim/tools', name), 'utf8')
  assert.is(text('ld'), `family=ld\npatience=7\nrules=1\nreal=${path}/ld\n`)
  assert.is(text('make'), `family=make\njoin=1\npatience=7\nrules=1\nreal=${path}/make\n`)
})

test('run :: new tools :: what somebody removed stays away, what is foreign stays', async () => {
  const bench = makeBench(['cc', 'gcc'])
  const { dir, install } = bench
  await install()
  unlinkSync(join(dir, 'gcc'))
  writeFileSync(join(dir, 'clang'), 'mine')
  addTools(bench, 'clang', 'ld')
  const before = picture(dir)
  assert.equal(await runBelow(bench, 'gcc'), good('gcc\n', added(dir, 'ld')))
  assert.equal(picture(dir), { ...before, ...links('ld') })
  assert.equal(await runBelow(bench, 'gcc'), good('gcc\n'))
  assert.is(readFileSync(join(dir, 'clang'), 'utf8'), 'mine')
})

for (const text of [undefined, '', 'mine'])
  test(`run :: new tools :: it is not known what is wanted (${JSON.stringify(text)}): the shims stay as they are`, async () => {
    const bench = makeBench(['cc'])
    const { dir, install } = bench
    await install()
    const wanted = join(dir, '.jobshim/wanted')
    if (text === undefined) rmSync(wanted)
    else writeFileSync(wanted, text)
    addTools(bench, 'ld')
    const before = picture(dir)
    assert.equal(await runBelow(bench, 'ld'), good('ld\n'))
    assert.equal(picture(dir), before)
  })

test('run :: new tools :: in a dir that can not be written :: it says so, and goes on', async () => {
  const bench = makeBench(['cc'])
  const { dir, path, root, install } = bench
  await install()
  addTools(bench, 'ld')
  chmodSync(dir, 0o555)
  const [program = '', ...before] = [...boundByModes, 'env', `PATH=${path}`, process.execPath]
  const words = [
    ...before,
    join(repository, 'bin/jobshim.js'),
    'run',
    '--quiet',
    '--dir',
    dir,
    '-j2',
    '--',
    'ld',
  ]
  const env = { HOME: root, XDG_RUNTIME_DIR: root }
  const outcome = await run(program, words, { cwd: root, env })
  chmodSync(dir, 0o755)
  assert.equal(
    outcome,
    good(
      'ld\n',
      `jobshim: ld: no shim yet: ${dir}: can't be written (EACCES)\n  name a directory you can write with --dir\n`,
    ),
  )
})

testAsOthers("run :: new tools :: root's shims are used as they are", async () => {
  const bench = makeBench(['cc'])
  const { dir, path, root, install } = bench
  openToOthers(root)
  await install()
  addTools(bench, 'ld')
  makeDirectoryOf(eve, join(root, 'run'))
  const before = picture(dir)
  const command = ['run', '--quiet', '--no-config', '--dir', dir, '-j2', '--', 'ld']
  const [program = '', ...args] = [
    ...asUser(eve),
    'env',
    `PATH=${path}`,
    process.execPath,
    join(repository, 'bin/jobshim.js'),
    ...command,
  ]
  const env = { HOME: root, XDG_RUNTIME_DIR: join(root, 'run') }
  assert.equal(await run(program, args, { cwd: root, env }), good('ld\n'))
  assert.equal(picture(dir), before)
})

test('run :: new tools :: several runs at once :: each ends well, and all shims are there', async () => {
  const bench = makeBench(['cc'])
  const { dir, install } = bench
  await install()
  const names = ['clang', 'gcc', 'ld', 'make', 'rustc']
  addTools(bench, ...names)
  const outcomes = await Promise.all([1, 2, 3, 4].map(async () => await runBelow(bench, 'ld')))
  for (const { status, stdout } of outcomes) assert.equal([status, stdout], [0, 'ld\n'])
  assert.equal(picture(dir), { '.jobshim': 'directory', ...links('cc', ...names) })
  assert.equal(await bench.call('install'), good(`nothing changed: 6 shims in ${dir}\n`))
})

test('run :: new tools :: --quiet and --json :: they get shims all the same, and stderr has nothing more', async () => {
  const bench = makeBench(['cc'])
  await bench.install()
  const runs = async (flag: string): Promise<Outcome> =>
    await jobshim(['run', flag, '--no-config', '--dir', bench.dir, '-j2', '--', 'ld'], around(bench))
  addTools(bench, 'ld')
  assert.equal(await runs('--quiet'), good('ld\n'))
  addTools(bench, 'clang')
  assert.is(JSON.parse((await runs('--json')).stderr).back, 1)
  assert.equal(picture(bench.dir), { '.jobshim': 'directory', ...links('cc', 'clang', 'ld') })
})

test('env :: new tools :: get shims, and stderr says so', async () => {
  const bench = makeBench(['cc'])
  await bench.install()
  addTools(bench, 'ld')
  const { status, stderr } = await bench.call('env', '--shell', 'sh')
  assert.equal([status, stderr], [0, added(bench.dir, 'ld')])
  assert.equal((await bench.call('env', '--shell', 'sh')).stderr, '')
})

test.run()
