/** Runs a program in our place: it gets our terminal, our signals and, at the end, decides our status. */
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readSync } from 'node:fs'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { lostByte, replacement } from '../ground/bytes.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { readProcessStat } from '../ground/process-stat.js'
import { spawnLook } from './raw-call.js'

export type Ending = { kind: 'exit'; status: number } | { kind: 'signal'; number: number }

/** A program, and the `look` that starts it (shims/look/starter.h). */
export type Command = {
  look: string
  program: string
  args: readonly string[]
  closed: string // which of descriptors 0, 1 and 2 it is not to have: 02
  sandbox?: string | undefined // the path of the socket of a supervisor (shims/sandbox/supervisor.h); undefined: none
}

const signalNumbers: ReadonlyMap<string, number> = new Map(Object.entries(constants.signals))

/** Returns a signal's name; those of real time have a number alone. */
export const signalName = (number: number): string =>
  [...signalNumbers].find(([, other]) => other === number)?.[0] ?? `signal ${number}`

// What a caller may send to its program and means it.
const passedOn = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
  'SIGCONT',
] as const

// A terminal sends these to its whole foreground group: the program has had them.
const sentByTerminal: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH', 'SIGCONT'])

const asksToEnd: ReadonlySet<string> = new Set(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'])

/** Whether such a signal has ended it, or it says by its status that one has, as shells do. */
export const isInterrupted = (ending: Ending): boolean =>
  [...asksToEnd].some(name => {
    const number = signalNumbers.get(name) ?? 0
    return ending.kind === 'signal' ? ending.number === number : ending.status === 128 + number
  })

const startFailures: Readonly<Record<string, { code: number; why: string; hint?: string }>> = {
  ENOENT: { code: exitCodes.notFound, why: 'not found' },
  ENOTDIR: { code: exitCodes.notFound, why: 'not found' },
  EACCES: { code: exitCodes.notExecutable, why: 'not executable' },
  ELOOP: { code: exitCodes.notExecutable, why: 'too many symlinks' },
  ENAMETOOLONG: { code: exitCodes.notExecutable, why: 'the name is too long' },
  E2BIG: {
    code: exitCodes.notExecutable,
    why: 'the arguments and the environment are too long',
    hint: 'pass fewer arguments, or a smaller environment',
  },
}

/** Signals that were caught for a program: they wait until it has started, and go nowhere once it has ended. */
export type CaughtSignals = {
  passTo(child: ChildProcess): void
  /** Calls `listener` with each that comes before a program has started; undefined: no more. What came already counts. */
  whileNone(listener: ((signal: NodeJS.Signals) => void) | undefined): void
  /** Whether one came so far that asks a program to end, as ^C does. */
  askedToEnd(): boolean
  release(): void // from then on signals do to us what they do by default
}

/**
 * Catches signals from now on. To be called before anything is made that must be removed: a signal in between would
 * end us and leave that behind.
 */
export function catchSignals(): CaughtSignals {
  const early: NodeJS.Signals[] = []
  let child: ChildProcess | undefined
  let heard: ((signal: NodeJS.Signals) => void) | undefined
  let isAskedToEnd = false
  const listeners = passedOn.map(signal => {
    const listener = (): void => {
      isAskedToEnd ||= asksToEnd.has(signal)
      if (child === undefined) {
        early.push(signal)
        heard?.(signal)
      } else if (!(sentByTerminal.has(signal) && inForeground())) child.kill(signal)
    }
    process.on(signal, listener)
    return { signal, listener }
  })
  // We stop once the program has: it may put the terminal in order first, or not stop at all.
  const suspend = async (): Promise<void> => {
    if (child !== undefined && !inForeground()) child.kill('SIGTSTP')
    if (child !== undefined && !(await stops(child))) return
    process.off('SIGTSTP', suspend)
    process.kill(process.pid, 'SIGTSTP')
    process.on('SIGTSTP', suspend) // here we have been continued
  }
  process.on('SIGTSTP', suspend)
  return {
    passTo(started) {
      child = started
      for (const signal of early.splice(0)) started.kill(signal)
    },
    whileNone(listener) {
      heard = listener
      if (listener) for (const signal of early) listener(signal)
    },
    askedToEnd: () => isAskedToEnd,
    release() {
      process.off('SIGTSTP', suspend)
      for (const { signal, listener } of listeners) process.off(signal, listener)
    },
  }
}

// Node is not told of a child that stops: looks for ten seconds, ever more rarely.
async function stops({ pid }: ChildProcess): Promise<boolean> {
  for (let look = 0; look < 100; look++) {
    const stat = pid === undefined ? undefined : readProcessStat(pid)
    if (stat?.kind !== 'read' || stat.state === 'Z') return false
    if (stat.state === 'T') return true
    await new Promise(resolve => setTimeout(resolve, 2 * look).unref())
  }
  return false
}

// What `look` told of the program that it has started (shims/look/starter.h): nothing, the number of a signal, or an errno.
type Told = { kind: 'nothing' } | { kind: 'signal'; number: number } | { kind: 'error'; number: number }

const errorsFrom = 64 // STARTER_ERROR
const largest = 255

// So many bytes are behind the offset that it left.
function readTold(fd: number): Told {
  const told = readSync(fd, Buffer.alloc(largest + 1), 0, largest + 1, null)
  if (told === 0 || told > largest) return { kind: 'nothing' }
  return told > errorsFrom ? { kind: 'error', number: told - errorsFrom } : { kind: 'signal', number: told }
}

/**
 * Starts the program, hands signals on to it and returns how it ended. `descriptors`: ours that it gets as its 0, 1, 2 and so on.
 * `caught`: by whoever releases them. `started` is called once with the pid of what starts it, and lives as long as it does.
 * Throws `Failure` with 126 or 127 where it can't be started.
 */
export async function runInForeground(
  command: Command,
  descriptors: readonly number[],
  environment: NodeJS.ProcessEnv,
  caught?: CaughtSignals,
  started?: (pid: number) => void,
): Promise<Ending> {
  const signals = caught ?? catchSignals()
  const tellFd = openToTell(command)
  try {
    const child = startProgram(command, [...descriptors, tellFd], environment)
    signals.passTo(child)
    if (child.pid !== undefined) started?.(child.pid)
    const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', error => reject(startFailure(command, error)))
      child.once('exit', (...end) => resolve(end))
    })
    const told = readTold(tellFd)
    if (told.kind === 'error') throw programFailure(command.program, getSystemErrorName(-told.number))
    if (told.kind === 'signal') return told
    return signal === null
      ? { kind: 'exit', status: status ?? 0 }
      : { kind: 'signal', number: constants.signals[signal] }
  } finally {
    closeSync(tellFd)
    if (!caught) signals.release()
  }
}

// Any file that is there: its offset is what counts. With a pipe a start takes three milliseconds longer.
function openToTell(command: Command): number {
  try {
    return openSync(command.look, 'r')
  } catch (error) {
    throw error instanceof Error ? startFailure(command, error) : error
  }
}

// The last of the descriptors is the one to tell by. Some errors of the start are thrown at once (ENOTDIR), others are an event (ENOENT).
function startProgram(
  command: Command,
  descriptors: readonly number[],
  env: NodeJS.ProcessEnv,
): ChildProcess {
  const { look, program, args, closed, sandbox = '' } = command
  if (program === '') throw programFailure("''", 'ENOENT')
  const lost = [program, ...args].find(word => word.includes(lostByte))
  if (lost !== undefined) throw lostFailure(lost)
  const words = ['start', String(descriptors.length - 1), closed, sandbox, program, ...args]
  try {
    return spawnLook(look, words, { stdio: descriptors, env })
  } catch (error) {
    throw error instanceof Error ? startFailure(command, error) : error
  }
}

// `look` could not be started: the words and the environment are the program's, the rest is its own.
function startFailure({ look, program }: Command, error: Error): Failure {
  const code = systemErrorCode(error) ?? ''
  if (code === 'E2BIG') return programFailure(program, code)
  return new Failure(
    `${look}: this program of jobshim's can't be started: ${startFailures[code]?.why ?? error.message}`,
    'see jobshim doctor, or install the shims anew: jobshim install',
    exitCodes.jobshim,
  )
}

function programFailure(program: string, code: string): Failure {
  const known = startFailures[code]
  return new Failure(
    `${program}: ${known?.why ?? `can't be started (${code})`}`,
    known?.hint ?? 'name a program that is on PATH, or give its path',
    known?.code ?? exitCodes.jobshim,
  )
}

// Better not to start it than with the name of another file.
const lostFailure = (word: string): Failure =>
  new Failure(
    `${word.replaceAll(lostByte, replacement)}: is not UTF-8, and /proc does not tell what it is`,
    'start jobshim where /proc can be read, and without --title in NODE_OPTIONS',
    exitCodes.jobshim,
  )

// Where that can't be told the program is taken to have had what a terminal sends.
function inForeground(): boolean {
  const stat = readProcessStat('self')
  return stat.kind !== 'read' || stat.group === stat.foreground
}

/**
 * Returns the exit status of the ending. A signal ends this process right here, as it ended the program;
 * where it can't (init of a PID namespace), 128 + its number is returned, as shells have it.
 */
export async function endLike(ending: Ending): Promise<number> {
  if (ending.kind === 'exit') return ending.status
  restoreDefault(signalName(ending.number))
  process.kill(process.pid, ending.number)
  // The signal is on its way; a later turn of the event loop comes only if it was ignored.
  await new Promise(resolve => setImmediate(resolve))
  return 128 + ending.number
}

// Node ignores SIGPIPE and starts its debugger on SIGUSR1; taking a signal's last listener away restores the default.
function restoreDefault(signal: string): void {
  if (!signalNumbers.has(signal) || signal === 'SIGKILL' || signal === 'SIGSTOP') return // nobody can listen to these
  const listener = (): void => undefined
  process.on(signal, listener).off(signal, listener)
}
