/** The ledger as the TypeScript side sees it: made once, read at the end. Launchers write it in between. */
import { fstatSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { headerOffsets, ledgerLayout, recordOffsets, recordStates, slotKinds } from './ledger-layout.js'

const { headerBytes, recordBytes, recordCount } = ledgerLayout
const ledgerBytes = headerBytes + recordCount * recordBytes

/** The process that a pool belongs to. */
export type Owner = { pid: number; start: bigint; pidNamespace: bigint }

export type LedgerCounters = {
  runs: number // tool runs that took a slot of their own
  callerRuns: number // tool runs in the slot that their caller held
  waitedSeconds: number
  peak: number // most runs at once in slots of their own
  overdrafts: number
  reclaimed: number // tokens that launchers returned for a dead one
}

/** Somebody who took a token and has not given it back. */
export type TokenHolder = { tool: string; pid: number; alive: boolean }

/** Makes the ledger of a new pool beside its FIFO. Returns a descriptor to read it with. */
export function createLedger(path: string, total: number, owner: Owner): number {
  const fd = openSync(path, 'wx+', 0o600)
  const header = Buffer.alloc(headerBytes)
  header.write(ledgerLayout.magic, headerOffsets.magic, 'latin1')
  header.writeUInt32LE(ledgerLayout.version, headerOffsets.version)
  header.writeUInt32LE(recordCount, headerOffsets.recordCount)
  header.writeInt32LE(total, headerOffsets.total)
  header.writeUInt32LE(owner.pid, headerOffsets.ownerPid)
  header.writeBigUInt64LE(owner.start, headerOffsets.ownerStart)
  header.writeBigUInt64LE(owner.pidNamespace, headerOffsets.ownerPidNamespace)
  writeSync(fd, header, 0, headerBytes, 0)
  ftruncateSync(fd, ledgerBytes)
  return fd
}

/** Returns what launchers have counted so far. */
export function readCounters(fd: number): LedgerCounters {
  const header = Buffer.alloc(headerBytes)
  readSync(fd, header, 0, headerBytes, 0)
  return {
    runs: Number(header.readBigUInt64LE(headerOffsets.runs)),
    callerRuns: Number(header.readBigUInt64LE(headerOffsets.callerRuns)),
    waitedSeconds: Number(header.readBigUInt64LE(headerOffsets.waitedMicroseconds)) / 1e6,
    peak: header.readUInt32LE(headerOffsets.peak),
    overdrafts: header.readUInt32LE(headerOffsets.overdrafts),
    reclaimed: header.readUInt32LE(headerOffsets.reclaimed),
  }
}

/** Returns who has a token by the ledger; a holder is alive while its record is locked. */
export function readTokenHolders(fd: number): TokenHolder[] {
  const table = Buffer.alloc(recordCount * recordBytes)
  readSync(fd, table, 0, table.length, headerBytes)
  const locked = lockedRecords(fstatSync(fd).ino, readFileSync('/proc/locks', 'utf8'))
  return Array.from({ length: recordCount }, (_, index) => index).flatMap(index => {
    const record = table.subarray(index * recordBytes, (index + 1) * recordBytes)
    if (!holdsToken(record)) return []
    const tool = record.toString('latin1', recordOffsets.tool, recordOffsets.tool + ledgerLayout.toolBytes)
    return [
      {
        tool: tool.replace(/\0.*$/s, ''),
        pid: record.readUInt32LE(recordOffsets.pid),
        alive: locked.has(index),
      },
    ]
  })
}

// As the launcher has it: the kernel stores the byte while the state is still `acquiring`.
function holdsToken(record: Buffer): boolean {
  const state = record[recordOffsets.state]
  return (
    record[recordOffsets.kind] === slotKinds.token &&
    (state === recordStates.held || (state === recordStates.acquiring && record[recordOffsets.token] !== 0))
  )
}

/**
 * Returns the records that are locked by a living launcher, out of /proc/locks (proc_locks(5)):
 * `7: OFDLCK ADVISORY  WRITE -1 00:1f:4711 4096 4159`. The device there is not stat's on every filesystem, so only
 * the inode is compared.
 */
export function lockedRecords(inode: number, locks: string): Set<number> {
  const line = /OFDLCK\s+\S+\s+WRITE\s+\S+\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s+(\d+)\s+\d+/g
  return new Set(
    [...locks.matchAll(line)]
      .filter(([, lockedInode]) => Number(lockedInode) === inode)
      .map(([, , start]) => (Number(start) - headerBytes) / recordBytes),
  )
}
