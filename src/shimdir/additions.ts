/** Shims of tools that came after the others were made. */
import { makeDirectory } from '../ground/make-directory.js'
import { readPrefixes } from '../tools/ccache.js'
import { arrangeAdapterLinks } from './adapter-links.js'
import { apply, checkRunsPrograms, explain } from './apply.js'
import { checkOwnPlaces, checkShimDirectory, inspect, readWish } from './inspect.js'
import { layoutOf } from './layout.js'
import { withLock } from './lock.js'
import { planAdditions, wholeNames } from './plan.js'
import { pathView, realDirectories } from './real-tools.js'
import { lackingShims } from './wanted.js'

/**
 * Adds the shims that `dir` (absolute) lacks, and returns their names. They are told what install has told the others. `lacking`: the names that
 * were found. Another jobshim may have been quicker.
 */
export async function addShims(
  dir: string,
  lacking: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  const layout = layoutOf(dir)
  const directories = realDirectories(environment.PATH ?? '', dir)
  const ccache = lacking.includes('ccache') ? await readPrefixes(directories, environment) : undefined
  const view = { ...pathView(directories), ccache }
  try {
    checkShimDirectory(layout, 'change')
    return await withLock(
      layout,
      layout.look,
      () => makeDirectory(dir),
      () => {
        checkOwnPlaces(layout)
        const state = readWish(layout)
        if (state.kind !== 'good') return []
        const found = inspect(layout, undefined)
        const { actions, added } = planAdditions(
          lackingShims(state.wish, wholeNames(found), view).filter(({ name }) => lacking.includes(name)),
          found,
        )
        if (actions.length > 0) checkRunsPrograms(layout)
        for (const action of actions) apply(layout, action, undefined)
        arrangeAdapterLinks(layout)
        return added
      },
    )
  } catch (error) {
    throw explain(layout, error)
  }
}
