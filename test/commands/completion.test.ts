import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { commandTable, loadCommands } from '../../src/commands/command-table.js'
import type { ClientKey } from '../support/clients.js'
import { jobshim, run } from '../support/jobshim.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { completeOnTerminal, listOnTerminal, type TerminalShell } from './completing.js'

// ^T and ^O are what completing.ts says; `frobnicate` has a completion of its own.
const bashrc = `PS1='ready> '
bind 'set enable-bracketed-paste off'
bind '"\\C-t": insert-completions'
show() { printf '<<[%s%s' "$READLINE_LINE" ']>>'; READLINE_LINE=; }
bind -x '"\\C-o": show'
complete -W 'alpha beta' frobnicate
`

const zshrc = `PS1='ready> ' COLUMNS=200
autoload -U compinit
compinit -u -D
compdef '_arguments "*:word:(alpha beta)"' frobnicate
comppostfuncs=(insert_all)
insert_all() {
  [[ $WIDGET != complete-word ]] || compstate[insert]=all
  comppostfuncs=(insert_all)
}
bindkey '^T' complete-word
bindkey '^D' list-choices
show() { print -rn -- "<<[$BUFFER"']>>'; BUFFER= }
zle -N show
bindkey '^O' show
`

type ShellRow = {
  name: string
  needs: readonly [ClientKey, ...ClientKey[]]
  script: string // where README puts it, below HOME
  files: Readonly<Record<string, string>> // below HOME
  start: (home: string) => string[]
  lacks?: 'completions of others'
}

/** The shells on a terminal; fish has a way to be asked. */
const shells: readonly ShellRow[] = [
  {
    name: 'bash',
    needs: ['bash'],
    script: 'jobshim.bash',
    files: { '.bashrc': `${bashrc}. ~/jobshim.bash\n` },
    start: home => ['bash', '--rcfile', join(home, '.bashrc'), '-i'],
    lacks: 'completions of others',
  },
  {
    name: 'bash with bash-completion',
    needs: ['bash', 'bashCompletion'],
    script: '.local/share/bash-completion/completions/jobshim',
    files: { '.bashrc': `${bashrc}. /usr/share/bash-completion/bash_completion\n` },
    start: home => ['bash', '--rcfile', join(home, '.bashrc'), '-i'],
  },
  {
    name: 'zsh',
    needs: ['zsh'],
    script: 'site/_jobshim',
    files: { '.zshrc': `fpath=(~/site $fpath)\n${zshrc}` },
    start: () => ['zsh', '-i'],
  },
  {
    name: 'zsh, sourced',
    needs: ['zsh'],
    script: 'jobshim.zsh',
    files: { '.zshrc': `${zshrc}. ~/jobshim.zsh\n` },
    start: () => ['zsh', '-i'],
  },
]

type Home = { home: string; env: TerminalShell['env'] }

// A jobshim that is started would leave a trace: pressing TAB is not to start one.
async function makeHome(shell: string, script: string, files: ShellRow['files']): Promise<Home> {
  const home = makeWorkspace('home')
  const { status, stdout, stderr } = await jobshim(['completion', shell])
  assert.equal([status, stderr], [0, ''])
  writeFiles(home, {
    ...files,
    [script]: stdout,
    'bin/jobshim': `#!/bin/sh\n>${home}/started\n`,
    'bin/frobnicate': '#!/bin/sh\n',
    'data/place/file': '',
    'data/plain': '',
  })
  const env = {
    HOME: home,
    ZDOTDIR: home,
    INPUTRC: '/dev/null',
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_DATA_HOME: join(home, '.local/share'),
    PATH: join(home, 'bin'),
  }
  return { home, env }
}

const words = (text: string): string[] => text.split(' ').filter(Boolean)

const firstWords = [...new Set(commandTable.map(({ name }) => name.split(' ')[0] ?? ''))]
const verbs = (first: string): string[] =>
  commandTable.flatMap(({ name }) => (name.startsWith(`${first} `) ? [name.slice(first.length + 1)] : []))

const optionLines = (await loadCommands()).map(({ name, options }): [string, string[]] => [
  `jobshim ${name} --`,
  [...options.map(option => `--${option.name}`), '--help'],
])

const namesIn = (database: 'passwd' | 'group', start: string): string[] =>
  execFileSync('getent', [database], { encoding: 'utf8' })
    .split('\n')
    .map(line => line.replace(/:.*/, ''))
    .filter(name => name.startsWith(start))

/** What may stand at the end of each line. */
const lines = (home: string): [line: string, offered: string[]][] => [
  ['jobshim ru', ['run']],
  ['jobshim s', ['serve', 'setup', 'status']],
  ['FOO=1 jobshim ru', ['run']],
  ['jobshim --v', ['--version']],
  ['jobshim help ', firstWords],
  ['jobshim help ru', ['run']],
  ['jobshim help run ', []],
  ['jobshim portage ', verbs('portage')],
  ['jobshim help portage e', ['enable']],
  ['jobshim portage install --ro', ['--root']],
  ['jobshim portage enable a/b --ro', ['--root']],
  ['jobshim portage enable a/b --root / c/d --js', ['--json']],
  ['jobshim portage enable a/b -- --js', []],
  ['jobshim frobnicate --', []],
  ['jobshim list x --', []],
  ...optionLines,
  ['jobshim run --jobs ', []],
  ['jobshim env --shell ', ['fish', 'sh']],
  ['jobshim env --shell=f', ['--shell=fish']],
  ['jobshim install --tools gf', ['gfortran']],
  ['jobshim install --tools gcc,gf', ['gcc,gfortran']],
  ['jobshim install --tools=gcc,gf', ['--tools=gcc,gfortran']],
  [`jobshim list --dir ${home}/data/pl`, [`${home}/data/place`]],
  [`jobshim list --dir=${home}/data/pl`, [`--dir=${home}/data/place`]],
  [`jobshim list --config ${home}/data/pl`, [`${home}/data/place`, `${home}/data/plain`]],
  ['jobshim status --jobserver f', ['fifo:']],
  [`jobshim status --jobserver fifo:${home}/data/plai`, [`fifo:${home}/data/plain`]],
  [`jobshim status --jobserver=fifo:${home}/data/plai`, [`--jobserver=fifo:${home}/data/plain`]],
  ['jobshim serve --user roo', namesIn('passwd', 'roo')],
  ['jobshim serve --group roo', namesIn('group', 'roo')],
  ['jobshim serve --fifo x --us', ['--user']],
  ['jobshim completion ', ['bash', 'fish', 'zsh']],
  ['jobshim run frobnic', ['frobnicate']],
  ['jobshim run -- frobnic', ['frobnicate']],
  ['jobshim run -j 2 --json frobnic', ['frobnicate']],
  ['jobshim run -j2 -- frobnic', ['frobnicate']],
  ['jobshim exec -- frobnic', ['frobnicate']],
  ['jobshim doctor --json -- frobnic', ['frobnicate']],
]

/** Those behind a command that has a completion of its own. */
const linesOfOthers: [line: string, offered: string[]][] = [
  ['jobshim run frobnicate ', ['alpha', 'beta']],
  ['jobshim run -- frobnicate b', ['beta']],
  ['jobshim run -- frobnicate --j', []],
  ['jobshim run frobnicate --j', []],
  ['jobshim exec --dir x -- frobnicate x=y a', ['alpha']],
  ['jobshim run -- jobshim exec -- frobnicate a', ['alpha']],
  ['jobshim run -- jobshim uninst', ['uninstall']],
]

/** What the end of `line` has become: the words that were inserted for its last one. */
function offeredIn(line: string, became: string): string[] {
  const before = line.slice(0, line.lastIndexOf(' ') + 1)
  assert.ok(became.startsWith(before), became)
  return became.trimEnd() === line.trimEnd() ? [] : words(became.slice(before.length))
}

const sorted = (offered: readonly string[]): string[] =>
  offered.map(word => word.replace(/[/,=]$/, '')).sort()

for (const { name, needs, script, files, start, lacks } of shells)
  testWith(needs, `completion :: ${name}`, async () => {
    const { home, env } = await makeHome(name.split(/\W/)[0] ?? '', script, files)
    const expected = [...lines(home), ...(lacks ? [] : linesOfOthers)]
    const typed = expected.map(([line]) => line)
    const became = await completeOnTerminal({ command: start(home), env }, typed)
    const wrong = expected.flatMap(([line, offered], index) => {
      const seen = sorted(offeredIn(line, became[index] ?? ''))
      return seen.join(' ') === sorted(offered).join(' ') ? [] : [`${line}: ${seen.join(' ')}`]
    })
    assert.equal(wrong, [])
    assert.not(existsSync(join(home, 'started')))
  })

testWith('bash', 'completion :: bash :: behind a command whose completion is not known: files', async () => {
  const { name, script, files, start } = shells[0] as ShellRow
  const { home, env } = await makeHome(name, script, files)
  const typed = [`jobshim run -- frobnicate ${home}/data/plai`, `jobshim run ${home}/bin/frob`]
  const became = await completeOnTerminal({ command: start(home), env }, typed)
  assert.equal(became, [
    `jobshim run -- frobnicate ${home}/data/plain `,
    `jobshim run ${home}/bin/frobnicate `,
  ])
})

testWith('zsh', 'completion :: zsh :: shows the texts of the help', async () => {
  const { script, files, start } = shells[2] as ShellRow
  const { home, env } = await makeHome('zsh', script, files)
  const shell = { command: start(home), env }
  const commands = await loadCommands()
  const textOf = (name: string): string => commands.find(command => command.name === name)?.summary ?? ''
  const overview = await listOnTerminal(shell, 'jobshim ', textOf('uninstall'))
  for (const { name, summary } of commands)
    if (!name.includes(' ')) assert.ok(overview.includes(summary), `${summary}\n${overview}`)
  const serve = commands.find(({ name }) => name === 'serve')
  const texts = serve?.options.map(({ text }) => text) ?? []
  const options = await listOnTerminal(shell, 'jobshim serve --', 'the owner of the FIFO')
  for (const text of texts) assert.ok(options.includes(text), `${text}\n${options}`)
})

testWith('fish', 'completion :: fish', async () => {
  const { home, env } = await makeHome('fish', '.config/fish/completions/jobshim.fish', {
    '.config/fish/completions/frobnicate.fish': "complete -c frobnicate -f -a 'alpha beta'\n",
  })
  const ask = (line: string) =>
    run('fish', ['-c', 'complete -C "$argv[1]"', line], {
      cwd: home,
      env: { ...env, PATH: `${env.PATH}:${process.env.PATH}` },
    })
  for (const [line, offered] of [...lines(home), ...linesOfOthers]) {
    const { status, stdout, stderr } = await ask(line)
    const seen = stdout.split('\n').flatMap(row => row.split('\t')[0] || [])
    assert.equal([line, stderr, sorted(seen)], [line, '', sorted(offered)])
    assert.ok(status === 0 || offered.length === 0)
  }
  const texts = (await loadCommands()).flatMap(({ name, options }) =>
    name === 'serve' ? options.map(option => `--${option.name}\t${option.text}`) : [],
  )
  const { stdout } = await ask('jobshim serve --')
  assert.equal(stdout.trim().split('\n').sort(), [...texts, '--help\tprint this'].sort())
  assert.not(existsSync(join(home, 'started')))
})

for (const [words, says, hint] of [
  [[], 'completion: which shell?', 'name one: bash, zsh, fish'],
  [['bash', 'zsh'], 'completion: which shell?', 'name one: bash, zsh, fish'],
  [['tcsh'], 'completion: unknown shell "tcsh"', 'name one of bash, zsh, fish'],
  [['toString'], 'completion: unknown shell "toString"', 'name one of bash, zsh, fish'],
] as const)
  test(`completion :: error :: ${words.join(' ') || 'no shell'}`, async () => {
    const stderr = `jobshim: ${says}\n  ${hint}\n`
    assert.equal(await jobshim(['completion', ...words]), { status: 2, signal: null, stdout: '', stderr })
  })

test.run()
