/** Has all builds of a machine share one limit, by a server of root's, and takes that back. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { loadSettings } from '../config/load.js'
import type { Settings } from '../config/options.js'
import { systemPool } from '../contract/machine-pool.js'
import { apply, entryAt, unfinishedBeside } from '../edits/apply.js'
import { readMade } from '../edits/made.js'
import { type Action, type Ground, textOf } from '../edits/plan.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { currentUid, packageRoot } from '../ground/paths.js'
import { shWord } from '../ground/shell-word.js'
import { trustOf } from '../ground/trust.js'
import { explain } from '../shimdir/apply.js'
import { checkShimDirectory } from '../shimdir/inspect.js'
import { installShims } from '../shimdir/install.js'
import { layoutOf } from '../shimdir/layout.js'
import { readManifest } from '../shimdir/manifest.js'
import { uninstallShims } from '../shimdir/uninstall.js'
import { obstacleAt } from './obstacles.js'
import type { Obstacle, Plan } from './plan.js'
import type { Setup } from './setup.js'
import {
  forgetSteps,
  type Init,
  jobsIn,
  makeGroup,
  removeGroup,
  type Service,
  type Step,
  serveByHand,
  startSteps,
  stopSteps,
  systemPlaces,
} from './system-files.js'
import { planSystem, planSystemUndo, type SystemFacts } from './system-plan.js'
import { runStep, stepText } from './system-steps.js'

export type SystemWishes = {
  undo?: boolean | undefined
  jobs?: number | undefined
  root: string // absolute: the system that is changed
}

/** Steps before the files change, and after that. */
type Steps = { before: readonly Step[]; after: readonly Step[] }

type Prepared = {
  setup: Setup
  ground: Ground
  facts: SystemFacts
  settings: Settings
  actions: readonly Action[]
  steps: Steps
}

/** Returns what would be done. Throws `Failure` where something is in the way. */
export const plannedSystem = async (wishes: SystemWishes, environment: NodeJS.ProcessEnv): Promise<Setup> =>
  (await prepare(wishes, environment)).setup

/** Does what was shown, as `carryOut` of a user's setup does. */
export async function carryOutSystem(
  shown: Setup,
  wishes: SystemWishes,
  environment: NodeJS.ProcessEnv,
): Promise<boolean> {
  const prepared = await prepare(wishes, environment)
  if (!isDeepStrictEqual(prepared.setup, shown))
    throw new Failure('setup: files have changed since; nothing was done', 'run it again')
  return wishes.undo ? await takeBack(prepared, environment) : await setUp(prepared, environment)
}

async function prepare(wishes: SystemWishes, environment: NodeJS.ProcessEnv): Promise<Prepared> {
  const { root, undo, jobs } = wishes
  assertRoot(root)
  const places = systemPlaces(root)
  const again = `jobshim setup --system${root === '/' ? '' : ` --root ${shWord(root)}`} --undo`
  const ground = {
    root,
    state: join(root, 'usr/lib/jobshim/setup.json'),
    advice: {
      read: 'make it readable, or move it away',
      change: `mend that and run it again, or take back what was done: ${again}`,
    },
  }
  const layout = layoutOf(places.shims)
  try {
    checkShimDirectory(layout, 'change')
  } catch (error) {
    throw explain(layout, error)
  }
  const facts: SystemFacts = {
    entry: path => entryAt(ground, path),
    unfinished: path => unfinishedBeside(ground, path),
    made: readMade(ground),
    obstacle,
    own: layout.own,
    hasShims: readManifest(layout).kind === 'good',
    places,
    // In another system it is made by hand.
    hasGroup: root !== '/' || hasGroup(),
  }
  const init = initOf(root, facts)
  const kept = init && jobsIn(textOf(facts.entry(places.services[init])))
  const flags = { noConfig: true, dir: places.shims, jobs: jobs ?? kept }
  const settings = await loadSettings(flags, root, { PATH: environment.PATH })
  const service = { node: process.execPath, script: join(packageRoot, 'bin/jobshim.js'), jobs: flags.jobs }
  const { files, shims, actions } = ready(undo ? planSystemUndo(facts) : forService(facts, init, service))
  const steps = files.length === 0 || init === undefined ? noSteps : stepsFor(facts, init, root, undo)
  const told = [...steps.before, ...steps.after].map(stepText)
  return {
    setup: { dir: places.shims, slots: settings.jobs, shims, files, steps: told },
    ground,
    facts,
    settings,
    actions,
    steps,
  }
}

const noSteps: Steps = { before: [], after: [] }

/** Whoever could put another directory in its place would choose what system is changed. */
function assertRoot(root: string): void {
  if (root === '/' && currentUid() !== 0)
    throw new Failure(
      'setup --system: changes files of root; nothing was changed',
      'sudo jobshim setup --system; for this user alone: jobshim setup',
    )
  const trust = trustOf(root)
  if (trust.kind === 'foreign' || trust.kind === 'open')
    throw new Failure(`${trust.at}: ${trust.what}`, 'name a system that only you can move with --root')
  if (trust.kind !== 'trusted' || !trust.stats.isDirectory())
    throw new Failure(`${root}: is no directory`, 'name the root of a system with --root', exitCodes.usage)
}

/** Root reads and starts what stands there: nobody else may be able to put anything in its place. */
function obstacle(path: string): Obstacle | undefined {
  const trust = trustOf(path)
  if (trust.kind === 'foreign')
    return { why: `${trust.at} ${trust.what}`, hint: `see whose it is: ls -ld ${shWord(trust.at)}` }
  if (trust.kind === 'open')
    return { why: `${trust.at} ${trust.what}`, hint: `chmod go-w ${shWord(trust.at)}` }
  return obstacleAt(path)
}

function forService(facts: SystemFacts, init: Init | undefined, service: Service): Plan {
  const { places } = facts
  if (init === undefined)
    throw new Failure(
      `setup --system: neither systemd nor OpenRC is there, for which it would write ${places.services.systemd} or ${places.services.openrc}; nothing was changed`,
      `have this started at boot: ${serveByHand(service)}`,
    )
  for (const path of [service.node, service.script, join(packageRoot, 'dist/bundle')])
    assertRootsProgram(path)
  return planSystem(facts, init, service)
}

/** Throws `Failure` for a program that a user could change: a service of root's must not start it. */
function assertRootsProgram(path: string): void {
  const trust = trustOf(path)
  if (trust.kind === 'trusted') return
  const why = 'what' in trust ? `${trust.at} ${trust.what}` : "can't be reached"
  throw new Failure(
    `${path}: ${why}, and root would run it as a service; nothing was changed`,
    'install Node and jobshim for all users, as root: npm install --global jobshim',
  )
}

const signs: Readonly<Record<Init, { there: readonly string[]; running: string }>> = {
  systemd: { there: ['usr/lib/systemd/systemd', 'lib/systemd/systemd'], running: '/run/systemd/system' },
  openrc: { there: ['sbin/openrc-run', 'usr/sbin/openrc-run'], running: '/run/openrc/softlevel' },
}

const inits: readonly Init[] = ['systemd', 'openrc']

/** What starts services there: what runs, else what is installed; for `--undo` what has our service. */
function initOf(root: string, { made, places }: Pick<SystemFacts, 'made' | 'places'>): Init | undefined {
  const running = root === '/' ? inits.find(init => existsSync(signs[init].running)) : undefined
  return (
    inits.find(init => made.includes(places.services[init])) ??
    running ??
    inits.find(init => signs[init].there.some(path => existsSync(join(root, path))))
  )
}

function hasGroup(): boolean {
  try {
    const groups = readFileSync('/etc/group', 'utf8')
    return groups.split('\n').some(line => line.startsWith(`${systemPool.group}:`))
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return false
  }
}

/** Programs of a system that is not ours to run are called for `/` alone. */
function stepsFor(
  { hasGroup, made, places }: SystemFacts,
  init: Init,
  root: string,
  undo: boolean | undefined,
): Steps {
  if (root !== '/') return noSteps
  const isRunning = existsSync(signs[init].running)
  if (!undo) return { before: hasGroup ? [] : [makeGroup], after: startSteps(init, isRunning) }
  const isGroupOurs = hasGroup && made.includes(places.group)
  const hasService = existsSync(places.services[init])
  return {
    before: hasService ? stopSteps(init, isRunning) : [],
    after: [...forgetSteps(init, isRunning), ...(isGroupOurs ? [removeGroup] : [])],
  }
}

function ready(plan: Plan): Extract<Plan, { kind: 'ready' }> {
  if (plan.kind === 'ready') return plan
  throw new Failure(`${plan.by}: ${plan.why}; nothing was changed`, plan.hint)
}

const isGround = ({ kind }: Action): boolean => kind === 'write state' || kind === 'make directory'

async function setUp(prepared: Prepared, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const { setup, ground, facts, settings, actions, steps } = prepared
  const isGroupNote = (action: Action): boolean =>
    action.kind === 'write file' && action.path === facts.places.group
  // That the group is ours is noted before it is made: we may be killed in between.
  const first = actions.filter(action => isGround(action) || isGroupNote(action))
  for (const action of first) apply(ground, action)
  const wishes = { ...settings, machineJobs: setup.slots, noJobserver: 'machine', join: true } as const
  const { changed } = await installShims(setup.dir, wishes, environment)
  for (const step of steps.before) runStep(step, ground.advice.change)
  for (const action of actions.filter(action => !first.includes(action))) apply(ground, action)
  for (const step of steps.after) runStep(step, ground.advice.change)
  return changed || actions.length > 0
}

async function takeBack(
  { setup, ground, actions, steps }: Prepared,
  environment: NodeJS.ProcessEnv,
): Promise<boolean> {
  const isAfterwards = ({ kind }: Action): boolean => kind === 'write state' || kind === 'remove directory'
  for (const step of steps.before) runStep(step, ground.advice.change)
  for (const action of actions.filter(action => !isAfterwards(action))) apply(ground, action)
  if (setup.shims === 'remove') await uninstallShims(setup.dir, environment)
  for (const step of steps.after) runStep(step, ground.advice.change)
  for (const action of actions.filter(isAfterwards)) apply(ground, action)
  return actions.length > 0
}
