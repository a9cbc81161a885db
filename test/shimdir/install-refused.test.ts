import { chmodSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { boundByModes } from '../support/bound.js'
import { type Bench, links, makeBench, picture } from '../support/fake-tools.js'
import { jobshim, type Outcome, run, scrubbed } from '../support/jobshim.js'
import { repository, writeFiles } from '../support/workspace.js'

const refused = (stderr: string): Outcome => ({ status: 1, signal: null, stdout: '', stderr })

test('install :: error :: tool not on PATH :: nothing was made', async () => {
  const { call, root } = makeBench(['cc'])
  assert.equal(
    await call('install', '--tools', 'cc,nosuchcc'),
    refused('jobshim: nosuchcc: not found on PATH\n  install it, or leave it out of --tools\n'),
  )
  assert.equal(picture(root), { tools: 'directory' })
})

const foreign: Record<string, (path: string) => void> = {
  'a file': path => writeFileSync(path, 'mine'),
  'a directory': path => mkdirSync(path),
  'a link to a real tool': path => symlinkSync('/bin/sh', path),
  'a dangling link': path => symlinkSync('nowhere', path),
  'a link to our launcher by another way': path => symlinkSync(join(path, '../.jobshim/launcher'), path),
  "a link to another tool's file": path => symlinkSync('.jobshim/bin/cc', path),
}

for (const [title, put] of Object.entries(foreign)) {
  test(`install :: error :: ${title} in the way :: named, left alone, nothing half done`, async () => {
    const { call, install, dir } = makeBench(['cc', 'gcc', 'ld'])
    mkdirSync(dir)
    put(join(dir, 'gcc'))
    const before = picture(dir)
    assert.equal(
      await call('install'),
      refused(
        `jobshim: ${dir}/gcc: in the way, and not made by jobshim; nothing was changed\n` +
          '  move it away, or name another place with --dir\n',
      ),
    )
    assert.equal(picture(dir), before)
    // What isn't in the way doesn't matter.
    await install('--tools', 'cc,ld')
    assert.equal(picture(dir), { '.jobshim': 'directory', ...links('cc'), ...before, ...links('ld') })
  })
}

test('install :: error :: all files in the way are named', async () => {
  const { call, dir } = makeBench(['cc', 'gcc', 'ld'])
  writeFiles(dir, { cc: 'x', ld: 'y' })
  assert.equal(
    await call('install'),
    refused(
      `jobshim: ${dir}/cc, ${dir}/ld: in the way, and not made by jobshim; nothing was changed\n` +
        '  move it away, or name another place with --dir\n',
    ),
  )
})

test('install :: error :: a manifest that is not ours', async () => {
  const { call, install, dir } = makeBench(['cc'])
  await install()
  const manifest = join(dir, '.jobshim/manifest.json')
  writeFileSync(
    manifest,
    '{"version":1,"jobshim":"1","links":[{"name":"../../x","target":".jobshim/launcher"}]}',
  )
  const message =
    `jobshim: ${manifest}: not a manifest of this version\n` +
    `  remove ${dir}/.jobshim and install again; links of ours that are still wanted are taken over\n`
  for (const command of ['install', 'uninstall', 'list']) assert.equal(await call(command), refused(message))
  // The way out that the message names.
  rmSync(join(dir, '.jobshim'), { recursive: true })
  await install()
  assert.is((await call('uninstall')).status, 0)
  assert.throws(() => statSync(dir))
})

test('install :: error :: the shim dir is a file', async () => {
  const { call, dir } = makeBench(['cc'])
  writeFileSync(dir, '')
  assert.equal(
    await call('install'),
    refused(`jobshim: ${dir}: not a directory\n  name a directory of your own with --dir\n`),
  )
})

for (const words of [['install'], ['env'], ['run', 'true'], ['run', '--jobserver', 'fifo:/none', 'true']])
  test(`install :: error :: a shim dir that PATH can't have :: ${words.join(' ')}`, async () => {
    const { root, path } = makeBench(['cc'])
    const [command = '', ...rest] = words
    const dir = join(root, 'a:b')
    const env = { PATH: `${path}:${scrubbed().PATH}`, HOME: root }
    assert.equal(await jobshim([command, '--dir', dir, ...rest], { cwd: root, env }), {
      status: command === 'run' ? 125 : 1,
      signal: null,
      stdout: '',
      stderr:
        `jobshim: ${dir}: has a colon in its path, so PATH can't name it\n` +
        '  name a directory without one, with --dir, JOBSHIM_DIR or dir in the config\n',
    })
    assert.not(existsSync(dir))
  })

test('install :: error :: everybody can write the shim dir', async () => {
  const { call, dir } = makeBench(['cc'])
  mkdirSync(dir)
  chmodSync(dir, 0o1777)
  assert.equal(
    await call('install'),
    refused(`jobshim: ${dir}: can be written by everybody\n  name a directory of your own with --dir\n`),
  )
})

test('install :: error :: .jobshim is a symlink', async () => {
  const { call, dir, root } = makeBench(['cc'])
  mkdirSync(join(root, 'elsewhere'))
  mkdirSync(dir)
  symlinkSync('../elsewhere', join(dir, '.jobshim'))
  assert.equal(
    await call('install'),
    refused(
      `jobshim: ${dir}/.jobshim: not a directory of yours\n  move it away, or name another place with --dir\n`,
    ),
  )
  assert.equal(picture(join(root, 'elsewhere')), {})
})

/** Installs `cc` as somebody whom the modes of files bind. */
const installBound = ({ dir, root, path }: Bench): Promise<Outcome> =>
  run(
    '/usr/bin/env',
    [
      `PATH=${path}:${scrubbed().PATH}`,
      ...boundByModes,
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
    const bench = makeBench(['cc'])
    const { dir } = bench
    prepare(dir)
    const before = picture(dir)
    chmodSync(dir, 0o555)
    const result = await installBound(bench)
    assert.equal(
      result,
      refused(`jobshim: ${dir}: can't be written (EACCES)\n  name a directory you can write with --dir\n`),
    )
    assert.equal(picture(dir), before)
    chmodSync(dir, 0o755)
  })
}

test('install :: error :: the dir can not be made', async () => {
  const bench = makeBench(['cc'])
  const { dir, root } = bench
  chmodSync(root, 0o555)
  const result = await installBound(bench)
  chmodSync(root, 0o755)
  assert.equal(
    result,
    refused(`jobshim: ${dir}: can't be written (EACCES)\n  name a directory you can write with --dir\n`),
  )
})

test.run()
