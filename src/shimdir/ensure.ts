/** What `jobshim run` needs: shims that are there, at the price of reading two small files and the directories of PATH. */
import { type Stats, statSync } from 'node:fs'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { currentUid } from '../ground/paths.js'
import { packageVersion } from '../ground/version.js'
import { checkShimDirectory, hasRelay, launcherIn, lookIn, readWish } from './inspect.js'
import { lackingNames } from './lacking.js'
import { findLauncher } from './launcher.js'
import { type Layout, layoutOf, lookBeside } from './layout.js'
import { readManifest } from './manifest.js'
import { assertPathEntry } from './path-entry.js'
import { wholeNames } from './plan.js'
import type { ShimWishes } from './wish.js'

export type EnsuredShims = { dir: string; shims: EnsuredState }

/** `there`: and as they were, but that shims were added for tools that came since; `outdated`: those could not be. */
export type EnsuredState =
  | { kind: 'installed' }
  | { kind: 'there'; added: readonly string[] }
  | { kind: 'outdated'; lacking: readonly string[]; why: Failure }

/**
 * Returns the lines that tell a user what was done; none where all was there. `isBrief`: nor where there is nothing to do about it, and it is
 * not the first time.
 */
export function renderEnsured({ dir, shims }: EnsuredShims, isBrief: boolean): string[] {
  if (shims.kind === 'installed') return [`jobshim: installed the shims in ${dir}`]
  if (shims.kind === 'outdated')
    return [`jobshim: ${shims.lacking.join(' ')}: no shim yet: ${shims.why.message}`, `  ${shims.why.hint}`]
  return isBrief || shims.added.length === 0
    ? []
    : [`jobshim: added the shims of ${shims.added.join(' ')} in ${dir}`]
}

/**
 * Returns at once where `dir` (absolute) has a launcher, a manifest and a shim for each tool on PATH that install was asked for; else
 * (also after a first install that did not come to its end) installs the wanted shims there, or adds those that are lacking, if the dir is ours.
 * Renews a launcher of ours that another version of jobshim put there, or that is older than the one that was built: both sides
 * must agree on the ledger.
 * Throws `Failure` for a dir that `install` would refuse, unless it is root's, for one that PATH can't have, and whatever an install
 * throws.
 */
export async function ensureShims(
  dir: string,
  wishes: ShimWishes,
  environment: NodeJS.ProcessEnv,
): Promise<EnsuredShims> {
  assertPathEntry(dir)
  const layout = layoutOf(dir)
  const launcher = usableIn(layout)
  const look = launcher ? lookIn(layout) : undefined
  const manifest = launcher ? readManifest(layout) : undefined
  const whole = manifest?.kind === 'good' ? wholeNames({ ...manifest, known: manifest.names }) : []
  const isHalf = whole.length === 0 && manifest?.kind === 'good' && manifest.pending.length > 0
  if (!launcher || manifest?.kind !== 'good' || (isHalf && launcher.uid === currentUid())) {
    const { installShims } = await import('./install.js')
    await installShims(dir, wishes, environment)
    return { dir, shims: { kind: 'installed' } }
  }
  const isOld =
    manifest.jobshim !== packageVersion() ||
    !look ||
    !hasRelay(layout) ||
    isOlderThanBuilt([launcher, look], environment)
  if (launcher.uid === currentUid() && isOld) {
    const { renewLauncher } = await import('./install.js')
    await renewLauncher(dir, environment)
  } else if (!look)
    throw new Failure(
      `${layout.look}: missing: an older jobshim made these shims`,
      `have their owner renew them: jobshim install --dir ${dir}`,
    )
  const shims = launcher.uid === currentUid() ? await withNew(layout, whole, environment) : nothingNew
  return { dir, shims }
}

const nothingNew: EnsuredState = { kind: 'there', added: [] }

// A build goes on without them: its summary tells which tools had none.
async function withNew(
  layout: Layout,
  known: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<EnsuredState> {
  const state = readWish(layout)
  const lacking = state.kind === 'good' ? lackingNames(layout, state.wish, known, environment) : []
  if (lacking.length === 0) return nothingNew
  const { addShims } = await import('./additions.js')
  try {
    return { kind: 'there', added: await addShims(layout.dir, lacking, environment) }
  } catch (error) {
    if (error instanceof Failure) return { kind: 'outdated', lacking, why: error }
    throw error
  }
}

/**
 * Returns the path of a launcher to call by itself: that of `dir`, else the package's, which is built where it is
 * missing. Throws `Failure` where that fails, and for a dir that is another user's.
 */
export async function usableLauncher(dir: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const layout = layoutOf(dir)
  return usableIn(layout) ? layout.launcher : await builtLauncher(environment)
}

/** Returns the path of a `look`: that of `dir`, else the package's, as of a launcher. */
export async function usableLook(dir: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const layout = layoutOf(dir)
  return usableIn(layout) && lookIn(layout) ? layout.look : lookBeside(await builtLauncher(environment))
}

async function builtLauncher(environment: NodeJS.ProcessEnv): Promise<string> {
  const built = findLauncher(environment)
  if (built) return built
  const { findOrBuildLauncher } = await import('./build-launcher.js')
  return findOrBuildLauncher(environment)
}

// In a checkout the version stays the same from one build to the next.
function isOlderThanBuilt([launcher, look]: [Stats, Stats], environment: NodeJS.ProcessEnv): boolean {
  const built = findLauncher(environment)
  return (
    built !== undefined &&
    (launcher.mtimeMs < statSync(built).mtimeMs || look.mtimeMs < statSync(lookBeside(built)).mtimeMs)
  )
}

// The launcher of a shim dir that may be used; undefined where there is none.
function usableIn(layout: Layout): Stats | undefined {
  try {
    return checkShimDirectory(layout, 'use') === 'usable' ? launcherIn(layout) : undefined
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    throw new Failure(
      `${layout.launcher}: can't be reached (${code})`,
      'name a directory of your own with --dir',
    )
  }
}
