import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { ledgerLayout, recordOffsets, recordStates } from '../../src/contract/ledger-layout.js'
import { lockedRecords } from '../../src/jobserver/ledger.js'
import { until } from '../support/until.js'
import type { Held } from './held.js'
import type { Yard } from './yard.js'

/** One record that is not free. */
export type LedgerRecord = { pid: number; state: number; alive: boolean }

/** The ledger of the yard's only foreign jobserver; no records where there is none yet. */
export function ledgerRecords(runtime: string): LedgerRecord[] {
  const [file] = readdirSync(runtime, { recursive: true, encoding: 'utf8' }).filter(name =>
    /\/v1-[^/.]*$/.test(name),
  )
  return file === undefined ? [] : recordsIn(join(runtime, file))
}

/** The records of the ledger at `path`. */
export function recordsIn(path: string): LedgerRecord[] {
  const { headerBytes, recordBytes, recordCount } = ledgerLayout
  const table = Buffer.alloc(recordBytes * recordCount)
  const fd = openSync(path, 'r')
  try {
    readSync(fd, table, 0, table.length, headerBytes)
    const locked = lockedRecords(fstatSync(fd).ino, readFileSync('/proc/locks', 'utf8'))
    return Array.from({ length: recordCount }, (_, index) => index).flatMap(index => {
      const at = index * recordBytes
      const state = table[at + recordOffsets.state] ?? 0
      if (state === recordStates.free) return []
      return [{ pid: table.readUInt32LE(at + recordOffsets.pid), state, alive: locked.has(index) }]
    })
  } finally {
    closeSync(fd)
  }
}

/** Resolves once the launcher `pid` is recorded as waiting for a slot. */
export const waits = ({ runtime }: Yard, { pid, output }: Held): Promise<void> =>
  until(`${pid} waits: ${JSON.stringify(output)}`, () =>
    ledgerRecords(runtime).some(
      record =>
        record.pid === pid &&
        (record.state === recordStates.waiting || record.state === recordStates.acquiring),
    ),
  )
