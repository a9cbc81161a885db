import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { adapterNames } from '../../src/contract/adapters.js'
import { packageVersion } from '../../src/ground/version.js'
import { ensureShims, usableLauncher, usableLook } from '../../src/shimdir/ensure.js'
import { links, makeBench, picture } from '../support/fake-tools.js'
import { jobshim, run } from '../support/jobshim.js'
import { asUser, eve, testAsOthers } from '../support/other-user.js'
import { plainLook } from '../support/shimdir.js'
import { openToOthers, repository } from '../support/workspace.js'

const wishes = {
  tools: undefined,
  adapters: adapterNames,
  join: undefined,
  machineJobs: 4,
  noJobserver: undefined,
  patience: undefined,
  rulesText: '',
}
const installed = { kind: 'installed' }
const asTheyWere = { kind: 'there', added: [] }
const built = join(repository, 'shims/build/launcher')

test('ensure :: the first time it installs, then it returns at once', async () => {
  const { dir, path, root } = makeBench(['cc', 'make'])
  const environment = { PATH: path, HOME: root }
  assert.equal(await ensureShims(dir, wishes, environment), { dir, shims: installed })
  assert.equal(picture(dir), {
    '.jobshim': 'directory',
    ...links('cc'),
    ...links('make'),
  })
  const before = statSync(join(dir, '.jobshim')).mtimeMs
  assert.equal(await ensureShims(dir, wishes, environment), { dir, shims: asTheyWere })
  assert.is(statSync(join(dir, '.jobshim')).mtimeMs, before)
})

test('ensure :: a launcher of another version is renewed, and nothing else', async () => {
  const { dir, path, root } = makeBench(['cc'])
  const environment = { PATH: path, HOME: root }
  await ensureShims(dir, wishes, environment)
  const manifest = join(dir, '.jobshim/manifest.json')
  const text = readFileSync(manifest, 'utf8')
  writeFileSync(manifest, text.replace(packageVersion(), '0.0.1'))
  writeFileSync(join(dir, '.jobshim/launcher'), 'old')
  assert.equal(await ensureShims(dir, wishes, environment), { dir, shims: asTheyWere })
  assert.equal(readFileSync(join(dir, '.jobshim/launcher')), readFileSync(built))
  assert.is(readFileSync(manifest, 'utf8'), text)
  assert.equal(picture(dir), { '.jobshim': 'directory', ...links('cc') })
})

test('ensure :: a launcher of the same version, older than what was built since, is renewed; a newer one stays', async () => {
  const { dir, path, root } = makeBench(['cc'])
  const environment = { PATH: path, HOME: root }
  const launcher = join(dir, '.jobshim/launcher')
  const { mtimeMs } = statSync(built)
  for (const [age, stays] of [
    [1, true],
    [-1, false],
  ] as const) {
    await ensureShims(dir, wishes, environment)
    writeFileSync(launcher, 'another')
    utimesSync(launcher, new Date(mtimeMs + age * 1000), new Date(mtimeMs + age * 1000))
    assert.equal(await ensureShims(dir, wishes, environment), { dir, shims: asTheyWere })
    assert.is(readFileSync(launcher, 'latin1') === 'another', stays)
  }
})

test('ensure :: a launcher that went missing comes back', async () => {
  const { dir, path, root } = makeBench(['cc'])
  const environment = { PATH: path, HOME: root }
  await ensureShims(dir, wishes, environment)
  rmSync(join(dir, '.jobshim/launcher'))
  assert.equal(await ensureShims(dir, wishes, environment), { dir, shims: installed })
  assert.equal(readFileSync(join(dir, '.jobshim/launcher')), readFileSync(built))
})

test('ensure :: launcher :: that of the shim dir, else the built one', async () => {
  const { dir, path, root } = makeBench(['cc'])
  const environment = { PATH: path, HOME: root }
  assert.is(await usableLauncher(dir, environment), built)
  await ensureShims(dir, wishes, environment)
  assert.is(await usableLauncher(dir, environment), join(dir, '.jobshim/launcher'))
})

test('ensure :: shims of an older version, with no look beside the launcher :: it is put there', async () => {
  const { dir, path, root } = makeBench(['cc'])
  const environment = { PATH: path, HOME: root }
  const look = join(dir, '.jobshim/look')
  await ensureShims(dir, wishes, environment)
  rmSync(look)
  assert.is(await usableLook(dir, environment), plainLook)
  assert.equal(await ensureShims(dir, wishes, environment), { dir, shims: asTheyWere })
  assert.is(await usableLook(dir, environment), look)
  assert.equal(readFileSync(look), readFileSync(plainLook))
})

testAsOthers("ensure :: error :: root's shims are of an older version, with no look", async () => {
  const { dir, path, root } = makeBench(['cc'])
  openToOthers(root)
  await ensureShims(dir, wishes, { PATH: path, HOME: root })
  rmSync(join(dir, '.jobshim/look'))
  const words = [join(repository, 'bin/jobshim.js'), 'run', '--no-config', '--dir', dir, '--', 'true']
  const [program = '', ...args] = [...asUser(eve), process.execPath, ...words]
  assert.equal(await run(program, args, { env: { HOME: root } }), {
    status: 125,
    signal: null,
    stdout: '',
    stderr:
      `jobshim: ${dir}/.jobshim/look: missing: an older jobshim made these shims\n` +
      `  have their owner renew them: jobshim install --dir ${dir}\n`,
  })
})

for (const command of ['run', 'exec'])
  test(`ensure :: error :: ${command} with a file for a shim dir`, async () => {
    const { root } = makeBench([])
    const file = join(root, 'file')
    writeFileSync(file, '')
    assert.equal(
      await jobshim([command, '--no-config', '--dir', file, '--', 'true'], { env: { HOME: root } }),
      {
        status: 125,
        signal: null,
        stdout: '',
        stderr: `jobshim: ${file}: not a directory\n  name a directory of your own with --dir\n`,
      },
    )
  })

test.run()
