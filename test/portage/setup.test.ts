import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadSettings } from '../../src/config/load.js'
import { installPortage, switchPackage, uninstallPortage } from '../../src/portage/setup.js'
import { jobshim, scrubbed } from '../support/jobshim.js'
import { pictureOf } from '../support/picture.js'
import { random, seed } from '../support/random.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

/** A system's /etc/portage, as its user left it. */
type Etc = Readonly<Record<string, string>>

const conf: Etc = { 'make.conf': 'MAKEOPTS="-j3"\n' }

const systems: readonly { name: string; etc?: Etc; prepare?: (etc: string) => void }[] = [
  { name: 'an empty directory', prepare: etc => mkdirSync(etc, { recursive: true }) },
  { name: 'no bashrc, no package.env', etc: conf },
  {
    name: 'a bashrc, package.env as file',
    etc: { ...conf, bashrc: 'echo mine\n', 'package.env': 'a/b mine.conf\n' },
  },
  {
    name: 'a bashrc, package.env as directory',
    etc: { ...conf, bashrc: '# mine\n', 'package.env/mine': 'a/b mine.conf\n' },
  },
  {
    name: 'files without a newline at their end',
    etc: { ...conf, bashrc: 'echo mine', 'package.env': 'a/b mine.conf' },
  },
  { name: 'empty files', etc: { ...conf, bashrc: '', 'package.env': '' } },
  {
    name: 'a directory env, files in Latin-1 and with CRLF',
    etc: {
      ...conf,
      'env/mine.conf': 'X=1\n',
      bashrc: '# \xe4\r\n',
      'package.env': '# \xe4\r\na/b mine.conf\r\n',
    },
  },
  {
    name: 'empty directories',
    etc: conf,
    prepare: etc => {
      for (const name of ['env', 'package.env']) mkdirSync(join(etc, name))
    },
  },
  {
    name: 'a bashrc of mode 0600 behind a symlink',
    etc: { ...conf, 'dotfiles/bashrc': 'echo mine\n' },
    prepare: etc => {
      chmodSync(join(etc, 'dotfiles/bashrc'), 0o600)
      symlinkSync('dotfiles/bashrc', join(etc, 'bashrc'))
    },
  },
]

function makeSystem({ etc, prepare }: (typeof systems)[number]): string {
  const root = makeWorkspace()
  for (const [name, text] of Object.entries(etc ?? {})) {
    writeFiles(root, { [`etc/portage/${name}`]: '' })
    writeFileSync(join(root, 'etc/portage', name), text, 'latin1')
  }
  prepare?.(join(root, 'etc/portage'))
  return root
}

type Verb = 'install' | 'enable' | 'enable --sandbox' | 'disable' | 'uninstall'

const wishes = { enable: 'shims', 'enable --sandbox': 'sandbox', disable: 'out' } as const

/** What the commands do, without another Node each time: they call this and print it, as json.test.ts shows. */
async function portage(root: string, verb: Verb, ...atoms: string[]) {
  const environment = scrubbed()
  if (verb === 'install')
    return await installPortage(root, await loadSettings({}, root, environment), environment)
  if (verb === 'uninstall') return await uninstallPortage(root, environment)
  const reports = atoms.map(atom => switchPackage(root, atom, wishes[verb]))
  const { packages = [], sandboxed = [] } = reports.at(-1) ?? {}
  return { changed: reports.some(({ changed }) => changed), packages, sandboxed }
}

for (const system of systems) {
  test(`portage :: ${system.name} :: install, enable, disable, uninstall :: byte for byte as before`, async () => {
    const root = makeSystem(system)
    const before = pictureOf(root)
    assert.ok((await portage(root, 'install')).changed)
    const installed = pictureOf(root)
    assert.is((await portage(root, 'install')).changed, false)
    assert.equal((await portage(root, 'enable', 'dev-qt/qtbase', '=app-misc/foo-1*')).packages, [
      'dev-qt/qtbase',
      '=app-misc/foo-1*',
    ])
    assert.is((await portage(root, 'enable', 'dev-qt/qtbase')).changed, false)
    const enabled = pictureOf(root)
    assert.equal((await portage(root, 'disable', 'dev-qt/qtbase')).packages, ['=app-misc/foo-1*'])
    assert.is((await portage(root, 'disable', 'dev-qt/qtbase')).changed, false)
    assert.equal((await portage(root, 'disable', '=app-misc/foo-1*')).packages, [])
    const withoutState = (picture: string[]): string[] =>
      picture.filter(line => !line.includes('portage.json'))
    assert.equal(withoutState(pictureOf(root)), withoutState(installed))
    await portage(root, 'enable', 'dev-qt/qtbase')
    await portage(root, 'enable', '=app-misc/foo-1*')
    assert.equal(withoutState(pictureOf(root)), withoutState(enabled))
    assert.ok((await portage(root, 'uninstall')).changed)
    assert.equal(pictureOf(root), before)
    assert.is((await portage(root, 'uninstall')).changed, false)
  })
}

for (const packageEnv of [undefined, 'a/b mine.conf', 'a/b mine.conf\n'])
  test(`portage :: enable --sandbox :: package.env ${JSON.stringify(packageEnv ?? 'missing')} :: a package has one line, of the last call`, async () => {
    const root = makeSystem({
      name: '',
      etc: packageEnv === undefined ? conf : { ...conf, 'package.env': packageEnv },
    })
    await portage(root, 'install')
    const file = packageEnv === undefined ? 'package.env/jobshim' : 'package.env'
    const own = packageEnv ?? ''
    const owed = own === '' || own.endsWith('\n') ? '' : ', after a line without an end'
    const lines = (...names: string[]): string =>
      own + (owed && '\n') + names.map((name, at) => `${name} # jobshim${at === 0 ? owed : ''}\n`).join('')
    const isThere = (...names: string[]): void =>
      assert.is(readFileSync(join(root, 'etc/portage', file), 'utf8'), lines(...names))
    const both = { packages: ['c/d', 'e/f'], sandboxed: ['c/d'] }
    assert.equal(await portage(root, 'enable --sandbox', 'c/d'), {
      changed: true,
      packages: ['c/d'],
      sandboxed: ['c/d'],
    })
    isThere('c/d jobshim-sandbox.conf')
    assert.equal(await portage(root, 'enable', 'e/f'), { changed: true, ...both })
    isThere('c/d jobshim-sandbox.conf', 'e/f jobshim.conf')
    assert.equal(await portage(root, 'enable --sandbox', 'c/d'), { changed: false, ...both })
    assert.equal(await portage(root, 'enable', 'c/d'), {
      changed: true,
      packages: ['e/f', 'c/d'],
      sandboxed: [],
    })
    isThere('e/f jobshim.conf', 'c/d jobshim.conf')
    assert.equal(await portage(root, 'enable --sandbox', 'e/f'), {
      changed: true,
      packages: ['c/d', 'e/f'],
      sandboxed: ['e/f'],
    })
    isThere('c/d jobshim.conf', 'e/f jobshim-sandbox.conf')
    await portage(root, 'disable', 'e/f', 'c/d')
    const path = join(root, 'etc/portage', file)
    assert.is(existsSync(path) ? readFileSync(path, 'utf8') : undefined, packageEnv)
  })

test('portage :: what is installed :: the builtin that bash loads, and env files for both ways', async () => {
  const root = makeSystem({ name: '', etc: conf })
  await portage(root, 'install')
  const own = join(root, 'usr/lib/jobshim')
  assert.equal(
    readFileSync(join(own, 'portage-sandbox.so')),
    readFileSync(join(repository, 'shims/build/bash-sandbox.so')),
  )
  const settings = ['jobshim.conf', 'jobshim-sandbox.conf'].map(
    name => readFileSync(join(root, 'etc/portage/env', name), 'utf8').split('\n')[1],
  )
  assert.equal(settings, ['JOBSHIM_PORTAGE=1', 'JOBSHIM_PORTAGE=sandbox'])
})

test('portage :: list :: what is opted in, and how; and what is to be done before', async () => {
  const root = makeSystem({ name: '', etc: conf })
  const listed = (...words: string[]) => jobshim(['portage', 'list', '--root', root, ...words], { cwd: root })
  const isListed = async (
    { installed, packages }: { installed: boolean; packages: readonly { atom: string; way: string }[] },
    stdout: string,
    stderr: string,
  ): Promise<void> => {
    const before = pictureOf(root)
    assert.equal(await listed(), { status: 0, signal: null, stdout, stderr })
    assert.equal(await listed('--json'), {
      status: 0,
      signal: null,
      stdout: `${JSON.stringify({ jobshim: 1, root, installed, packages })}\n`,
      stderr: '',
    })
    assert.equal(pictureOf(root), before)
  }
  const none = { installed: false, packages: [] }
  const missing = `jobshim: not installed in Portage\n  jobshim portage install --root ${root} does it\n`
  await isListed(none, '', missing)
  await portage(root, 'install')
  const empty = `jobshim: no package is opted in\n  jobshim portage enable --root ${root} CAT/PKG does it\n`
  await isListed({ installed: true, packages: [] }, '', empty)
  await portage(root, 'enable', 'dev-qt/qtbase')
  await portage(root, 'enable --sandbox', '*/*')
  const packages = [
    { atom: 'dev-qt/qtbase', way: 'shims' },
    { atom: '*/*', way: 'sandbox' },
  ]
  await isListed({ installed: true, packages }, 'dev-qt/qtbase  shims\n*/*            sandbox\n', '')
  await portage(root, 'uninstall')
  await isListed(none, '', missing)
})

test('portage :: list :: error :: a system without Portage', async () => {
  const root = makeWorkspace()
  assert.equal(await jobshim(['portage', 'list', '--root', root], { cwd: root }), {
    status: 1,
    signal: null,
    stdout: '',
    stderr: `jobshim: ${root}/etc/portage: missing: ${root} has no Portage\n  name a system that has one with --root\n`,
  })
})

test('portage :: at random, and with lines of the user in between :: their lines are what stays', async () => {
  console.log(`JOBSHIM_TEST_SEED=${seed}`)
  const next = random(seed)
  for (const system of systems.slice(1, 6)) {
    const root = makeSystem(system)
    const enabled = new Set<string>()
    await portage(root, 'install')
    for (let step = 0; step < 8; step++) {
      const atom = `app-misc/p${Math.floor(next() * 4)}`
      if (next() < 0.5) enabled.add(atom)
      else enabled.delete(atom)
      const { packages } = await portage(root, enabled.has(atom) ? 'enable' : 'disable', atom)
      assert.equal([...packages].sort(), [...enabled].sort())
    }
    const bashrc = join(root, 'etc/portage/bashrc')
    const mine = readFileSync(bashrc, 'utf8')
    writeFiles(root, { 'etc/portage/bashrc': `${mine}echo more\n` })
    await portage(root, 'uninstall')
    const own = system.etc?.bashrc ?? ''
    assert.is(
      readFileSync(bashrc, 'utf8'),
      `${own}${own === '' || own.endsWith('\n') ? '' : '\n'}echo more\n`,
    )
    assert.not.ok(existsSync(join(root, 'usr/lib/jobshim')))
  }
})

test('portage :: what is in the way, and wrong words :: refused, and nothing is changed', async () => {
  const root = makeSystem({ name: '', etc: { ...conf, 'env/jobshim.conf': 'MINE=1\n' } })
  const before = pictureOf(root)
  const refused = async (words: string[], stderr: string, status = 1): Promise<void> => {
    assert.equal(await jobshim(['portage', ...words], { cwd: root }), {
      status,
      signal: null,
      stdout: '',
      stderr,
    })
    assert.equal(pictureOf(root), before)
  }
  await refused(
    ['install', '--root', root],
    `jobshim: ${root}/etc/portage/env/jobshim.conf: in the way, not made by jobshim; nothing was changed\n  move it away\n`,
  )
  await refused(
    ['enable', '--root', root, 'foo'],
    `jobshim: "foo": not a package\n  name it as package.env does: dev-qt/qtwebengine, =app-misc/foo-1*, '*/*'\n`,
  )
  await refused(['enable'], 'jobshim: no package named\n  see jobshim portage enable --help\n', 2)
  await refused(
    [],
    'jobshim: portage: no subcommand named\n  jobshim portage disable, jobshim portage enable, jobshim portage install, jobshim portage list, jobshim portage uninstall\n',
    2,
  )
})

test('portage :: uninstall :: a list of what was made that others may write, or that lies elsewhere :: nothing is removed', async () => {
  const root = makeSystem({ name: '', etc: conf })
  await portage(root, 'install')
  const state = join(root, 'usr/lib/jobshim/portage.json')
  const refused = async (stderr: string): Promise<void> => {
    const before = pictureOf(root)
    assert.equal(await jobshim(['portage', 'uninstall', '--root', root], { cwd: root }), {
      status: 1,
      signal: null,
      stdout: '',
      stderr: `jobshim: ${state}: ${stderr}\n  find out who put it there, and move it away\n`,
    })
    assert.equal(pictureOf(root), before)
  }
  chmodSync(state, 0o666)
  await refused('not a file that only you may write')
  renameSync(state, join(root, 'elsewhere'))
  symlinkSync(join(root, 'elsewhere'), state)
  await refused("the list of what was made can't be read (ELOOP)")
})

test('portage :: install :: error :: a system without Portage :: nothing is made', async () => {
  const root = makeWorkspace()
  mkdirSync(join(root, 'etc'))
  const before = pictureOf(root)
  assert.equal(await jobshim(['portage', 'install', '--no-config', '--root', root], { cwd: root }), {
    status: 1,
    signal: null,
    stdout: '',
    stderr:
      `jobshim: ${root}/etc/portage: missing: ${root} has no Portage; nothing was changed\n` +
      '  name a system that has one with --root\n',
  })
  assert.equal(pictureOf(root), before)
})

test.run()
