/** What setup refuses before anything was changed, and that its advice, followed to the letter, helps. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../../src/ground/failure.js'
import { carryOut, planned } from '../../src/setup/setup.js'
import { type HomeRow, makeHome } from '../support/home.js'
import { run, scrubbed } from '../support/jobshim.js'
import { asUser, eve, nobody, testAsOthers, testAsRoot } from '../support/other-user.js'
import { pictureOf } from '../support/picture.js'
import { openToOthers, repository } from '../support/workspace.js'

type Row = HomeRow & {
  words?: readonly string[]
  status?: number
  says: string // HOME stands for the home, DIR for the shim dir
  hint: string
  follow: ((home: string) => void) | 'what the hint says behind its colon' | undefined
}

const rc = 'alias ll="ls -l"\n'
const inHome = 'what the hint says behind its colon'

const rows: readonly Row[] = [
  {
    name: 'a read-only .bashrc',
    files: { '.bashrc': rc },
    prepare: home => chmodSync(join(home, '.bashrc'), 0o444),
    says: 'HOME/.bashrc: is read-only; nothing was changed',
    hint: 'make it writable: chmod u+w HOME/.bashrc',
    follow: inHome,
  },
  {
    name: 'a read-only file behind a symlink',
    files: { 'dotfiles/bashrc': rc },
    prepare: home => {
      symlinkSync('dotfiles/bashrc', join(home, '.bashrc'))
      chmodSync(join(home, 'dotfiles/bashrc'), 0o444)
    },
    says: 'HOME/.bashrc: is read-only; nothing was changed',
    hint: 'make it writable: chmod u+w HOME/dotfiles/bashrc',
    follow: inHome,
  },
  {
    name: 'a read-only config',
    files: { '.jobshimrc': 'patience: 5\n' },
    prepare: home => chmodSync(join(home, '.jobshimrc'), 0o444),
    says: 'HOME/.jobshimrc: is read-only; nothing was changed',
    hint: 'make it writable: chmod u+w HOME/.jobshimrc',
    follow: inHome,
  },
  {
    name: 'a directory in the place of .bashrc',
    prepare: home => void mkdirSync(join(home, '.bashrc')),
    says: 'HOME/.bashrc: is a directory; nothing was changed',
    hint: 'move it away',
    follow: home => rmSync(join(home, '.bashrc'), { recursive: true }),
  },
  {
    name: 'a FIFO in the place of .profile',
    prepare: home => void execFileSync('mkfifo', [join(home, '.profile')]),
    says: 'HOME/.profile: is not a plain file; nothing was changed',
    hint: 'move it away',
    follow: home => rmSync(join(home, '.profile')),
  },
  {
    name: 'a symlink to nothing',
    prepare: home => symlinkSync('dotfiles/bashrc', join(home, '.bashrc')),
    says: 'HOME/.bashrc: is a symlink to HOME/dotfiles/bashrc, which is missing; nothing was changed',
    hint: 'make that, or remove the symlink',
    follow: home => rmSync(join(home, '.bashrc')),
  },
  {
    name: 'a symlink to itself',
    prepare: home => symlinkSync('.bashrc', join(home, '.bashrc')),
    says: "HOME/.bashrc: can't be read (ELOOP)",
    hint: 'make it readable, or move it away',
    follow: home => rmSync(join(home, '.bashrc')),
  },
  {
    name: 'a file with two names',
    files: { '.bashrc': rc },
    prepare: home => linkSync(join(home, '.bashrc'), join(home, 'bashrc')),
    says: 'HOME/.bashrc: is one file with 2 names, and would become two; nothing was changed',
    hint: 'make it a file of its own: cp -p HOME/.bashrc HOME/.bashrc.new && mv HOME/.bashrc.new HOME/.bashrc',
    follow: inHome,
  },
  {
    name: 'a file that everybody may write',
    files: { '.bashrc': rc },
    prepare: home => chmodSync(join(home, '.bashrc'), 0o666),
    says: 'HOME/.bashrc: HOME/.bashrc can be written by everybody; nothing was changed',
    hint: 'chmod o-w HOME/.bashrc',
    follow: home => chmodSync(join(home, '.bashrc'), 0o664),
  },
  {
    name: 'a last line that goes on',
    files: { '.bashrc': 'alias a=b \\\n' },
    says: 'HOME/.bashrc: its last line ends with a backslash, and would go on in ours; nothing was changed',
    hint: 'remove that backslash',
    follow: home => writeFileSync(join(home, '.bashrc'), 'alias a=b\n'),
  },
  {
    name: 'a file in the place of ~/.config',
    shells: 'fish',
    files: { '.config': 'mine' },
    says: 'HOME/.config/fish/conf.d/zz-jobshim.fish: HOME/.config is not a directory; nothing was changed',
    hint: 'move HOME/.config away',
    follow: home => rmSync(join(home, '.config')),
  },
  {
    name: 'a config that says otherwise',
    files: { '.jobshimrc': 'noJobserver: error\n' },
    says: 'HOME/.jobshimrc: has noJobserver: error, and setup would write noJobserver: machine; nothing was changed',
    hint: 'remove that line, or change it',
    follow: home => writeFileSync(join(home, '.jobshimrc'), ''),
  },
  {
    name: 'a config with other jobs than --jobs',
    files: { '.jobshimrc': 'jobs: auto\n' },
    words: ['--jobs', '4'],
    says: 'HOME/.jobshimrc: has jobs: auto, and setup would write jobs: 4; nothing was changed',
    hint: 'change it there, or leave out --jobs',
    follow: home => writeFileSync(join(home, '.jobshimrc'), 'jobs: 4\n'),
  },
  {
    name: 'a config in JSON',
    files: { '.jobshimrc': '{ "patience": 5 }\n' },
    words: ['--jobs', '4'],
    says: 'HOME/.jobshimrc: takes no line at its end, since it is no list of keys in YAML; nothing was changed',
    hint: 'write into it "noJobserver": "machine", "join": true, "jobs": 4, then run jobshim setup again',
    follow: home =>
      writeFileSync(
        join(home, '.jobshimrc'),
        '{ "patience": 5, "noJobserver": "machine", "join": true, "jobs": 4 }\n',
      ),
  },
  {
    name: 'a config in package.json',
    files: { 'package.json': '{ "jobshim": { "patience": 5 } }\n' },
    says: 'HOME/package.json: takes no line at its end, since it is no list of keys in YAML; nothing was changed',
    hint: 'write into it "noJobserver": "machine", "join": true, then run jobshim setup again',
    follow: home =>
      writeFileSync(
        join(home, 'package.json'),
        '{ "jobshim": { "patience": 5, "noJobserver": "machine", "join": true } }\n',
      ),
  },
  {
    name: 'a config in YAML that has ended',
    files: { '.jobshimrc': 'patience: 5\n...\n' },
    says: 'HOME/.jobshimrc: takes no line at its end, since it is no list of keys in YAML; nothing was changed',
    hint: 'write into it "noJobserver": "machine", "join": true, then run jobshim setup again',
    follow: home =>
      writeFileSync(join(home, '.jobshimrc'), 'patience: 5\n"noJobserver": "machine"\n"join": true\n...\n'),
  },
  {
    name: 'a config that is wrong',
    files: { '.jobshimrc': 'patience: -1\n' },
    status: 2,
    says: 'HOME/.jobshimrc: patience: expected a number of seconds, 0 or more, got -1',
    hint: 'mend the file',
    follow: home => writeFileSync(join(home, '.jobshimrc'), 'patience: 1\n'),
  },
  {
    name: 'a file in the place of a shim',
    files: { '.local/share/jobshim/shims/cc': 'mine' },
    says: 'DIR/cc: in the way, and not made by jobshim; nothing was changed',
    hint: 'move it away, or name another place with dir: in HOME/.jobshimrc.yaml',
    follow: home => writeFileSync(join(home, '.jobshimrc.yaml'), 'dir: shims\n'),
  },
  {
    name: 'an unknown shell',
    shells: 'tcsh',
    status: 2,
    says: 'setup: --shell: tcsh: not a shell that setup knows',
    hint: 'name those that you use with --shell: bash, zsh, fish',
    follow: undefined,
  },
  {
    name: 'an unknown SHELL',
    env: () => ({ SHELL: '/bin/tcsh' }),
    status: 2,
    says: 'setup: SHELL=/bin/tcsh: not a shell that setup knows',
    hint: 'name those that you use with --shell: bash, zsh, fish',
    follow: undefined,
  },
  {
    name: 'no HOME',
    env: () => ({ HOME: '' }),
    says: 'HOME=: no absolute path in UTF-8',
    hint: 'set HOME to your home directory',
    follow: undefined,
  },
]

for (const row of rows)
  test(`setup :: ${row.name} :: refused, nothing is changed, and the advice helps`, async () => {
    const { home, shims, setup } = await makeHome(row)
    const fill = (text: string): string =>
      text.replaceAll('HOME/', `${home}/`).replaceAll('DIR/', `${shims}/`)
    const words = ['--yes', ...(row.words ?? [])]
    const before = pictureOf(home)
    assert.equal(await setup(...words), {
      status: row.status ?? 1,
      signal: null,
      stdout: '',
      stderr: `jobshim: ${fill(row.says)}\n  ${fill(row.hint)}\n`,
    })
    assert.equal(pictureOf(home), before)
    if (row.follow === undefined) return
    if (row.follow === inHome) execFileSync('sh', ['-c', fill(row.hint).replace(/^[^:]*: /, '')])
    else row.follow(home)
    const { status, stderr } = await setup(...words)
    assert.equal([status, stderr], [0, ''])
  })

testAsRoot('setup :: a home of another user :: refused', async () => {
  const { home, setup } = await makeHome({ files: { '.bashrc': rc } })
  chownSync(join(home, '.bashrc'), nobody, nobody)
  chownSync(home, nobody, nobody)
  const before = pictureOf(home)
  const { status, stderr } = await setup('--yes')
  assert.is(status, 1)
  assert.match(
    stderr,
    `jobshim: ${home}/.jobshimrc.yaml: ${home} belongs to another user; nothing was changed\n`,
  )
  assert.match(stderr, '\n  run it as the user whose file it is\n')
  assert.equal(pictureOf(home), before)
})

testAsOthers('setup :: a home that its user may not write :: refused', async () => {
  const { home, env } = await makeHome({ files: { '.bashrc': rc, '.profile': rc } })
  openToOthers(home)
  for (const name of ['.bashrc', '.profile', '.']) chownSync(join(home, name), eve, eve)
  chmodSync(home, 0o555)
  const before = pictureOf(home)
  const program = join(repository, 'bin/jobshim.js')
  const [asEve = '', ...words] = asUser(eve)
  const outcome = await run(asEve, [...words, process.execPath, program, 'setup', '--yes'], {
    env: { ...env, PATH: `${env.PATH}:${process.env.PATH}` },
    cwd: '/',
  })
  const says = `${home}/.jobshimrc.yaml: ${home} is read-only; nothing was changed`
  const stderr = `jobshim: ${says}\n  make it writable: chmod u+w ${home}\n`
  assert.equal(outcome, { status: 1, signal: null, stdout: '', stderr })
  assert.equal(pictureOf(home), before)
})

test('setup :: no terminal, no --yes :: refused, and says how to see it and to do it', async () => {
  const { home, setup } = await makeHome({})
  const before = pictureOf(home)
  assert.equal(await setup(), {
    status: 2,
    signal: null,
    stdout: '',
    stderr:
      'jobshim: setup: no terminal to ask on; nothing was changed\n' +
      '  see what it does: jobshim setup --print; do it: jobshim setup --yes\n',
  })
  assert.equal(pictureOf(home), before)
  assert.is((await setup('--yes')).status, 0)
  assert.equal((await setup()).status, 0) // nothing to ask
})

test('setup :: files that are others than was shown :: nothing is done', async () => {
  const { home, env } = await makeHome({ files: { '.profile': rc } })
  const environment = scrubbed(env)
  const shown = await planned({}, environment)
  writeFileSync(join(home, '.bash_profile'), rc) // bash reads it in place of .profile
  const before = pictureOf(home)
  try {
    await carryOut(shown, {}, environment)
    assert.unreachable()
  } catch (error) {
    assert.instance(error, Failure)
    assert.is((error as Failure).message, 'setup: files have changed since; nothing was done')
  }
  assert.equal(pictureOf(home), before)
})

test('setup :: a read-only .bashrc with our line :: --undo is refused, and takes nothing back', async () => {
  const { home, setup } = await makeHome({ files: { '.bashrc': rc } })
  assert.is((await setup('--yes')).status, 0)
  chmodSync(join(home, '.bashrc'), 0o444)
  const before = pictureOf(home)
  const outcome = await setup('--undo')
  assert.equal([outcome.status, outcome.stdout], [1, ''])
  assert.match(outcome.stderr, `jobshim: ${home}/.bashrc: is read-only; nothing was changed\n`)
  assert.equal(pictureOf(home), before)
  assert.is((await setup('--yes')).status, 0, 'it needs no change')
})

test.run()
