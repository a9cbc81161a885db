/** Whether the shims stand where they must on PATH: before ccache's links. */
import { readlinkSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { visibleLines } from '../ground/visible.js'

/** `directory`: has links to ccache, and stands before the shims. */
export type OrderFault = { directory: string }

/**
 * Returns what is wrong with the order of PATH, undefined where it is right or the shim dir is not on it. ccache takes the
 * first gcc behind its own links for the compiler: a shim there never changes, whatever compiler it stands for.
 */
export function orderFault(
  path: string,
  dir: string,
  hasCcacheLinks: (directory: string) => boolean,
): OrderFault | undefined {
  const directories = path.split(':')
  const directory = directories.slice(0, Math.max(0, directories.indexOf(dir))).find(hasCcacheLinks)
  return directory === undefined ? undefined : { directory }
}

/** Returns true where one of these names in the directory is a link that leads to a program named ccache. */
export function hasCcacheLinks(directory: string, names: readonly string[]): boolean {
  return (
    directory.startsWith('/') &&
    names.some(name => name !== 'ccache' && leadsToCcache(`${directory}/${name}`))
  )
}

function leadsToCcache(path: string, links = 40): boolean {
  if (basename(path) === 'ccache') return true
  try {
    return links > 0 && leadsToCcache(resolve(dirname(path), readlinkSync(path)), links - 1)
  } catch {
    return false // no link, or nothing
  }
}

/** Returns the lines that tell it. */
export const renderOrderFault = ({ directory }: OrderFault, dir: string): string =>
  visibleLines([
    `jobshim: ${directory}: stands before the shims on PATH, and ccache takes them for the compilers: it may return old objects`,
    `  put the shims first: export PATH=${dir}:$PATH`,
  ])
