/**
 * A journal: a text file in which each tool run, and each `jobshim run`, appends what it was, one JSON object a line. The
 * tool runs' lines are written by launchers and by the supervisor of a sandbox (shims/journal/journal.c). docs/json.md has the shapes for other programs.
 */
import { z } from 'zod'
import { journalLayout } from '../contract/journal-layout.js'
import { gates, ledgerLayout } from '../contract/ledger-layout.js'

/** Of all lines; another number is another shape. */
export const journalVersion = journalLayout.version

/** How every line starts. In a JSON text it can stand nowhere else: there its quotes would be escaped. */
export const journalMark = '{"jobshim":'

/** More than any build has. Whoever writes more is not us: the line is passed over, and nothing is reckoned with such numbers. */
const most = {
  instant: 9e9, // the year 2255: until then a number tells microseconds
  seconds: 1e9,
  pid: 2 ** 22, // the kernel's bound
  status: 255,
  signal: 127,
  count: 2 ** 16, // jobs: more than a FIFO holds; processors
  bytes: 2 ** 53,
  runs: 2 ** 32,
} as const

const seconds = z.number().nonnegative().max(most.seconds)
const instant = z.number().nonnegative().max(most.instant) // seconds since 1970, to the microsecond
const version = z.literal(journalVersion).describe('the version of this shape')
const pid = z.int().positive().max(most.pid)
const count = z.int().positive().max(most.count)

/** How a process ended: with a status, or of a signal. */
const ending = {
  exit: z.int().nonnegative().max(most.status).optional().describe('its exit status'),
  signal: z.int().positive().max(most.signal).optional().describe('the number of the signal that it died of'),
}

/** Whose slot a tool ran in. */
export const journalSlots = ['caller', 'implicit', 'token', 'overdraft'] as const

/** `client`: make, ninja, cargo, which pay for a slot, and whose children are runs of their own in it. */
export const journalKinds = ['compile', 'link', 'preprocess', 'other', 'client'] as const

/** One tool run, written at its end: by its launcher, in a sandbox by the supervisor, who may not see how it ended. */
export const toolEvent = z.object({
  jobshim: version,
  pid: pid.describe("the launcher's; below `run --sandbox` the tool's"),
  event: z.literal('tool').describe('what the line is about'),
  at: instant.describe('when the tool was started, in its slot; seconds since 1970'),
  tool: z.string().describe('the name whose settings and rules hold: `gcc`'),
  path: z.string().describe('what was run: `/usr/bin/gcc`'),
  kind: z.enum(journalKinds).describe('what the arguments tell; `client`: make, ninja, cargo and the like'),
  file: z
    .string()
    .describe(
      "the source file, else the output; empty where the arguments don't tell. May be cut at its end",
    ),
  directory: z.string().describe('the working directory'),
  job: z.string().describe('names the job: equal for all runs that share an implicit slot'),
  slot: z.enum(journalSlots).describe("whose slot it ran in; `caller`: the caller's, `overdraft`: none"),
  slots: z
    .int()
    .positive()
    .max(ledgerLayout.tokensMax)
    .describe('how many; more than one where a rule asks for it'),
  waitedSeconds: seconds.describe('before `at`, for a gate and then a slot'),
  gatedSeconds: seconds.describe('of these, those for a gate'),
  gate: z
    .enum(Object.keys(gates) as [keyof typeof gates, ...(keyof typeof gates)[]])
    .describe('the last gate that was closed'),
  ranSeconds: seconds.describe('from `at` to its end'),
  userSeconds: seconds
    .optional()
    .describe('processor time outside of the kernel; below `run --sandbox` it may not be known'),
  systemSeconds: seconds.optional().describe('processor time in the kernel; likewise'),
  memoryBytes: z
    .number()
    .nonnegative()
    .max(most.bytes)
    .optional()
    .describe('resident at its peak, of the largest process; not known below `run --sandbox`'),
  ...ending,
})

/** The start of a `jobshim run`. */
export const startEvent = z.object({
  jobshim: version,
  pid: pid.describe("that of `jobshim run`, as in the run's other lines"),
  event: z.literal('start').describe('what the line is about'),
  at: instant.describe('seconds since 1970'),
  version: z.string().describe("jobshim's"),
  jobs: count.optional().describe("the limit; absent where it joined somebody else's jobserver"),
  cores: count.describe('of this machine'),
  command: z.array(z.string()).describe('what it runs, word by word'),
  directory: z.string().describe('the working directory'),
})

/** A program that was no tool and ran for a while, as configure and make do; at the end of a `jobshim run`. */
export const phaseEvent = z.object({
  jobshim: version,
  pid: pid.describe('that of `jobshim run`'),
  event: z.literal('phase').describe('what the line is about'),
  at: instant.describe('when the program was started; seconds since 1970'),
  depth: z
    .int()
    .nonnegative()
    .max(most.count)
    .describe('how many processes are between it and `jobshim run`'),
  command: z.string().describe('its command line. May be cut at its end'),
  directory: z.string().describe('the working directory; empty if it could not be seen'),
  ranSeconds: seconds.describe('from `at` to its end, which may be told up to 0.2 s too late'),
})

/** Tools that went past the shims, all that were alike; at the end of a `jobshim run`. */
export const bypassEvent = z.object({
  jobshim: version,
  pid: pid.describe('that of `jobshim run`'),
  event: z.literal('past').describe('what the line is about'),
  at: instant.describe('seconds since 1970'),
  tool: z.string().describe("the tool's path"),
  caller: z.string().describe('who started it: `cmake`'),
  why: z.string().describe('how it came past the shims'),
  file: z.string().optional().describe('the file that names the tool by its path, where one was found'),
  fix: z.string().optional().describe('what to do'),
  runs: z.int().nonnegative().max(most.runs).describe('how many of them were seen'),
  seconds: seconds.describe('how long they ran, in all'),
})

/** The end of a `jobshim run`. */
export const endEvent = z.object({
  jobshim: version,
  pid: pid.describe('that of `jobshim run`'),
  event: z.literal('end').describe('what the line is about'),
  at: instant.describe('seconds since 1970'),
  ...ending,
  coverage: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('governed tool seconds by all tool seconds; absent where none was seen'),
})

export const journalEvent = z.discriminatedUnion('event', [
  toolEvent,
  startEvent,
  phaseEvent,
  bypassEvent,
  endEvent,
])

export type ToolEvent = z.infer<typeof toolEvent>
export type StartEvent = z.infer<typeof startEvent>
export type PhaseEvent = z.infer<typeof phaseEvent>
export type BypassEvent = z.infer<typeof bypassEvent>
export type EndEvent = z.infer<typeof endEvent>
export type JournalEvent = z.infer<typeof journalEvent>
