/** Node's cache of compiled code, where it has one (22.8): a start need not compile what an earlier one did. */
import { lstatSync, mkdirSync, realpathSync, type Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemErrorCode } from './failure.js'

/** What `node:module` has had since 22.8. */
type NewerModule = { enableCompileCache(directory: string): unknown }

/** Switches the cache on, if there is a directory for it that only this user can write. */
export function useCompileCache(environment: NodeJS.ProcessEnv): void {
  const { enableCompileCache } = process.getBuiltinModule('node:module') as Partial<NewerModule>
  const directory = enableCompileCache && cacheDirectory(environment)
  if (directory !== undefined) enableCompileCache?.(directory)
}

/**
 * Returns `${XDG_CACHE_HOME:-~/.cache}/jobshim`, made if it is missing. Node runs whatever code it finds there and asks nobody
 * whose it is: so undefined where another user could put something in, as below a HOME that sudo kept.
 */
export function cacheDirectory({ HOME: home, XDG_CACHE_HOME: named }: NodeJS.ProcessEnv): string | undefined {
  try {
    const outer = named?.startsWith('/') ? named : home?.startsWith('/') ? make(home, '.cache') : undefined
    const directory = outer && make(outer, 'jobshim')
    return directory !== undefined && (lstatSync(directory).mode & 0o077) === 0 ? directory : undefined
  } catch {
    return undefined // no such home, a full disk: a start without a cache is one all the same
  }
}

// Returns the path of a directory below a safe one; undefined where it or what is above it is not safe.
function make(parent: string, name: string): string | undefined {
  const place = realpathSync.native(parent)
  if (!isSafe(place)) return undefined
  const directory = join(place, name)
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error
  }
  return belongsToUs(lstatSync(directory)) ? directory : undefined
}

const uid = process.geteuid?.()

const belongsToUs = (stats: Stats): boolean => stats.isDirectory() && stats.uid === uid

// Nobody but us and root can put anything in its place, or in that of a directory above it.
function isSafe(directory: string): boolean {
  const stats = lstatSync(directory)
  const isProtected = (stats.mode & 0o022) === 0 || (stats.mode & 0o1000) !== 0 // sticky: nobody renames what is ours
  if (!isProtected || !stats.isDirectory() || (stats.uid !== uid && stats.uid !== 0)) return false
  return directory === '/' || isSafe(dirname(directory))
}
