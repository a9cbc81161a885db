/** Finds the launcher that was built with the package, or by an earlier install. */
import { readFileSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { dataHome, packageRoot } from '../ground/paths.js'

export const launcherSources = join(packageRoot, 'shims')
export const builtWithPackage = join(launcherSources, 'build/launcher')

/** Returns where a user has a launcher of their own, one a version, if the package is read-only for them. */
export function builtByUser(environment: NodeJS.ProcessEnv): string {
  const text = readFileSync(join(packageRoot, 'package.json'), 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  return join(dataHome(environment), 'jobshim/build', version, 'launcher')
}

/** Returns the path of a built launcher, or undefined. */
export function findLauncher(environment: NodeJS.ProcessEnv): string | undefined {
  if (isFile(builtWithPackage)) return builtWithPackage
  const own = builtByUser(environment)
  return isFile(own) ? own : undefined
}

/** Returns a file's time of modification in whole seconds; a copied launcher keeps it. */
export function modified(stats: Stats): number {
  return Math.floor(stats.mtimeMs / 1000)
}

/** Tells by size and time alone whether the one is a copy of the other. */
export function looksLikeCopy(one: Stats, other: Stats): boolean {
  return one.size === other.size && modified(one) === modified(other)
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
