/** Where we keep what can be made anew. */
import { lstatSync, mkdirSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { trustOf } from './trust.js'

/**
 * Returns `${XDG_CACHE_HOME:-~/.cache}/jobshim`, made if it is missing. Whatever code is found there is run, and nobody is
 * asked whose it is: so undefined where another user could put something in, as below a HOME that sudo kept.
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

// Returns the path of a directory below one that is trusted; undefined where it or what is above it is not.
function make(parent: string, name: string): string | undefined {
  const trust = trustOf(parent)
  if (trust.kind !== 'trusted' || !trust.stats.isDirectory()) return undefined
  const directory = join(trust.place, name)
  const there = lstatSync(directory, { throwIfNoEntry: false }) // an error that is thrown takes 0.3 ms, the first one
  if (there === undefined) mkdirSync(directory, { mode: 0o700 })
  return belongsToUs(there ?? lstatSync(directory)) ? directory : undefined
}

const belongsToUs = (stats: Stats): boolean => stats.isDirectory() && stats.uid === process.geteuid?.()
