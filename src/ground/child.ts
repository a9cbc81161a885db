/** Standing between a caller and a child without being noticed: signals go down, the end goes up. */
import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { isatty } from 'node:tty'

export type ChildEnd = { kind: 'exited'; status: number } | { kind: 'killed'; signal: NodeJS.Signals }

/** Returns how the child ended. Throws the system error where it could not be started. */
export function endOf(child: ChildProcess): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (status, signal) =>
      resolve(signal ? { kind: 'killed', signal } : { kind: 'exited', status: status ?? 0 }),
    )
  })
}

// A terminal sends these to the whole foreground group, so the child has them already.
const fromTerminal: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT']
const fromAnyone: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH']

/** Hands on the signals we get from now on, and survives them until the child has ended. */
export function forwardSignals(child: ChildProcess): void {
  const terminal = [0, 1, 2].some(descriptor => isatty(descriptor))
  for (const signal of fromAnyone) process.on(signal, () => child.kill(signal))
  for (const signal of fromTerminal) process.on(signal, () => terminal || child.kill(signal))
}

/**
 * Dies of the signal that killed the child, so that our caller sees what happened.
 * Returns the shell's status for it (128 + number) where the signal can't kill us: it is blocked.
 */
export async function dieOf(signal: NodeJS.Signals): Promise<number> {
  process.removeAllListeners(signal)
  if (signal !== 'SIGKILL') {
    // Node ignores SIGPIPE and has a handler for SIGUSR1: taking the last listener away restores the default.
    const listener = (): void => undefined
    process.on(signal, listener).off(signal, listener)
  }
  process.kill(process.pid, signal)
  await new Promise(done => setTimeout(done, 1000))
  return 128 + constants.signals[signal]
}
