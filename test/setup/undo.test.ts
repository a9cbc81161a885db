/** Rc files and configs of all kinds: setup, setup again, and back. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type HomeRow, makeHome } from '../support/home.js'
import { jobshim } from '../support/jobshim.js'
import { pictureOf } from '../support/picture.js'

const rc = 'alias ll="ls -l"\n'

const homes: readonly HomeRow[] = [
  { name: 'nothing at all' },
  { name: 'empty files', files: { '.bashrc': '', '.profile': '', '.jobshimrc.yaml': '' } },
  { name: 'files', files: { '.bashrc': rc, '.profile': rc, '.jobshimrc.yaml': '# mine\npatience: 5\n' } },
  {
    name: 'no newline at the end',
    files: { '.bashrc': 'alias ll="ls -l"', '.profile': rc.trim(), '.jobshimrc.yaml': 'patience: 5' },
  },
  {
    name: 'CRLF',
    files: { '.bashrc': 'alias a=b\r\n# c\r\n', '.profile': '# c\r\n# d', '.jobshimrc': 'patience: 5\r\n' },
  },
  { name: 'bytes that are no UTF-8', files: { '.bashrc': '# \xe4\xff\n', '.profile': '# \xe4' } },
  { name: 'a backslash that takes no line', files: { '.bashrc': 'printf a\\\\\n' } },
  {
    name: 'symlinks into a directory of dotfiles, of mode 0600',
    files: { 'dotfiles/bashrc': rc, 'dotfiles/jobshim': 'patience: 5\n' },
    prepare: home => {
      symlinkSync('dotfiles/bashrc', join(home, '.bashrc'))
      symlinkSync(join(home, 'dotfiles/jobshim'), join(home, '.jobshimrc.yml'))
      chmodSync(join(home, 'dotfiles/bashrc'), 0o600)
    },
  },
  {
    name: 'one file behind two names',
    files: { shellrc: rc },
    prepare: home => {
      for (const name of ['.bashrc', '.profile']) symlinkSync('shellrc', join(home, name))
    },
  },
  { name: '.bash_profile before .profile', files: { '.bash_profile': rc, '.profile': rc } },
  { name: '.bash_login before .profile', files: { '.bash_login': rc, '.profile': rc } },
  {
    name: 'a config that says it all',
    files: { '.jobshimrc': '{ "noJobserver": "machine", "join": true, "jobs": 3 }' },
  },
  { name: 'a config that says some of it', files: { '.jobshimrc': 'noJobserver: machine\n' } },
  { name: 'zsh', shells: 'zsh' },
  { name: 'zsh, with files', shells: 'zsh', files: { '.zshrc': rc, '.zprofile': rc.trim() } },
  {
    name: 'zsh, ZDOTDIR exported',
    shells: 'zsh',
    files: { 'z/.zshrc': rc },
    env: home => ({ ZDOTDIR: join(home, 'z') }),
  },
  { name: 'fish', shells: 'fish' },
  {
    name: 'fish, a directory conf.d',
    shells: 'fish',
    files: { '.config/fish/config.fish': 'set a b\n' },
    prepare: home => void mkdirSync(join(home, '.config/fish/conf.d')),
  },
  { name: 'fish, XDG_CONFIG_HOME', shells: 'fish', env: home => ({ XDG_CONFIG_HOME: join(home, 'etc') }) },
  { name: 'three shells', shells: 'bash,zsh,fish', files: { '.zshrc': rc } },
  { name: 'a path with blanks and quotes', env: home => ({ XDG_DATA_HOME: join(home, "my data's") }) },
  { name: 'a file in the place of ~/.config', files: { '.config': 'mine' } },
  {
    name: 'empty directories',
    prepare: home => void mkdirSync(join(home, '.local/share/jobshim'), { recursive: true }),
  },
]

for (const row of homes)
  test(`setup :: ${row.name} :: setup, setup, --undo :: byte for byte as before`, async () => {
    const { home, told } = await makeHome(row)
    const before = pictureOf(home)
    const shown = await told('--print')
    assert.equal(pictureOf(home), before, '--print')
    const done = await told('--yes')
    assert.equal(done, { ...shown, changed: true })
    const after = pictureOf(home)
    const again = await told('--yes')
    assert.equal([again.changed, again.files, again.shims], [false, [], 'keep'])
    assert.equal(pictureOf(home), after, 'twice')
    const back = await told('--undo')
    assert.equal(back.changed, true)
    assert.equal(back.files.map(({ path }) => path).sort(), done.files.map(({ path }) => path).sort())
    assert.equal(pictureOf(home), before, '--undo')
    assert.is((await told('--undo')).changed, false)
    assert.equal(pictureOf(home), before, '--undo, twice')
  })

test('setup :: rc files :: each has one marked line at its end, and no other byte is changed', async () => {
  const { home, told, shims } = await makeHome({ files: { '.bashrc': rc, '.profile': rc.trim() } })
  await told('--yes')
  const path = `case $PATH in ${shims}:*) ;; *) export PATH=${shims}:"$PATH" ;; esac`
  const switching =
    `alias jobshim >/dev/null 2>&1 || eval 'jobshim() { case "$*" in off) export JOBSHIM_DISABLE=1 ;; ` +
    `on) unset JOBSHIM_DISABLE ;; *) command jobshim "$@" ;; esac; }'`
  const line = `${path}; ${switching} # jobshim setup`
  assert.is(readFileSync(join(home, '.bashrc'), 'utf8'), `${rc}${line}\n`)
  const profile = `${rc.trim()}\n${line}, after a line without an end\n`
  assert.is(readFileSync(join(home, '.profile'), 'utf8'), profile)
  const config = 'noJobserver: machine # jobshim setup\njoin: true # jobshim setup\n'
  assert.is(readFileSync(join(home, '.jobshimrc.yaml'), 'utf8'), config)
})

test('setup :: a symlink :: is one afterwards, and its file has the line', async () => {
  const { home, told } = await makeHome({
    files: { 'dotfiles/bashrc': rc },
    prepare: home => symlinkSync('dotfiles/bashrc', join(home, '.bashrc')),
  })
  await told('--yes')
  assert.ok(lstatSync(join(home, '.bashrc')).isSymbolicLink())
  assert.match(readFileSync(join(home, 'dotfiles/bashrc'), 'utf8'), /^alias .*\ncase .* # jobshim setup\n$/)
})

test('setup :: shims that were there before :: stay, as the config has them', async () => {
  const { home, told, env } = await makeHome({})
  const { status, stderr } = await jobshim(['install'], { cwd: home, env })
  assert.equal([status, stderr], [0, ''])
  const before = pictureOf(home)
  assert.is((await told('--yes')).shims, 'keep')
  assert.is.not(String(pictureOf(home)), String(before))
  assert.is((await told('--undo')).shims, 'renew')
  assert.equal(pictureOf(home), before)
})

test('setup :: --jobs :: is written, stays where nobody says otherwise, and can be changed', async () => {
  const { home, told, shims } = await makeHome({})
  const before = pictureOf(home)
  const written = () => [
    readFileSync(join(home, '.jobshimrc.yaml'), 'utf8').match(/^jobs: .*$/m)?.[0],
    readFileSync(join(shims, '.jobshim/tools/cc'), 'utf8').match(/^jobs=.*$/m)?.[0],
  ]
  assert.is((await told('--yes', '--jobs', '7')).slots, 7)
  assert.equal(written(), ['jobs: 7 # jobshim setup', 'jobs=7'])
  assert.equal([(await told('--yes')).changed, ...written()], [false, 'jobs: 7 # jobshim setup', 'jobs=7'])
  assert.is((await told('--yes', '-j', '9')).changed, true)
  assert.equal(written(), ['jobs: 9 # jobshim setup', 'jobs=9'])
  await told('--undo')
  assert.equal(pictureOf(home), before)
})

/** What becomes of our lines at the hands of the user. */
const edits: readonly { name: string; edit: (text: string) => string; isKept: boolean; left: string }[] = [
  { name: 'moved', edit: text => text.replace(/^(alias.*\n)(.*\n)$/, '$2$1'), isKept: true, left: rc },
  { name: 'changed', edit: text => text.replace('case', 'true; case'), isKept: false, left: rc },
  { name: 'removed', edit: () => rc, isKept: false, left: rc },
  { name: 'followed by others', edit: text => `${text}mine`, isKept: true, left: `${rc}mine` },
  { name: 'without its newline', edit: text => text.trimEnd(), isKept: true, left: rc },
  {
    name: 'with other line ends',
    edit: text => text.replaceAll('\n', '\r\n'),
    isKept: true,
    left: rc.replaceAll('\n', '\r\n'),
  },
  {
    name: 'without its mark',
    edit: text => text.replace(/ # jobshim setup$/m, ''),
    isKept: false,
    left: '',
  },
]

for (const { name, edit, isKept, left } of edits)
  test(`setup :: our line ${name} by the user :: setup and --undo leave what is the user's`, async () => {
    const { home, told } = await makeHome({ files: { '.bashrc': rc } })
    const bashrc = join(home, '.bashrc')
    await told('--yes')
    const edited = edit(readFileSync(bashrc, 'utf8'))
    writeFileSync(bashrc, edited)
    assert.is((await told('--yes')).changed, !isKept)
    if (isKept) assert.is(readFileSync(bashrc, 'utf8'), edited)
    assert.equal(readFileSync(bashrc, 'utf8').match(/# jobshim setup/g)?.length, 1)
    await told('--undo')
    assert.is(readFileSync(bashrc, 'utf8'), left || edited)
  })

test('setup :: no newline at the end, then other line ends :: --undo takes the newline of ours, too', async () => {
  const { home, told } = await makeHome({ files: { '.bashrc': rc.trim() } })
  const bashrc = join(home, '.bashrc')
  await told('--yes')
  writeFileSync(bashrc, readFileSync(bashrc, 'utf8').replaceAll('\n', '\r\n'))
  await told('--undo')
  assert.is(readFileSync(bashrc, 'utf8'), rc.trim())
})

test('setup :: a file that it made :: stays if the user has filled it since', async () => {
  const { home, told } = await makeHome({ shells: 'fish' })
  const file = join(home, '.config/fish/conf.d/zz-jobshim.fish')
  await told('--yes')
  writeFileSync(file, `${readFileSync(file, 'utf8')}set mine 1\n`)
  writeFileSync(join(home, '.profile'), '')
  const { files } = await told('--undo')
  assert.equal(
    files.map(({ path, how }) => [path.slice(home.length + 1), how]),
    [
      ['.jobshimrc.yaml', 'remove'],
      ['.config/fish/conf.d/zz-jobshim.fish', 'restore'],
      ['.profile', 'remove'],
    ],
  )
  assert.is(readFileSync(file, 'utf8'), 'set mine 1\n')
  assert.not(existsSync(join(home, '.local')))
})

test.run()
