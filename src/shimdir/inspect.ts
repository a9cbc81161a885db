/** Reads what is in a shim dir. Follows no symlink below it. */
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats, statSync } from 'node:fs'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { currentUid, packageVersion } from '../ground/paths.js'
import { adapterNames } from '../toolchain/adapters.js'
import { type Layout, shimTarget, temporaryPrefix } from './layout.js'
import { readManifest } from './manifest.js'
import type { Entry, Found } from './plan.js'

const ours = (stats: Stats): boolean => stats.uid === currentUid()

const directoryFaults: readonly { is: (link: Stats, place: Stats) => boolean; what: string }[] = [
  { is: (_, place) => !place.isDirectory(), what: 'not a directory' },
  { is: link => link.isSymbolicLink() && !ours(link) && link.uid !== 0, what: "another user's symlink" },
  { is: (_, place) => !ours(place), what: 'belongs to another user' },
  { is: (_, place) => (place.mode & 0o002) !== 0, what: 'can be written by everybody' },
]

/**
 * Returns whether the shim dir exists. Throws `Failure` for one in which somebody else could put a program,
 * or whose `.jobshim` isn't a directory of ours.
 */
export function checkShimDirectory(layout: Layout): 'missing' | 'usable' {
  const link = lstatSync(layout.dir, { throwIfNoEntry: false })
  if (!link) return 'missing'
  const place = statSync(layout.dir, { throwIfNoEntry: false })
  const fault = place ? directoryFaults.find(({ is }) => is(link, place)) : { what: 'a symlink to nothing' }
  if (fault) throw new Failure(`${layout.dir}: ${fault.what}`, 'name a directory of your own with --dir')
  const own = lstatSync(layout.own, { throwIfNoEntry: false })
  if (own && !(own.isDirectory() && ours(own)))
    throw new Failure(
      `${layout.own}: not a directory of yours`,
      'move it away, or name another place with --dir',
    )
  return 'usable'
}

/** Returns what stands under a name in the shim dir. */
export function entryOf(layout: Layout, name: string): Entry {
  const stats = lstatSync(layout.shim(name), { throwIfNoEntry: false })
  if (!stats) return { kind: 'nothing' }
  if (stats.isSymbolicLink() && readlinkSync(layout.shim(name)) === shimTarget) return { kind: 'shim' }
  return { kind: 'foreign' }
}

/** Returns what the planner has to know. `launcher`: the built one, to compare with. */
export function inspect(layout: Layout, launcher: string | undefined): Found {
  const manifest = readManifest(layout)
  return {
    known: manifest.kind === 'good' ? manifest.names : [],
    madeByThisVersion: manifest.kind === 'good' && manifest.jobshim === packageVersion(),
    entry: name => entryOf(layout, name),
    toolFile: name => (readPlainFile(layout.toolFile(name)) ?? Buffer.alloc(0)).toString('utf8'),
    launcher: compareLauncher(layout, launcher),
  }
}

function compareLauncher(layout: Layout, built: string | undefined): Found['launcher'] {
  const there = readPlainFile(layout.launcher)
  if (!there) return 'missing'
  return built === undefined || there.equals(readFileSync(built)) ? 'current' : 'other'
}

function readPlainFile(path: string): Buffer | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  return stats?.isFile() ? readFileSync(path) : undefined
}

/** Returns the paths of everything in the shim dir that isn't ours; `.jobshim` itself is looked into. */
export function foreignFiles(layout: Layout, names: readonly string[]): string[] {
  const links = entriesOf(layout.dir).filter(
    name => !ownEntries.has(name) && !(names.includes(name) && entryOf(layout, name).kind === 'shim'),
  )
  const own = entriesOf(layout.own).filter(name => !ownFiles.has(name) && !name.startsWith(temporaryPrefix))
  const tools = entriesOf(layout.tools).filter(name => !names.includes(name))
  const versions = entriesOf(layout.versions).filter(name => !isKeptVersion(name))
  return [
    ...links.map(layout.shim),
    ...own.map(name => `${layout.own}/${name}`),
    ...tools.map(layout.toolFile),
    ...versions.map(name => `${layout.versions}/${name}`),
  ].sort()
}

/** Tells what launchers have put into `versions`, whole or not. */
export const isKeptVersion = (name: string): boolean =>
  adapterNames.includes(name) || name.startsWith(temporaryPrefix)

const ownEntries = new Set(['.jobshim', '.jobshim.lock'])
const ownFiles = new Set(['launcher', 'manifest.json', 'tools', 'versions'])

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
  return inspect(layout, undefined)
    .known.filter(name => entryOf(layout, name).kind === 'shim')
    .sort()
}
