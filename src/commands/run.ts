import { resolve } from 'node:path'
import { build } from '../build/build.js'
import { withShims } from '../build/environment.js'
import { renderSummary, summaryJson } from '../build/summary.js'
import { loadSettings } from '../config/load.js'
import { environment as names } from '../contract/environment.js'
import { processNames } from '../contract/process-names.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { say } from '../ground/print.js'
import { ensureShims } from '../shimdir/ensure.js'
import { command } from './command.js'
import { configOptions, dirOption } from './setting-options.js'

export const run = command({
  name: 'run',
  summary: 'run one build under one limit',
  operands: '[--] CMD...',
  completes: { kind: 'command' },
  options: [
    {
      name: 'jobs',
      letter: 'j',
      kind: 'number',
      value: 'N',
      text: 'how many tools may run at once (default: -jN of MAKEOPTS, else the cores)',
    },
    dirOption,
    {
      name: 'jobserver',
      kind: 'text',
      value: 'AUTH',
      completes: { kind: 'jobserver' },
      text: 'join fifo:PATH, of jobshim serve, and take one of its tokens for CMD',
    },
    {
      name: 'journal',
      kind: 'text',
      value: 'FILE',
      completes: { kind: 'file' },
      text: 'append a line for each tool run, for jobshim timeline',
    },
    { name: 'quiet', letter: 'q', kind: 'switch', text: 'no status line, and no summary at the end' },
    { name: 'json', kind: 'switch', text: 'print the summary as JSON' },
    ...configOptions,
  ],
  notes:
    'The limit holds for all tools that have a shim and for make, ninja >= 1.13 and cargo, which share its jobserver. ' +
    'Below another jobserver (make -jN, an outer jobshim run) that one is joined, and -j is not used. ' +
    'With --jobserver CMD waits for a token of its own first. ' +
    'The first run installs the shims. Where the config says what runs may cost (load, pressure, launcher, rules), that ' +
    'holds for this build in place of what the shim dir has.',
  examples: [
    { line: 'jobshim run -j8 -- ./build.sh', text: 'a script that starts all its compilers at once' },
    { line: 'jobshim run -j8 -- make', text: 'a build that calls other builds' },
    {
      line: 'jobshim run --jobserver fifo:/run/jobshim/fifo -- ./build.sh',
      text: 'one of several builds that share the slots of a jobshim serve',
    },
  ],
  failure: exitCodes.jobshim,
  usage: exitCodes.jobshim,
  async run({ flags, operands, workingDirectory, environment }) {
    const [program, ...args] = operands
    if (program === undefined)
      throw new Failure('run: no command named', 'jobshim run -j8 -- ./build.sh', exitCodes.jobshim)
    process.title = processNames.command
    const settings = await loadSettings(flags, workingDirectory, environment)
    const { dir, installed } = await ensureShims(settings.dir, settings, environment)
    if (installed) say(`jobshim: installed the shims in ${dir}`)
    const governed = await withShims(environment, dir, settings)
    const report = await build({
      words: [program, ...args],
      environment: governed,
      settings: { ...settings, dir },
      auth: flags.jobserver,
      journal: journalPath(flags.journal ?? environment[names.journal], workingDirectory),
      directory: workingDirectory,
      say,
      isShown: !flags.json && !settings.quiet,
    })
    if (!settings.quiet) {
      const text = flags.json ? summaryJson(report) : renderSummary(report)
      if (text !== '') say(text)
    }
    return await report.end()
  },
})

const journalPath = (path: string | undefined, workingDirectory: string): string | undefined =>
  path ? resolve(workingDirectory, path) : undefined
