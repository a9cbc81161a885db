/** A command that runs below a FIFO jobserver. */
import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs'
import { kindOf } from '../contract/addresses.js'
import { environment as names } from '../contract/environment.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { passedDescriptors } from '../ground/inherited.js'
import { isReadByAll } from '../ground/readable-path.js'
import { type JobserverAuth, withJobserver } from '../jobserver/auth.js'
import { openFifo } from '../jobserver/fifo.js'
import type { MakeStyle } from '../jobserver/make-style.js'
import { type CaughtSignals, type Command, type Ending, runInForeground } from '../launcher/foreground.js'

/**
 * Opens the sandbox of a build with that environment; returns the path by which a command enters it. Undefined: the command is in it without
 * that, as we are.
 */
export type OpenSandbox = (
  environment: NodeJS.ProcessEnv,
  descriptors: readonly number[], // of the build, from 3 on, by which it finds its jobserver
) => Promise<string | undefined>

/** A command, and what it is to find. */
export type Start = {
  command: Command
  environment: NodeJS.ProcessEnv
  jobs: number
  style: MakeStyle
  signals: CaughtSignals
  started: (pid: number, jobserver: string) => void // its address
  sandbox: OpenSandbox | undefined // undefined: it has none
}

/**
 * Runs the command with the jobserver at `fifo` in its environment, and returns how it ended. A make that can't read
 * `fifo:` gets the same FIFO on two descriptors that everything below inherits. A FIFO whose path not all clients can read in
 * MAKEFLAGS is named there by a descriptor of ours.
 */
export async function runGoverned(fifo: string, start: Start): Promise<Ending> {
  const { command, environment, jobs, style, signals, started, sandbox } = start
  const inherited = passedDescriptors()
  const ends = style === 'fifo' ? [] : openEnds(fifo)
  const own = style === 'fifo' && !isReadByAll(fifo) ? openFifo(fifo) : undefined
  const auth: JobserverAuth =
    style === 'fifo'
      ? { kind: 'fifo', path: own === undefined ? fifo : `/proc/${process.pid}/fd/${own}` }
      : {
          kind: 'pipe',
          readFd: inherited.length,
          writeFd: inherited.length + 1,
          spelling: style === 'legacy' ? 'legacy' : 'auth',
        }
  try {
    const env = {
      ...environment,
      MAKEFLAGS: withJobserver(environment.MAKEFLAGS ?? '', jobs, auth),
      CARGO_MAKEFLAGS: undefined, // of a jobserver that is gone; cargo would believe it before MAKEFLAGS
      [names.jobserver]: `fifo:${fifo}`,
      [names.tree]: whereNamed(fifo, environment),
    }
    const descriptors = [...inherited, ...ends]
    const socket = await sandbox?.(env, [])
    return await runInForeground({ ...command, sandbox: socket }, descriptors, env, signals, pid =>
      started(pid, env[names.jobserver]),
    )
  } finally {
    for (const fd of new Set(own === undefined ? ends : [own])) closeSync(fd)
  }
}

function openEnds(fifo: string): number[] {
  const kept = keepTokens(fifo)
  try {
    return openKept(fifo)
  } finally {
    if (kept !== undefined) closeSync(kept)
  }
}

// Once nobody has a FIFO open its tokens are gone: whoever opens it then for reading makes it look like a pool, without any.
function keepTokens(fifo: string): number | undefined {
  if (!statSync(fifo).isFIFO()) return undefined
  try {
    return openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (systemErrorCode(error) !== 'ENXIO') throw error
    throw new Failure(`${fifo}: the pool is gone, since nobody had it open any more`, 'run the build again')
  }
}

// Each by itself would wait for a server, should that have gone meanwhile. Whoever owns the directory may put a file of ours in its place:
// that is neither made nor cut, nor handed on. What is no FIFO has a server that keeps an account, maybe one of open files: there both
// are one.
function openKept(fifo: string): number[] {
  const both = openSync(fifo, constants.O_RDWR)
  const kind = kindOf(both, fstatSync(both))
  if (kind === 'served') return [both, both]
  const ends = kind === 'pipe' ? [openSync(fifo, constants.O_RDONLY), openSync(fifo, constants.O_WRONLY)] : []
  const isStill = kind === 'pipe' && ends.every(end => isSame(end, both))
  closeSync(both)
  if (!isStill)
    throw new Failure(`${fifo}: the jobserver was replaced meanwhile`, 'check that jobshim serve runs there')
  return ends
}

function isSame(one: number, other: number): boolean {
  const [first, second] = [fstatSync(one), fstatSync(other)]
  return first.dev === second.dev && first.ino === second.ino
}

/**
 * Returns the mount namespace (0: it can't be told) and the root that we see, the pool, and how many makes and launchers are above
 * us, as launchers compare them.
 */
function whereNamed(fifo: string, environment: NodeJS.ProcessEnv): string {
  const numbers = (path: string): bigint[] => {
    const { dev, ino } = statSync(path, { bigint: true })
    return [dev, ino]
  }
  const above = ['MAKELEVEL', names.hops].map(name => Number.parseInt(environment[name] ?? '', 10) || 0)
  return [mountNamespace(), ...numbers('/'), ...numbers(fifo), ...above].join(':')
}

function mountNamespace(): bigint {
  try {
    return statSync('/proc/self/ns/mnt', { bigint: true }).ino
  } catch {
    return 0n
  }
}
