/** Reads what is in a shim dir. Follows no symlink below it. */
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { adapterOf } from '../contract/adapters.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { currentUid } from '../ground/paths.js'
import { isOursOrRoots, trustOf } from '../ground/trust.js'
import { packageVersion } from '../ground/version.js'
import { launcherPlace } from '../tools/launcher-path.js'
import { isToolName } from '../tools/tool-name.js'
import { type Layout, lookBeside, relayName, shimTarget, temporaryPrefix } from './layout.js'
import { readManifest } from './manifest.js'
import { type Entry, type Found, isOurs } from './plan.js'
import { parseWish, type WishState } from './wish.js'

/** What is to be done with the shims: root's may be used by everybody. */
export type ShimWish = 'use' | 'change'

const mayBe = (wish: ShimWish, stats: Stats): boolean =>
  wish === 'use' ? isOursOrRoots(stats) : stats.uid === currentUid()

/**
 * Returns whether the shim dir exists. Throws `Failure` for one in which another user could put a program, or that lies where
 * they could put another one in its place, or whose `.jobshim` isn't a directory of ours.
 */
export function checkShimDirectory({ dir, own }: Layout, wish: ShimWish): 'missing' | 'usable' {
  const fault = directoryFault(dir, wish)
  if (fault === 'missing') return 'missing'
  if (fault !== undefined) throw new Failure(`${dir}: ${fault}`, 'name a directory of your own with --dir')
  const stats = lstatSync(own, { throwIfNoEntry: false })
  if (stats && !(stats.isDirectory() && mayBe(wish, stats)))
    throw new Failure(`${own}: not a directory of yours`, 'move it away, or name another place with --dir')
  return 'usable'
}

function directoryFault(dir: string, wish: ShimWish): string | undefined {
  const trust = trustOf(dir, 'group')
  switch (trust.kind) {
    case 'missing':
      return lstatSync(dir, { throwIfNoEntry: false })?.isSymbolicLink() ? 'a symlink to nothing' : 'missing'
    case 'unreachable':
      if (trust.code === 'ENOTDIR') return 'not a directory'
      throw Object.assign(new Error(`${dir}: ${trust.code}`), { code: trust.code })
    case 'foreign':
    case 'open':
      return trust.at === dir ? trust.what : `${trust.at}: ${trust.what}`
    case 'trusted':
      if (!trust.stats.isDirectory()) return 'not a directory'
      if (!mayBe(wish, trust.stats)) return 'belongs to another user'
      return (trust.stats.mode & 0o002) === 0 ? undefined : 'can be written by everybody'
  }
}

/** Returns the launcher that one may run there; undefined where there is none, or a link, which others could lead elsewhere. */
export const launcherIn = ({ launcher }: Layout): Stats | undefined => programAt(launcher)

/** Returns the `look` that one may run there; undefined where there is none: an older version made the shims. */
export const lookIn = ({ look }: Layout): Stats | undefined => programAt(look)

/** Tells whether launchers there have what they become if they must wait; an older version's need none. */
export const hasRelay = ({ relay }: Layout): boolean => isPlainFile(relay)

function programAt(path: string): Stats | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (!stats?.isFile()) return undefined
  if (isOursOrRoots(stats)) return stats
  throw new Failure(`${path}: belongs to another user`, 'name a directory of your own with --dir')
}

/** Returns what stands under a name in the shim dir. */
export function entryOf(layout: Layout, name: string): Entry {
  const stats = lstatSync(layout.shim(name), { throwIfNoEntry: false })
  if (!stats) return { kind: 'nothing' }
  const target = stats.isSymbolicLink() ? readlinkSync(layout.shim(name)) : ''
  if (target === shimTarget(name)) return { kind: 'shim' }
  return { kind: target === launcherPlace ? 'old shim' : 'foreign' }
}

function isShim(layout: Layout, name: string): boolean {
  try {
    return [shimTarget(name), launcherPlace].includes(readlinkSync(layout.shim(name)))
  } catch {
    return false // no link, or nothing
  }
}

/** Returns the text of a tool file; empty: there is none. */
export const toolFileOf = (layout: Layout, name: string): string =>
  readPlainFile(layout.toolFile(name))?.toString('utf8') ?? ''

/** Returns what the planner has to know. `launcher`: the built one, to compare with. */
export function inspect(layout: Layout, launcher: string | undefined): Found {
  const manifest = readManifest(layout)
  return {
    known: manifest.kind === 'good' ? manifest.names : [],
    pending: manifest.kind === 'good' ? manifest.pending : [],
    madeByThisVersion: manifest.kind === 'good' && manifest.jobshim === packageVersion(),
    entry: name => entryOf(layout, name),
    toolFile: name => toolFileOf(layout, name),
    wanted: readPlainFile(layout.wanted)?.toString('utf8'),
    rules: readPlainFile(layout.rules)?.toString('utf8'),
    hasCosts: isDirectory(layout.costs),
    hasFile: name => isPlainFile(layout.file(name)),
    launcher: compareLauncher(layout, launcher),
  }
}

/** Returns what is written down of what the shims are to be. */
export function readWish(layout: Layout): WishState {
  try {
    if (!isThere(layout.wanted)) return { kind: 'none' }
    const wish = parseWish(readPlainFile(layout.wanted)?.toString('utf8') ?? '')
    return wish === undefined ? { kind: 'damaged' } : { kind: 'good', wish }
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return { kind: 'damaged' } // it can't be read
  }
}

function compareLauncher(layout: Layout, built: string | undefined): Found['launcher'] {
  const there = readPlainFile(layout.launcher)
  const look = readPlainFile(layout.look)
  if (!there || !look || !isPlainFile(layout.relay)) return 'missing'
  if (built === undefined) return 'current'
  const same =
    there.equals(readFileSync(built)) &&
    look.equals(readFileSync(lookBeside(built))) &&
    [layout.launcher, layout.look].every(path => (lstatSync(path).mode & 0o100) !== 0)
  return same ? 'current' : 'other'
}

const isDirectory = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

const isPlainFile = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false

const ownPlaces: readonly {
  place: 'wanted' | 'rules' | 'costs' | 'bin'
  is: (path: string) => boolean
  what: string
}[] = [
  { place: 'wanted', is: isPlainFile, what: 'a plain file' },
  { place: 'rules', is: isPlainFile, what: 'a plain file' },
  { place: 'costs', is: isDirectory, what: 'a directory' },
  { place: 'bin', is: isDirectory, what: 'a directory' },
]

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

/** Throws `Failure` where something foreign stands in the place of what an install makes in `.jobshim`. */
export function checkOwnPlaces(layout: Layout): void {
  for (const { place, is, what } of ownPlaces)
    if (isThere(layout[place]) && !is(layout[place]))
      throw new Failure(
        `${layout[place]}: not ${what}; nothing was changed`,
        'move it away, or name another place with --dir',
      )
}

/** Returns the names in the directory for costs that a tool may have, with a shim or without one. */
export const costNames = (layout: Layout): string[] => costEntries(layout).filter(isToolName)

/** Returns the paths of the files in which launchers count what tools cost. */
export const costFiles = (layout: Layout): string[] =>
  costNames(layout)
    .map(name => join(layout.costs, name))
    .filter(isPlainFile)

const costEntries = ({ costs }: Layout): string[] => (isDirectory(costs) ? entriesOf(costs) : [])

function readPlainFile(path: string): Buffer | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  return stats?.isFile() ? readFileSync(path) : undefined
}

/** Returns the paths of everything in the shim dir that isn't ours; `.jobshim` itself is looked into. */
export function foreignFiles(layout: Layout, names: readonly string[]): string[] {
  const links = entriesOf(layout.dir).filter(
    name => !ownEntries.has(name) && !(names.includes(name) && isOurs(entryOf(layout, name))),
  )
  const own = entriesOf(layout.own).filter(name => !ownFiles.has(name) && !name.startsWith(temporaryPrefix))
  const places = ownPlaces.map(({ place, is }) => ({ path: layout[place], is }))
  const files = (isDirectory(layout.bin) ? entriesOf(layout.bin) : []).filter(
    name => !names.includes(name) && name !== relayName && !name.startsWith(temporaryPrefix),
  )
  const tools = entriesOf(layout.tools).filter(name => !names.includes(name))
  const costs = costFiles(layout)
  const versions = entriesOf(layout.versions).filter(name => !isKeptVersion(name))
  return [
    ...links.map(layout.shim),
    ...own.map(name => `${layout.own}/${name}`),
    ...places.filter(({ path, is }) => isThere(path) && !is(path)).map(({ path }) => path),
    ...files.map(layout.file),
    ...tools.map(layout.toolFile),
    ...costEntries(layout)
      .map(name => join(layout.costs, name))
      .filter(path => !costs.includes(path)),
    ...versions.map(name => `${layout.versions}/${name}`),
  ].sort()
}

/** Tells what launchers have put into `versions`, whole or not. */
export const isKeptVersion = (name: string): boolean =>
  adapterOf(name) !== undefined || name.startsWith(temporaryPrefix)

const ownEntries = new Set(['.jobshim', '.jobshim.lock'])
const ownFiles = new Set([
  'adapters',
  'bin',
  'costs',
  'launcher',
  'look',
  'manifest.json',
  'rules',
  'tools',
  'versions',
  'wanted',
])

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw error
  }
}

/** Returns the names of the shims in a dir: those of the manifest that are still our links, sorted. */
export function installedNames(layout: Layout): string[] {
  const manifest = readManifest(layout)
  return manifest.kind === 'none' ? [] : manifest.names.filter(name => isShim(layout, name)).sort()
}
