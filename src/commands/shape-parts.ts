/** What the shapes of `shapes.ts` are made of. */
import { z } from 'zod'
import { costKinds } from '../contract/costs-layout.js'
import { gateNames, recordStateNames, slotKindNames } from '../contract/ledger-layout.js'
import { buildKinds } from '../contract/look-commands.js'
import { shapeVersion } from '../ground/json.js'

export const version = z.literal(shapeVersion).describe('the version of this shape')
export const text = z.string()
export const names = z.array(text)
export const count = z.int().nonnegative()
export const seconds = z.number().nonnegative()
export const dir = text.describe('the path of the shim dir')

export const installReport = {
  dir,
  added: names.describe('names of shims that are new'),
  removed: names.describe('names of shims that were no longer wanted'),
  kept: names.describe('names of shims that were there'),
  leftAlone: names.describe('names once ours that files of yours have now'),
  changed: z.boolean().describe('`false`: all was as wanted'),
}

export const portageReport = {
  root: text.describe('the path of the system'),
  changed: z.boolean().describe('`false`: all was as wanted'),
  packages: names.describe('the packages that are opted in'),
  sandboxed: names.describe('those of them whose phases run in a sandbox'),
  wrote: names.describe('paths of files that were written'),
  removed: names.describe('paths that were removed'),
}

export const counters = {
  runs: count.describe('tool runs that took a slot of their own'),
  callerRuns: count.describe('tool runs in the slot that their caller held'),
  waitedSeconds: seconds.describe('how long they waited, in all'),
  longestWaitSeconds: seconds.describe('how long the one that waited longest waited'),
  gatedSeconds: z
    .strictObject(Object.fromEntries(gateNames.map(gate => [gate, seconds.describe('kept by this gate')])))
    .describe('of these, those that rules kept runs waiting'),
  peak: count.describe('most runs at once in slots of their own'),
  overdrafts: count.describe('runs without a slot, after `patience`'),
  reclaimed: count.describe('tokens that launchers returned for a killed one'),
  restored: count.describe('tokens lost with killed clients that were put back'),
}

const kindCosts = z.strictObject({
  kind: z.enum(costKinds).describe('what the arguments tell'),
  runs: count.describe('how many there were'),
  medianKiB: count.describe('KiB of memory that half of them needed at most'),
  p95KiB: count.describe('KiB that 95 of 100 needed at most'),
  mostKiB: count.describe('KiB that all needed at most'),
})

const tool = text.describe("the tool's name")

export const toolCosts = z.discriminatedUnion('state', [
  z.strictObject({
    tool,
    state: z.literal('counted').describe('whether its file could be read'),
    kinds: z.array(kindCosts).describe('by kind of run'),
  }),
  z.strictObject({
    tool,
    state: z.literal('unreadable').describe('whether its file could be read'),
    why: text.describe('why it is unreadable'),
  }),
])

export const listedShim = z.strictObject({
  name: text.describe('of the link'),
  tool: text.nullable().describe('the path of the real tool; `null`: not on PATH now'),
  family: text.nullable().describe('its family; `null`: a tool that was asked for by its name'),
})

const clientTool = {
  tool,
  pid: count.describe('its number in /proc'),
  seconds: seconds.describe('since it was started'),
  command: text.describe("the command line; empty where it can't be seen"),
}

const client = z.strictObject({
  ...clientTool,
  slots: count.describe('that it uses: one for each process that it has started, and never none'),
  tools: z.array(z.strictObject(clientTool)).describe('that it has started and that have no launcher'),
})

export const build = z.strictObject({
  kind: z
    .enum(Object.keys(buildKinds) as (keyof typeof buildKinds)[])
    .describe(
      'what names it: JOBSHIM_JOB, the topmost client, a session; `unknown`: not to be seen, such as what another user runs',
    ),
  name: text.describe("JOBSHIM_JOB's; else the program and its directory"),
  pid: count.optional().describe('of the client, or of the session; absent for another kind'),
  slots: count.describe('that its tools have'),
  waiting: count.describe('launchers that wait for a slot'),
  longestWaitSeconds: seconds.describe('of those that wait now'),
  clients: z.array(client).describe('make and the like: what takes slots for what it starts'),
})

export const row = z.strictObject({
  tool,
  pid: count.describe("in the launcher's own PID namespace"),
  build: count.optional().describe('which of `builds`, from 0 on; absent for one that was killed'),
  client: count
    .optional()
    .describe('the pid of the client whose slot it is, if it has started that, or pays for it'),
  state: z.enum(recordStateNames).describe("`gated`: kept by a rule; `tool`: in its caller's slot"),
  slot: z.enum(slotKindNames).describe('what it holds'),
  alive: z.boolean().describe('`false`: was killed, its token goes back soon'),
  seconds: seconds.describe('in this state'),
  command: text.describe("the command line; empty where it can't be seen"),
  low: z
    .literal(true)
    .optional()
    .describe('its environment asks for low priority; what a rule says is not told'),
})

const name = text.describe('of the row')
const told = text.describe('what was found')
const fix = text.describe('what to do')
const advice = text.describe('a name of this advice, whatever its words')
const command = text.describe('what a shell runs to do it, if that is all there is to do')

export const check = z.discriminatedUnion('state', [
  z.strictObject({ name, state: z.literal('ok').describe('as the table shows it'), text: told }),
  z.strictObject({
    name,
    state: z.literal('note').describe('as the table shows it'),
    text: told,
    fix: fix.optional(),
    advice: advice.optional(),
    command: command.optional(),
  }),
  z.strictObject({
    name,
    state: z.literal('broken').describe('as the table shows it'),
    text: told,
    fix,
    advice,
    command: command.optional(),
  }),
])

export const coverage = z
  .number()
  .min(0)
  .max(1)
  .optional()
  .describe('governed tool seconds by all tool seconds; absent where no tool was seen')

export const past = z
  .array(
    z.strictObject({
      tool: text.describe("the tool's path"),
      caller: text.describe('who started it'),
      why: text.describe('how it came past the shims'),
      file: text
        .optional()
        .describe('the path of the file that names the tool by its path, where one was found'),
      fix: text.describe('what to do'),
      runs: count.describe('how many of them were seen'),
      seconds: seconds.describe('how long they ran, in all'),
    }),
  )
  .describe('tools that went past the shims, all that were alike together')

export const dismissed = count
  .optional()
  .describe(
    'tools that still waited for a slot when the build was interrupted, and were ended; absent where it was not interrupted',
  )

export const unknown = z
  .strictObject({
    count: count.describe('how many'),
    first: text.describe('by which name the first one was called; empty where that is not known'),
  })
  .optional()
  .describe(
    'programs in the sandbox that could not be looked at, and had no slot if they are tools; absent where there were none',
  )

export const slowRun = z.strictObject({
  tool,
  file: text.describe('the source file, else the output; may be empty'),
  seconds: seconds.describe('how long it ran'),
})

/** What is absent where the build had no pool of its own. */
export const settlement = {
  ...counters,
  total: count.describe('tokens in the pool: one less than the jobs'),
  back: count.describe('tokens that came back'),
  missing: names.describe('who still has one: tool and pid'),
  removed: text.describe(
    'the path of what somebody removed of the pool while the build ran; absent where nobody did',
  ),
  jobs: z.int().positive().describe('slots of the pool'),
}
