/** The machine's pool, which all builds of this user share that find no other jobserver. A run is one of its users (shims/look/member.h). */
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { systemErrorCode } from '../ground/failure.js'
import { findStateDirectory } from '../ground/paths.js'
import { noAnswer, readOutcome } from '../launcher/answers.js'
import { spawnLook } from '../launcher/raw-call.js'
import { sweepEntries } from './registry.js'

export type MachinePool = {
  fifo: string // its path
  slots: number
  /** Where we are killed, that process uses it until its end. */
  stay(pid: number): void
  /** Resolves once we are no user of it any more. */
  leave(): Promise<void>
}

export type MachineJoin = { state: 'joined'; pool: MachinePool } | { state: 'refused'; why: string }

/** Joins it. `tokens`: that it gets if nobody uses it. `why` is for people. Throws `Failure` where `look` gives no answer. */
export async function joinMachine(
  look: string,
  environment: NodeJS.ProcessEnv,
  tokens: number,
): Promise<MachineJoin> {
  // In a session of its own: a terminal's ^C and ^Z are for the build.
  const child = spawnLook(look, ['machine', String(tokens)], {
    env: environment,
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  })
  const ended = new Promise<void>(resolve => {
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  })
  child.stdin?.on('error', () => {}) // it is gone: what is left of the pool lives on
  const told = await answerOf(child)
  const outcome = readOutcome('machine', 0, told) ?? readOutcome('machine', 1, told)
  if (outcome?.kind === 'answered') {
    const { path, slots } = outcome.answer
    const state = findStateDirectory(environment)
    if (state !== undefined) sweepEntries(state) // of killed runs: who is told to join may never make a pool of its own
    return { state: 'joined', pool: poolOf(child, ended, path, slots) }
  }
  child.stdin?.end()
  if (outcome?.kind !== 'refused' || outcome.error !== 'noJobserver') throw noAnswer(look)
  return { state: 'refused', why: outcome.why }
}

// It closes its stdout once it has said all.
async function answerOf({ stdout }: ChildProcess): Promise<string> {
  let text = ''
  stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  await new Promise<void>(resolve => stdout?.once('close', resolve) ?? resolve())
  return text
}

function poolOf(child: ChildProcess, ended: Promise<void>, fifo: string, slots: number): MachinePool {
  const ledgerFd = openLedger(fifo)
  const leave = async (): Promise<void> => {
    if (ledgerFd !== undefined) closeSync(ledgerFd)
    child.stdin?.end()
    child.unref()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, patience)
    })
    await Promise.race([ended, late])
    clearTimeout(timer)
  }
  let left: Promise<void> | undefined
  return {
    fifo,
    slots,
    stay: pid => void child.stdin?.write(`${pid}\n`),
    leave: () => (left ??= leave()),
  }
}

const patience = 2000 // ms: it may be stopped, or wait for the lock of one that is

// A shim whose environment was cleared finds the pool by it.
function openLedger(fifo: string): number | undefined {
  try {
    return openSync(`${fifo}.ledger`, 'r')
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return undefined
  }
}
