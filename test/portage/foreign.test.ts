import {
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadSettings } from '../../src/config/load.js'
import { installPortage } from '../../src/portage/setup.js'
import { jobshim, type Outcome, scrubbed } from '../support/jobshim.js'
import { eve, makeDirectoryOf, testAsRoot } from '../support/other-user.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/** A system below `root/system`, with jobshim in it; beside it what nobody asked to be changed. */
async function makeSystem(): Promise<{ root: string; system: string; etc: string; precious: string }> {
  const root = makeWorkspace()
  const system = join(root, 'system')
  writeFiles(system, { 'etc/portage/make.conf': '' })
  const environment = scrubbed()
  await installPortage(system, await loadSettings({}, root, environment), environment)
  const precious = join(root, 'precious')
  writeFileSync(precious, 'a secret\n', { mode: 0o600 })
  return { root, system, etc: join(system, 'etc/portage'), precious }
}

const call = (verb: string, system: string, ...words: string[]): Promise<Outcome> =>
  jobshim(['portage', verb, '--root', system, ...words])

const refused = (said: string, hint: string): Outcome => ({
  status: 1,
  signal: null,
  stdout: '',
  stderr: `jobshim: ${said}\n  ${hint}\n`,
})

const elsewhere = 'name a place that only you can write'

const isUntouched = (precious: string): void => {
  const { uid, mode } = lstatSync(precious)
  assert.equal([readFileSync(precious, 'utf8'), uid, mode & 0o777], ['a secret\n', 0, 0o600])
}

test('portage :: foreign :: package.env is a link that leads out of the root :: refused, and not written', async () => {
  const { root, system, etc, precious } = await makeSystem()
  symlinkSync('../../../precious', join(etc, 'package.env'))
  assert.equal(
    await call('enable', system, 'a/b'),
    refused(`${etc}/package.env: leads out of ${system}, to ${root}`, elsewhere),
  )
  isUntouched(precious)
  assert.equal(readdirSync(root).sort(), ['precious', 'system'])
})

test('portage :: foreign :: a directory of it leads out of the root :: refused, nothing is made there', async () => {
  const { root, system, etc } = await makeSystem()
  mkdirSync(join(root, 'other'))
  symlinkSync(join(root, 'other'), join(etc, 'package.env'))
  const path = join(etc, 'package.env/jobshim')
  const words = await call('enable', system, 'a/b')
  assert.is(words.status, 1)
  assert.is(words.stdout, '')
  assert.match(words.stderr, `leads out of ${system}, to ${root}`)
  assert.equal(readdirSync(join(root, 'other')), [])
  assert.not.match(words.stderr, `${path}: can't`)
})

test('portage :: foreign :: links that stay in the root :: followed', async () => {
  const { system, etc } = await makeSystem()
  writeFiles(etc, { 'mine/packages': 'x/y mine.conf\n' })
  symlinkSync(join(etc, 'mine/packages'), join(etc, 'package.env'))
  const { status, stderr } = await call('enable', system, 'a/b')
  assert.equal([status, stderr], [0, ''])
  assert.ok(lstatSync(join(etc, 'package.env')).isSymbolicLink())
  assert.match(
    readFileSync(join(etc, 'mine/packages'), 'utf8'),
    /^x\/y mine\.conf\n(.*\n)*a\/b jobshim\.conf/,
  )
})

testAsRoot(
  "portage :: foreign :: another user's configuration, its links to what is theirs :: written as theirs",
  async () => {
    const { system, etc } = await makeSystem()
    writeFiles(etc, { 'mine/packages': 'x/y mine.conf\n' })
    symlinkSync('mine/packages', join(etc, 'package.env'))
    for (const name of ['', 'mine', 'mine/packages', 'package.env']) lchownSync(join(etc, name), eve, eve)
    const { status, stderr } = await call('enable', system, 'a/b')
    assert.equal([status, stderr], [0, ''])
    assert.is(lstatSync(join(etc, 'mine/packages')).uid, eve)
    assert.match(readFileSync(join(etc, 'mine/packages'), 'utf8'), 'a/b jobshim.conf')
  },
)

testAsRoot(
  "portage :: foreign :: another user's link to a file of root's in the same system :: refused",
  async () => {
    const { system, etc } = await makeSystem()
    const shadow = join(system, 'etc/shadow')
    writeFileSync(shadow, 'a secret\n', { mode: 0o600 })
    symlinkSync('../shadow', join(etc, 'package.env'))
    for (const name of ['', 'package.env']) lchownSync(join(etc, name), eve, eve)
    assert.equal(
      await call('enable', system, 'a/b'),
      refused(`${etc}/package.env: another user's symlink to what is not theirs`, elsewhere),
    )
    isUntouched(shadow)
  },
)

testAsRoot(
  'portage :: foreign :: the root is where another user can move it :: refused, nothing is made',
  async () => {
    const { root, system } = await makeSystem()
    const theirs = makeDirectoryOf(eve, join(root, 'theirs'), 0o755)
    const moved = join(theirs, 'system')
    renameSync(system, moved)
    const before = readdirSync(moved, { recursive: true })
    for (const words of [['enable', 'a/b'], ['install'], ['uninstall']] as const) {
      const [verb, ...more] = words
      assert.equal(
        await call(verb, moved, ...more),
        refused(`${theirs}: belongs to another user`, 'name a system that only you can move with --root'),
      )
    }
    assert.equal(readdirSync(moved, { recursive: true }), before)
  },
)

testAsRoot('portage :: foreign :: usr of the root is another user’s :: install makes nothing', async () => {
  const root = makeWorkspace()
  mkdirSync(join(root, 'etc/portage'), { recursive: true })
  mkdirSync(join(root, 'usr'))
  chownSync(join(root, 'usr'), eve, eve)
  const shims = join(root, 'usr/lib/jobshim/portage')
  assert.equal(
    await call('install', root, '--no-config'),
    refused(`${shims}: ${root}/usr: belongs to another user`, 'name a directory of your own with --dir'),
  )
  assert.equal(readdirSync(root, { recursive: true, encoding: 'utf8' }).sort(), ['etc', 'etc/portage', 'usr'])
  rmSync(join(root, 'usr'), { recursive: true })
})

test.run()
