/** Finds the launcher that was built with the package, or by an earlier install, and what lies beside it. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { dataHome, packageRoot } from '../ground/paths.js'
import { isOursOrRoots, trustOf } from '../ground/trust.js'
import { packageVersion } from '../ground/version.js'
import { builtinBeside, lookBeside } from './layout.js'

export const launcherSources = join(packageRoot, 'shims')
export const builtWithPackage = join(launcherSources, 'build/launcher')

/** Returns where a user has a launcher of their own, one a version, if the package is read-only for them. */
export function builtByUser(environment: NodeJS.ProcessEnv): string {
  return join(dataHome(environment), 'jobshim/build', packageVersion(), 'launcher')
}

/** Returns the path of a built launcher that has a `look` beside it, or undefined. */
export function findLauncher(environment: NodeJS.ProcessEnv): string | undefined {
  if ([builtWithPackage, lookBeside(builtWithPackage)].every(isFile)) return builtWithPackage
  const own = builtByUser(environment)
  return [own, lookBeside(own)].every(isTrustedFile) ? own : undefined
}

/** Returns the path of the builtin for bash that was built with a launcher; undefined where no compiler could make one. */
export function findBuiltin(launcher: string): string | undefined {
  const path = builtinBeside(launcher)
  const isUsable = launcher === builtWithPackage ? isFile : isTrustedFile
  return isUsable(path) ? path : undefined
}

// They are run, and copied to where all users run it: nobody else may have put them there.
function isTrustedFile(path: string): boolean {
  const trust = trustOf(path, 'group')
  return trust.kind === 'trusted' && trust.stats.isFile() && isOursOrRoots(trust.stats)
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
