/**
 * What the ledger of a pool tells, as `jobshim status` reads it. It tells who has noted a slot: who really ran is for
 * support/recording.ts to say, which knows nothing of jobshim, and so reads no ledger.
 */
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { headerOffsets, ledgerLayout, recordOffsets, recordStates } from '../../src/contract/ledger-layout.js'
import { type LedgerRecord, readRecords } from '../../src/jobserver/ledger.js'
import { until } from '../support/until.js'
import type { Held } from './held.js'
import type { Yard } from './yard.js'

/** Returns the ledgers of foreign jobservers, as paths. `runtime`: XDG_RUNTIME_DIR. */
export const ledgersIn = (runtime: string): string[] =>
  readdirSync(runtime, { recursive: true, encoding: 'utf8' })
    .filter(name => /\/v1-[^/.]*$/.test(name))
    .map(name => join(runtime, name))

/** The records in use of the yard's only foreign jobserver; none if it has no ledger yet. */
export function ledgerRecords(runtime: string): LedgerRecord[] {
  const [path] = ledgersIn(runtime)
  return path === undefined ? [] : recordsIn(path)
}

/** The records in use of the ledger at `path`. */
export function recordsIn(path: string): LedgerRecord[] {
  const fd = openSync(path, 'r')
  try {
    return readRecords(fd)
  } finally {
    closeSync(fd)
  }
}

/** Whether its launcher waits for a slot, as far as it knows: one that takes a token is not sure yet. */
export const isWaiting = ({ state }: LedgerRecord): boolean => state === 'waiting' || state === 'acquiring'

/** How many launchers wait for a slot, by the ledger at `path`. */
export const waitersIn = (path: string): number => recordsIn(path).filter(isWaiting).length

/** Resolves once the launcher is recorded as waiting for a slot. */
export const waits = ({ runtime }: Yard, { pid, output }: Held): Promise<void> =>
  until(`${pid} waits: ${JSON.stringify(output)}`, () =>
    ledgerRecords(runtime).some(record => record.pid === pid && isWaiting(record)),
  )

/** Resolves once a gate keeps the launcher from looking for a slot. */
export const isGated = ({ runtime }: Yard, { pid, output }: Held): Promise<void> =>
  until(`${pid} is gated: ${JSON.stringify(output)}`, () =>
    ledgerRecords(runtime).some(record => record.pid === pid && record.state === 'gated'),
  )

/** Writes into a field of a ledger's header, as whoever may write the file can; a number as 32 bits, a text as its bytes. */
export function overwrite(path: string, field: keyof typeof headerOffsets, value: number | string): void {
  const number = Buffer.alloc(4)
  if (typeof value === 'number') number.writeInt32LE(value)
  overwriteAt(path, headerOffsets[field], typeof value === 'number' ? number : Buffer.from(value, 'latin1'))
}

/** Leaves records of waiters that are gone, whose pid is that of this process by now, as of a sandbox that was killed whole. */
export function leaveDead(path: string, count: number): void {
  const { headerBytes, recordBytes } = ledgerLayout
  const record = Buffer.alloc(recordBytes)
  record[recordOffsets.state] = recordStates.waiting
  record.writeUInt32LE(process.pid, recordOffsets.pid)
  overwriteAt(path, headerBytes, Buffer.concat(Array.from({ length: count }, () => record)))
  overwrite(path, 'used', count)
}

function overwriteAt(path: string, offset: number, bytes: Buffer): void {
  const fd = openSync(path, 'r+')
  try {
    writeSync(fd, bytes, 0, bytes.length, offset)
  } finally {
    closeSync(fd)
  }
}
