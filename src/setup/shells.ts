/** Which files shells read as they begin, and what is to stand there. Pure. */
import { join } from 'node:path'
import { environment as names } from '../contract/environment.js'
import { fishWord, shWord } from '../ground/shell-word.js'

export type Shell = 'bash' | 'zsh' | 'fish'

export type Homes = {
  home: string
  zsh: string // ZDOTDIR, where that is set
  config: string // XDG_CONFIG_HOME, or ~/.config
}

type Language = 'sh' | 'fish'

/** A line of ours in a file. */
export type Line = { path: string; line: string }

/** PATH may have the shims already, behind what a profile has put before them since: then they are put first again. */
const pathFirst: Readonly<Record<Language, (dir: string) => string>> = {
  sh: dir => `case $PATH in ${shWord(dir)}:*) ;; *) export PATH=${shWord(dir)}:"$PATH" ;; esac`,
  fish: dir => `test "$PATH[1]" = ${fishWord(dir)}; or set -gx PATH ${fishWord(dir)} $PATH`,
}

/** What a shell does at `jobshim off` and `jobshim on`: no program can change the variables of the shell that calls it. */
export const switches = {
  off: { sh: `export ${names.disable}=1`, fish: `set -gx ${names.disable} 1` },
  on: { sh: `unset ${names.disable}`, fish: `set -e ${names.disable}` },
} as const satisfies Record<string, Record<Language, string>>

const { off, on } = switches

/** A function that does these itself, and leaves all else to the program. With an alias of that name, its definition would be no line of a shell. */
const switching: Readonly<Record<Language, string>> = {
  sh: `alias jobshim >/dev/null 2>&1 || eval 'jobshim() { case "$*" in off) ${off.sh} ;; on) ${on.sh} ;; *) command jobshim "$@" ;; esac; }'`,
  // `set -e` fails if there is nothing to remove.
  fish: `function jobshim; switch "$argv"; case off; ${off.fish}; case on; ${on.fish}; true; case "*"; command jobshim $argv; end; end`,
}

const lineOf = (language: Language, dir: string): string =>
  `${pathFirst[language](dir)}; ${switching[language]}`

/** The line of sh, bash and zsh that puts `dir` first on PATH, and knows `jobshim off`. */
export const shLine = (dir: string): string => lineOf('sh', dir)

// bash reads the first of them that is there, sh only the last.
const profiles = ['.bash_profile', '.bash_login', '.profile']

/** What a shell reads that is no login shell, or is one. The profile is read by `bash -l` of builds, whatever shell its user has. */
const files: Readonly<Record<Shell, (homes: Homes) => readonly string[]>> = {
  bash: ({ home }) => [join(home, '.bashrc')],
  zsh: ({ zsh }) => [join(zsh, '.zshrc'), join(zsh, '.zprofile')],
  // The last of those that fish reads there: what stands before may put programs first on PATH, as rustup does.
  fish: ({ config }) => [join(config, 'fish/conf.d/zz-jobshim.fish')],
}

export const shellNames = Object.keys(files) as readonly Shell[]

const languageOf = (path: string): Language => (path.endsWith('.fish') ? 'fish' : 'sh')

/** Returns the lines for each new one of these shells. */
export function shellLines(
  shells: readonly Shell[],
  dir: string,
  homes: Homes,
  isThere: (path: string) => boolean,
): Line[] {
  const own = profiles.map(name => join(homes.home, name))
  const profile = own.find(isThere) ?? join(homes.home, '.profile')
  const paths = [...shells.flatMap(shell => files[shell](homes)), profile]
  return paths.map(path => ({ path, line: lineOf(languageOf(path), dir) }))
}

/** Returns all paths at which such a line may stand. */
export const allShellFiles = (homes: Homes): string[] => [
  ...shellNames.flatMap(shell => files[shell](homes)),
  ...profiles.map(name => join(homes.home, name)),
]
