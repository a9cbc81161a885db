/** Which real tools are on PATH. Our own directories don't count. */
import { accessSync, constants, readdirSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { pathOf } from '../ground/bytes.js'
import { hasShims } from '../tools/launcher-path.js'

/** Returns the absolute directories of a PATH, without shim dirs: ours, or those of another installation. */
export function realDirectories(path: string, own?: string): string[] {
  return path
    .split(':')
    .filter(directory => isAbsolute(directory) && directory !== own && !hasShims(directory))
}

/** Returns the path under which a PATH search finds the program, or undefined. What leads to a shim is none. */
export function findTool(name: string, directories: readonly string[]): string | undefined {
  const directory = directories.find(directory => isProgram(`${directory}/${name}`))
  return directory && join(directory, name)
}

function isProgram(named: string): boolean {
  const path = pathOf(named)
  try {
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false
    accessSync(path, constants.X_OK)
    return !realpathSync(path).includes('/.jobshim/')
  } catch {
    return false
  }
}

/** What the programs of some directories are, as a PATH search finds them. */
export type FoundOnPath = {
  names: readonly string[] // of files there, sorted
  isTool: (name: string) => boolean // the search finds a program of that name
  pathOf: (name: string) => string | undefined // where
}

export const pathView = (directories: readonly string[]): FoundOnPath => ({
  names: namesIn(directories),
  isTool: name => findTool(name, directories) !== undefined,
  pathOf: name => findTool(name, directories),
})

/** Returns the sorted names of all files in these directories. A directory that can't be read has none. */
export function namesIn(directories: readonly string[]): string[] {
  return [...new Set(directories.flatMap(entriesOf))].sort()
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(pathOf(directory))
  } catch {
    return []
  }
}
