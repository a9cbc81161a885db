/** Makes a shim dir hold exactly the wanted shims. */
import { existsSync } from 'node:fs'
import { Failure } from '../ground/failure.js'
import { makeDirectory } from '../ground/make-directory.js'
import { readPrefixes } from '../tools/ccache.js'
import { arrangeAdapterLinks } from './adapter-links.js'
import { apply, checkRunsPrograms, explain, removeIfEmpty, removeTemporaryFiles } from './apply.js'
import { findOrBuildLauncher } from './build-launcher.js'
import { checkOwnPlaces, checkShimDirectory, inspect } from './inspect.js'
import { type Layout, layoutOf, lookBeside } from './layout.js'
import { withLock } from './lock.js'
import { assertPathEntry } from './path-entry.js'
import { type Action, planInstall, planRenewal, wholeNames } from './plan.js'
import { findTool, pathView, realDirectories } from './real-tools.js'
import { removeAll } from './uninstall.js'
import { realLine, wantedShims } from './wanted.js'
import { renderWish, type ShimWishes, wishOf } from './wish.js'

export type InstallReport = {
  dir: string
  added: readonly string[]
  removed: readonly string[]
  kept: readonly string[]
  leftAlone: readonly string[] // names once ours that foreign files have now
  changed: boolean // false: everything was as wanted
}

/**
 * Installs the wanted shims in `dir` (absolute) and removes those of ours that are no longer wanted.
 * Throws `Failure`, before anything was changed, where a wanted tool is missing, a foreign file is in the way, or PATH
 * can't have `dir`.
 */
export async function installShims(
  dir: string,
  wishes: ShimWishes,
  environment: NodeJS.ProcessEnv,
): Promise<InstallReport> {
  assertPathEntry(dir)
  const layout = layoutOf(dir)
  const directories = realDirectories(environment.PATH ?? '', dir)
  const wanted = wantedShims(wishes, {
    ...pathView(directories),
    ccache: wishes.adapters.includes('ccache') ? await readPrefixes(directories, environment) : undefined,
  })
  const texts = { wish: renderWish(wishOf(wishes)), rules: wishes.rulesText }
  const launcher = await findOrBuildLauncher(environment)
  let wasMissing = false
  try {
    wasMissing = checkShimDirectory(layout, 'change') === 'missing'
    if (wasMissing) makeDirectory(dir)
    return await withLock(
      layout,
      lookBeside(launcher),
      () => makeDirectory(dir),
      () => {
        checkShimDirectory(layout, 'change')
        checkOwnPlaces(layout)
        const found = inspect(layout, launcher)
        const plan = planInstall(wanted, texts, found)
        if (plan.kind === 'blocked') throw blocked(layout, plan.by)
        try {
          carryOut(layout, plan.actions, launcher)
        } catch (error) {
          if (wholeNames(found).length === 0) takeBack(layout)
          throw error
        }
        const { added, removed, kept, leftAlone } = plan
        return {
          dir,
          added,
          removed,
          kept,
          leftAlone,
          changed: plan.actions.some(({ kind }) => kind !== 'fill files'),
        }
      },
    )
  } catch (error) {
    if (wasMissing) removeIfEmpty(dir)
    throw explain(layout, error)
  }
}

function carryOut(layout: Layout, actions: readonly Action[], launcher: string): void {
  if (actions.length > 0) checkRunsPrograms(layout)
  for (const action of actions) apply(layout, action, launcher)
  if (!existsSync(layout.own)) return
  tidy(layout)
  arrangeAdapterLinks(layout)
}

/** Nothing is left of a first install that failed. */
function takeBack(layout: Layout): void {
  try {
    removeAll(layout)
  } catch {
    // What the install has met is told, not this.
  }
}

/** Puts this version's launcher under the shims of `dir` (absolute), which are there already. */
export async function renewLauncher(dir: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const layout = layoutOf(dir)
  const directories = realDirectories(environment.PATH ?? '', dir)
  const real = (name: string): string => realLine(findTool(name, directories))
  const launcher = await findOrBuildLauncher(environment)
  try {
    checkShimDirectory(layout, 'change')
    await withLock(
      layout,
      lookBeside(launcher),
      () => makeDirectory(dir),
      () => {
        checkOwnPlaces(layout)
        carryOut(layout, planRenewal(inspect(layout, launcher), real), launcher)
      },
    )
  } catch (error) {
    throw explain(layout, error)
  }
}

// What launchers find and fill is there, what a killed install left is not.
function tidy(layout: Layout): void {
  makeDirectory(layout.versions)
  const directories = [layout.own, layout.versions, layout.bin].filter(path => existsSync(path))
  for (const directory of directories) removeTemporaryFiles(directory)
}

function blocked(layout: Layout, by: readonly string[]): Failure {
  const files = by.map(layout.shim).join(', ')
  return new Failure(
    `${files}: in the way, and not made by jobshim; nothing was changed`,
    'move it away, or name another place with --dir',
  )
}
