import {
  existsSync,
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
import { links, makeBench, picture } from '../support/fake-tools.js'
import { writeFiles } from '../support/workspace.js'

const good = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' })

test('uninstall :: everything of ours is gone, the dir too', async () => {
  const { call, install, dir, root } = makeBench(['cc', 'ld'])
  await install()
  assert.equal(await call('uninstall'), good(`removed 2 shims from ${dir}\n`))
  assert.equal(picture(root), { tools: 'directory' })
})

test('uninstall :: nothing there :: nothing done', async () => {
  const { call, dir, root } = makeBench([])
  assert.equal(await call('uninstall'), good(`nothing of jobshim in ${dir}\n`))
  assert.equal(picture(root), {})
})

test('uninstall :: foreign files are left alone and named', async () => {
  const { call, install, dir } = makeBench(['cc', 'gcc', 'ld'])
  await install()
  unlinkSync(join(dir, 'gcc'))
  writeFiles(dir, { gcc: 'mine', notes: 'mine', '.jobshim/mine': 'x', '.jobshim/tools/mine': 'x' })
  symlinkSync('.jobshim/bin/mycc', join(dir, 'mycc')) // by hand: no manifest knows it
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
    mycc: '-> .jobshim/bin/mycc',
    notes: 'file',
  })
  assert.equal(picture(join(dir, '.jobshim')), { mine: 'file', tools: 'directory' })
  assert.is(readFileSync(join(dir, 'gcc'), 'utf8'), 'mine')
})

test('uninstall :: versions that launchers kept go, foreign files beside them stay', async () => {
  const { call, install, dir } = makeBench(['cc'])
  await install()
  const versions = join(dir, '.jobshim/versions')
  writeFiles(versions, { make: 'x', 'new-1-2': 'half', mine: 'mine' })
  const first = await call('uninstall')
  assert.is(first.status, 0)
  assert.is(first.stdout.split('\n')[1], `  left alone, not ours: ${versions}/mine`)
  assert.equal(picture(versions), { mine: 'file' })
  await install()
  rmSync(join(versions, 'mine'))
  writeFiles(versions, { 'new-1-2': 'half' })
  await install()
  assert.equal(picture(versions), {})
  writeFiles(versions, { ninja: 'x' })
  assert.is((await call('uninstall')).status, 0)
  assert.not(existsSync(dir))
})

test('uninstall :: --json', async () => {
  const { call, install, dir } = makeBench(['cc'])
  await install()
  writeFiles(dir, { notes: 'mine' })
  const report = { jobshim: 1, dir, removed: ['cc'], leftAlone: [join(dir, 'notes')], changed: true }
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
  const { call, install, dir } = makeBench(['cc'])
  await install()
  assert.is((await call('uninstall')).status, 0)
  assert.equal(await call('uninstall'), good(`nothing of jobshim in ${dir}\n`))
  await install()
  assert.equal(picture(dir), { '.jobshim': 'directory', ...links('cc') })
})

test('uninstall :: what a killed install had half written goes too', async () => {
  const { call, install, dir, root } = makeBench(['cc'])
  await install()
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

test.run()
