/** The process that gives the pool of a run slots of the machine's pool, as many as the run uses (shims/look/feeder.h). */
import type { ChildProcess } from 'node:child_process'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { noAnswer, readOutcome } from '../launcher/answers.js'
import { spawnLook } from '../launcher/raw-call.js'
import { drainFifo } from './fifo.js'
import { readSize, writeSize } from './ledger.js'
import type { Pool } from './pool.js'

export type Feeder = {
  /** Resolves once the machine has a slot for the command; false if we gave up before. Throws `Failure` if it ended by itself. */
  slot(): Promise<boolean>
  /** Waits no longer. */
  giveUp(): void
  /** If we are killed, it goes on until that process has ended. */
  stay(pid: number): void
  /** The command has ended: from now on it gives back what comes free. */
  settle(): void
  /** Resolves once it has ended, after a moment at most. */
  leave(): Promise<void>
}

/** Starts it. `machine`: the path of the machine's FIFO. */
export function openFeeder(
  look: string,
  environment: NodeJS.ProcessEnv,
  machine: string,
  pool: Pool,
): Feeder {
  // In a session of its own: a terminal's ^C and ^Z are for the build.
  const child = spawnLook(look, ['feed', machine, pool.fifo, String(pool.total + 1)], {
    env: environment,
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  })
  child.stdin?.on('error', () => {}) // it is gone
  const answer = answerOf(child)
  let isOver = false
  let draining: NodeJS.Timeout | undefined
  const ended = new Promise<void>(resolve => {
    child.once('error', () => resolve())
    child.once('exit', () => {
      if (!isOver) draining = setInterval(() => takeOut(pool), drainInterval)
      resolve()
    })
  })
  return {
    async slot() {
      const told = await answer
      const outcome = readOutcome('feed', 0, told) ?? readOutcome('feed', 1, told)
      if (outcome?.kind === 'answered') return true
      if (isOver) return false
      throw outcome?.kind === 'refused' && 'why' in outcome ? refusal(outcome.why) : noAnswer(look)
    },
    giveUp() {
      isOver = true
      child.kill('SIGTERM')
    },
    stay: pid => void child.stdin?.write(`${pid}\n`),
    settle() {
      isOver = true
      clearInterval(draining)
      child.stdin?.end()
    },
    async leave() {
      this.settle()
      child.unref()
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>(resolve => {
        timer = setTimeout(resolve, patience)
      })
      await Promise.race([ended, late])
      clearTimeout(timer)
    },
  }
}

// It was there a moment ago: something removes files where it lies.
const refusal = (why: string): Failure =>
  new Failure(
    `the build can't get slots of the machine's pool: ${why}`,
    'run it again; if that comes again, set XDG_RUNTIME_DIR to a directory of yours that nothing clears',
    exitCodes.jobshim,
  )

const drainInterval = 50 // ms
const patience = 2000 // ms: a tool that outlives the command may have a slot

// It was killed, and the machine has its slots back: what comes free is not to be taken again.
function takeOut({ fifoFd, ledgerFd }: Pool): void {
  const taken = drainFifo(fifoFd)
  const tokens = readSize(ledgerFd, 'total')
  if (taken > 0 && tokens !== undefined) writeSize(ledgerFd, 'total', Math.max(0, tokens - taken))
}

// It closes its stdout once it has the slot.
async function answerOf({ stdout }: ChildProcess): Promise<string> {
  let text = ''
  stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  await new Promise<void>(resolve => stdout?.once('close', resolve) ?? resolve())
  return text
}
