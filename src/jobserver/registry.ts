/** Which jobservers of this user are alive: each `jobshim run` and `serve` has an entry in the state directory. */
import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { machinePool, systemPool } from '../contract/machine-pool.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { type Owner, startTime, thisProcess } from './owner.js'

/**
 * A run's entry is the directory with its pool, a server's a symlink to its FIFO. A run that has no pool of its own and
 * has rules has a file with these. `watch`: the directory in which it is told what tools run below a run. `sandbox`: the socket by which
 * a run's command enters its sandbox.
 */
const kinds = ['run', 'serve', 'rules', 'watch', 'sandbox'] as const

type Kind = (typeof kinds)[number]

type Entry = { kind: Kind; path: string; owner: 'alive' | 'gone' }

/** Returns the path of a process's entry. */
export const entryPath = (stateDirectory: string, kind: Kind, owner: Owner): string =>
  join(stateDirectory, `${kind}-${owner.pidNamespace}-${owner.pid}-${owner.start}`)

/** Returns a short name of a jobserver, for people, by its address. */
export function poolName(address: string, stateDirectory: string | undefined): string {
  const path = /^fifo:(.*)$/s.exec(address)?.[1]
  if (path === undefined) return `pipe ${address}`
  const inside =
    stateDirectory && path.startsWith(`${stateDirectory}/`) ? path.slice(stateDirectory.length + 1) : ''
  if (inside === machinePool) return 'machine'
  const [, pid] = /^run-\d+-(\d+)-\d+\/fifo$/.exec(inside) ?? /\/GMfifo(\d+)$/.exec(path) ?? []
  if (pid === undefined) return path
  return inside === '' ? `make ${pid}` : `run ${pid}`
}

// Another PID namespace's entries are left out, and those of none that is known: their pids say nothing here.
function entries(stateDirectory: string, pidNamespace: bigint): Entry[] {
  return readdirSync(stateDirectory).flatMap(name => {
    const [, prefix, namespace, pid, start] = /^([a-z]+)-(\d+)-(\d+)-(\d+)$/.exec(name) ?? []
    const kind = kinds.find(known => known === prefix)
    if (kind === undefined || namespace === '0' || namespace !== String(pidNamespace)) return []
    const isAlive = startTime(Number(pid))?.toString() === start
    return [{ kind, path: join(stateDirectory, name), owner: isAlive ? 'alive' : 'gone' }]
  })
}

/** Removes an entry with all that is in it, where that can be. */
export function removeEntry(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    // A disk that is read-only by now: no reason to fail what was run.
  }
}

/**
 * Returns the paths of what processes that have ended left behind. The pool of a run that was killed is not among them while its build
 * goes on.
 */
export const leftEntries = (stateDirectory: string): string[] =>
  entries(stateDirectory, thisProcess().pidNamespace)
    .filter(({ kind, path, owner }) => owner === 'gone' && !(kind === 'run' && isUsed(join(path, 'fifo'))))
    .map(({ path }) => path)

/** Removes what processes that have ended left behind. */
export function sweepEntries(stateDirectory: string): void {
  for (const path of leftEntries(stateDirectory)) removeEntry(path)
}

// Who writes to a FIFO is told where nobody reads (ENXIO): its caretaker does, as long as the command runs.
function isUsed(fifo: string): boolean {
  try {
    if (!lstatSync(fifo).isFIFO()) return false
    closeSync(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK))
    return true
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return false
  }
}

/** Makes this process's entry as the server of `fifo`. Returns its path. */
export function enterServer(stateDirectory: string, fifo: string): string {
  sweepEntries(stateDirectory)
  const path = entryPath(stateDirectory, 'serve', thisProcess())
  symlinkSync(fifo, path)
  return path
}

/** Makes this process's entry with the rules of a run in somebody else's pool. Returns its path. */
export function enterRules(stateDirectory: string, text: string): string {
  sweepEntries(stateDirectory)
  const path = entryPath(stateDirectory, 'rules', thisProcess())
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 })
    return path
  } catch (error) {
    removeEntry(path)
    throw new Failure(
      `${path}: can't write the rules (${systemErrorCode(error)})`,
      'make room there, or set XDG_RUNTIME_DIR to another directory that is yours alone',
    )
  }
}

/** Returns the path of this process's entry for a watch, which the caretaker makes when it has seen something. */
export const enterWatch = (stateDirectory: string): string =>
  entryPath(stateDirectory, 'watch', thisProcess())

/** Returns the path of this process's entry for a sandbox, whose supervisor makes the socket. */
export const enterSandbox = (stateDirectory: string): string =>
  entryPath(stateDirectory, 'sandbox', thisProcess())

/** Returns the directories of the watches of runs that are alive in this PID namespace. */
export const livingWatches = (stateDirectory: string | undefined): string[] =>
  living(stateDirectory)
    .filter(({ kind }) => kind === 'watch')
    .map(({ path }) => path)

/**
 * Returns the FIFOs of the runs and servers that are alive in this PID namespace. The first are those of the machine's pool, if they are
 * used: the user's, and root's if this user may use it.
 */
export function livingJobservers(stateDirectory: string | undefined): string[] {
  const own = stateDirectory === undefined ? [] : [join(stateDirectory, machinePool)]
  const machine = [...own, systemPool.fifo].filter(isUsed)
  const others = living(stateDirectory).flatMap(({ kind, path }) =>
    kind === 'run' ? [join(path, 'fifo')] : kind === 'serve' ? [readlinkSync(path)] : [],
  )
  return [...new Set([...machine, ...others])]
}

// None where there is no state directory.
function living(stateDirectory: string | undefined): Entry[] {
  try {
    if (stateDirectory === undefined) return []
    return entries(stateDirectory, thisProcess().pidNamespace).filter(({ owner }) => owner === 'alive')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw error
  }
}
