import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run, scrubbed } from '../support/jobshim.js'
import { repository, writeFiles } from '../support/workspace.js'
import { makeBench, picture } from './fake-tools.js'

const shim = '-> .jobshim/launcher'
const good = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' })
const bad = (status: number, stderr: string) => ({ status, signal: null, stdout: '', stderr })

test('install :: links, launcher, manifest and tool files', async () => {
  const { call, dir, root } = makeBench(['cc', 'ld', 'make', 'python3', 'gcc-ar'])
  assert.equal(
    await call('install'),
    good(
      `3 shims in ${dir}\n  added: cc ld make\n  put it first on PATH, or use jobshim run: export PATH=${dir}:$PATH\n`,
    ),
  )
  assert.equal(picture(root), { shims: 'directory', tools: 'directory' })
  assert.equal(picture(dir), { '.jobshim': 'directory', cc: shim, ld: shim, make: shim })
  assert.equal(picture(join(dir, '.jobshim')), {
    launcher: 'file',
    'manifest.json': 'file',
    tools: 'directory',
  })
  assert.is(statSync(dir).mode & 0o777, 0o755)
  assert.is(statSync(join(dir, '.jobshim/launcher')).mode & 0o777, 0o755)
  assert.equal(
    readFileSync(join(dir, '.jobshim/launcher')),
    readFileSync(join(repository, 'shims/build/launcher')),
  )
  assert.is(readFileSync(join(dir, '.jobshim/tools/cc'), 'utf8'), 'family=gcc\n')
  assert.is(readFileSync(join(dir, '.jobshim/tools/make'), 'utf8'), 'family=make\n')
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
  const report = { dir, added: ['cc', 'ld'], removed: [], kept: [], leftAlone: [], changed: true }
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
  assert.equal(result, bad(1, 'jobshim: cc: not found on PATH\n  install it, or leave it out of --tools\n'))
})

test('install :: config :: tools, adapters and policy', async () => {
  const { call, dir, root } = makeBench(['cc', 'ld', 'make'])
  writeFiles(root, { '.jobshimrc': 'tools: [ld]\nadapters: false\nnoJobserver: error\npatience: 5\n' })
  assert.is((await call('install')).status, 0)
  assert.equal(picture(dir), { '.jobshim': 'directory', ld: shim })
  assert.is(
    readFileSync(join(dir, '.jobshim/tools/ld'), 'utf8'),
    'family=ld\nno-jobserver=error\npatience=5\n',
  )
  assert.is((await call('install', '--no-config', '--no-adapters')).status, 0)
  assert.equal(picture(dir), { '.jobshim': 'directory', cc: shim, ld: shim })
  assert.is(readFileSync(join(dir, '.jobshim/tools/ld'), 'utf8'), 'family=ld\n')
})

test('install :: error :: tool not on PATH :: nothing was made', async () => {
  const { call, root } = makeBench(['cc'])
  assert.equal(
    await call('install', '--tools', 'cc,nosuchcc'),
    bad(1, 'jobshim: nosuchcc: not found on PATH\n  install it, or leave it out of --tools\n'),
  )
  assert.equal(picture(root), { tools: 'directory' })
})

const foreign: Record<string, (path: string) => void> = {
  'a file': path => writeFileSync(path, 'mine'),
  'a directory': path => mkdirSync(path),
  'a link to a real tool': path => symlinkSync('/bin/sh', path),
  'a dangling link': path => symlinkSync('nowhere', path),
  'a link to our launcher by another way': path => symlinkSync(join(path, '../.jobshim/launcher'), path),
}

for (const [title, put] of Object.entries(foreign)) {
  test(`install :: error :: ${title} in the way :: named, left alone, nothing half done`, async () => {
    const { call, dir } = makeBench(['cc', 'gcc', 'ld'])
    mkdirSync(dir)
    put(join(dir, 'gcc'))
    const before = picture(dir)
    assert.equal(
      await call('install'),
      bad(
        1,
        `jobshim: ${dir}/gcc: in the way, and not made by jobshim; nothing was changed\n` +
          '  move it away, or name another place with --dir\n',
      ),
    )
    assert.equal(picture(dir), before)
    // What isn't in the way doesn't matter.
    assert.is((await call('install', '--tools', 'cc,ld')).status, 0)
    assert.equal(picture(dir), { '.jobshim': 'directory', cc: shim, ...before, ld: shim })
  })
}

test('install :: error :: all files in the way are named', async () => {
  const { call, dir } = makeBench(['cc', 'gcc', 'ld'])
  writeFiles(dir, { cc: 'x', ld: 'y' })
  assert.equal(
    await call('install'),
    bad(
      1,
      `jobshim: ${dir}/cc, ${dir}/ld: in the way, and not made by jobshim; nothing was changed\n` +
        '  move it away, or name another place with --dir\n',
    ),
  )
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

test('install :: error :: a manifest that is not ours', async () => {
  const { call, dir } = makeBench(['cc'])
  await call('install')
  const manifest = join(dir, '.jobshim/manifest.json')
  writeFileSync(
    manifest,
    '{"version":1,"jobshim":"1","links":[{"name":"../../x","target":".jobshim/launcher"}]}',
  )
  const message =
    `jobshim: ${manifest}: not a manifest of this version\n` +
    `  remove ${dir}/.jobshim and install again; links of ours that are still wanted are taken over\n`
  for (const command of ['install', 'uninstall', 'list']) assert.equal(await call(command), bad(1, message))
  // The way out that the message names.
  rmSync(join(dir, '.jobshim'), { recursive: true })
  assert.is((await call('install')).status, 0)
  assert.is((await call('uninstall')).status, 0)
  assert.throws(() => statSync(dir))
})

test('install :: error :: the shim dir is a file', async () => {
  const { call, dir } = makeBench(['cc'])
  writeFileSync(dir, '')
  assert.equal(
    await call('install'),
    bad(1, `jobshim: ${dir}: not a directory\n  name a directory of your own with --dir\n`),
  )
})

test('install :: error :: everybody can write the shim dir', async () => {
  const { call, dir } = makeBench(['cc'])
  mkdirSync(dir)
  chmodSync(dir, 0o1777)
  assert.equal(
    await call('install'),
    bad(1, `jobshim: ${dir}: can be written by everybody\n  name a directory of your own with --dir\n`),
  )
})

test('install :: error :: .jobshim is a symlink', async () => {
  const { call, dir, root } = makeBench(['cc'])
  mkdirSync(join(root, 'elsewhere'))
  mkdirSync(dir)
  symlinkSync('../elsewhere', join(dir, '.jobshim'))
  assert.equal(
    await call('install'),
    bad(
      1,
      `jobshim: ${dir}/.jobshim: not a directory of yours\n  move it away, or name another place with --dir\n`,
    ),
  )
  assert.equal(picture(join(root, 'elsewhere')), {})
})

test('install :: into a symlink of our own :: where it leads', async () => {
  const { call, dir, root } = makeBench(['cc'])
  mkdirSync(join(root, 'elsewhere'))
  symlinkSync('elsewhere', dir)
  assert.is((await call('install')).status, 0)
  assert.equal(picture(join(root, 'elsewhere')), { '.jobshim': 'directory', cc: shim })
  assert.is((await call('uninstall')).status, 0)
  assert.equal(picture(join(root, 'elsewhere')), {})
})

// Root may write anywhere, unless it gave that capability away: mode bits then count for it as for everybody.
const withoutOverride =
  process.geteuid?.() === 0
    ? [
        'setpriv',
        '--bounding-set=-dac_override,-dac_read_search',
        '--inh-caps=-dac_override,-dac_read_search',
      ]
    : []

/** Installs `cc` as somebody whom the modes of files bind. */
const installBound = ({
  dir,
  root,
  path,
}: {
  dir: string
  root: string
  path: string
}): ReturnType<typeof run> =>
  run(
    '/usr/bin/env',
    [
      `PATH=${path}:${scrubbed().PATH}`,
      ...withoutOverride,
      process.execPath,
      join(repository, 'bin/jobshim.js'),
      ...['install', '--dir', dir, '--tools', 'cc'],
    ],
    { cwd: root, env: { HOME: root } },
  )

for (const [title, prepare] of Object.entries({
  'an empty read-only dir': (dir: string) => mkdirSync(dir),
  'a read-only dir with a file': (dir: string) => writeFiles(dir, { mine: 'x' }),
})) {
  test(`install :: error :: ${title}`, async () => {
    const { dir, root, path } = makeBench(['cc'])
    prepare(dir)
    const before = picture(dir)
    chmodSync(dir, 0o555)
    const result = await installBound({ dir, root, path })
    assert.equal(
      result,
      bad(1, `jobshim: ${dir}: can't be written (EACCES)\n  name a directory you can write with --dir\n`),
    )
    assert.equal(picture(dir), before)
    chmodSync(dir, 0o755)
  })
}

test('install :: error :: the dir can not be made', async () => {
  const { dir, root, path } = makeBench(['cc'])
  chmodSync(root, 0o555)
  const result = await installBound({ dir, root, path })
  chmodSync(root, 0o755)
  assert.equal(
    result,
    bad(1, `jobshim: ${dir}: can't be written (EACCES)\n  name a directory you can write with --dir\n`),
  )
})

test('install :: two at once, ten times :: both end well and the dir is whole', async () => {
  const tools = ['c++', 'cc', 'g++', 'gcc', 'ld', 'make', 'rustc']
  const { call, dir } = makeBench(tools)
  for (let round = 0; round < 10; round++) {
    const wishes = round % 2 === 0 ? [] : ['--tools', 'gcc,ld,rustc']
    const results = await Promise.all([
      call('install', ...wishes),
      call('install', ...wishes),
      call('install', ...wishes),
    ])
    for (const { status, stderr } of results) assert.equal({ status, stderr }, { status: 0, stderr: '' })
    assert.equal(picture(dir), {
      '.jobshim': 'directory',
      ...Object.fromEntries(tools.map(name => [name, shim])),
    })
    assert.equal(await call('install'), good(`nothing changed: 7 shims in ${dir}\n`))
    const ends = await Promise.all([call('uninstall'), call('uninstall')])
    for (const { status, stderr } of ends) assert.equal({ status, stderr }, { status: 0, stderr: '' })
    assert.throws(() => statSync(dir))
  }
})

test.run()
