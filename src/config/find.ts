/** Finds the config file. Cheap: most runs have none, and neither cosmiconfig nor zod is loaded for them. */
import { lstatSync, type Stats, statSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { pathOf } from '../ground/bytes.js'
import { systemErrorCode } from '../ground/failure.js'
import { readSmallFile } from '../ground/small-file.js'
import { isOursOrRoots } from '../ground/trust.js'

/** Where a config may stand in a directory, the first one wins. JSON and YAML only: a config never runs code. */
export const searchPlaces = [
  'package.json', // its key `jobshim`
  '.jobshimrc', // JSON or YAML
  '.jobshimrc.json',
  '.jobshimrc.yaml',
  '.jobshimrc.yml',
] as const

/** Returns `from` and its parents, up to `home`; if that is none of them, up to the root, and then `home`. */
export function searchDirectories(from: string, home: string | undefined): string[] {
  if (from === home) return [from]
  const parent = dirname(from)
  if (parent !== from) return [from, ...searchDirectories(parent, home)]
  return home !== undefined && isAbsolute(home) ? [from, home] : [from]
}

/** Why a config is not read. */
export type Ignored = 'foreign' | 'large'

/** Called for each config that is ignored. */
export type OnIgnored = (path: string, why: Ignored) => void

/** A config has no more: what is larger is not read. */
export const mostConfigBytes = 1024 * 1024

/**
 * Returns the path of the nearest config file, or undefined. A package.json without the key is no config. What belongs to another user
 * is ignored: in a shared directory above it would stop every command, or say what runs as us.
 */
export function findConfig(
  from: string,
  home: string | undefined,
  onIgnored: OnIgnored = () => undefined,
): string | undefined {
  return searchDirectories(from, home)
    .flatMap(directory => searchPlaces.map(place => join(directory, place)))
    .find(path => isConfig(path, onIgnored))
}

// A directory of that name is ignored. Everything else of ours there is a config, even if it will be refused.
function isConfig(path: string, onIgnored: OnIgnored): boolean {
  const stats = look(path, statSync)
  const link = look(path, lstatSync)
  if (!stats || !link || stats.isDirectory()) return false
  const isPackage = path.endsWith('/package.json')
  const isForeign = !isOursOrRoots(stats) || !isOursOrRoots(link)
  const isLarge = isPackage && stats.size > mostConfigBytes
  if (isPackage && !(isLarge && !isForeign) && !mayHaveSettings(path)) return false
  if (isForeign || isLarge) onIgnored(path, isForeign ? 'foreign' : 'large')
  return !isForeign && !isLarge
}

function look(path: string, by: typeof statSync): Stats | undefined {
  try {
    return by(pathOf(path), { throwIfNoEntry: false })
  } catch (error) {
    if (unreachable.has(systemErrorCode(error) ?? '')) return undefined
    throw error
  }
}

const unreachable = new Set(['EACCES', 'ELOOP', 'ENAMETOOLONG'])

// One that can't be read, or is broken, is npm's business.
function mayHaveSettings(packageJson: string): boolean {
  const text = readSmallFile(packageJson, mostConfigBytes) ?? ''
  return text.includes('"jobshim"') && hasSettings(text)
}

function hasSettings(packageJson: string): boolean {
  try {
    const value: unknown = JSON.parse(packageJson)
    return typeof value === 'object' && value !== null && 'jobshim' in value
  } catch {
    return false
  }
}
