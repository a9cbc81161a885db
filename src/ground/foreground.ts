/** Runs a program in our place: it gets our terminal, our signals and, at the end, decides our status. */
import { type SpawnOptions, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { exitCodes } from './exit-codes.js'
import { Failure, systemErrorCode } from './failure.js'

export type Ending = { kind: 'exit'; status: number } | { kind: 'signal'; name: NodeJS.Signals }

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

const startFailures: Readonly<Record<string, { code: number; why: string }>> = {
  ENOENT: { code: exitCodes.notFound, why: 'not found' },
  EACCES: { code: exitCodes.notExecutable, why: 'not executable' },
  ENOTDIR: { code: exitCodes.notFound, why: 'not found' },
}

/**
 * Starts the program, hands signals on to it and returns how it ended.
 * Throws `Failure` with 126 or 127 where it can't be started.
 */
export async function runInForeground(
  program: string,
  args: readonly string[],
  options: SpawnOptions,
): Promise<Ending> {
  // Before the start: a signal in between would end us and leave the program, and what we made, behind.
  const early: NodeJS.Signals[] = []
  let send = (signal: NodeJS.Signals): void => void early.push(signal)
  const handlers = passedOn.map(signal => {
    const handler = (): void => {
      if (!(sentByTerminal.has(signal) && inForeground())) send(signal)
    }
    process.on(signal, handler)
    return { signal, handler }
  })
  try {
    const child = spawn(program, args, options)
    send = signal => void child.kill(signal)
    early.forEach(send)
    return await new Promise<Ending>((resolve, reject) => {
      child.once('error', error => reject(startFailure(program, error)))
      child.once('exit', (status, signal) =>
        resolve(signal === null ? { kind: 'exit', status: status ?? 0 } : { kind: 'signal', name: signal }),
      )
    })
  } finally {
    for (const { signal, handler } of handlers) process.off(signal, handler)
  }
}

function startFailure(program: string, error: Error): Failure {
  const known = startFailures[systemErrorCode(error) ?? '']
  return new Failure(
    `${program}: ${known?.why ?? error.message}`,
    'name a program that is on PATH, or give its path',
    known?.code ?? exitCodes.jobshim,
  )
}

// proc_pid_stat(5), behind the name: state, parent, group, session, tty, the group in the terminal's foreground.
function inForeground(): boolean {
  const text = readFileSync('/proc/self/stat', 'latin1')
  const [, , group, , , foreground] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return group === foreground
}

/**
 * Returns the exit status of the ending. A signal ends this process right here, as it ended the program;
 * where it can't (init of a PID namespace), 128 + its number is returned, as shells have it.
 */
export async function endLike(ending: Ending): Promise<number> {
  if (ending.kind === 'exit') return ending.status
  restoreDefault(ending.name)
  process.kill(process.pid, ending.name)
  // The signal is on its way; a later turn of the event loop comes only if it was ignored.
  await new Promise(resolve => setImmediate(resolve))
  return 128 + constants.signals[ending.name]
}

// Node ignores SIGPIPE and starts its debugger on SIGUSR1; taking a signal's last listener away restores the default.
function restoreDefault(signal: NodeJS.Signals): void {
  if (signal === 'SIGKILL' || signal === 'SIGSTOP') return // nobody can listen to these
  const listener = (): void => undefined
  process.on(signal, listener).off(signal, listener)
}
