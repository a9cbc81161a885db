/** Which shims a dir lacks: of tools that came since. */
import { entryOf } from './inspect.js'
import type { Layout } from './layout.js'
import { pathView, realDirectories } from './real-tools.js'
import { lackingShims } from './wanted.js'
import type { Wish } from './wish.js'

/**
 * Returns the names of tools on PATH that are wanted and have no shim. `known`: the names in the manifest; a shim of ours that somebody
 * has removed stays away, and so does one in whose place something else stands.
 */
export function lackingNames(
  layout: Layout,
  wish: Wish,
  known: readonly string[],
  { PATH = '' }: NodeJS.ProcessEnv,
): readonly string[] {
  return lackingShims(wish, known, pathView(realDirectories(PATH, layout.dir)))
    .map(({ name }) => name)
    .filter(name => entryOf(layout, name).kind !== 'foreign')
}
