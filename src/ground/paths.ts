/** Where jobshim's files live. */
import { lstatSync, mkdirSync, type Stats } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { Failure, systemErrorCode } from './failure.js'

/** The root of the installed package (or of the clone), without a slash at its end. */
export const packageRoot = resolve(import.meta.dirname, '../../..')

/** Returns the path of a file that the build made, beside the bundles. */
export const bundled = (name: string): string => join(packageRoot, 'dist/bundle', name)

const isAbsolute = (path: string | undefined): path is string => path?.startsWith('/') ?? false

/**
 * Returns the directory for data that stays: `$XDG_DATA_HOME`, or `~/.local/share`.
 * A relative `XDG_DATA_HOME` is ignored, as the XDG base directory specification demands.
 */
export function dataHome(environment: NodeJS.ProcessEnv): string {
  const { XDG_DATA_HOME: data, HOME: home } = environment
  if (isAbsolute(data)) return data
  return join(isAbsolute(home) ? home : homedir(), '.local/share')
}

/** Returns the shim dir where nobody named another. Persistent: CMake and autoconf write it into their caches. */
export function defaultShimDirectory(environment: NodeJS.ProcessEnv): string {
  return join(dataHome(environment), 'jobshim/shims')
}

/**
 * Whether every client reads this path in MAKEFLAGS as it is written: make expands a dollar, and ninja, cargo and gcc know
 * nothing of the backslash that stands before a blank.
 */
export const isReadByAll = (path: string): boolean => !/[\s\\$]/.test(path)

/**
 * Returns the directory for FIFOs and ledgers: `${XDG_RUNTIME_DIR:-/tmp}/jobshim-UID`. It may not exist.
 * One that not all clients can read in an address is as if there were none.
 */
export function stateDirectory(environment: NodeJS.ProcessEnv, uid = currentUid()): string {
  const runtime = environment.XDG_RUNTIME_DIR
  return join(isAbsolute(runtime) && isReadByAll(runtime) ? runtime : '/tmp', `jobshim-${uid}`)
}

/** Returns the effective user id: it owns the files this process makes. */
export function currentUid(): number {
  return process.geteuid?.() ?? 0
}

const stateFaults: readonly { is: (stats: Stats) => boolean; what: string }[] = [
  { is: stats => stats.isSymbolicLink(), what: 'is a symlink, which anybody may have put there' },
  { is: stats => !stats.isDirectory(), what: 'is not a directory' },
  { is: stats => stats.uid !== currentUid(), what: 'belongs to another user' },
  { is: stats => (stats.mode & 0o077) !== 0, what: 'is open to other users' },
]

/**
 * Makes the state directory (0700) where it is missing. Returns its path: that below /tmp where XDG_RUNTIME_DIR is
 * gone or another user's, as after `su` or in a container.
 * Throws `Failure` where it can't be made, or where another user could have put something into it.
 */
export function ensureStateDirectory(environment: NodeJS.ProcessEnv): string {
  const fallback = stateDirectory({})
  let directory = stateDirectory(environment)
  let code = makeDirectory(directory)
  if (code !== undefined && directory !== fallback) {
    directory = fallback
    code = makeDirectory(directory)
  }
  if (code !== undefined)
    throw new Failure(`${directory}: can't make the state directory (${code})`, stateHint)
  const stats = lstatSync(directory)
  const fault = stateFaults.find(({ is }) => is(stats))
  if (fault) throw new Failure(`${directory}: ${fault.what}`, stateHint)
  return directory
}

// Returns the error's code, undefined where the directory is there.
function makeDirectory(directory: string): string | undefined {
  try {
    // Without an error where it is there: the first one that is thrown takes 0.3 ms.
    if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    const code = systemErrorCode(error)
    if (code !== 'EEXIST') return code ?? 'unknown error'
  }
  return undefined
}

const stateHint = 'remove it, or set XDG_RUNTIME_DIR to a directory that is yours alone'
