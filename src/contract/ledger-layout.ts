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
  rulesFileMax: 32768, // .jobshim/rules likewise
  tokensMax: 64, // job slots that one run may ask for
  /*
   * So many tokens a FIFO holds however often they come and go: fifteen full pages and a byte, since a byte is put behind the last
   * one of its page only, and a page is free once it is empty (the kernel's pipe(7) has sixteen). What says more is no size.
   */
  poolMax: 15 * 4096 + 1,
  journalBytes: 1024, // the path of the run's journal in the header, ended by a NUL
  callerCount: 192, // processes that have started a launcher last
  hopLimit: 20,
  defaultPatience: 30, // seconds
} as const

/** Offsets into the header. The counters are advanced by launchers with atomic adds. */
export const headerOffsets = {
  magic: 0, // 8 bytes
  version: 8, // u32
  recordCount: 12, // u32
  total: 16, // i32: tokens in the pool, -1 where nobody told
  ownerPid: 20, // u32: the `jobshim run` that made the pool, 0 = none
  ownerStart: 24, // u64: its or the server's start time, clock ticks since boot; 0 = not known
  ownerPidNamespace: 32, // u64: inode of its PID namespace
  wanted: 40, // i32: tokens that a server shall have in the pool, which it looks at now and then; written to resize it
  fifo: 48, // u64: inode of the FIFO that a server has made with it; 0 = not known
  fifoBirth: 56, // u64: when that was made, nanoseconds since 1970; 0 = its file system does not tell
  runs: 64, // u64: tool runs that took a slot of their own
  callerRuns: 72, // u64: tool runs in the slot that their caller held
  waitedMicroseconds: 80, // u64
  running: 88, // u32: tools running now in slots of their own
  peak: 92, // u32: most of them at once
  overdrafts: 96, // u32: runs without a slot, after `patience`
  reclaimed: 100, // u32: tokens returned for a dead owner
  progress: 104, // u64: CLOCK_MONOTONIC nanoseconds when a launcher last took a slot
  reclaimedAt: 112, // u64: CLOCK_MONOTONIC nanoseconds when the records were last searched for dead owners
  restored: 120, // u32: tokens lost with killed clients that the census put back
  looks: 124, // u32: times that the census was taken
  used: 128, // u32: records in use when they were last searched
  callersNoted: 132, // u32: ... how many were noted in it
  unlimited: 136, // u64: hash of the cgroups in which a launcher found no limit of memory ...
  unlimitedAt: 144, // u64: ... and when, CLOCK_MONOTONIC nanoseconds
  callerStart: 152, // u64: who started the last run with rules, by its start time (clock ticks since boot) ...
  callerPid: 160, // u32: ... and its pid; what a run of its found out holds for the next ones:
  callerPidNamespace: 164, // u32: the inode of the PID namespace; 0 = not known
  callerUnlimitedAt: 168, // u64: when there was no limit of memory, CLOCK_MONOTONIC nanoseconds; 0 = not known
  gatedMicroseconds: 176, // u64 for each of `gates`: waited at it; part of waitedMicroseconds
  overdraftJob: 224, // u64: the job of the last run without a slot, by its key ...
  overdraftAt: 232, // u64: ... and when it began, CLOCK_MONOTONIC nanoseconds
  callers: 256, // callerCount x u32: who has started a launcher, or became one, by pid: a ring, and ...
  journal: 1024, // journalBytes: the journal of the `jobshim run` that made the pool; empty: it has none
  asking: 2048, // 1024 x u16: records + 1 of the runs that a rule asks something of; 0 = free
} as const

/** Offsets into a record. */
export const recordOffsets = {
  state: 0, // u8, recordStates
  kind: 1, // u8, slotKinds
  token: 2, // u8: the byte to give back
  counted: 3, // u8: 1 while this record counts in header.running
  pid: 4, // u32
  promise: 8, // u32: KiB of memory
  limit: 12, // u32: the rule that limits such runs
  since: 16, // u64: CLOCK_MONOTONIC nanoseconds when the wait or the slot began
  job: 24, // u64: the job's key
  tool: 32, // toolBytes, NUL-padded
  gate: 56, // u8, gates: what a gated run waits for
  slots: 57, // u8: how many the run takes, where a rule asks for more than one
  gathers: 58, // u8: 1 while it has not all of them yet
  asks: 59, // u8, asks
  pidNamespace: 60, // u32: of a tool that its launcher became, the inode of its PID namespace
} as const

/** What rules have to do with a record. */
export const asks = {
  nothing: 0,
  something: 1, // of its run
  further: 2, // it stands for a further slot of a run that has another record
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

export const slotKinds = {
  none: 0,
  token: 1,
  implicit: 2,
  overdraft: 3,
} as const
