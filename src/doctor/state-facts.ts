/** What jobshim needs of the system: a place for its state, and a trial of what it does there. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { environment as names } from '../contract/environment.js'
import { ledgerLayout } from '../contract/ledger-layout.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { ensureStateDirectory, findStateDirectory, stateDirectory } from '../ground/paths.js'
import { trustOf } from '../ground/trust.js'
import { drainFifo, makeFifo } from '../jobserver/fifo.js'
import { createLedger, type LedgerRecord, readRecords } from '../jobserver/ledger.js'
import { thisProcess } from '../jobserver/owner.js'
import { leftEntries } from '../jobserver/registry.js'
import { outsideBuild, type Programs } from './launcher-facts.js'
import { interrupted, killGroup, runProgram, watchProgram } from './program.js'

export type StatePlace =
  | { kind: 'usable'; directory: string } // as it is wanted
  | { kind: 'moved'; directory: string; wanted: string; because: 'it is foreign' | 'it is gone' }
  | { kind: 'unusable'; what: string; fix: string; isFull: boolean }

/** What became of two tools in a pool of one token, killed in the end. */
export type Trial =
  | { kind: 'done'; slots: readonly string[]; alive: number; freed: boolean; returned: boolean }
  | { kind: 'failed'; step: 'pool' | 'tools' | 'locks'; why: string }
  | { kind: 'not made'; why: string }

export type StateFacts = { place: StatePlace; left: number; trial: Trial } // left: files that killed runs and servers have left

/** Looks at the state directory, and tries a pool of its own there. Nothing is left of it. */
export async function stateFacts(
  programs: Programs | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<StateFacts> {
  const wanted = stateDirectory(environment)
  let made: string | undefined
  let workshop: string | undefined
  try {
    const before = findStateDirectory(environment)
    const directory = ensureStateDirectory(environment)
    if (directory !== before) made = directory
    const left = leftEntries(directory).length
    workshop = mkdtempSync(join(directory, 'doctor-'))
    const probe = join(workshop, 'probe')
    writeFileSync(probe, Buffer.alloc(ledgerLayout.headerBytes, 1))
    rmSync(probe)
    const place: StatePlace =
      directory === wanted
        ? { kind: 'usable', directory }
        : { kind: 'moved', directory, wanted, because: isForeign(wanted) ? 'it is foreign' : 'it is gone' }
    if (programs === undefined) return { place, left, trial: { kind: 'not made', why: 'no launcher' } }
    return { place, left, trial: await tryPool(programs, workshop, environment) }
  } catch (error) {
    return { place: unusable(error, wanted), left: 0, trial: { kind: 'not made', why: 'no state directory' } }
  } finally {
    if (workshop !== undefined) rmSync(workshop, { recursive: true, force: true })
    if (made !== undefined) removeEmpty(made)
  }
}

const isForeign = (directory: string): boolean =>
  ['foreign', 'open'].includes(trustOf(directory, 'group').kind)

function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch {
    // somebody else's by now, or never made
  }
}

function unusable(error: unknown, wanted: string): StatePlace {
  if (error instanceof Failure)
    return { kind: 'unusable', what: error.message, fix: error.hint, isFull: false }
  const code = systemErrorCode(error)
  if (code === undefined) throw error
  return {
    kind: 'unusable',
    what: `${wanted}: can't be written (${code})`,
    fix: 'make room there, or set XDG_RUNTIME_DIR to another directory that is yours alone',
    isFull: true,
  }
}

const looks = 200
const pauseMs = 20

// Two tools of one job: one in its implicit slot, the other with the token. Both are killed, which must give the token back.
async function tryPool(
  { launcher, look }: Programs,
  workshop: string,
  environment: NodeJS.ProcessEnv,
): Promise<Trial> {
  const fifo = join(workshop, 'fifo')
  const opened: number[] = []
  let build: ChildProcess | undefined
  let unwatch = (): void => undefined
  try {
    const { fifoFd } = makeFifo(look, environment, { path: fifo, tokens: 1, jobs: 1 })
    opened.push(fifoFd)
    const ledger = createLedger(`${fifo}.ledger`, 1, thisProcess())
    opened.push(ledger)
    const env = { ...outsideBuild(environment), [names.jobserver]: `fifo:${fifo}`, [names.debug]: '1' }
    build = spawn('/bin/sh', ['-c', twoTools, launcher], {
      env,
      detached: true,
      stdio: 'pipe',
    })
    unwatch = watchProgram(build)
    const why = await troubleOf(build)
    if (why !== '') return { kind: 'failed', step: 'tools', why }
    const held = await settled(ledger, records => records.filter(({ alive }) => alive).length === 2)
    if (held.kind === 'failed') return held
    killGroup(build)
    const ended = await settled(ledger, records => records.every(({ alive }) => !alive))
    if (ended.kind === 'failed') return ended
    await runProgram(look, ['reclaim'], { environment: env })
    return {
      kind: 'done',
      slots: held.records.map(({ slot }) => slot).sort(),
      alive: held.records.filter(({ alive }) => alive).length,
      freed: ended.records.every(({ alive }) => !alive),
      returned: drainFifo(fifoFd) === 1,
    }
  } catch (error) {
    return { kind: 'failed', step: 'pool', why: error instanceof Error ? error.message : String(error) }
  } finally {
    if (build !== undefined) killGroup(build)
    unwatch()
    for (const fd of opened) closeSync(fd)
  }
}

// They end with us, at the latest. A shell keeps its own stdin from what it starts with &.
const twoTools = 'exec 3<&0; for i in 1 2; do "$0" -- /bin/sh -c "echo held; read x <&3" & done; wait'
const toolSeconds = 10

/** Returns why not both tools run, as soon as that is known; empty once they do. */
function troubleOf(build: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    const said = { stdout: '', stderr: '' }
    const line = (): string => said.stderr.trim().split('\n')[0] ?? ''
    const end = (why: string): void => {
      clearTimeout(limit)
      resolve(why)
    }
    const limit = setTimeout(() => end(line() || `not both run within ${toolSeconds} s`), toolSeconds * 1000)
    for (const name of ['stdout', 'stderr'] as const)
      build[name]?.setEncoding('utf8').on('data', (text: string) => {
        said[name] += text
        if (said.stdout === 'held\nheld\n') end(line())
      })
    build.once('error', error => end(error.message))
    build.once('close', status => end(line() || `sh ended with ${status}`))
  })
}

type Read = { kind: 'read'; records: LedgerRecord[] } | { kind: 'failed'; step: 'locks'; why: string }

/** Reads the ledger until it is so, and no longer than a few seconds: then as it is. Throws an `AbortError` once we are interrupted. */
async function settled(ledger: number, isSo: (records: LedgerRecord[]) => boolean): Promise<Read> {
  for (let look = 0; ; look++) {
    try {
      const records = readRecords(ledger)
      if (isSo(records) || look === looks) return { kind: 'read', records }
    } catch (error) {
      return { kind: 'failed', step: 'locks', why: error instanceof Error ? error.message : String(error) }
    }
    await sleep(pauseMs, undefined, { signal: interrupted })
  }
}
