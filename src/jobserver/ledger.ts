/** The ledger as the TypeScript side sees it: made once, read at the end. Launchers write it in between. */
import {
  type BigIntStats,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs'
import {
  type Gate,
  gateNames,
  gates,
  headerOffsets,
  ledgerLayout,
  type RecordState,
  recordOffsets,
  recordStateNames,
  recordStates,
  type SlotKind,
  slotKindNames,
  slotKinds,
} from '../contract/ledger-layout.js'
import { lockedParts } from './locks.js'
import { type Owner, startTime, thisProcess } from './owner.js'

const { headerBytes, recordBytes, recordCount } = ledgerLayout
const ledgerBytes = headerBytes + recordCount * recordBytes

export type LedgerCounters = {
  runs: number // tool runs that took a slot of their own
  callerRuns: number // tool runs in the slot that their caller held
  waitedSeconds: number // of all, together
  longestWaitSeconds: number // of one run
  gatedSeconds: Readonly<Record<Gate, number>> // of these, those that rules kept runs waiting
  peak: number // most runs at once in slots of their own
  overdrafts: number
  reclaimed: number // tokens that launchers returned for a dead one
  restored: number // tokens lost with killed clients that the census put back
}

/** What tells a file from all others in its place, also from a later one that has its inode's number. */
export type FileIdentity = Pick<BigIntStats, 'ino' | 'birthtimeNs'>

const noFifo: FileIdentity = { ino: 0n, birthtimeNs: 0n }

/** Somebody who took a token and has not given it back. */
export type TokenHolder = Pick<LedgerRecord, 'tool' | 'pid' | 'alive'>

/**
 * Makes the ledger of a new pool beside its FIFO. Returns a descriptor to read it with. `journal`: its absolute path, shorter
 * than `journalBytes`; empty: none. `fifo`: tells the FIFO from others, for `isLedger`.
 */
export function createLedger(
  path: string,
  total: number,
  owner: Owner,
  { journal = '', fifo = noFifo }: { journal?: string | undefined; fifo?: FileIdentity } = {},
): number {
  const fd = openSync(path, 'wx+', 0o600)
  const header = Buffer.alloc(headerBytes)
  header.write(ledgerLayout.magic, headerOffsets.magic, 'latin1')
  header.writeUInt32LE(ledgerLayout.version, headerOffsets.version)
  header.writeUInt32LE(recordCount, headerOffsets.recordCount)
  header.writeInt32LE(total, headerOffsets.total)
  header.writeInt32LE(total, headerOffsets.wanted)
  header.writeBigUInt64LE(fifo.ino, headerOffsets.fifo)
  header.writeBigUInt64LE(fifo.birthtimeNs, headerOffsets.fifoBirth)
  header.writeUInt32LE(owner.pid, headerOffsets.ownerPid)
  header.writeBigUInt64LE(owner.start, headerOffsets.ownerStart)
  header.writeBigUInt64LE(owner.pidNamespace, headerOffsets.ownerPidNamespace)
  header.write(journal, headerOffsets.journal, ledgerLayout.journalBytes - 1)
  writeSync(fd, header, 0, headerBytes, 0)
  ftruncateSync(fd, ledgerBytes)
  return fd
}

/** Returns whether a file begins as a ledger, of any version; `fifo`: and names that FIFO. */
export function isLedger(fd: number, fifo?: FileIdentity): boolean {
  const header = Buffer.alloc(headerBytes)
  readSync(fd, header, 0, headerBytes, 0)
  const { magic } = ledgerLayout
  return (
    header.toString('latin1', headerOffsets.magic, headerOffsets.magic + magic.length) === magic &&
    (fifo === undefined ||
      (header.readBigUInt64LE(headerOffsets.fifo) === fifo.ino &&
        header.readBigUInt64LE(headerOffsets.fifoBirth) === fifo.birthtimeNs))
  )
}

/** Returns what launchers have counted so far. */
export function readCounters(fd: number): LedgerCounters {
  const header = Buffer.alloc(headerBytes)
  readSync(fd, header, 0, headerBytes, 0)
  return {
    runs: Number(header.readBigUInt64LE(headerOffsets.runs)),
    callerRuns: Number(header.readBigUInt64LE(headerOffsets.callerRuns)),
    waitedSeconds: Number(header.readBigUInt64LE(headerOffsets.waitedMicroseconds)) / 1e6,
    longestWaitSeconds: Number(header.readBigUInt64LE(headerOffsets.longestMicroseconds)) / 1e6,
    gatedSeconds: Object.fromEntries(
      gateNames.map(gate => [
        gate,
        Number(header.readBigUInt64LE(headerOffsets.gatedMicroseconds + 8 * (gates[gate] - 1))) / 1e6,
      ]),
    ) as Record<Gate, number>,
    peak: header.readUInt32LE(headerOffsets.peak),
    overdrafts: header.readUInt32LE(headerOffsets.overdrafts),
    reclaimed: header.readUInt32LE(headerOffsets.reclaimed),
    restored: header.readUInt32LE(headerOffsets.restored),
  }
}

/** Returns how often the census was taken, or how many tools run now in slots of their own. */
export function readCount(fd: number, counter: 'looks' | 'running'): number {
  const bytes = Buffer.alloc(4)
  readSync(fd, bytes, 0, 4, headerOffsets[counter])
  return bytes.readUInt32LE()
}

/** Tokens in the pool, and how many a server shall have there. */
type Size = 'total' | 'wanted'

/** Writes one of the pool's sizes, for those who look from outside. */
export function writeSize(fd: number, size: Size, tokens: number): void {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(tokens)
  writeSync(fd, bytes, 0, 4, headerOffsets[size])
}

/** Returns one of the pool's sizes, undefined where nobody told. Its group may have written anything there. */
export function readSize(fd: number, size: Size): number | undefined {
  const bytes = Buffer.alloc(4)
  const tokens = readSync(fd, bytes, 0, 4, headerOffsets[size]) === 4 ? bytes.readInt32LE() : -1
  return tokens >= 0 && tokens <= ledgerLayout.poolMax ? tokens : undefined
}

/** Returns whose the pool is: the `jobshim run` or `serve` that made the ledger; undefined where nobody told. */
export function readOwner(fd: number): Owner | undefined {
  const header = Buffer.alloc(headerBytes)
  readSync(fd, header, 0, headerBytes, 0)
  const owner = {
    pid: header.readUInt32LE(headerOffsets.ownerPid),
    start: header.readBigUInt64LE(headerOffsets.ownerStart),
    pidNamespace: header.readBigUInt64LE(headerOffsets.ownerPidNamespace),
  }
  return owner.start === 0n ? undefined : owner
}

/** What a launcher does, by its record; `alive` while the record is locked, or the tool runs that it became. */
export type LedgerRecord = {
  record: number // its place in the ledger
  tool: string
  pid: number // in the launcher's own PID namespace
  state: RecordState
  slot: SlotKind
  sinceNs: bigint // CLOCK_MONOTONIC, when it came into this state
  hasToken: boolean
  alive: boolean
}

const statesByNumber = new Map<number, RecordState>(recordStateNames.map(name => [recordStates[name], name]))
const slotsByNumber = new Map<number, SlotKind>(slotKindNames.map(name => [slotKinds[name], name]))

/** Returns the records that are in use. */
export function readRecords(fd: number): LedgerRecord[] {
  const table = Buffer.alloc(recordCount * recordBytes)
  readSync(fd, table, 0, table.length, headerBytes)
  const locked = lockedRecords(fstatSync(fd).ino, readFileSync('/proc/locks', 'utf8'))
  const { pidNamespace } = thisProcess()
  return Array.from({ length: recordCount }, (_, index) => index).flatMap(index => {
    const record = table.subarray(index * recordBytes, (index + 1) * recordBytes)
    const state = statesByNumber.get(record[recordOffsets.state] ?? 0)
    if (state === undefined) return []
    const tool = record.toString('latin1', recordOffsets.tool, recordOffsets.tool + ledgerLayout.toolBytes)
    return [
      {
        record: index,
        tool: tool.replace(/\0.*$/s, ''),
        pid: record.readUInt32LE(recordOffsets.pid),
        state,
        slot: slotsByNumber.get(record[recordOffsets.kind] ?? 0) ?? 'none',
        sinceNs: record.readBigUInt64LE(recordOffsets.since),
        hasToken: holdsToken(record),
        alive: state === 'tool' ? isTool(record, pidNamespace) : locked.has(index),
      },
    ]
  })
}

// Most likely: the launcher looks closer, at when the process was started.
const isTool = (record: Buffer, pidNamespace: bigint): boolean =>
  record.readUInt32LE(recordOffsets.pidNamespace) === Number(pidNamespace) &&
  startTime(record.readUInt32LE(recordOffsets.pid)) !== undefined

/** Returns who has a token by the ledger; a holder is alive while its record is locked. */
export const readTokenHolders = (fd: number): TokenHolder[] =>
  readRecords(fd).filter(({ hasToken }) => hasToken)

// As the launcher has it: the kernel stores the byte while the state is still `acquiring`.
function holdsToken(record: Buffer): boolean {
  const state = record[recordOffsets.state]
  return (
    record[recordOffsets.kind] === slotKinds.token &&
    (state === recordStates.held || (state === recordStates.acquiring && record[recordOffsets.token] !== 0))
  )
}

/** Returns the records that are locked by a living launcher, out of /proc/locks. */
export const lockedRecords = (inode: number, locks: string): Set<number> =>
  new Set(
    lockedParts(inode, locks).flatMap(({ from, to }) => {
      const first = Math.max(0, Math.ceil((from - headerBytes) / recordBytes))
      const end = (Math.min(to + 1, ledgerBytes) - headerBytes) / recordBytes
      return Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index)
    }),
  )
