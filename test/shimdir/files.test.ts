import {
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ensureShims } from '../../src/shimdir/ensure.js'
import { type Bench, links, makeBench, picture } from '../support/fake-tools.js'
import { jobshim, run } from '../support/jobshim.js'
import { repository } from '../support/workspace.js'

/** What shims lead to: who watches a compiler's file sees it change. */
const built = readFileSync(process.env.JOBSHIM_TEST_LAUNCHER ?? join(repository, 'shims/build/launcher'))
const lineBytes = 128
const pathBytes = 4096

const fileOf = ({ dir }: Bench, name: string): string => join(dir, '.jobshim/bin', name)
const ofFile = (bench: Bench, name: string): Stats => statSync(fileOf(bench, name))
const mtimeOf = (path: string): bigint => statSync(path, { bigint: true }).mtimeNs
const noteOf = (bench: Bench, name: string): string =>
  readFileSync(fileOf(bench, name))
    .subarray(built.length, built.length + lineBytes)
    .toString()

/** Puts another program of that size in the tool's place, as an upgrade does. */
function replace({ path }: Bench, name: string, mtime = new Date(1_600_000_000_123)): void {
  const text = readFileSync(join(path, name), 'utf8')
  writeFileSync(join(path, `${name}.new`), text, { mode: 0o755 })
  utimesSync(join(path, `${name}.new`), mtime, mtime)
  renameSync(join(path, `${name}.new`), join(path, name))
}

const isFresh = (bench: Bench, name: string): void =>
  assert.is(mtimeOf(fileOf(bench, name)), mtimeOf(join(bench.path, name)))

const call = (bench: Bench, command: string, words: readonly string[] = ['-c', 'a.c'], before = '') =>
  run(command, words, { cwd: bench.root, env: { PATH: `${before}${bench.dir}:${bench.path}:/usr/bin:/bin` } })

const told = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' })

test('files :: the launcher, a line, its own path, and the mtime of the tool', async () => {
  const bench = makeBench(['cc', 'ld'])
  await bench.install()
  for (const name of ['cc', 'ld']) {
    const file = readFileSync(fileOf(bench, name))
    assert.ok(file.subarray(0, built.length).equals(built))
    assert.match(noteOf(bench, name), /^\njobshim [0-9a-f]{16} [\d. ]+\.+\n$/)
    assert.is(file.subarray(built.length + lineBytes).toString(), fileOf(bench, name).padEnd(pathBytes, '\0'))
    assert.is(ofFile(bench, name).mode & 0o777, 0o755)
    isFresh(bench, name)
  }
  assert.is.not(noteOf(bench, 'cc'), noteOf(bench, 'ld'))
})

test('files :: names of one program :: a file for each, so that a copy tells which one it is of', async () => {
  const bench = makeBench(['gcc', 'ld'])
  symlinkSync('gcc', join(bench.path, 'cc'))
  await bench.install()
  assert.is(noteOf(bench, 'cc'), noteOf(bench, 'gcc'))
  for (const name of ['cc', 'gcc', 'ld']) assert.is(ofFile(bench, name).nlink, 1)
  for (const name of ['cc', 'gcc', 'ld'])
    assert.equal(await call(bench, name), told(name === 'cc' ? 'gcc\n' : `${name}\n`))
})

const occasions: Readonly<Record<string, (bench: Bench) => Promise<unknown>>> = {
  install: bench => bench.call('install'),
  'jobshim run': ({ dir, path, root }) =>
    jobshim(['run', '-q', '-j2', '--no-config', '--dir', dir, '--', '/bin/true'], {
      cwd: root,
      env: { PATH: path, HOME: root },
    }),
  'a run of the tool': bench => call(bench, 'cc'),
  'a probe of the tool': bench => call(bench, 'cc', ['--version']),
}

for (const [name, occasion] of Object.entries(occasions))
  test(`files :: a tool that was replaced :: noticed by ${name}`, async () => {
    const bench = makeBench(['cc', 'ld'])
    await bench.install()
    const before = { cc: readFileSync(fileOf(bench, 'cc')), ld: ofFile(bench, 'ld').ino }
    replace(bench, 'cc')
    await occasion(bench)
    isFresh(bench, 'cc')
    assert.not(readFileSync(fileOf(bench, 'cc')).equals(before.cc))
    assert.is(ofFile(bench, 'ld').ino, before.ld) // nothing was written
    assert.equal(picture(join(bench.dir, '.jobshim/bin')), { cc: 'file', ld: 'file', look: 'file' })
    const { ino } = ofFile(bench, 'cc')
    await occasion(bench)
    assert.is(ofFile(bench, 'cc').ino, ino)
    assert.equal(await call(bench, 'cc'), told('cc\n'))
  })

test('files :: a tool that was replaced :: rustc, noticed as cargo starts', async () => {
  const bench = makeBench(['cargo', 'rustc'])
  await bench.install()
  replace(bench, 'rustc')
  assert.equal(await call(bench, 'cargo', ['build']), told('cargo\n'))
  isFresh(bench, 'rustc')
})

test('files :: a tool with the mtime of the old one :: noticed by install', async () => {
  const bench = makeBench(['cc'])
  await bench.install()
  const before = noteOf(bench, 'cc')
  const { mtime } = statSync(join(bench.path, 'cc'))
  writeFileSync(join(bench.path, 'cc'), '#!/bin/sh\necho another\n')
  utimesSync(join(bench.path, 'cc'), mtime, mtime)
  await bench.install()
  assert.is.not(noteOf(bench, 'cc'), before)
})

test('files :: another tool, first on PATH :: the file stays that of the one that install found', async () => {
  const bench = makeBench(['cc'])
  await bench.install()
  const other = join(bench.root, 'other')
  mkdirSync(other)
  writeFileSync(join(other, 'cc'), '#!/bin/sh\necho other\n', { mode: 0o755 })
  const { ino } = ofFile(bench, 'cc')
  const env = { PATH: `${bench.dir}:${other}:/usr/bin:/bin` }
  assert.equal(await run('cc', ['-c', 'a.c'], { env }), told('other\n'))
  assert.is(ofFile(bench, 'cc').ino, ino)
})

test('files :: a tool that is gone :: its file stays, and another one that comes is noticed', async () => {
  const bench = makeBench(['cc'])
  await bench.install()
  unlinkSync(join(bench.path, 'cc'))
  const { status, stderr } = await call(bench, join(bench.dir, 'cc'), ['-c'], '/none:')
  assert.is(
    status === 127 ? stderr : '',
    status === 127 ? `jobshim: cc: not found on PATH after ${bench.dir}\n` : '',
  )
  writeFileSync(join(bench.path, 'cc'), '#!/bin/sh\necho cc\n', { mode: 0o755 })
  assert.equal(await call(bench, 'cc'), told('cc\n'))
  isFresh(bench, 'cc')
})

/** The dir as older versions made it: every shim leads to the launcher, and no tool file names a tool. */
async function makeOld(tools: readonly string[]): Promise<Bench> {
  const bench = makeBench(tools)
  await bench.install()
  const { dir } = bench
  const manifest = join(dir, '.jobshim/manifest.json')
  for (const name of tools) {
    unlinkSync(join(dir, name))
    symlinkSync('.jobshim/launcher', join(dir, name))
    const file = join(dir, '.jobshim/tools', name)
    writeFileSync(file, readFileSync(file, 'utf8').replace(/real=.*\n/, ''))
  }
  rmSync(join(dir, '.jobshim/bin'), { recursive: true })
  const text = readFileSync(manifest, 'utf8').replaceAll(/\.jobshim\/bin\/[^"]*/g, '.jobshim/launcher')
  writeFileSync(manifest, text.replace(/("jobshim": )"[^"]*"/, '$1"0.0.1"'))
  return bench
}

test('files :: shims of an older version :: work', async () => {
  const bench = await makeOld(['cc', 'ld'])
  symlinkSync(join(bench.dir, 'ld'), join(bench.root, 'acme-cc'))
  assert.equal(await call(bench, 'cc'), told('cc\n'))
  assert.equal(await call(bench, join(bench.root, 'acme-cc')), told('ld\n'))
})

const upgrades: Readonly<Record<string, (bench: Bench) => Promise<unknown>>> = {
  install: bench => bench.call('install'),
  run: ({ dir, path, root }) =>
    ensureShims(
      dir,
      {
        tools: undefined,
        adapters: [],
        join: undefined,
        machineJobs: 4,
        noJobserver: undefined,
        patience: undefined,
        rulesText: '',
      },
      { PATH: path, HOME: root },
    ),
}

for (const [name, upgrade] of Object.entries(upgrades))
  test(`files :: shims of an older version :: get files of their own by ${name}`, async () => {
    const bench = await makeOld(['cc', 'ld'])
    await upgrade(bench)
    assert.equal(picture(bench.dir), { '.jobshim': 'directory', ...links('cc', 'ld') })
    for (const tool of ['cc', 'ld']) {
      isFresh(bench, tool)
      assert.equal(await call(bench, tool), told(`${tool}\n`))
    }
    assert.is((await bench.call('uninstall')).status, 0)
    assert.not(lstatSync(bench.dir, { throwIfNoEntry: false }))
  })

test('files :: shims of an older version :: uninstall takes them away', async () => {
  const bench = await makeOld(['cc', 'ld'])
  assert.equal(await bench.call('uninstall'), told(`removed 2 shims from ${bench.dir}\n`))
  assert.equal(picture(bench.root), { tools: 'directory' })
})

test('files :: uninstall :: foreign ones stay, what a killed launcher half wrote goes', async () => {
  const bench = makeBench(['cc'])
  await bench.install()
  writeFileSync(fileOf(bench, 'mine'), 'mine')
  writeFileSync(fileOf(bench, 'new-1-2'), 'half')
  assert.equal(
    await bench.call('uninstall'),
    told(`removed 1 shim from ${bench.dir}\n  left alone, not ours: ${fileOf(bench, 'mine')}\n`),
  )
  assert.equal(picture(join(bench.dir, '.jobshim/bin')), { mine: 'file' })
})

test.run()
