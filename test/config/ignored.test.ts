import { chmodSync, lchownSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jobshim, type Outcome } from '../support/jobshim.js'
import { eve, testAsRoot } from '../support/other-user.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/** A directory below one that all may write, as /tmp. */
function makeShared(): { shared: string; cwd: string } {
  const shared = makeWorkspace()
  const cwd = join(shared, 'project')
  mkdirSync(cwd)
  chmodSync(shared, 0o1777)
  return { shared, cwd }
}

/** What is taken from the config: `list` has nothing else to say of a dir that is not there. */
const list = (cwd: string, ...words: string[]): Promise<Outcome> =>
  jobshim(['list', '--dir', 'none', ...words], { cwd, env: { HOME: '/' } })

const silent = (cwd: string): Outcome => ({
  status: 0,
  signal: null,
  stdout: '',
  stderr: `jobshim: no shims in ${join(cwd, 'none')}\n`,
})

const passed = (cwd: string, path: string, why: string): Outcome => ({
  ...silent(cwd),
  stderr: `jobshim: ${path}: the config ${why}, and is ignored\n${silent(cwd).stderr}`,
})

for (const name of ['.jobshimrc', '.jobshimrc.json', '.jobshimrc.yaml'])
  testAsRoot(`config :: ignored :: another user's broken ${name} in a shared directory above`, async () => {
    const { shared, cwd } = makeShared()
    writeFiles(shared, { [name]: '{ broken' })
    lchownSync(join(shared, name), eve, eve)
    assert.equal(await list(cwd), passed(cwd, join(shared, name), 'belongs to another user'))
    // It is read by nobody who has not named it, and not even then.
    assert.equal(await list(cwd, '--no-config'), silent(cwd))
    const named = await list(cwd, '--config', join(shared, name))
    assert.equal(named, {
      status: 2,
      signal: null,
      stdout: '',
      stderr:
        `jobshim: ${shared}/${name}: the config belongs to another user\n` +
        '  take it over with chown and chmod if you trust it, or use none with --no-config\n',
    })
  })

testAsRoot("config :: ignored :: another user's symlink to a config of root's", async () => {
  const { shared, cwd } = makeShared()
  writeFiles(shared, { 'etc/config': 'jobs: 0\n' })
  symlinkSync('etc/config', join(shared, '.jobshimrc'))
  lchownSync(join(shared, '.jobshimrc'), eve, eve)
  assert.equal(await list(cwd), passed(cwd, join(shared, '.jobshimrc'), 'belongs to another user'))
})

testAsRoot('config :: ignored :: the one above it is found, all that were ignored are named', async () => {
  const { shared, cwd } = makeShared()
  writeFiles(shared, {
    '.jobshimrc': 'jobs: 0\n',
    'project/.jobshimrc': '{',
    'project/.jobshimrc.yml': '{',
  })
  for (const name of ['.jobshimrc', '.jobshimrc.yml']) lchownSync(join(cwd, name), eve, eve)
  const note = (name: string): string =>
    `jobshim: ${cwd}/${name}: the config belongs to another user, and is ignored\n`
  const { status, stderr } = await list(cwd)
  assert.is(status, 2)
  assert.is(
    stderr,
    `${note('.jobshimrc')}${note('.jobshimrc.yml')}jobshim: ${shared}/.jobshimrc: jobs: expected auto, or a whole number, 1 to 61441, got 0\n` +
      '  mend the file, name another with --config, or use none with --no-config\n',
  )
})

testAsRoot("config :: ignored :: another user's package.json, only if it has settings", async () => {
  const { shared, cwd } = makeShared()
  const path = join(shared, 'package.json')
  writeFiles(shared, { 'package.json': '{"name":"x"}' })
  lchownSync(path, eve, eve)
  assert.equal(await list(cwd), silent(cwd))
  writeFileSync(path, '{"jobshim":{"jobs":0}}')
  assert.equal(await list(cwd), passed(cwd, path, 'belongs to another user'))
  truncateSync(path, 1024 ** 3)
  assert.equal(await list(cwd), silent(cwd))
})

test('config :: ignored :: a package.json of 1 GB above :: not read', async () => {
  const { shared, cwd } = makeShared()
  const path = join(shared, 'package.json')
  writeFileSync(path, '{"jobshim":{"jobs":3}}')
  truncateSync(path, 1024 ** 3)
  assert.equal(await list(cwd), passed(cwd, path, 'is larger than 1 MiB'))
})

test('config :: error :: a config of 1 GB, one that was named too :: not read', async () => {
  const { shared, cwd } = makeShared()
  const path = join(shared, '.jobshimrc')
  writeFileSync(path, 'jobs: 3\n')
  truncateSync(path, 1024 ** 3)
  for (const words of [[], ['--config', path]])
    assert.equal(await list(cwd, ...words), {
      status: 2,
      signal: null,
      stdout: '',
      stderr: `jobshim: ${path}: the config is larger than 1 MiB\n  take it over with chown and chmod if you trust it, or use none with --no-config\n`,
    })
})

test.run()
