import {
  lstatSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { boundByModes } from '../support/bound.js'
import { links, makeBench, picture } from '../support/fake-tools.js'
import { run } from '../support/jobshim.js'
import { test, testWith } from '../support/test-with.js'
import { repository, writeFiles } from '../support/workspace.js'

const good = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' })

test('install :: links, launcher, manifest and tool files', async () => {
  const { call, dir, path, root } = makeBench(['cc', 'ld', 'make', 'python3', 'gcc-ar'])
  assert.equal(
    await call('install'),
    good(
      `3 shims in ${dir}\n  added: cc ld make\n  put it first on PATH, or use jobshim run: export PATH=${dir}:$PATH\n`,
    ),
  )
  assert.equal(picture(root), { shims: 'directory', tools: 'directory' })
  assert.equal(picture(dir), { '.jobshim': 'directory', ...links('cc', 'ld', 'make') })
  assert.equal(picture(join(dir, '.jobshim')), {
    adapters: 'directory',
    bin: 'directory',
    costs: 'directory',
    launcher: 'file',
    look: 'file',
    'manifest.json': 'file',
    tools: 'directory',
    versions: 'directory',
    wanted: 'file',
  })
  assert.is(statSync(dir).mode & 0o777, 0o755)
  assert.is(statSync(join(dir, '.jobshim/launcher')).mode & 0o777, 0o755)
  assert.equal(
    readFileSync(join(dir, '.jobshim/launcher')),
    readFileSync(join(repository, 'shims/build/launcher')),
  )
  assert.is(readFileSync(join(dir, '.jobshim/tools/cc'), 'utf8'), `family=gcc\nreal=${path}/cc\n`)
  assert.is(readFileSync(join(dir, '.jobshim/tools/make'), 'utf8'), `family=make\nreal=${path}/make\n`)
})

test('install :: a directory on PATH that may not be searched is passed over', async () => {
  const { dir, path, root } = makeBench(['cc'])
  const closed = join(root, 'closed')
  mkdirSync(closed, { mode: 0 })
  const [program = '', ...before] = [...boundByModes, process.execPath]
  const words = [...before, join(repository, 'bin/jobshim.js'), 'install', '--dir', dir, '--tools', 'cc']
  const env = { PATH: `${closed}:${path}:${process.env.PATH}`, HOME: root }
  const { status, stderr } = await run(program, words, { cwd: root, env })
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  assert.is(picture(dir).cc, '-> .jobshim/bin/cc')
  rmdirSync(closed)
})

test('install :: the shims run the real tools', async () => {
  const { call, dir, path } = makeBench(['cc'])
  await call('install')
  const env = { PATH: `${dir}:${path}:/usr/bin:/bin` }
  assert.equal(await run(join(dir, 'cc'), ['-c', 'a.c'], { env }), good('cc\n'))
})

test('install :: whatever the umask, other users can run the shims', async () => {
  const { dir, path, root } = makeBench(['cc'])
  const command = `umask 077 && exec "$0" "$@"`
  const words = [process.execPath, join(repository, 'bin/jobshim.js'), 'install', '--dir', dir]
  const result = await run('/bin/sh', ['-c', command, ...words], {
    cwd: root,
    env: { PATH: path, HOME: root },
  })
  assert.is(result.status, 0)
  for (const [place, mode] of [
    ['', 0o755],
    ['.jobshim', 0o755],
    ['.jobshim/launcher', 0o755],
    ['.jobshim/tools', 0o755],
    ['.jobshim/bin', 0o755],
    ['.jobshim/bin/cc', 0o755],
    ['.jobshim/costs', 0o755],
    ['.jobshim/tools/cc', 0o644],
    ['.jobshim/manifest.json', 0o644],
  ] as const)
    assert.is((statSync(join(dir, place)).mode & 0o777).toString(8), mode.toString(8), place)
})

test('install :: twice :: the second one changes nothing', async () => {
  const { call, dir } = makeBench(['cc', 'ld'])
  await call('install')
  const before = [dir, join(dir, 'cc'), join(dir, '.jobshim/launcher'), join(dir, '.jobshim/manifest.json')]
  const inodes = before.map(path => lstatSync(path).ino)
  assert.equal(await call('install'), good(`nothing changed: 2 shims in ${dir}\n`))
  assert.equal(
    before.map(path => lstatSync(path).ino),
    inodes,
  )
})

test('install :: what is no longer wanted is removed and named', async () => {
  const { call, dir, path } = makeBench(['cc', 'gcc', 'ld'])
  await call('install')
  assert.equal(await call('install', '--tools', 'ld,cc'), good(`2 shims in ${dir}\n  removed: gcc\n`))
  unlinkSync(join(path, 'ld'))
  assert.equal(
    await call('install'),
    good(
      `2 shims in ${dir}\n  added: gcc\n  removed: ld\n  put it first on PATH, or use jobshim run: export PATH=${dir}:$PATH\n`,
    ),
  )
  assert.equal(picture(join(dir, '.jobshim/tools')), { cc: 'file', gcc: 'file' })
})

test('install :: --json', async () => {
  const { call, dir } = makeBench(['cc', 'ld'])
  const report = { jobshim: 1, dir, added: ['cc', 'ld'], removed: [], kept: [], leftAlone: [], changed: true }
  assert.equal(await call('install', '--json'), good(`${JSON.stringify(report)}\n`))
})

test('install :: shim dirs on PATH are no real tools, ours or others', async () => {
  const { call, dir, root, path } = makeBench(['cc'])
  await call('install')
  const other = join(root, 'other')
  const env = { PATH: `${dir}:${path}`, HOME: root }
  const words = [join(repository, 'bin/jobshim.js'), 'install', '--dir', other]
  assert.is((await run(process.execPath, words, { cwd: root, env })).status, 0)
  unlinkSync(join(path, 'cc'))
  const result = await run(process.execPath, [...words, '--tools', 'cc'], {
    cwd: root,
    env: { ...env, PATH: `${dir}:${other}:${path}` },
  })
  assert.equal(result, {
    status: 1,
    signal: null,
    stdout: '',
    stderr: 'jobshim: cc: not found on PATH\n  install it, or leave it out of --tools\n',
  })
})

test('install :: config :: tools, adapters and policy', async () => {
  const { call, dir, path, root } = makeBench(['cc', 'ld', 'make'])
  writeFiles(root, { '.jobshimrc': 'tools: [ld]\nadapters: false\nnoJobserver: error\npatience: 5\n' })
  assert.is((await call('install')).status, 0)
  assert.equal(picture(dir), { '.jobshim': 'directory', ...links('ld') })
  assert.is(
    readFileSync(join(dir, '.jobshim/tools/ld'), 'utf8'),
    `family=ld\nno-jobserver=error\npatience=5\nreal=${path}/ld\n`,
  )
  assert.is((await call('install', '--no-config', '--no-adapters')).status, 0)
  assert.equal(picture(dir), { '.jobshim': 'directory', ...links('cc', 'ld') })
  assert.is(readFileSync(join(dir, '.jobshim/tools/ld'), 'utf8'), `family=ld\nreal=${path}/ld\n`)
})

test('install :: config :: some adapters, which join', async () => {
  const { call, dir, path, root } = makeBench(['cc', 'make', 'ninja'])
  writeFiles(root, { '.jobshimrc': 'adapters: [make]\njoin: true\n' })
  assert.is((await call('install')).status, 0)
  assert.equal(picture(dir), { '.jobshim': 'directory', ...links('cc', 'make') })
  assert.is(
    readFileSync(join(dir, '.jobshim/tools/make'), 'utf8'),
    `family=make\njoin=1\nreal=${path}/make\n`,
  )
  assert.is(readFileSync(join(dir, '.jobshim/tools/cc'), 'utf8'), `family=gcc\nreal=${path}/cc\n`)
})

test('install :: a shim that became a foreign file is left alone and forgotten', async () => {
  const { call, dir } = makeBench(['cc', 'ld'])
  await call('install')
  unlinkSync(join(dir, 'ld'))
  writeFileSync(join(dir, 'ld'), 'mine')
  assert.equal(
    await call('install', '--tools', 'cc'),
    good(`1 shim in ${dir}\n  left alone, no longer ours: ld\n`),
  )
  assert.is(readFileSync(join(dir, 'ld'), 'utf8'), 'mine')
})

test('install :: into a symlink of our own :: where it leads', async () => {
  const { call, dir, root } = makeBench(['cc'])
  mkdirSync(join(root, 'elsewhere'))
  symlinkSync('elsewhere', dir)
  assert.is((await call('install')).status, 0)
  assert.equal(picture(join(root, 'elsewhere')), { '.jobshim': 'directory', ...links('cc') })
  assert.is((await call('uninstall')).status, 0)
  assert.equal(picture(join(root, 'elsewhere')), {})
})

for (const { rounds, isLong } of [
  { rounds: 2, isLong: false },
  { rounds: 10, isLong: true },
])
  testWith(
    [],
    `install :: three at once, ${rounds} times :: all end well and the dir is whole`,
    async () => {
      const tools = ['c++', 'cc', 'g++', 'gcc', 'ld', 'make', 'rustc']
      const { call, dir } = makeBench(tools)
      for (let round = 0; round < rounds; round++) {
        const wishes = round % 2 === 0 ? [] : ['--tools', 'gcc,ld,rustc']
        const results = await Promise.all([
          call('install', ...wishes),
          call('install', ...wishes),
          call('install', ...wishes),
        ])
        for (const { status, stderr } of results) assert.equal({ status, stderr }, { status: 0, stderr: '' })
        assert.equal(picture(dir), {
          '.jobshim': 'directory',
          ...links(...tools),
        })
        assert.equal(await call('install', ...wishes), good(`nothing changed: 7 shims in ${dir}\n`))
        const ends = await Promise.all([call('uninstall'), call('uninstall')])
        for (const { status, stderr } of ends) assert.equal({ status, stderr }, { status: 0, stderr: '' })
        assert.throws(() => statSync(dir))
      }
    },
    { isLong },
  )

test.run()
