import { execFileSync } from 'node:child_process'
import { copyFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { install } from '../../src/commands/install.js'
import { parseArguments } from '../../src/commands/parser.js'
import { loadSettings } from '../../src/config/load.js'
import { installShims as installThere } from '../../src/shimdir/install.js'
import { type Surroundings, scrubbed } from './jobshim.js'
import { repository } from './workspace.js'

/** The launcher that is installed; JOBSHIM_TEST_LAUNCHER may have another one stand in for it. */
export const plainLauncher = join(repository, 'shims/build/launcher')

/** And the program beside it, for which JOBSHIM_TEST_LOOK may have another one stand in. */
export const plainLook = join(repository, 'shims/build/look')

type Wishes = Pick<Surroundings, 'cwd' | 'env'> & {
  args?: readonly string[]
  launcher?: string
  look?: string
}

/**
 * Fills `directory` with shims as `jobshim install` does, without another Node, and returns it. JOBSHIM_TEST_LAUNCHER
 * names a launcher that stands in for the built one in all tests (.ci/run: the one with sanitizers), JOBSHIM_TEST_LOOK a `look`;
 * `launcher` and `look` name one for this dir alone.
 */
export async function installShims(
  directory: string,
  {
    args = [],
    launcher = process.env.JOBSHIM_TEST_LAUNCHER,
    look = process.env.JOBSHIM_TEST_LOOK,
    cwd = process.cwd(),
    env,
  }: Wishes = {},
): Promise<string> {
  const environment = scrubbed(env)
  const parsed = parseArguments(install, ['--dir', directory, ...args])
  if (parsed.kind !== 'call') throw new Error(`install ${args.join(' ')}: installs nothing`)
  const settings = await loadSettings(parsed.flags, cwd, environment)
  await installThere(settings.dir, settings, environment)
  if (look) replaceProgram(join(directory, '.jobshim/look'), look)
  if (launcher) replaceProgram(join(directory, '.jobshim/launcher'), launcher)
  if (look || launcher) execFileSync(join(directory, '.jobshim/look'), ['freshen'])
  return directory
}

function replaceProgram(place: string, other: string): void {
  copyFileSync(other, `${place}.new`)
  renameSync(`${place}.new`, place)
}
