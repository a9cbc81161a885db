/**
 * The ledger: a fixed header page, then fixed records. Byte offsets, native byte order: a ledger never
 * leaves the machine it was made on. The launcher's view of it is generated into `shims/contract.h`.
 */
export const ledgerLayout = {
  magic: 'JOBSHIM\0',
  version: 3,
  headerBytes: 4096,
  recordBytes: 64,
  recordCount: 4096,
  toolBytes: 24,
  toolFileMax: 1024, // .jobshim/tools/NAME is read into a buffer of this size
  wantedFileMax: 4096, // .jobshim/wanted likewise ...
  wantedFileHead: 'version=1\n', // ... and it begins so
  rulesFileMax: 32768, // .jobshim/rules likewise
  tokensMax: 64, // job slots that one run may ask for
  /*
   * So many tokens a FIFO holds however often they come and go: fifteen full pages and a byte, since a byte is put behind the last
   * one of its page only, and a page is free once it is empty (the kernel's pipe(7) has sixteen). What says more is no size.
   */
  poolMax: 15 * 4096 + 1,
  journalBytes: 1024, // the path of the run's journal in the header, ended by a NUL
  shellNotes: 32, // shellNoteFields: of rows of shells ...
  shellNoteBytes: 24,
  shellNotesAt: 1280, // ... in the header, behind the journal's path; one of 256 bytes or more leaves no room for them
  callerCount: 192, // processes that have started a launcher last
  rotaBuilds: 3, // so many builds have room for what is noted of their jobs' turns
  hopLimit: 20,
  defaultPatience: 30, // seconds
  lowWait: 50, // seconds, after which a run of low priority counts as any other: less than a minute, with time for its turn to come
} as const

/** A field of the ledger: where it begins, its C type, and of how many of those it is, if more than one. */
export type LedgerField = {
  at: number
  type: 'char' | 'u8' | 'u16' | 'u32' | 'i32' | 'u64'
  count?: number
}

type Fields = Readonly<Record<string, LedgerField>>

const offsetsOf = <Table extends Fields>(fields: Table): Readonly<Record<keyof Table, number>> =>
  Object.fromEntries(Object.entries(fields).map(([name, { at }]) => [name, at])) as Record<
    keyof Table,
    number
  >

/** The header's fields. The counters are advanced by launchers with atomic adds. */
export const headerFields = {
  magic: { at: 0, type: 'char', count: 8 },
  version: { at: 8, type: 'u32' },
  recordCount: { at: 12, type: 'u32' },
  total: { at: 16, type: 'i32' }, // tokens in the pool, -1 if nobody told, or it changes at this moment
  ownerPid: { at: 20, type: 'u32' }, // the `jobshim run` that made the pool, 0 = none
  ownerStart: { at: 24, type: 'u64' }, // its or the server's start time, clock ticks since boot; 0 = not known
  ownerPidNamespace: { at: 32, type: 'u64' }, // inode of its PID namespace
  wanted: { at: 40, type: 'i32' }, // tokens that a server shall have in the pool, which it looks at now and then; written to resize it. Of a run: that it has at most
  supervised: { at: 44, type: 'u32' }, // 1: the supervisor of a sandbox has taken slots here, or does so
  fifo: { at: 48, type: 'u64' }, // inode of the FIFO that a server has made with it; 0 = not known
  fifoBirth: { at: 56, type: 'u64' }, // when that was made, nanoseconds since 1970; 0 = its file system does not tell
  runs: { at: 64, type: 'u64' }, // tool runs that took a slot of their own
  callerRuns: { at: 72, type: 'u64' }, // tool runs in the slot that their caller held
  waitedMicroseconds: { at: 80, type: 'u64' },
  running: { at: 88, type: 'u32' }, // tools running now in slots of their own
  peak: { at: 92, type: 'u32' }, // most of them at once
  overdrafts: { at: 96, type: 'u32' }, // runs without a slot, after `patience`
  reclaimed: { at: 100, type: 'u32' }, // tokens returned for a dead owner
  progress: { at: 104, type: 'u64' }, // CLOCK_MONOTONIC nanoseconds when a launcher last took a slot
  reclaimedAt: { at: 112, type: 'u64' }, // CLOCK_MONOTONIC nanoseconds when the records were last searched for dead owners
  restored: { at: 120, type: 'u32' }, // tokens lost with killed clients that the census put back
  looks: { at: 124, type: 'u32' }, // times that the census was taken
  used: { at: 128, type: 'u32' }, // records in use when they were last searched
  callersNoted: { at: 132, type: 'u32' }, // how many were noted in `callers`
  unlimited: { at: 136, type: 'u64' }, // hash of the cgroups in which a launcher found no limit of memory ...
  unlimitedAt: { at: 144, type: 'u64' }, // ... and when, CLOCK_MONOTONIC nanoseconds
  callerStart: { at: 152, type: 'u64' }, // who started the last run with rules, by its start time (clock ticks since boot) ...
  callerPid: { at: 160, type: 'u32' }, // ... and its pid; what a run of its found out holds for the next ones:
  callerPidNamespace: { at: 164, type: 'u32' }, // the inode of the PID namespace; 0 = not known
  callerUnlimitedAt: { at: 168, type: 'u64' }, // when there was no limit of memory, CLOCK_MONOTONIC nanoseconds; 0 = not known
  longestMicroseconds: { at: 176, type: 'u64' }, // the longest wait of one run
  gatedMicroseconds: { at: 184, type: 'u64', count: 5 }, // for each of `gates` but none: waited at it; part of waitedMicroseconds
  overdraftJob: { at: 224, type: 'u64' }, // the job of the last run without a slot, by its key ...
  overdraftAt: { at: 232, type: 'u64' }, // ... and when it began, CLOCK_MONOTONIC nanoseconds
  servedBuild: { at: 240, type: 'u16' }, // the build, + 1, of the waiter that took a token last (shims/wait/rota.h)
  absentBuild: { at: 242, type: 'u16' }, // the build, + 1, that did not use its turn last; 65,535: several of them ...
  absentBuildAt: { at: 244, type: 'u16' }, // ... and when, in 64 ms, never 0
  absentJobAt: { at: 246, type: 'u16' }, // the same of a job; 0: none
  servedJob: { at: 248, type: 'u8', count: ledgerLayout.rotaBuilds }, // as servedBuild of its job, for some builds at a time ...
  passedJob: { at: 251, type: 'u8', count: ledgerLayout.rotaBuilds }, // ... and the job to which a turn was passed last
  mixedBuilds: { at: 254, type: 'u8' }, // 1: waiters of several builds may be there ...
  mixedJobs: { at: 255, type: 'u8' }, // ... or of several jobs of one build
  callers: { at: 256, type: 'u32', count: ledgerLayout.callerCount }, // who has started a launcher, or became one, by pid: a ring
  journal: { at: 1024, type: 'char', count: ledgerLayout.journalBytes }, // of the `jobshim run` that made the pool; empty: it has none
  contenders: { at: 2048, type: 'u16', count: 1024 }, // records + 1 of the runs that a rule limits; 0 = free
} as const satisfies Fields

export const headerOffsets = offsetsOf(headerFields)

/** A record's fields. */
export const recordFields = {
  state: { at: 0, type: 'u8' }, // recordStates
  kind: { at: 1, type: 'u8' }, // slotKinds
  token: { at: 2, type: 'u8' }, // the byte to give back
  counted: { at: 3, type: 'u8' }, // recordCounts
  pid: { at: 4, type: 'u32' },
  promise: { at: 8, type: 'u32' }, // KiB of memory
  limit: { at: 12, type: 'u32' }, // the rule that limits such runs
  since: { at: 16, type: 'u64' }, // CLOCK_MONOTONIC nanoseconds when the wait or the slot began
  job: { at: 24, type: 'u64' }, // the job's key
  tool: { at: 32, type: 'char', count: ledgerLayout.toolBytes }, // NUL-padded
  gate: { at: 56, type: 'u8' }, // gates: what a gated run waits for
  slots: { at: 57, type: 'u8' }, // how many the run takes, if a rule says more than one
  gathers: { at: 58, type: 'u8' }, // 1 while it has not all of them yet
  role: { at: 59, type: 'u8' }, // recordRoles
  pidNamespace: { at: 60, type: 'u32' }, // if pid is the tool's own (its launcher became it, or a supervisor has the record), the inode of its PID namespace; else 0
} as const satisfies Fields

export const recordOffsets = offsetsOf(recordFields)

/** Where a row of shells on a chain of ancestors ends (shims/wait/shells.h). Older launchers take these bytes for unused ones. */
export const shellNoteFields = {
  check: { at: 0, type: 'u64' }, // a hash of the rest, and of the shell that it is about
  top: { at: 8, type: 'u32' }, // the last one of the row, by its pid ...
  since: { at: 12, type: 'u32' }, // when that was seen, CLOCK_MONOTONIC milliseconds
  topStart: { at: 16, type: 'u64' }, // ... and its start time
} as const satisfies Fields

/** What a record is to the rules. */
export const recordRoles = {
  run: 0, // of a run that no rule limits
  contender: 1, // of a run that a rule limits
  further: 2, // of a further slot of a run that has another record
} as const

/** How a record counts in `running` of the header. */
export const recordCounts = {
  none: 0,
  run: 1, // of all records that have one job's implicit slot, one alone is of a run
  claimed: 2, // it has a token that its job's client holds for it, beside such a run
} as const

/** What a rule lets a run wait for. */
export const gates = {
  none: 0,
  limit: 1,
  load: 2,
  pressure: 3,
  tokens: 4, // another run gathers slots
  memory: 5,
} as const

export type Gate = Exclude<keyof typeof gates, 'none'>

export const gateNames = Object.keys(gates).filter(name => name !== 'none') as Gate[]

/** What a record's owner is doing. The record's OFD lock tells whether the owner lives, but of a tool. */
export const recordStates = {
  free: 0,
  waiting: 1, // for a slot
  acquiring: 2, // about to read a token; the kernel stores the byte into the record
  held: 3,
  releasing: 4, // about to write the token back; counts as written
  gated: 5, // a rule does not let it look for a slot yet
  tool: 6, // in its caller's slot the launcher became the tool, which has no lock: its pid tells
} as const

/** A state of a record that is in use. */
export type RecordState = Exclude<keyof typeof recordStates, 'free'>

export const recordStateNames = Object.keys(recordStates).filter(name => name !== 'free') as RecordState[]

export const slotKinds = {
  none: 0,
  token: 1,
  implicit: 2,
  overdraft: 3,
} as const

export type SlotKind = keyof typeof slotKinds

export const slotKindNames = Object.keys(slotKinds) as SlotKind[]
