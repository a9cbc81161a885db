/** Where jobshim's files live. */
import { lstatSync, mkdirSync, readdirSync, type Stats } from 'node:fs'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { Failure, systemErrorCode } from './failure.js'
import { note } from './note.js'
import { isReadByAll } from './readable-path.js'
import { trustOf } from './trust.js'

/** The root of the installed package (or of the clone), without a slash at its end. */
export const packageRoot = resolve(import.meta.dirname, '../../..')

/** Returns the path of a file that the build made, beside the bundles. */
export const bundled = (name: string): string => join(packageRoot, 'dist/bundle', name)

const isAbsolute = (path: string | undefined): path is string => path?.startsWith('/') ?? false

/**
 * Returns the directory for data that stays: `$XDG_DATA_HOME`, or `~/.local/share`.
 * A relative `XDG_DATA_HOME` is ignored, as the XDG base directory specification demands; so is another user's directory, which
 * `su` or `sudo -E` leave in the environment: programs are run from there. The user's own home stands in for it.
 */
export function dataHome(environment: NodeJS.ProcessEnv): string {
  const { XDG_DATA_HOME: data, HOME: home } = environment
  const places = [
    { variable: 'XDG_DATA_HOME', named: data, place: data },
    { variable: 'HOME', named: home, place: join(home ?? '', '.local/share') },
  ]
  const own = join(ownHome() ?? home ?? '/', '.local/share')
  for (const { variable, named, place = '' } of places) {
    if (!isAbsolute(named)) continue
    const trust = trustOf(named, 'group')
    if (trust.kind !== 'foreign') return place
    note(`${variable}=${named}: ${trust.at}: ${trust.what}: not used`)
  }
  return own
}

// As the system has it, whatever HOME says.
function ownHome(): string | undefined {
  try {
    return userInfo().homedir
  } catch {
    return undefined // a container's user may have no entry
  }
}

/** Returns the shim dir where nobody named another. Persistent: CMake and autoconf write it into their caches. */
export function defaultShimDirectory(environment: NodeJS.ProcessEnv): string {
  return join(dataHome(environment), 'jobshim/shims')
}

/**
 * Returns the directory for FIFOs and ledgers: `jobshim-UID` in `$XDG_RUNTIME_DIR`, else in /run/user/UID, else in /tmp. It may not exist.
 * A base that not all clients can read in an address is as if there were none.
 */
export function stateDirectory(environment: NodeJS.ProcessEnv, uid = currentUid()): string {
  return join(namedBase(environment) ?? usersBase(uid) ?? lastBase, `jobshim-${uid}`)
}

const namedBase = ({ XDG_RUNTIME_DIR: runtime }: NodeJS.ProcessEnv): string | undefined =>
  isAbsolute(runtime) && isReadByAll(runtime) ? runtime : undefined

/**
 * The directory that the system makes for a user who is logged in (systemd, elogind), whether this process was told of it or not: so all
 * processes of the user find the same state (shims/ledger/statedirectory.c).
 */
function usersBase(uid: number): string | undefined {
  const base = join('/run/user', `${uid}`)
  const stats = lstatSync(base, { throwIfNoEntry: false })
  return stats?.isDirectory() && stats.uid === uid && (stats.mode & 0o077) === 0 ? base : undefined
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
 * Makes the state directory (0700) where it is missing. Returns its path: that below /run/user/UID, or /tmp, where XDG_RUNTIME_DIR is
 * gone or another user's, as after `su` or in a container; and one with a longer name where another user has taken that.
 * Throws `Failure` where it can't be made, or where another user could have put something into it.
 */
export function ensureStateDirectory(environment: NodeJS.ProcessEnv): string {
  const base = stateBase(environment)
  const made = makeIn(base)
  const { directory, code } = made.code !== undefined && base !== lastBase ? makeIn(lastBase) : made
  if (code !== undefined)
    throw new Failure(`${directory}: can't make the state directory (${code})`, stateHint)
  const stats = lstatSync(directory)
  const fault = stateFaults.find(({ is }) => is(stats))
  if (fault) throw new Failure(`${directory}: ${fault.what}`, stateHint)
  return directory
}

/** Returns the state directory where there is one of ours. */
export function findStateDirectory(environment: NodeJS.ProcessEnv): string | undefined {
  const bases = [...new Set([stateBase(environment), lastBase])]
  return bases
    .map(base => placeIn(base))
    .find(place => place !== undefined && ownerOf(place) === currentUid())
}

const lastBase = '/tmp'

// Where the state directory lies. Throws `Failure` where others can put anything in its place, even in /tmp.
function stateBase(environment: NodeJS.ProcessEnv): string {
  const named = namedBase(environment)
  if (named !== undefined) {
    const trust = trustOf(named, 'group')
    if (trust.kind === 'trusted') return named
    if (trust.kind === 'foreign' || trust.kind === 'open')
      note(`XDG_RUNTIME_DIR=${named}: ${trust.at}: ${trust.what}: not used`)
  }
  const users = usersBase(currentUid())
  if (users !== undefined && trustOf(users, 'group').kind === 'trusted') return users
  const trust = trustOf(lastBase, 'group')
  if (trust.kind === 'foreign' || trust.kind === 'open')
    throw new Failure(`${trust.at}: ${trust.what}`, 'set XDG_RUNTIME_DIR to a directory that is yours alone')
  return lastBase
}

/**
 * Returns the state directory's path in a base; undefined where another user has the usual one, and there is no other yet. One that is
 * ours wins; of several, the oldest by its name, so that all find the same (shims/ledger/statedirectory.c).
 */
function placeIn(base: string): string | undefined {
  const usual = join(base, `jobshim-${currentUid()}`)
  const owner = ownerOf(usual)
  if (owner === undefined || owner === currentUid()) return usual
  return readdirSync(base)
    .filter(name => name.startsWith(`jobshim-${currentUid()}-`))
    .sort()
    .map(name => join(base, name))
    .find(place => ownerOf(place) === currentUid())
}

// Nobody can guess the name, and take that, too.
const newPlace = (base: string): string => {
  const time = (BigInt(Date.now()) * 1_000_000n).toString(16).padStart(16, '0')
  return join(base, `jobshim-${currentUid()}-${time}-${process.pid}`)
}

// Returns the error's code, undefined where the directory is there.
function makeIn(base: string): { directory: string; code: string | undefined } {
  let directory = join(base, `jobshim-${currentUid()}`)
  try {
    directory = placeIn(base) ?? newPlace(base)
    // Without an error where it is there: the first one that is thrown takes 0.3 ms.
    if (ownerOf(directory) === undefined) mkdirSync(directory, { mode: 0o700 })
    return { directory: placeIn(base) ?? directory, code: undefined }
  } catch (error) {
    const code = systemErrorCode(error)
    return code === 'EEXIST' ? makeIn(base) : { directory, code: code ?? 'unknown error' }
  }
}

const ownerOf = (path: string): number | undefined => lstatSync(path, { throwIfNoEntry: false })?.uid

const stateHint = 'remove it, or set XDG_RUNTIME_DIR to a directory that is yours alone'
