/** What `timeline` prints with --json. */
import { z } from 'zod'
import { journalKinds } from '../timeline/event.js'
import { count, seconds, text } from './shape-parts.js'

const tool = text.describe("the tool's name")
const file = text.describe('its file, relative to `directory` if it is below that; may be empty')
const at = seconds.describe('when it began, from the beginning of the build')
const cpuSeconds = seconds.optional().describe('processor time; absent if it is not known')
const memoryBytes = count.optional()

const costlyFile = z.strictObject({
  file: text.describe('the file; in brackets: probes, and tools that name no file'),
  tools: text.describe('the tools that had it'),
  runs: count.describe('how many runs'),
  ranSeconds: seconds.describe('how long they ran, all together'),
  longestSeconds: seconds.describe('how long the longest of them ran'),
  waitedSeconds: seconds.describe('how long they waited, all together'),
  cpuSeconds,
  memoryBytes: memoryBytes.describe('the most that one of them needed; absent if it is not known'),
})

const narrow = z.strictObject({
  at,
  seconds: seconds.describe('how long it took'),
  tool: text.optional().describe('the tool that ran longest in it; absent if none ran'),
  file: text.optional().describe('the file of that'),
  during: z
    .array(
      z.strictObject({
        command: text.describe('the command line'),
        seconds: seconds.describe('for how long nothing below it was such a program'),
      }),
    )
    .describe('programs that are no tools and ran in it, as configure does: at most three'),
})

const phase = z.strictObject({
  at,
  seconds: seconds.describe('how long it ran'),
  row: count.describe('the row that it is drawn in; what is below another one has a higher number'),
  command: text.describe('the command line'),
  directory: text.describe('its working directory'),
})

const likelyPath = z
  .strictObject({
    tools: count.describe('how many tools are on it'),
    toolSeconds: seconds.describe('how long they ran'),
    waitedSeconds: seconds.describe('how long it waited for a slot or a rule'),
    fullSeconds: seconds.describe('for how long all slots were in use, so that no tool is on it'),
    otherSeconds: seconds.describe('for how long no tool is on it, since something else ran'),
    longest: z
      .array(
        z.strictObject({
          kind: z.enum(['tool', 'waited', 'full', 'other']).describe('what it is, as above'),
          at,
          seconds: seconds.describe('how long it took'),
          tool: tool.optional().describe("the tool's name, of `tool` and `waited`"),
          file: file.optional().describe('the file of that'),
        }),
      )
      .describe('its longest steps, in the order of time: at most twenty'),
  })
  .optional()
  .describe(
    'the likely critical path; absent where there is one slot. Back from the end, each tool follows the one that ended last before it began. The journal does not tell which tool needs what another one made, so it is no more than likely',
  )

export const digest = {
  command: text.describe('what was run'),
  directory: text.describe('where'),
  limit: count.optional().describe('slots; absent if that is not known'),
  cores: count.optional().describe('of the machine; absent if that is not known'),
  failed: count.describe('runs that failed'),
  probesDenied: count.describe(
    'probes, as those of configure, to which the answer was no: they are no failures',
  ),
  slotsUsed: seconds.describe('slots in use, on average'),
  peak: count.describe('most slots in use at once'),
  narrowSeconds: seconds.describe('for how long one slot was in use, or none'),
  longestWait: z
    .strictObject({ tool, file, seconds: seconds.describe('how long it waited for a slot or a rule') })
    .optional()
    .describe('the run that waited longest; absent if none waited for a millisecond'),
  cpuSeconds,
  coresBusy: seconds.optional().describe('cores that the tools kept busy, on average; absent likewise'),
  memoryBytes: memoryBytes.describe(
    'the highest sum of the peaks of what ran at once; absent if it is not known',
  ),
  files: z.array(costlyFile).describe('the costliest files, at most twenty'),
  narrow: z.array(narrow).describe('the longest times in which one slot was in use, or none: at most five'),
  phases: z.array(phase).describe('programs that are no tools and ran for a while, as configure and make do'),
  likelyPath,
}

const changeOf = {
  beforeSeconds: seconds.describe('how long its runs took before'),
  nowSeconds: seconds.describe('how long they take now'),
  moreSeconds: z.number().describe('how much longer that is; less than 0: shorter'),
  beforeRuns: count.describe('how many there were before'),
  nowRuns: count.describe('how many there are now'),
}

const side = z.strictObject({
  journal: text.describe('the journal, as it was given'),
  build: count.describe('which of its builds, from 1 on'),
  builds: count.describe('how many it has'),
  command: text.describe('what was run'),
  tookSeconds: seconds.describe('how long the build took'),
  runs: count.describe('its tool runs'),
  limit: count.optional().describe('slots; absent if that is not known'),
  cores: count.optional().describe('of the machine; absent if that is not known'),
  slotsUsed: seconds.describe('slots in use, on average'),
  cpuSeconds,
})

const alone = z.strictObject({
  file: text.describe('the file'),
  seconds: seconds.describe('how long its runs took'),
  runs: count.describe('how many there were'),
})

export const comparison = {
  before: side.describe('the build of the first journal'),
  now: side.describe('the build of the second one'),
  moreSeconds: z.number().describe('how much longer the build took; less than 0: shorter'),
  kinds: z
    .array(z.strictObject({ kind: z.enum(journalKinds).describe('the kind of tool runs'), ...changeOf }))
    .describe('what lost most first'),
  files: z
    .array(z.strictObject({ file: text.describe('the file'), ...changeOf }))
    .describe('files of both builds, what lost most first'),
  onlyBefore: z.array(alone).describe('files of the first one alone, the costliest first'),
  onlyNow: z.array(alone).describe('files of the second one alone, the costliest first'),
}
