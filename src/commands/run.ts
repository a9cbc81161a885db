import { extname, resolve } from 'node:path'
import { build } from '../build/build.js'
import { withAdapters, withShims } from '../build/environment.js'
import { idleRules } from '../build/idle-rules.js'
import { renderSummary, summaryJson } from '../build/summary.js'
import { loadSettings } from '../config/load.js'
import type { SettingFlags, Settings } from '../config/options.js'
import { wrongVariables } from '../config/variables.js'
import { environment as names } from '../contract/environment.js'
import { lowPriority, priorities } from '../contract/priorities.js'
import { processNames } from '../contract/process-names.js'
import type { WithoutJobserver } from '../contract/without-jobserver.js'
import { hasOddBytes } from '../ground/bytes.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure, renderFailure } from '../ground/failure.js'
import { say } from '../ground/print.js'
import type { SandboxPlace } from '../launcher/sandbox.js'
import { ensureShims, renderEnsured } from '../shimdir/ensure.js'
import { layoutOf } from '../shimdir/layout.js'
import { command } from './command.js'
import { configOptions, dirOption } from './setting-options.js'
import { formatBySuffix } from './timeline-format.js'

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
      text: 'join the jobserver of a jobshim serve, fifo:PATH; CMD takes one of its slots',
    },
    {
      name: 'journal',
      kind: 'text',
      value: 'FILE',
      completes: { kind: 'file' },
      text: 'append a line for each tool run, for jobshim timeline',
    },
    {
      name: 'low',
      kind: 'switch',
      text: 'tools leave slots to all others of the pool that wait, for at most a minute; as priority: low in the config',
    },
    {
      name: 'timeline',
      kind: 'text',
      value: 'F',
      completes: { kind: 'file' },
      text: 'draw the build at its end: .html, .svg or .json. Without --journal, the journal is F with .jsonl',
    },
    {
      name: 'sandbox',
      kind: 'switch',
      text: 'every tool takes a slot, however it is called: by its path, with another PATH, from a cleared environment',
    },
    {
      name: 'no-sandbox',
      kind: 'switch',
      text: 'only tools that are looked up on PATH, whatever the config says',
    },
    { name: 'quiet', letter: 'q', kind: 'switch', text: 'no status line, and no summary at the end' },
    { name: 'json', kind: 'switch', text: 'print the summary as JSON' },
    ...configOptions,
  ],
  notes:
    'The limit holds for all tools that have a shim and for make, ninja >= 1.13 and cargo, which share its jobserver. ' +
    'Below another jobserver (make -jN, an outer jobshim run) the build joins that one, and -j has no effect. ' +
    "Without one it joins the machine's pool if the config says noJobserver: machine; with -j it has at most N slots of that. " +
    'With --jobserver CMD first waits for a slot of its own. ' +
    'The first run installs the shims, later ones add those of tools that came to PATH since. If the config says what runs may cost (load, pressure, engine, rules), that ' +
    'holds for this build instead of what the shim dir has.',
  examples: [
    { line: 'jobshim run --timeline build.html -- make -j8', text: 'a page that shows where the slots went' },
    { line: 'jobshim run -j8 -- ./build.sh', text: 'a script that starts all its compilers at once' },
    { line: 'jobshim run -j8 -- make', text: 'a build that calls other builds' },
    {
      line: 'jobshim run --jobserver fifo:/run/jobshim/fifo -- ./build.sh',
      text: 'one of several builds that share the slots of a jobshim serve',
    },
  ],
  failure: exitCodes.jobshim,
  usage: exitCodes.jobshim,
  async run({ flags, operands, workingDirectory, environment: given }) {
    const environment = withPriority(given, flags.low === true)
    const [program, ...args] = operands
    if (program === undefined)
      throw new Failure('run: no command named', 'jobshim run -j8 -- ./build.sh', exitCodes.jobshim)
    process.title = processNames.command
    const journal = journalPath(journalOf(flags, environment), workingDirectory)
    const wish = flags.noSandbox ? { sandbox: false } : {}
    const load = async (more: SettingFlags) =>
      await loadSettings({ ...flags, ...wish, ...more }, workingDirectory, environment)
    const wished = await load({})
    for (const { text } of wrongVariables(environment)) say(`jobshim: ${text}`)
    const ensured = await ensureShims(wished.dir, wished, environment)
    const { dir } = ensured
    for (const line of renderEnsured(ensured, wished.quiet || flags.json === true)) say(line)
    const sandbox = await sandboxOf({ ...wished, dir }, environment, flags.jobserver)
    // `auto` found one: an engine's slots are none there.
    const settings = sandbox && wished.sandbox === 'auto' ? await load({ sandbox: true }) : wished
    if (!settings.quiet)
      for (const line of idleRules({ ...settings, dir }, environment, sandbox !== undefined))
        say(`jobshim: ${line}`)
    const governed = sandbox
      ? await withAdapters(environment, dir, settings)
      : await withShims(environment, dir, settings)
    const report = await build({
      words: [program, ...args],
      environment: governed,
      settings: { ...settings, dir },
      auth: flags.jobserver,
      machine:
        governed[names.noJobserver] !== joining
          ? { kind: 'none' }
          : { kind: hasShare(settings, flags.jobs) ? 'share' : 'all', tokens: settings.machineJobs },
      journal,
      directory: workingDirectory,
      say,
      isShown: !flags.json && !settings.quiet,
      sandbox,
    })
    if (!settings.quiet) {
      const text = flags.json ? summaryJson(report) : renderSummary(report)
      if (text !== '') say(text)
    }
    if (flags.timeline !== undefined && journal !== undefined)
      await draw(journal, flags.timeline, workingDirectory)
    return await report.end()
  },
})

const joining: WithoutJobserver = 'machine'

// By -j, or by the config of a project that is to have fewer than there are.
const hasShare = ({ jobs, machineJobs }: Settings, typed: number | undefined): boolean =>
  typed !== undefined || jobs < machineJobs

function withPriority(environment: NodeJS.ProcessEnv, isLow: boolean): NodeJS.ProcessEnv {
  if (isLow) return { ...environment, [names.priority]: lowPriority }
  const value = environment[names.priority] ?? ''
  if (value === '' || priorities.some(priority => priority === value)) return environment
  throw new Failure(
    `${names.priority}=${value}: expected ${priorities.join(' or ')}`,
    'set it to one of these, or unset it',
    exitCodes.jobshim,
  )
}

const byShims = 'a tool takes a slot if it is looked up on PATH'

// Where `auto` finds none it says so, and shims do what they can. `auth`: the jobserver that --jobserver names.
async function sandboxOf(
  { sandbox, dir, rulesText }: Settings & { dir: string },
  environment: NodeJS.ProcessEnv,
  auth: string | undefined,
): Promise<SandboxPlace | undefined> {
  if (sandbox === false) return undefined
  const { findSandbox } = await import('../launcher/sandbox.js')
  const [, path] = /^fifo:(.+)$/.exec(auth ?? '') ?? []
  const named =
    path === undefined ? environment : { ...environment, [names.jobserver]: `fifo:${resolve(path)}` }
  const choice = findSandbox(layoutOf(dir).look, named, rulesText)
  if (choice.kind === 'found') return choice.place
  const then = choice.isInside ? `${byShims}; the sandbox above holds as well` : byShims
  if (sandbox !== 'auto')
    throw new Failure(
      `no job sandbox here: ${choice.why}`,
      `run the build without --sandbox: then ${then}`,
      exitCodes.jobshim,
    )
  say(`jobshim: no job sandbox here: ${choice.why}: ${then}`)
  return undefined
}

/** Throws `Failure` where what is to be drawn has no format: better before the build than behind it. */
function journalOf(
  { journal, timeline }: { journal?: string | undefined; timeline?: string | undefined },
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (timeline !== undefined && formatBySuffix(timeline) === undefined)
    throw new Failure(
      `run: --timeline ${timeline}: its suffix names no format`,
      'end it with .html, .svg or .json',
      exitCodes.jobshim,
    )
  const named = journal ?? environment[names.journal]
  return named || timeline === undefined ? named : `${timeline.slice(0, -extname(timeline).length)}.jsonl`
}

// The build's status is its own, whatever becomes of its picture.
async function draw(journal: string, output: string, workingDirectory: string): Promise<void> {
  try {
    const { drawLast } = await import('./timeline-drawing.js')
    await drawLast(journal, output, workingDirectory)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    say(renderFailure(error))
  }
}

function journalPath(path: string | undefined, workingDirectory: string): string | undefined {
  const absolute = path ? resolve(workingDirectory, path) : undefined
  if (absolute !== undefined && hasOddBytes(absolute))
    throw new Failure(`${absolute}: the journal's path is not UTF-8`, 'name another file', exitCodes.jobshim)
  return absolute
}
