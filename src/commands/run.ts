import { closeSync, openSync, readFileSync } from 'node:fs'
import { loadSettings } from '../config/load.js'
import type { Settings } from '../config/options.js'
import { environment as names } from '../ground/environment.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import {
  type CaughtSignals,
  catchSignals,
  type Ending,
  endLike,
  runInForeground,
} from '../ground/foreground.js'
import { inheritedDescriptors } from '../ground/inherited.js'
import { ensureStateDirectory } from '../ground/paths.js'
import { findAuth, type JobserverAuth, withJobserver } from '../jobserver/auth.js'
import { createPool, type Pool, removePool, type Settlement, settlePool } from '../jobserver/pool.js'
import { ensureShims } from '../shimdir/ensure.js'
import { layoutOf } from '../shimdir/layout.js'
import { type MakeStyle, styleOfMakeOn } from '../toolchain/make-style.js'
import { command } from './command.js'
import { configOptions, dirOption } from './setting-options.js'

export const run = command({
  name: 'run',
  summary: 'run one build under one limit',
  operands: '[--] CMD...',
  options: [
    {
      name: 'jobs',
      letter: 'j',
      kind: 'number',
      value: 'N',
      text: 'how many tools may run at once (default: the number of cores)',
    },
    dirOption,
    { name: 'quiet', letter: 'q', kind: 'switch', text: 'print no summary at the end' },
    { name: 'json', kind: 'switch', text: 'print the summary as JSON' },
    ...configOptions,
  ],
  notes:
    'The limit holds for all tools that have a shim and for make, ninja >= 1.13 and cargo, which share its jobserver. ' +
    'Below another jobserver (make -jN, an outer jobshim run) that one is joined, and -j is not used. ' +
    'The first run installs the shims.',
  examples: [
    { line: 'jobshim run -j8 -- ./build.sh', text: 'a script that starts all its compilers at once' },
    { line: 'jobshim run -j8 -- make', text: 'a build that calls other builds' },
  ],
  failure: exitCodes.jobshim,
  usage: exitCodes.jobshim,
  async run({ flags, operands, workingDirectory, environment }) {
    const [program, ...args] = operands
    if (program === undefined)
      throw new Failure('run: no command named', 'jobshim run -j8 -- ./build.sh', exitCodes.jobshim)
    process.title = 'jobshim' // a shim whose environment was cleared looks for this name among its ancestors
    const settings = await loadSettings(flags, workingDirectory, environment)
    const { dir, installed } = await ensureShims(settings.dir, settings, environment)
    if (installed) say(`jobshim: installed the shims in ${dir}`)
    const governed = withShims(environment, dir, settings)
    const outer = await outerJobserver(environment, dir)
    if (outer.state === 'usable') return await join(program, args, governed)
    if (outer.state === 'unusable')
      say(`${outer.why}\n  the build gets a pool of its own: -j${settings.jobs}`)
    return await runInPool(program, args, governed, settings, flags.json ? 'json' : 'text')
  },
})

// What the build is told by us; a stderr that can't be written (a closed pipe, a full disk) is no reason to fail it.
function say(text: string): void {
  process.stderr.once('error', () => {})
  try {
    process.stderr.write(`${text}\n`)
  } catch {
    // as above
  }
}

// The shims stand first on PATH, and what the config says goes to them by environment, which wins over it.
function withShims(environment: NodeJS.ProcessEnv, dir: string, settings: Settings): NodeJS.ProcessEnv {
  const path = environment.PATH || '/usr/local/bin:/usr/bin:/bin'
  return {
    ...(settings.patience === undefined ? {} : { [names.patience]: String(settings.patience) }),
    ...(settings.noJobserver === undefined ? {} : { [names.noJobserver]: settings.noJobserver }),
    ...environment,
    PATH: path.split(':')[0] === dir ? path : `${dir}:${path}`,
  }
}

type Outer = { state: 'none' } | { state: 'usable' } | { state: 'unusable'; why: string }

// The launcher knows how to reach a jobserver; where nothing hints at one it need not be asked.
async function outerJobserver(environment: NodeJS.ProcessEnv, dir: string): Promise<Outer> {
  const { MAKEFLAGS: make = '', CARGO_MAKEFLAGS: cargo = '' } = environment
  const isNamed = Boolean(environment[names.jobserver] || findAuth(make) || findAuth(cargo))
  if (!isNamed && !isBelowRun(process.ppid)) return { state: 'none' }
  const { spawnSync } = await import('node:child_process')
  const { status, stderr, error } = spawnSync(layoutOf(dir).launcher, ['--jobserver'], {
    stdio: ['ignore', 'ignore', 'pipe', ...inheritedDescriptors()],
    env: environment,
    encoding: 'utf8',
  })
  if (status === 0) return { state: 'usable' }
  const why = error ? `jobshim: no jobserver: ${error.message}` : stderr.trim()
  return isNamed ? { state: 'unusable', why } : { state: 'none' }
}

// Where a build has cleared its environment, our name among its ancestors still tells of a run above it.
function isBelowRun(pid: number): boolean {
  if (pid === 0) return false
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
    return name === 'jobshim' || isBelowRun(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
  } catch {
    return false // gone meanwhile, or not ours to see
  }
}

const passedDescriptors = (): number[] => [0, 1, 2, ...inheritedDescriptors()]

async function join(
  program: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  return await endLike(await runInForeground(program, args, { stdio: passedDescriptors(), env: environment }))
}

async function runInPool(
  program: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  settings: Settings,
  form: 'text' | 'json',
): Promise<number> {
  const style = styleOfMakeOn(environment.PATH ?? '') // asked while the pool is made
  const signals = catchSignals() // until the end: none may end us before the pool is removed
  const pool = await createPool(ensureStateDirectory(environment), settings.jobs)
  process.once('exit', () => removePool(pool)) // whatever happens from here on
  const start = { program, args, environment, jobs: settings.jobs, style: await style, signals }
  const ending = await runWithPool(pool, start)
  const settlement = await settlePool(pool)
  removePool(pool)
  if (!settings.quiet) say(form === 'json' ? JSON.stringify(settlement) : summary(settlement))
  if (ending.kind === 'signal') signals.release() // what ended the command ends us
  return await endLike(ending)
}

type Start = {
  program: string
  args: readonly string[]
  environment: NodeJS.ProcessEnv
  jobs: number
  style: MakeStyle
  signals: CaughtSignals
}

// A make that can't read `fifo:` gets the same FIFO on two descriptors that everything below inherits.
async function runWithPool(pool: Pool, start: Start): Promise<Ending> {
  const { program, args, environment, jobs, style, signals } = start
  const inherited = passedDescriptors()
  const ends = style === 'fifo' ? [] : [openSync(pool.fifo, 'r'), openSync(pool.fifo, 'w')]
  const auth: JobserverAuth =
    style === 'fifo'
      ? { kind: 'fifo', path: pool.fifo }
      : {
          kind: 'pipe',
          readFd: inherited.length,
          writeFd: inherited.length + 1,
          spelling: style === 'legacy' ? 'legacy' : 'auth',
        }
  try {
    const env = {
      ...environment,
      MAKEFLAGS: withJobserver(environment.MAKEFLAGS ?? '', jobs, auth),
      CARGO_MAKEFLAGS: undefined, // of a jobserver that is gone; cargo would believe it before MAKEFLAGS
      [names.jobserver]: `fifo:${pool.fifo}`,
    }
    return await runInForeground(program, args, { stdio: [...inherited, ...ends], env }, signals)
  } finally {
    ends.forEach(closeSync)
  }
}

/** Returns the line that a run ends with. */
export function summary(settlement: Settlement): string {
  const { runs, callerRuns, peak, waitedSeconds, overdrafts, back, total, missing } = settlement
  const parts = [
    runs + callerRuns === 1 ? '1 tool run' : `${runs + callerRuns} tool runs`,
    callerRuns === 0
      ? `at most ${peak} at a time`
      : runs === 0
        ? "in their caller's slot"
        : `${callerRuns} in their caller's slot, the others at most ${peak} at a time`,
    `${waitedSeconds.toFixed(1)} s waited`,
    ...(overdrafts === 0 ? [] : [`${overdrafts} without a slot`]),
    `${back}/${total} tokens back`,
    ...(missing.length === 0 ? [] : [`still held by ${missing.join(', ')}`]),
  ]
  return `jobshim: ${parts.join(', ')}`
}
