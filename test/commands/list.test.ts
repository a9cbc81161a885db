import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeBench } from '../support/fake-tools.js'
import { jobshim, type Surroundings } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/** A shim dir for three tools, which are all that is on PATH. */
async function makeShims() {
  const root = makeWorkspace()
  const bin = join(root, 'bin')
  writeFiles(root, Object.fromEntries(['yasm', 'gcc-12', 'make'].map(name => [`bin/${name}`, '#!/bin/sh\n'])))
  const env = { PATH: bin, HOME: root }
  const shims = await installShims(join(root, 'shims'), { args: ['--tools', 'gcc,yasm'], env, cwd: root })
  const list = (args: readonly string[] = [], around: Surroundings = {}) =>
    jobshim(['list', '--dir', shims, ...args], { cwd: root, ...around, env: { ...env, ...around.env } })
  return { root, bin, shims, list }
}

const good = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' })
const noneIn = (dir: string) => ({ ...good(''), stderr: `jobshim: no shims in ${dir}\n` })

test('list :: text', async () => {
  const { bin, list } = await makeShims()
  const lines = [`gcc-12  ${bin}/gcc-12  gcc`, `make    ${bin}/make    make`, `yasm    ${bin}/yasm    -`]
  assert.equal(await list(), good(lines.map(line => `${line}\n`).join('')))
})

test('list :: --json', async () => {
  const { bin, shims, list } = await makeShims()
  const { stdout, ...rest } = await list(['--json'])
  assert.equal({ ...rest, stdout: '' }, good(''))
  assert.equal(JSON.parse(stdout), {
    jobshim: 1,
    dir: shims,
    shims: [
      { name: 'gcc-12', tool: `${bin}/gcc-12`, family: 'gcc' },
      { name: 'make', tool: `${bin}/make`, family: 'make' },
      { name: 'yasm', tool: `${bin}/yasm`, family: null },
    ],
  })
})

test('list :: the shims first on PATH are not their own tools', async () => {
  const { bin, shims, list } = await makeShims()
  const { stdout } = await list([], { env: { PATH: `${shims}:${bin}` } })
  assert.match(stdout, new RegExp(`^gcc-12 +${bin}/gcc-12 +gcc\n`))
})

test('list :: the dir is named by environment, or by config', async () => {
  const { root, shims, list } = await makeShims()
  const expected = await list()
  const env = { PATH: join(root, 'bin'), HOME: root }
  assert.equal(await jobshim(['list'], { cwd: root, env: { ...env, JOBSHIM_DIR: 'shims' } }), expected)
  writeFiles(root, { 'below/.jobshimrc': `dir: ../shims\n` })
  assert.equal(await jobshim(['list'], { cwd: join(root, 'below'), env }), expected)
  const dataHome = process.env.XDG_DATA_HOME ?? join(root, '.local/share')
  assert.equal(
    await jobshim(['list', '--no-config'], { cwd: join(root, 'below'), env }),
    noneIn(join(dataHome, 'jobshim/shims')),
  )
  assert.equal(await jobshim(['list', '--config', 'below/.jobshimrc'], { cwd: root, env }), expected)
  assert.equal(shims, join(root, 'shims'))
})

test('list :: a tool that is gone', async () => {
  const { bin, list } = await makeShims()
  rmSync(join(bin, 'yasm'))
  const missing = 'not on PATH'.padEnd(`${bin}/gcc-12`.length)
  const lines = [`gcc-12  ${bin}/gcc-12  gcc`, `make    ${bin}/make    make`, `yasm    ${missing}  -`]
  assert.equal(await list(), good(lines.map(line => `${line}\n`).join('')))
  const { shims } = JSON.parse((await list(['--json'])).stdout) as { shims: object[] }
  assert.equal(shims[2], { name: 'yasm', tool: null, family: null })
})

test('list :: a tool that is no longer executable is not one', async () => {
  const { root, bin, list } = await makeShims()
  rmSync(join(bin, 'yasm'))
  writeFiles(root, { 'bin/yasm': 'no program' })
  assert.match((await list()).stdout, /^yasm +not on PATH +-$/m)
})

test('list :: a foreign file in place of a shim, a link that is gone, a link elsewhere', async () => {
  const { bin, shims, list } = await makeShims()
  for (const name of ['gcc-12', 'make', 'yasm']) rmSync(join(shims, name))
  writeFiles(shims, { 'gcc-12': '#!/bin/sh\n' })
  symlinkSync(join(bin, 'yasm'), join(shims, 'yasm'))
  assert.equal(await list(), noneIn(shims))
  assert.equal(await list(['--json']), good(`${JSON.stringify({ jobshim: 1, dir: shims, shims: [] })}\n`))
})

for (const [form, args] of Object.entries({ text: [], '--json': ['--json'] }))
  test(`list :: error :: the launcher is missing :: ${form}`, async () => {
    const { shims, list } = await makeShims()
    const before = await list(args)
    rmSync(join(shims, '.jobshim/launcher'))
    assert.equal(await list(args), {
      ...before,
      status: 1,
      stderr: `jobshim: ${shims}/.jobshim/launcher: missing, so that no shim works\n  jobshim install puts it there again\n`,
    })
  })

test('list :: an empty dir, a dir without shims, none at all', async () => {
  const root = makeWorkspace()
  const empty = join(root, 'empty')
  mkdirSync(empty)
  const none = await installShims(join(root, 'none'), {
    args: ['--tools', '', '--no-adapters'],
    env: { HOME: root },
    cwd: root,
  })
  for (const dir of [empty, none, join(root, 'nothing')]) {
    const around = { cwd: root, env: { HOME: root } }
    assert.equal(await jobshim(['list', '--dir', dir], around), noneIn(dir))
    const json = `${JSON.stringify({ jobshim: 1, dir, shims: [] })}\n`
    assert.equal(await jobshim(['list', '--json', '--dir', dir], around), good(json))
  }
})

test('list :: error :: a dir that is a file', async () => {
  const { root, list } = await makeShims()
  writeFiles(root, { file: '' })
  assert.equal(await list(['--dir', 'file']), {
    status: 1,
    signal: null,
    stdout: '',
    stderr: `jobshim: ${root}/file: not a directory\n  name a directory of your own with --dir\n`,
  })
})

test('list :: error :: a manifest that is not ours', async () => {
  const { shims, list } = await makeShims()
  writeFiles(shims, { '.jobshim/manifest.json': '{}' })
  assert.equal(await list(), {
    status: 1,
    signal: null,
    stdout: '',
    stderr:
      `jobshim: ${shims}/.jobshim/manifest.json: not a manifest of this version\n` +
      `  remove ${shims}/.jobshim and install again; links of ours that are still wanted are taken over\n`,
  })
})

test('list :: error :: a manifest that is a FIFO :: is not waited for', async () => {
  const { shims, list } = await makeShims()
  const manifest = join(shims, '.jobshim/manifest.json')
  rmSync(manifest)
  execFileSync('mkfifo', [manifest])
  assert.equal(await list([]), {
    status: 1,
    signal: null,
    stdout: '',
    stderr:
      `jobshim: ${manifest}: not a manifest of this version\n` +
      `  remove ${shims}/.jobshim and install again; links of ours that are still wanted are taken over\n`,
  })
})

for (const { words, says, hint } of [
  { words: ['gcc'], says: 'list: takes no operands, got gcc', hint: 'see jobshim list --help' },
  {
    words: ['--jsno'],
    says: "list: unknown option '--jsno'",
    hint: 'did you mean --json? see jobshim list --help',
  },
])
  test(`list :: error :: jobshim list ${words.join(' ')}`, async () => {
    const { list } = await makeShims()
    const stderr = `jobshim: ${says}\n  ${hint}\n`
    assert.equal(await list(words), { status: 2, signal: null, stdout: '', stderr })
  })

test('list :: text :: columns as wide as the longest tool, one that is not on PATH among them', async () => {
  const { call, install, path } = makeBench(['cc', 'make', 'x86_64-linux-gnu-gcc-12', 'yasm'])
  await install('--tools', 'gcc,yasm')
  unlinkSync(join(path, 'cc'))
  assert.equal(
    await call('list'),
    good(
      [
        `cc                       not on PATH${' '.repeat(Math.max(0, `${path}/x86_64-linux-gnu-gcc-12`.length - 11))}  gcc`,
        `make                     ${`${path}/make`.padEnd(`${path}/x86_64-linux-gnu-gcc-12`.length)}  make`,
        `x86_64-linux-gnu-gcc-12  ${path}/x86_64-linux-gnu-gcc-12  gcc`,
        `yasm                     ${`${path}/yasm`.padEnd(`${path}/x86_64-linux-gnu-gcc-12`.length)}  -`,
        '',
      ].join('\n'),
    ),
  )
})

test('list :: --json :: one line, keys in their order', async () => {
  const { call, install, dir, path } = makeBench(['cc', 'yasm'])
  await install('--tools', 'cc,yasm')
  const shims = [
    { name: 'cc', tool: join(path, 'cc'), family: 'gcc' },
    { name: 'yasm', tool: join(path, 'yasm'), family: null },
  ]
  assert.equal(await call('list', '--json'), good(`${JSON.stringify({ jobshim: 1, dir, shims })}\n`))
})

test('list :: no dir yet :: nothing, in text and JSON', async () => {
  const { call, dir } = makeBench(['cc'])
  assert.equal(await call('list'), noneIn(dir))
  assert.equal(await call('list', '--json'), good(`${JSON.stringify({ jobshim: 1, dir, shims: [] })}\n`))
})

test.run()
