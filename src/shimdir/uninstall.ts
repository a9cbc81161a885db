/** Takes the shims away again, and nothing else. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemErrorCode } from '../ground/failure.js'
import { apply, explain, removeIfEmpty, removeTemporaryFiles } from './apply.js'
import { checkShimDirectory, foreignFiles, inspect, isKeptVersion } from './inspect.js'
import { findLauncher } from './launcher.js'
import { type Layout, layoutOf, lookBeside } from './layout.js'
import { withLock } from './lock.js'
import { planUninstall } from './plan.js'

export type UninstallReport = {
  dir: string
  removed: readonly string[] // names of shims
  leftAlone: readonly string[] // paths of foreign files
  changed: boolean // false: there was nothing of ours
}

/**
 * Removes what the manifest of `dir` (absolute) knows and what is still ours, then `.jobshim`, then `dir` if it is empty.
 * The manifest goes last: an uninstall that was killed can be run again.
 */
export async function uninstallShims(dir: string, environment: NodeJS.ProcessEnv): Promise<UninstallReport> {
  const layout = layoutOf(dir)
  const nothing: UninstallReport = { dir, removed: [], leftAlone: [], changed: false }
  try {
    if (checkShimDirectory(layout, 'change') === 'missing') return nothing
    const built = findLauncher(environment)
    const report = await withLock(
      layout,
      built === undefined ? undefined : lookBeside(built),
      () => {
        throw new Gone()
      },
      () => removeAll(layout),
    )
    removeIfEmpty(dir)
    return report
  } catch (error) {
    if (error instanceof Gone) return nothing
    throw explain(layout, error)
  }
}

class Gone extends Error {} // another uninstall was quicker

/** Removes what is ours in the dir, and leaves the dir itself. Call it under the lock. */
export function removeAll(layout: Layout): UninstallReport {
  checkShimDirectory(layout, 'change')
  const found = inspect(layout, undefined)
  const { actions, removed } = planUninstall(found)
  const leftAlone = foreignFiles(layout, found.known)
  const changed = namesOf(layout.own) !== undefined
  for (const action of actions) apply(layout, action, undefined)
  if (changed) {
    rmSync(layout.launcher, { force: true })
    rmSync(layout.look, { force: true })
    rmSync(layout.relay, { force: true })
    removeTemporaryFiles(layout.own)
    if (namesOf(layout.bin) !== undefined) removeTemporaryFiles(layout.bin)
    removeIfEmpty(layout.bin)
    rmSync(layout.adapters, { recursive: true, force: true })
    removeIfEmpty(layout.tools)
    removeVersions(layout)
    rmSync(layout.manifest, { force: true })
    removeIfEmpty(layout.own)
  }
  return { dir: layout.dir, removed, leftAlone, changed }
}

function removeVersions({ versions }: Layout): void {
  for (const name of (namesOf(versions) ?? []).filter(isKeptVersion))
    rmSync(join(versions, name), { force: true })
  removeIfEmpty(versions)
}

function namesOf(directory: string): string[] | undefined {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
