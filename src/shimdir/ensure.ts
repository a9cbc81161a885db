/** What `jobshim run` needs: shims that are there, at the price of reading one small file. */
import { type Stats, statSync } from 'node:fs'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { currentUid } from '../ground/paths.js'
import { packageVersion } from '../ground/version.js'
import { findLauncher } from './launcher.js'
import { layoutOf } from './layout.js'
import { readManifest } from './manifest.js'
import { assertPathEntry } from './path-entry.js'
import type { ShimWishes } from './wanted.js'

/** `installed`: there were none, now there are. */
export type EnsuredShims = { dir: string; installed: boolean }

/**
 * Returns at once where `dir` (absolute) has a launcher and a manifest; else installs the wanted shims there.
 * Renews a launcher of ours that another version of jobshim put there, or that is older than the one that was built: both sides
 * must agree on the ledger.
 * Throws `Failure` for shims that belong to another user, for a `dir` that PATH can't have, and whatever an install throws.
 */
export async function ensureShims(
  dir: string,
  wishes: ShimWishes,
  environment: NodeJS.ProcessEnv,
): Promise<EnsuredShims> {
  assertPathEntry(dir)
  const layout = layoutOf(dir)
  const launcher = statLauncher(layout.launcher)
  const manifest = readManifest(layout)
  if (!launcher || manifest.kind === 'none') {
    const { installShims } = await import('./install.js')
    await installShims(dir, wishes, environment)
    return { dir, installed: true }
  }
  if (launcher.uid !== currentUid() && launcher.uid !== 0)
    throw new Failure(
      `${layout.launcher}: belongs to another user`,
      'name a directory of your own with --dir',
    )
  const isOld = manifest.jobshim !== packageVersion() || launcher.mtimeMs < builtAt(environment)
  if (launcher.uid === currentUid() && isOld) {
    const { renewLauncher } = await import('./install.js')
    await renewLauncher(dir, environment)
  }
  return { dir, installed: false }
}

/**
 * Returns the path of a launcher to call by itself: that of `dir`, else the package's, which is built where it is
 * missing. Throws `Failure` where that fails.
 */
export async function usableLauncher(dir: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const { launcher } = layoutOf(dir)
  const stats = statLauncher(launcher)
  if (stats?.isFile() && (stats.uid === currentUid() || stats.uid === 0)) return launcher
  const built = findLauncher(environment)
  if (built) return built
  const { findOrBuildLauncher } = await import('./build-launcher.js')
  return findOrBuildLauncher(environment)
}

// In a checkout the version stays the same from one build to the next.
function builtAt(environment: NodeJS.ProcessEnv): number {
  const built = findLauncher(environment)
  return built === undefined ? 0 : statSync(built).mtimeMs
}

function statLauncher(launcher: string): Stats | undefined {
  try {
    return statSync(launcher)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT') return undefined // throwIfNoEntry: false takes in ENOTDIR, in newer versions of Node
    throw new Failure(`${launcher}: can't be reached (${code})`, 'name a directory of your own with --dir')
  }
}
