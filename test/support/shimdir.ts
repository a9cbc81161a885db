import { copyFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { jobshim, type Surroundings } from './jobshim.js'
import { repository } from './workspace.js'

/** The launcher that is installed; JOBSHIM_TEST_LAUNCHER may have another one stand in for it. */
export const plainLauncher = join(repository, 'shims/build/launcher')

/**
 * Fills `directory` with shims by `jobshim install` and returns it. JOBSHIM_TEST_LAUNCHER names a launcher that stands
 * in for the built one in all tests (.ci/run: the one with sanitizers), `launcher` one for this dir alone.
 */
export async function installShims(
  directory: string,
  around: Surroundings & { args?: readonly string[]; launcher?: string } = {},
): Promise<string> {
  const { args = [], launcher = process.env.JOBSHIM_TEST_LAUNCHER, ...rest } = around
  const { status, stdout, stderr } = await jobshim(['install', '--dir', directory, ...args], rest)
  if (status !== 0) throw new Error(`install failed: ${status}\n${stdout}${stderr}`)
  if (launcher) {
    const place = join(directory, '.jobshim/launcher')
    copyFileSync(launcher, `${place}.new`)
    renameSync(`${place}.new`, place)
  }
  return directory
}
