/**
 * THE table of what commands print with --json. docs/json.md comes from it, and tests hold each command's output against
 * it. The commands don't load it: they need no zod.
 */
import { z } from 'zod'
import { settingRows } from '../config/options.js'
import { fileChanges, shimsChanges } from '../setup/plan.js'
import { bypassEvent, endEvent, phaseEvent, startEvent, toolEvent } from '../timeline/event.js'
import {
  build,
  check,
  count,
  counters,
  coverage,
  dir,
  dismissed,
  installReport,
  listedShim,
  names,
  past,
  portageReport,
  row,
  seconds,
  settlement,
  slowRun,
  text,
  toolCosts,
  unknown,
  version,
} from './shape-parts.js'
import { comparison, digest } from './timeline-shapes.js'

export type ShapeRow = {
  commands: readonly string[] // their names
  words: string // what is called, for people
  text: string // when and where it is printed
  schema: z.ZodObject
}

export const shapeRows: readonly ShapeRow[] = [
  {
    commands: ['doctor'],
    words: 'jobshim doctor --json',
    text: 'The checks, in the order of the table. With CMD the last line on stdout, behind what CMD has printed.',
    schema: z.strictObject({
      jobshim: version,
      checks: z.array(check).describe('one or more for each row of the table'),
      fixed: z
        .array(
          z.strictObject({ name: text.describe('of the row'), text: text.describe('what was found before') }),
        )
        .optional()
        .describe('with --fix: what it has mended'),
    }),
  },
  {
    commands: ['env'],
    words: 'jobshim env --json',
    text: 'The variables, for any shell.',
    schema: z.strictObject({
      jobshim: version,
      dir,
      variables: z.record(text, text).describe('value by name'),
    }),
  },
  {
    commands: ['env'],
    words: 'jobshim env --unset --json',
    text: 'What takes them back.',
    schema: z.strictObject({
      jobshim: version,
      dir,
      variables: z.record(text, text).describe('value by name, of those that change'),
      unset: names.describe('names of variables that are to be unset'),
    }),
  },
  {
    commands: ['install'],
    words: 'jobshim install --json',
    text: 'What was done.',
    schema: z.strictObject({ jobshim: version, ...installReport }),
  },
  {
    commands: ['config'],
    words: 'jobshim config --json',
    text: 'The settings.',
    schema: z.strictObject({
      jobshim: version,
      configFile: text.optional().describe('the path of the nearest config, if there is one'),
      settings: z
        .array(
          z.strictObject({
            key: z.enum(settingRows.map(({ key }) => key)).describe('its key in a config'),
            value: text
              .optional()
              .describe(
                'in JSON if it is no text; absent if nobody says one, and the default is no single value',
              ),
            text: text.describe('its default, for people'),
            from: z.enum(['flag', 'environment', 'file', 'default']).describe('what says the value'),
            name: text.optional().describe('the flag or the variable that says it'),
            path: text.optional().describe('the config that says it'),
          }),
        )
        .describe('all of them, sorted by key'),
    }),
  },
  {
    commands: ['list'],
    words: 'jobshim list --json',
    text: 'The shims.',
    schema: z.strictObject({
      jobshim: version,
      dir,
      shims: z.array(listedShim).describe('sorted by name'),
      ccacheBefore: text
        .optional()
        .describe("the directory of ccache's links that stands before the shims on PATH, where one does"),
    }),
  },
  {
    commands: ['list'],
    words: 'jobshim list --costs --json',
    text: 'What memory the runs of each tool needed.',
    schema: z.strictObject({ jobshim: version, dir, costs: z.array(toolCosts).describe('sorted by name') }),
  },
  {
    commands: ['portage install'],
    words: 'jobshim portage install --json',
    text: 'What was done.',
    schema: z.strictObject({
      jobshim: version,
      ...portageReport,
      shims: z.strictObject(installReport).describe("as `jobshim install` has it, for Portage's shim dir"),
    }),
  },
  {
    commands: ['portage disable', 'portage enable', 'portage uninstall'],
    words:
      'jobshim portage enable --json CAT/PKG, jobshim portage disable --json CAT/PKG, jobshim portage uninstall --json',
    text: 'What was done, for all packages together.',
    schema: z.strictObject({ jobshim: version, ...portageReport }),
  },
  {
    commands: ['portage list'],
    words: 'jobshim portage list --json',
    text: 'The packages.',
    schema: z.strictObject({
      jobshim: version,
      root: portageReport.root,
      installed: z.boolean().describe('`true`: `jobshim portage install` was done'),
      packages: z
        .array(
          z.strictObject({
            atom: text.describe('as package.env has it'),
            way: z.enum(['shims', 'sandbox']).describe('how its phases are governed'),
          }),
        )
        .describe('those that are opted in'),
    }),
  },
  {
    commands: ['run'],
    words: 'jobshim run --json -- CMD',
    text:
      "The summary: the last line on stderr, since stdout is CMD's. Not with `--quiet`. Where the build joined somebody " +
      "else's jobserver, which counts for all its builds together, there are only the fields from `watchedSeconds` on; these are " +
      'absent where the build was over before its tools were looked at, and so is the line where both are.',
    schema: z.strictObject({
      jobshim: version,
      ...z.object(settlement).partial().shape,
      watchedSeconds: seconds.optional().describe('how long the tools were looked at'),
      slotsUsed: seconds.optional().describe('governed tools at once, on average, while they were looked at'),
      coverage,
      launchedRuns: count
        .optional()
        .describe(
          'tool runs that a shim had started, as far as they were seen: more than the two above where the ledger could not be written',
        ),
      clientRuns: count
        .optional()
        .describe('tool runs past the shims that were seen in a slot of make or the like'),
      slowest: z.array(slowRun).optional().describe('the slowest runs, the slowest first'),
      past,
      dismissed,
      unknown,
    }),
  },
  {
    commands: ['serve'],
    words: 'jobshim serve --fifo PATH --json',
    text: 'One line, once the jobserver is ready.',
    schema: z.strictObject({
      jobshim: version,
      jobserver: text.describe('its address, for `--jobserver` and JOBSHIM_JOBSERVER'),
      makeflags: text.describe('the same for MAKEFLAGS'),
      tokens: count.describe('how many it has'),
      pid: count.describe("the server's"),
    }),
  },
  {
    commands: ['serve'],
    words: 'jobshim serve --fifo PATH --resize N --json',
    text: 'What came of it.',
    schema: z.strictObject({
      jobshim: version,
      jobserver: text.describe('its address'),
      tokens: count.describe('how many it has now'),
      surplus: z.int().describe('how many of them are too many, and are taken as they come back'),
    }),
  },
  {
    commands: ['setup'],
    words: 'jobshim setup --json',
    text: 'What was done; with `--print` what would be.',
    schema: z.strictObject({
      jobshim: version,
      dir,
      slots: count.describe('how many tools may run at once'),
      shims: z
        .enum(shimsChanges)
        .describe(
          'what becomes of the shims; `renew`: they were there before `setup`, and are written as the config has them without it; `none`: there are none',
        ),
      files: z
        .array(
          z.strictObject({
            path: text.describe('its path'),
            how: z.enum(fileChanges).describe('what becomes of it; `restore`: it loses our lines'),
            lines: names.describe('our lines in it, without their marks'),
          }),
        )
        .describe('files that change'),
      steps: names.describe('command lines of programs that `--system` calls'),
      changed: z.boolean().describe('`false`: nothing was done'),
    }),
  },
  {
    commands: ['status'],
    words: 'jobshim status --json',
    text: 'What is to be seen now. With `--watch` such a line each second.',
    schema: z.strictObject({
      jobshim: version,
      jobserver: text.describe('its address'),
      name: text.describe('a short name of it'),
      free: count.optional().describe('tokens in it now; absent for a device that does not tell'),
      total: count.optional().describe('tokens in all; absent where nobody told'),
      slots: count.optional().describe('how many tools may run at once; absent as `total`'),
      ledger: text.optional().describe('the path of what launchers write; absent where none has written yet'),
      counters: z
        .strictObject(counters)
        .optional()
        .describe('since the jobserver was made; absent as `ledger`'),
      accounts: z
        .boolean()
        .describe(
          'whether its server keeps an account itself: then no census is taken, and nothing put back',
        ),
      blind: text.optional().describe("why tokens that are lost with killed clients can't be found now"),
      coverage,
      past,
      builds: z.array(build).describe('those that have a slot, or wait for one, in no order'),
      rows: z.array(row).describe('the launchers that wait or have a slot, in no order'),
    }),
  },
  {
    commands: ['timeline'],
    words: 'jobshim timeline FILE --json',
    text: 'What was written. What `-o F.json` writes is no shape of ours but a trace, as Chrome and Perfetto know it.',
    schema: z.strictObject({
      jobshim: version,
      file: text.describe('the path of what was written, as it was given'),
      format: z.enum(['html', 'svg', 'json']).describe('what it is'),
      bytes: count.describe('how large it is'),
      build: count.optional().describe('which build of the journal it shows, from 1 on; absent: all of them'),
      builds: count.describe('how many the journal has'),
      runs: count.describe('tool runs that it shows'),
      tookSeconds: seconds.describe('the time that it shows'),
      ...digest,
      skipped: z
        .strictObject({
          cut: count.describe('that break off'),
          foreign: count.describe('of other programs'),
          otherVersion: count.describe('of another jobshim, in a shape that this one does not know'),
        })
        .describe('lines of the journal that were passed over'),
    }),
  },
  {
    commands: ['timeline'],
    words: 'jobshim timeline --compare FILE NOW --json',
    text: 'What got slower from one build to another.',
    schema: z.strictObject({ jobshim: version, ...comparison }),
  },
  {
    commands: ['uninstall'],
    words: 'jobshim uninstall --json',
    text: 'What was done.',
    schema: z.strictObject({
      jobshim: version,
      dir,
      removed: names.describe('names of shims'),
      leftAlone: names.describe('paths of files of yours'),
      changed: z.boolean().describe('`false`: there was nothing of ours'),
    }),
  },
]

/** The lines of a journal, by their `event`. */
export const journalRows = [
  { words: 'tool', text: 'A tool run, written at its end.', schema: toolEvent },
  { words: 'start', text: 'A `jobshim run` begins.', schema: startEvent },
  {
    words: 'phase',
    text: 'A program that was no tool and ran for 0.3 s or more below it; about a hundred of the longest.',
    schema: phaseEvent,
  },
  {
    words: 'past',
    text: 'Tools that ran below it and came through no shim, all that were alike.',
    schema: bypassEvent,
  },
  { words: 'end', text: 'It ended.', schema: endEvent },
] as const satisfies readonly Omit<ShapeRow, 'commands'>[]
