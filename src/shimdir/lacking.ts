/** Which shims a dir lacks: of tools that came since. */
import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { entryOf, toolFileOf } from './inspect.js'
import type { Layout } from './layout.js'
import { pathView, realDirectories } from './real-tools.js'
import { lackingShims } from './wanted.js'
import type { Wish } from './wish.js'

/**
 * Returns the names of tools on PATH that are wanted and have no shim. `known`: the names in the manifest; a shim of ours that somebody
 * has removed stays away, and so does one in whose place something else stands. The tool lies in a directory from which `install` has taken
 * others: a directory that is on this PATH alone, as a project's own toolchain, must not give its tools to builds that don't have it on theirs.
 */
export function lackingNames(
  layout: Layout,
  wish: Wish,
  known: readonly string[],
  { PATH = '' }: NodeJS.ProcessEnv,
): readonly string[] {
  const view = pathView(realDirectories(PATH, layout.dir))
  const lacking = lackingShims(wish, known, view)
    .map(({ name }) => name)
    .filter(name => entryOf(layout, name).kind !== 'foreign')
  if (lacking.length === 0) return lacking
  const directories = new Set(known.map(name => directoryOf(realIn(toolFileOf(layout, name)))))
  return lacking.filter(name => {
    const directory = directoryOf(view.pathOf(name))
    return directory !== undefined && directories.has(directory)
  })
}

const realIn = (toolFile: string): string | undefined => /^real=(.+)$/m.exec(toolFile)?.[1]

// /bin may be a link to /usr/bin.
function directoryOf(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  try {
    return realpathSync(dirname(path))
  } catch {
    return undefined // gone meanwhile
  }
}
