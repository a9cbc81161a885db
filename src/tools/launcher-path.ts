/** By which paths a launcher is told from other programs: ours, and those of other shim dirs. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { pathOf } from '../ground/bytes.js'

/** Where a shim dir has its launcher, which is also how a directory with shims is told. */
export const launcherPlace = '.jobshim/launcher'

/** Returns true for the path of a launcher. */
export const isLauncher = (word: string): boolean => word.endsWith(`/${launcherPlace}`)

/** Returns these words as they stand behind a launcher: without the dashes it takes only a path, or a name that has a shim. */
export const behindLauncher = (words: readonly string[]): string[] =>
  words.length === 0 ? [] : ['--', ...words]

/** Returns the words that stand behind a launcher; undefined if the first one is none. */
export function wordsBehind([first = '', ...words]: readonly string[]): string[] | undefined {
  if (!isLauncher(first)) return undefined
  return words[0] === '--' ? words.slice(1) : words
}

/** Returns true for a directory whose programs are shims: ours, or those of another installation. */
export function hasShims(directory: string): boolean {
  try {
    return statSync(pathOf(join(directory, launcherPlace)), { throwIfNoEntry: false })?.isFile() ?? false
  } catch {
    return false // whatever is in a directory that may not be searched, it is no tool of this user
  }
}
