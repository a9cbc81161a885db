/** Finds the launcher that came with the package, was built in it, or by an earlier install, and what lies beside it. */
import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'
import { isForeignProgram } from '../ground/foreign-program.js'
import { dataHome, packageRoot } from '../ground/paths.js'
import { isOursOrRoots, trustOf } from '../ground/trust.js'
import { packageVersion } from '../ground/version.js'
import { builtinBeside, lookBeside } from './layout.js'

export const launcherSources = join(packageRoot, 'shims')
export const builtWithPackage = join(launcherSources, 'build/launcher')

/** Returns where a package has the launcher of an architecture, by Node's name for it: src/prebuild.ts puts it there. */
export const prebuiltFor = (arch: string): string =>
  join(packageRoot, 'prebuilt', `linux-${arch}`, 'launcher')

/** Returns where a user has a launcher of their own, one a version, if the package is read-only for them. */
export function builtByUser(environment: NodeJS.ProcessEnv): string {
  return join(dataHome(environment), 'jobshim/build', packageVersion(), 'launcher')
}

/** A launcher that has a `look` beside it. `fault`: why it can't be run here, as far as its file tells. */
export type FoundLauncher = { path: string; fault: string | undefined }

/**
 * Yields the launchers that are there, the best first. What was built here comes before what the package came with: install builds one only if
 * that can't be run.
 */
export function* foundLaunchers(environment: NodeJS.ProcessEnv): Generator<FoundLauncher> {
  const own = builtByUser(environment)
  for (const path of [builtWithPackage, own, prebuiltFor(process.arch)]) {
    const isUsable = path === own ? isTrustedFile : isFile
    if ([path, lookBeside(path)].every(isUsable))
      yield { path, fault: faultOf(path) ?? faultOf(lookBeside(path)) }
  }
}

/** Returns the path of a launcher that has a `look` beside it, or undefined. */
export function findLauncher(environment: NodeJS.ProcessEnv): string | undefined {
  for (const { path, fault } of foundLaunchers(environment)) if (fault === undefined) return path
  return undefined
}

/** Returns the path of the builtin for bash that was built with a launcher; undefined where no compiler could make one. */
export function findBuiltin(launcher: string, environment: NodeJS.ProcessEnv): string | undefined {
  const path = builtinBeside(launcher)
  const isUsable = launcher === builtByUser(environment) ? isTrustedFile : isFile
  return isUsable(path) ? path : undefined
}

// The kernel answers so for a file on a file system that is mounted noexec, too.
function faultOf(program: string): string | undefined {
  try {
    accessSync(program, constants.X_OK)
  } catch {
    return 'not executable, or its file system is mounted noexec'
  }
  return isForeignProgram(program) ? 'it is no program of this machine' : undefined
}

// They are run, and copied to where all users run it: nobody else may have put them there.
function isTrustedFile(path: string): boolean {
  const trust = trustOf(path, 'group')
  return trust.kind === 'trusted' && trust.stats.isFile() && isOursOrRoots(trust.stats)
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
