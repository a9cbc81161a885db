/** Where a user's shells and config are. */
import { userInfo } from 'node:os'
import { basename, join } from 'node:path'
import { runProgram } from '../doctor/program.js'
import { hasOddBytes } from '../ground/bytes.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { findTool, realDirectories } from '../shimdir/real-tools.js'
import { usualPath } from '../shimdir/surroundings.js'
import { type Homes, type Shell, shellNames } from './shells.js'

/** Returns the places. Throws `Failure` where there is no home. */
export async function findHomes(environment: NodeJS.ProcessEnv): Promise<Homes> {
  const { HOME: home = '', XDG_CONFIG_HOME: config = '' } = environment
  if (!home.startsWith('/') || hasOddBytes(home))
    throw new Failure(`HOME=${home}: no absolute path in UTF-8`, 'set HOME to your home directory')
  return {
    home,
    zsh: await zshHome(home, environment),
    config: config.startsWith('/') && !hasOddBytes(config) ? config : join(home, '.config'),
  }
}

// A .zshenv may set ZDOTDIR without exporting it, and may print whatever it likes.
async function zshHome(home: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const zsh = findTool('zsh', realDirectories(environment.PATH || usualPath))
  const answer =
    zsh === undefined
      ? undefined
      : await runProgram(zsh, ['-c', 'printf "\\0%s\\0" "$ZDOTDIR"'], { environment })
  const told = answer?.kind === 'ended' ? answer.stdout.split('\0').at(-2) : environment.ZDOTDIR
  return told?.startsWith('/') ? told : home
}

/** Returns the shells that are named, or the user's own. Throws `Failure` for one that is not known. */
export function shellsOf(named: readonly string[] | undefined, environment: NodeJS.ProcessEnv): Shell[] {
  const own = environment.SHELL || (userInfo().shell ?? '')
  return (named ?? [basename(own)]).map(name => {
    const shell = shellNames.find(known => known === name)
    if (shell !== undefined) return shell
    const where = named === undefined ? `SHELL=${own}` : `--shell: ${name}`
    throw new Failure(
      `setup: ${where}: not a shell that setup knows`,
      `name those that you use with --shell: ${shellNames.join(', ')}`,
      exitCodes.usage,
    )
  })
}
