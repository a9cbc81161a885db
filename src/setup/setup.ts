/** Has all terminals of a user share one limit, and takes that back. */
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { findConfig, searchPlaces } from '../config/find.js'
import { loadSettings } from '../config/load.js'
import type { ConfigFile, Settings } from '../config/options.js'
import { configFrom } from '../config/read.js'
import { apply, entryAt, unfinishedBeside } from '../edits/apply.js'
import { readMade } from '../edits/made.js'
import { type Action, type Ground, textOf, withdraw } from '../edits/plan.js'
import { Failure } from '../ground/failure.js'
import { dataHome } from '../ground/paths.js'
import { explain } from '../shimdir/apply.js'
import { checkShimDirectory } from '../shimdir/inspect.js'
import { installShims } from '../shimdir/install.js'
import { layoutOf } from '../shimdir/layout.js'
import { readManifest } from '../shimdir/manifest.js'
import { assertPathEntry } from '../shimdir/path-entry.js'
import { uninstallShims } from '../shimdir/uninstall.js'
import { findHomes, shellsOf } from './homes.js'
import { isBelowFile, obstacleAt } from './obstacles.js'
import {
  type Facts,
  type FileChange,
  ours,
  type Plan,
  planSetup,
  planUndo,
  type ShimsChange,
  withLines,
} from './plan.js'
import { byHand, poolLines, saysBoth } from './pool-lines.js'
import { allShellFiles, type Homes, type Line, shellLines } from './shells.js'

export type SetupWishes = {
  undo?: boolean | undefined
  jobs?: number | undefined
  shell?: readonly string[] | undefined
}

/** What is to be done, or was. */
export type Setup = {
  dir: string // of the shims
  slots: number // of the machine's pool
  shims: ShimsChange
  files: readonly FileChange[]
  steps: readonly string[] // command lines of the system's programs that are called
}

type Prepared = { setup: Setup; ground: Ground; facts: Facts; settings: Settings; actions: readonly Action[] }

/** Returns what would be done. Throws `Failure` where something is in the way. */
export const planned = async (wishes: SetupWishes, environment: NodeJS.ProcessEnv): Promise<Setup> =>
  (await prepare(wishes, environment)).setup

/** Whether there is anything to be done. */
export const isWork = ({ files, shims }: Setup): boolean =>
  files.length > 0 || !['keep', 'none'].includes(shims)

/**
 * Does what was shown. Returns whether anything was changed. Throws `Failure` where something is in the way, before anything was changed;
 * so where it is not as `shown` any more.
 */
export async function carryOut(
  shown: Setup,
  wishes: SetupWishes,
  environment: NodeJS.ProcessEnv,
): Promise<boolean> {
  const prepared = await prepare(wishes, environment)
  if (!isDeepStrictEqual(prepared.setup, shown))
    throw new Failure('setup: files have changed since; nothing was done', 'run it again')
  return wishes.undo ? await takeBack(prepared, environment) : await setUp(prepared, environment)
}

async function prepare(wishes: SetupWishes, environment: NodeJS.ProcessEnv): Promise<Prepared> {
  const homes = await findHomes(environment)
  try {
    return await prepareIn(homes, wishes, environment)
  } catch (error) {
    throw inOtherWords(error, homes)
  }
}

async function prepareIn(
  homes: Homes,
  wishes: SetupWishes,
  environment: NodeJS.ProcessEnv,
): Promise<Prepared> {
  const config = findConfig(homes.home, homes.home)
  const settings = await settingsOf(config, homes, environment, wishes.jobs)
  assertPathEntry(settings.dir)
  const layout = layoutOf(settings.dir)
  const ground = {
    root: '/',
    state: join(dataHome(environment), 'jobshim/setup.json'),
    advice: {
      read: 'make it readable, or move it away',
      change: 'mend that and run it again, or take back what was done: jobshim setup --undo',
    },
  }
  try {
    checkShimDirectory(layout, 'change')
  } catch (error) {
    throw explain(layout, error)
  }
  const facts: Facts = {
    entry: path => (isBelowFile(path) ? { kind: 'nothing' } : entryAt(ground, path)),
    unfinished: path => (isBelowFile(path) ? [] : unfinishedBeside(ground, path)),
    made: readMade(ground),
    obstacle: obstacleAt,
    own: layout.own,
    hasShims: readManifest(layout).kind === 'good',
  }
  const plan = wishes.undo
    ? planUndo(facts, [...configPlaces(homes), ...allShellFiles(homes), ground.state])
    : planSetup(facts, await wantedLines(wishes, config, settings.dir, homes, facts, environment))
  const { files, shims, actions } = ready(plan)
  return {
    setup: { dir: settings.dir, slots: settings.jobs, shims, files, steps: [] },
    ground,
    facts,
    settings,
    actions,
  }
}

// A package.json takes no lines.
const configPlaces = ({ home }: Homes): string[] =>
  searchPlaces.filter(place => place !== 'package.json').map(place => join(home, place))

const settingsOf = async (
  config: string | undefined,
  { home }: Homes,
  environment: NodeJS.ProcessEnv,
  jobs?: number,
): Promise<Settings> =>
  await loadSettings(config === undefined ? { noConfig: true, jobs } : { config, jobs }, home, environment)

async function wantedLines(
  { shell, jobs }: SetupWishes,
  config: string | undefined,
  dir: string,
  homes: Homes,
  { entry }: Facts,
  environment: NodeJS.ProcessEnv,
): Promise<Line[]> {
  const shells = shellsOf(shell, environment)
  if (/[\n\r]/.test(dir))
    throw new Failure(`${dir}: has a line break, and no rc file can name it`, 'name another shim dir')
  const path = config ?? join(homes.home, '.jobshimrc.yaml')
  const text = textOf(entry(path))
  return [
    ...(await configLines(path, text, jobs)).map(line => ({ path, line })),
    ...shellLines(shells, dir, homes, file => entry(file).kind !== 'nothing'),
  ]
}

/** Returns the lines for a config. Throws `Failure` for one that says otherwise, or takes no lines at its end. */
async function configLines(path: string, text: string, jobs: number | undefined): Promise<string[]> {
  const read = async (bytes: string): Promise<ConfigFile> =>
    await configFrom(path, Buffer.from(bytes, 'latin1').toString('utf8'))
  const own = await read(ours.remove(text))
  const plan = poolLines(own, ours.linesIn(text), jobs)
  if (plan.kind === 'blocked') throw new Failure(`${path}: ${plan.why}; nothing was changed`, plan.hint)
  const { lines, wanted } = plan
  if (lines.length === 0) return lines
  const after = await read(withLines(text, lines)).catch((error: unknown) => {
    if (error instanceof Failure) return undefined
    throw error
  })
  if (after !== undefined && saysBoth(after, own, wanted)) return lines
  throw new Failure(
    `${path}: takes no line at its end, since it is no list of keys in YAML; nothing was changed`,
    byHand(wanted),
  )
}

function ready(plan: Plan): Extract<Plan, { kind: 'ready' }> {
  if (plan.kind === 'ready') return plan
  throw new Failure(`${plan.by}: ${plan.why}; nothing was changed`, plan.hint)
}

const isGround = ({ kind }: Action): boolean => kind === 'write state' || kind === 'make directory'

async function setUp(prepared: Prepared, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const { setup, ground, settings, actions } = prepared
  for (const action of actions.filter(isGround)) apply(ground, action)
  const wishes = { ...settings, machineJobs: setup.slots, noJobserver: 'machine', join: true } as const
  let isNew: boolean
  try {
    isNew = (await installShims(setup.dir, wishes, environment)).changed
  } catch (error) {
    forget(prepared)
    throw inOtherWords(error, await findHomes(environment))
  }
  // The shims are there before anything leads to them.
  for (const action of actions.filter(action => !isGround(action))) apply(ground, action)
  return isNew || actions.length > 0
}

/** Takes back what was made before the shims, which then could not be made. */
function forget({ ground, facts }: Prepared): void {
  const found = { ...facts, made: readMade(ground) }
  for (const action of withdraw(found, [], [found.own], { forgets: true })) apply(ground, action)
}

async function takeBack(
  { setup, ground, actions }: Prepared,
  environment: NodeJS.ProcessEnv,
): Promise<boolean> {
  const isAfterwards = ({ kind }: Action): boolean => kind === 'write state' || kind === 'remove directory'
  // The rc files first: a shell that begins now finds the shims, or does not look for them.
  for (const action of actions.filter(action => !isAfterwards(action))) apply(ground, action)
  if (setup.shims === 'remove') await uninstallShims(setup.dir, environment)
  if (setup.shims === 'renew') await renewShims(environment)
  for (const action of actions.filter(isAfterwards)) apply(ground, action)
  return isWork(setup) || actions.length > 0
}

// As the config has them now.
async function renewShims(environment: NodeJS.ProcessEnv): Promise<void> {
  const homes = await findHomes(environment)
  const settings = await settingsOf(findConfig(homes.home, homes.home), homes, environment)
  await installShims(settings.dir, settings, environment)
}

/** Neither a shim dir nor a config has a flag here. */
function inOtherWords(error: unknown, { home }: Homes): unknown {
  if (!(error instanceof Failure)) return error
  const { message, hint, code } = error
  const here = hint
    .replace('with --dir', `with dir: in ${home}/.jobshimrc.yaml`)
    .replace(/,( or)? (name another|use none) with --.*$/, '')
  return new Failure(message, here, code)
}
