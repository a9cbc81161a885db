import { mkdirSync, readFileSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../support/workspace.js'
import { makeBench, picture } from './fake-tools.js'

const good = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' })

test('uninstall :: everything of ours is gone, the dir too', async () => {
  const { call, dir, root } = makeBench(['cc', 'ld'])
  await call('install')
  assert.equal(await call('uninstall'), good(`removed 2 shims from ${dir}\n`))
  assert.equal(picture(root), { tools: 'directory' })
})

test('uninstall :: nothing there :: nothing done', async () => {
  const { call, dir, root } = makeBench([])
  assert.equal(await call('uninstall'), good(`nothing of jobshim in ${dir}\n`))
  assert.equal(picture(root), {})
})

test('uninstall :: foreign files are left alone and named', async () => {
  const { call, dir } = makeBench(['cc', 'gcc', 'ld'])
  await call('install')
  unlinkSync(join(dir, 'gcc'))
  writeFiles(dir, { gcc: 'mine', notes: 'mine', '.jobshim/mine': 'x', '.jobshim/tools/mine': 'x' })
  symlinkSync('.jobshim/launcher', join(dir, 'mycc')) // by hand: no manifest knows it
  mkdirSync(join(dir, 'd'))
  assert.equal(
    await call('uninstall'),
    good(
      [
        `removed 2 shims from ${dir}`,
        `  left alone, not ours: ${dir}/.jobshim/mine`,
        `  left alone, not ours: ${dir}/.jobshim/tools/mine`,
        `  left alone, not ours: ${dir}/d`,
        `  left alone, not ours: ${dir}/gcc`,
        `  left alone, not ours: ${dir}/mycc`,
        `  left alone, not ours: ${dir}/notes`,
        '',
      ].join('\n'),
    ),
  )
  assert.equal(picture(dir), {
    '.jobshim': 'directory',
    d: 'directory',
    gcc: 'file',
    mycc: '-> .jobshim/launcher',
    notes: 'file',
  })
  assert.equal(picture(join(dir, '.jobshim')), { mine: 'file', tools: 'directory' })
  assert.is(readFileSync(join(dir, 'gcc'), 'utf8'), 'mine')
})

test('uninstall :: --json', async () => {
  const { call, dir } = makeBench(['cc'])
  await call('install')
  writeFiles(dir, { notes: 'mine' })
  const report = { dir, removed: ['cc'], leftAlone: [join(dir, 'notes')], changed: true }
  assert.equal(await call('uninstall', '--json'), good(`${JSON.stringify(report)}\n`))
})

test('uninstall :: a dir of somebody else is left as it is', async () => {
  const { call, dir } = makeBench(['cc'])
  writeFiles(dir, { cc: 'mine' })
  assert.equal(
    await call('uninstall'),
    good(`nothing of jobshim in ${dir}\n  left alone, not ours: ${dir}/cc\n`),
  )
  assert.equal(picture(dir), { cc: 'file' })
})

test('uninstall :: twice, and install again', async () => {
  const { call, dir } = makeBench(['cc'])
  await call('install')
  assert.is((await call('uninstall')).status, 0)
  assert.equal(await call('uninstall'), good(`nothing of jobshim in ${dir}\n`))
  assert.is((await call('install')).status, 0)
  assert.equal(picture(dir), { '.jobshim': 'directory', cc: '-> .jobshim/launcher' })
})

test('uninstall :: what a killed install had half written goes too', async () => {
  const { call, dir, root } = makeBench(['cc'])
  await call('install')
  writeFileSync(join(dir, '.jobshim/new-0123456789abcdef'), 'half')
  assert.is((await call('uninstall')).status, 0)
  assert.equal(picture(root), { tools: 'directory' })
})

test('uninstall :: after one that was killed behind the manifest', async () => {
  const { call, dir } = makeBench(['cc'])
  mkdirSync(join(dir, '.jobshim'), { recursive: true })
  assert.equal(await call('uninstall'), good(`removed 0 shims from ${dir}\n`))
  assert.throws(() => statSync(dir))
})

test('list :: name, real tool, family', async () => {
  const { call, path } = makeBench(['cc', 'make', 'x86_64-linux-gnu-gcc-12', 'yasm'])
  await call('install', '--tools', 'gcc,yasm')
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

test('list :: --json', async () => {
  const { call, dir, path } = makeBench(['cc', 'yasm'])
  await call('install', '--tools', 'cc,yasm')
  const shims = [
    { name: 'cc', tool: join(path, 'cc'), family: 'gcc' },
    { name: 'yasm', tool: join(path, 'yasm'), family: null },
  ]
  assert.equal(await call('list', '--json'), good(`${JSON.stringify({ dir, shims })}\n`))
})

test('list :: nothing there', async () => {
  const { call, dir } = makeBench(['cc'])
  assert.equal(await call('list'), good(''))
  assert.equal(await call('list', '--json'), good(`${JSON.stringify({ dir, shims: [] })}\n`))
})

test.run()
