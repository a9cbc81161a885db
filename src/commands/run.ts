import { resolve } from 'node:path'
import { loadSettings } from '../config/load.js'
import type { Settings } from '../config/options.js'
import { environment as names } from '../ground/environment.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { catchSignals, endLike, runInForeground } from '../ground/foreground.js'
import { passedDescriptors } from '../ground/inherited.js'
import { ensureStateDirectory } from '../ground/paths.js'
import { runGoverned } from '../jobserver/governed.js'
import { askLauncher, outerJobserver } from '../jobserver/outer.js'
import { createPool, type Pool, removePool, type Settlement, settlePool } from '../jobserver/pool.js'
import { enterRules, removeEntry } from '../jobserver/registry.js'
import { ensureShims } from '../shimdir/ensure.js'
import { layoutOf } from '../shimdir/layout.js'
import { findTool, realDirectories } from '../shimdir/real-tools.js'
import { pathWithShims, usualPath } from '../shimdir/surroundings.js'
import { askPrefixes, ccacheVariables } from '../toolchain/ccache.js'
import { styleOfMakeOn } from '../toolchain/make-style.js'
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
      text: 'how many tools may run at once (default: -jN of MAKEOPTS, else the cores)',
    },
    dirOption,
    {
      name: 'jobserver',
      kind: 'text',
      value: 'AUTH',
      text: 'join fifo:PATH, of jobshim serve, and take one of its tokens for CMD',
    },
    { name: 'quiet', letter: 'q', kind: 'switch', text: 'print no summary at the end' },
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
    process.title = 'jobshim' // a shim whose environment was cleared looks for this name among its ancestors
    const settings = await loadSettings(flags, workingDirectory, environment)
    const { dir, installed } = await ensureShims(settings.dir, settings, environment)
    if (installed) say(`jobshim: installed the shims in ${dir}`)
    const governed = await withShims(environment, dir, settings)
    if (flags.jobserver !== undefined)
      return await runWithToken(flags.jobserver, [program, ...args], governed, { ...settings, dir })
    const outer = await outerJobserver(layoutOf(dir).launcher, environment)
    if (outer.state === 'usable') return await join(program, args, governed, settings.rulesText)
    if (outer.state === 'unusable')
      say(`${outer.why}\n  the build gets a pool of its own: -j${settings.jobs}`)
    return await runInPool(program, args, governed, { ...settings, dir }, flags.json ? 'json' : 'text')
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

// The shims stand first on PATH, and what the config says goes to them by environment, which wins over it. A ccache that
// is called by its path comes through no shim: it gets its prefix here.
async function withShims(
  environment: NodeJS.ProcessEnv,
  dir: string,
  settings: Settings,
): Promise<NodeJS.ProcessEnv> {
  const directories = realDirectories(environment.PATH || usualPath, dir)
  const ccache =
    findTool('ccache', directories) === undefined ? undefined : await askPrefixes(directories, environment)
  return {
    ...(settings.patience === undefined ? {} : { [names.patience]: String(settings.patience) }),
    ...(settings.join === undefined ? {} : { [names.join]: settings.join ? '1' : '0' }),
    ...(settings.noJobserver === undefined ? {} : { [names.noJobserver]: settings.noJobserver }),
    ...environment,
    ...ccacheVariables(layoutOf(dir).launcher, ccache, environment),
    PATH: pathWithShims(environment.PATH, dir),
  }
}

async function join(
  program: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  rulesText: string,
): Promise<number> {
  const signals = catchSignals()
  const rules = keepRules(environment, rulesText)
  const env = { ...environment, ...rules.variables }
  const ending = await runInForeground(program, args, { stdio: passedDescriptors(), env }, signals)
  rules.remove()
  if (ending.kind === 'signal') signals.release()
  return await endLike(ending)
}

type KeptRules = { variables: NodeJS.ProcessEnv; remove: () => void }

// The rules of a run in somebody else's pool, until its end. To be called once signals are caught.
function keepRules(environment: NodeJS.ProcessEnv, text: string): KeptRules {
  if (text === '') return { variables: {}, remove: () => undefined }
  const path = enterRules(ensureStateDirectory(environment), text)
  const remove = (): void => removeEntry(path)
  process.once('exit', remove) // whatever happens from here on
  return { variables: { [names.rules]: path }, remove }
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
  const pool = await createPool(ensureStateDirectory(environment), settings.jobs, settings.rulesText)
  process.once('exit', () => removePool(pool)) // whatever happens from here on
  const env = settings.rulesText === '' ? environment : { ...environment, [names.rules]: pool.rules }
  const start = { program, args, environment: env, jobs: settings.jobs, style: await style, signals }
  const stopWatch = watchFrom(pool, layoutOf(settings.dir).launcher)
  const ending = await runGoverned(pool.fifo, start)
  await stopWatch()
  const settlement = await settlePool(pool)
  removePool(pool)
  if (!settings.quiet) say(form === 'json' ? JSON.stringify(settlement) : summary(settlement))
  if (ending.kind === 'signal') signals.release() // what ended the command ends us
  return await endLike(ending)
}

const firstLook = 1000 // ms: many commands are over by then

// Puts back what killed clients take along, until the function that is returned is called.
function watchFrom(pool: Pool, launcher: string): () => Promise<void> {
  const over = new AbortController()
  let watching = Promise.resolve()
  const timer = setTimeout(() => {
    watching = import('../jobserver/census.js')
      .then(({ changeText, watchUntil }) =>
        watchUntil(over.signal, { ...pool, path: pool.fifo }, launcher, change => say(changeText(change))),
      )
      .catch(() => undefined) // a build must not fail of it, as where jobshim is upgraded meanwhile
  }, firstLook)
  return async () => {
    clearTimeout(timer)
    over.abort()
    await watching
  }
}

// CMD gets a slot of somebody's jobserver, which it pays for: the launcher takes the token, and has it until CMD's end.
async function runWithToken(
  auth: string,
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
  settings: Settings,
): Promise<number> {
  const [, path] = /^fifo:(.+)$/.exec(auth) ?? []
  if (path === undefined)
    throw new Failure(
      `--jobserver ${auth}: not fifo:PATH`,
      'name one: fifo:/run/jobshim/fifo',
      exitCodes.jobshim,
    )
  const fifo = resolve(path)
  const { launcher } = layoutOf(settings.dir)
  const named = { ...environment, [names.jobserver]: `fifo:${fifo}` }
  const asked = await askLauncher(launcher, named)
  if (asked.state === 'unusable')
    throw new Failure(
      `${fifo}: ${asked.why.replace(/^jobshim: /, '')}`,
      'see that jobshim serve runs there',
      exitCodes.jobshim,
    )
  const style = await styleOfMakeOn(environment.PATH ?? '')
  const signals = catchSignals()
  const rules = keepRules(environment, settings.rulesText)
  const args = ['--token', '--', ...words]
  const ending = await runGoverned(fifo, {
    program: launcher,
    args,
    environment: { ...environment, ...rules.variables },
    jobs: settings.jobs,
    style,
    signals,
  })
  rules.remove()
  const { spawnSync } = await import('node:child_process')
  spawnSync(launcher, ['--reclaim'], { env: named, stdio: 'ignore' }) // what was killed with CMD, at once
  if (ending.kind === 'signal') signals.release()
  return await endLike(ending)
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
