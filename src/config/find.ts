/** Finds the config file. Cheap: most runs have none, and neither cosmiconfig nor zod is loaded for them. */
import { readFileSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemErrorCode } from '../ground/failure.js'

/** Where a config may stand in a directory, the first one wins. JSON and YAML only: a config never runs code. */
export const searchPlaces = [
  'package.json', // its key `jobshim`
  '.jobshimrc', // JSON or YAML
  '.jobshimrc.json',
  '.jobshimrc.yaml',
  '.jobshimrc.yml',
] as const

/** Returns `from` and its parents, up to `home` where that is one of them, else up to the root. */
export function searchDirectories(from: string, home: string | undefined): string[] {
  const parent = dirname(from)
  if (from === home || parent === from) return [from]
  return [from, ...searchDirectories(parent, home)]
}

/** Returns the path of the nearest config file, or undefined. A package.json without the key is no config. */
export function findConfig(from: string, home: string | undefined): string | undefined {
  return searchDirectories(from, home)
    .flatMap(directory => searchPlaces.map(place => join(directory, place)))
    .find(isConfig)
}

// A directory of that name is passed over. Whatever else is there is a config, if only one that will be refused.
function isConfig(path: string): boolean {
  const stats = look(path)
  if (!path.endsWith('/package.json')) return stats !== undefined && !stats.isDirectory()
  return (stats?.isFile() ?? false) && mayHaveSettings(path)
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (unreachable.has(systemErrorCode(error) ?? '')) return undefined
    throw error
  }
}

const unreachable = new Set(['EACCES', 'ELOOP', 'ENAMETOOLONG'])

function mayHaveSettings(packageJson: string): boolean {
  try {
    const text = readFileSync(packageJson, 'utf8')
    return text.includes('"jobshim"') && hasSettings(text)
  } catch (error) {
    if (systemErrorCode(error) === 'EACCES') return false // npm's business
    throw error
  }
}

function hasSettings(packageJson: string): boolean {
  try {
    const value: unknown = JSON.parse(packageJson)
    return typeof value === 'object' && value !== null && 'jobshim' in value
  } catch {
    return false // a broken package.json is npm's business
  }
}
