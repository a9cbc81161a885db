/** Which files shells read as they begin, and what is to stand there. Pure. */
import { join } from 'node:path'
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
const lines: Readonly<Record<Language, (dir: string) => string>> = {
  sh: dir => `case $PATH in ${shWord(dir)}:*) ;; *) export PATH=${shWord(dir)}:"$PATH" ;; esac`,
  fish: dir => `test "$PATH[1]" = ${fishWord(dir)}; or set -gx PATH ${fishWord(dir)} $PATH`,
}

/** The line of sh, bash and zsh that puts `dir` first on PATH. */
export const shPathLine = lines.sh

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

/** Returns the lines that put `dir` first on PATH in each new one of these shells. */
export function pathLines(
  shells: readonly Shell[],
  dir: string,
  homes: Homes,
  isThere: (path: string) => boolean,
): Line[] {
  const own = profiles.map(name => join(homes.home, name))
  const profile = own.find(isThere) ?? join(homes.home, '.profile')
  const paths = [...shells.flatMap(shell => files[shell](homes)), profile]
  return paths.map(path => ({ path, line: lines[languageOf(path)](dir) }))
}

/** Returns all paths at which such a line may stand. */
export const allShellFiles = (homes: Homes): string[] => [
  ...shellNames.flatMap(shell => files[shell](homes)),
  ...profiles.map(name => join(homes.home, name)),
]
