/** How far a run has come, by its pool, and the line of text that says it. */
import { styleText } from 'node:util'
import progressBars from 'cli-progress'
import sliceAnsi from 'slice-ansi'
import { type LedgerRecord, readCount, readCounters, readRecords, readSize } from '../jobserver/ledger.js'
import type { Pool } from '../jobserver/pool.js'

export type Progress = {
  slots: number
  used: number // slots that are not free: a launcher has one, a client like make, or the command itself
  waiting: number // launchers that wait for a slot, or for what a rule asks
  done: number // tool runs that have ended, at least
}

/** What is read of a pool at one moment. */
export type Sample = {
  slots: number
  free: number // tokens
  runs: number // in slots of their own
  running: number // of these
  callerRuns: number
  records: readonly Pick<LedgerRecord, 'state' | 'slot' | 'alive'>[]
}

/**
 * Returns what a sample tells. Of a run in its caller's slot nobody sees the end: so many may be running as there are slots
 * that no launcher has, the others have ended.
 */
export function progressOf(sample: Sample): Progress {
  const { slots, free, runs, running, callerRuns, records } = sample
  const count = (is: (record: Sample['records'][number]) => boolean): number =>
    records.filter(record => record.alive && is(record)).length
  const used = Math.min(slots, Math.max(0, slots - free))
  const held = count(({ state, slot }) => state === 'held' && slot !== 'overdraft')
  const ended = Math.max(0, runs - running) + Math.max(0, callerRuns - Math.max(0, used - held))
  return { slots, used, waiting: count(({ state }) => waitingStates.has(state)), done: ended }
}

const waitingStates: ReadonlySet<string> = new Set(['waiting', 'acquiring', 'gated'])

/** Returns how far the run of a pool is, in which so many tokens lie free. */
export function readProgress({ ledgerFd, total }: Pool, inPool: number): Progress {
  const free = inPool + total - (readSize(ledgerFd, 'total') ?? total) // those that the machine's pool has kept, too
  const { runs, callerRuns } = readCounters(ledgerFd)
  const running = readCount(ledgerFd, 'running')
  return progressOf({ slots: total + 1, free, runs, running, callerRuns, records: readRecords(ledgerFd) })
}

const cellsLeast = 4
const cellsMost = 32

/** Returns the line for a terminal that is so many columns wide; it leaves the last one free. */
export function progressText(progress: Progress, width: number, colour: boolean): string {
  const { slots, used, waiting, done } = progress
  const name = 'jobshim'
  const words = `${used} of ${slots} slots, ${waiting} waiting, ${done} done`
  const room = width - `${name} [] ${words} `.length
  const cells = Math.min(slots, cellsMost, Math.max(cellsLeast, room))
  const bar = progressBars.Format.BarFormat(used / slots, {
    barsize: cells,
    barCompleteString: '#'.repeat(cells),
    barIncompleteString: '.'.repeat(cells),
    barGlue: '',
  })
  return sliceAnsi(`${name} [${paint(bar, colour)}] ${words}`, 0, width - 1)
}

const paint = (text: string, colour: boolean): string =>
  colour ? styleText('cyan', text, { validateStream: false }) : text
