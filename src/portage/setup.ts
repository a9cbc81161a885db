/** Puts jobshim into the phases of a Portage, and takes it out again. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { apply, entryAt, unfinishedBeside } from '../edits/apply.js'
import { readMade } from '../edits/made.js'
import type { Action, Found } from '../edits/plan.js'
import { Failure } from '../ground/failure.js'
import { packageRoot } from '../ground/paths.js'
import { trustOf } from '../ground/trust.js'
import { explain } from '../shimdir/apply.js'
import { findOrBuildLauncher } from '../shimdir/build-launcher.js'
import { checkShimDirectory } from '../shimdir/inspect.js'
import { type InstallReport, installShims } from '../shimdir/install.js'
import { findBuiltin } from '../shimdir/launcher.js'
import { layoutOf } from '../shimdir/layout.js'
import { uninstallShims } from '../shimdir/uninstall.js'
import type { ShimWishes } from '../shimdir/wish.js'
import { type PortagePlaces, portagePlaces, type Way } from './places.js'
import {
  enabledPackages,
  type Package,
  type Plan,
  planInstall,
  planPackage,
  planUninstall,
  type Ready,
} from './plan.js'

export type PortageReport = {
  root: string
  changed: boolean
  packages: readonly string[] // that are opted in
  sandboxed: readonly string[] // those of them whose phases run in a sandbox
  wrote: readonly string[] // paths
  removed: readonly string[] // paths
}

/** The packages that are opted in, in one line for people. */
export const optedIn = ({ packages, sandboxed }: PortageReport): string =>
  packages.map(atom => (sandboxed.includes(atom) ? `${atom} (sandbox)` : atom)).join(' ')

/** Installs shims, hook and env files below `root` (absolute). Throws `Failure` where something is in the way. */
export async function installPortage(
  root: string,
  wishes: ShimWishes,
  environment: NodeJS.ProcessEnv,
): Promise<PortageReport & { shims: InstallReport }> {
  const places = portagePlaces(root)
  const builtin = findBuiltin(await findOrBuildLauncher(environment), environment)
  const parts = {
    hook: readFileSync(join(packageRoot, 'portage/hook.bash'), 'latin1'),
    builtin: builtin === undefined ? undefined : readFileSync(builtin, 'latin1'),
  }
  const found = look(places)
  assertPortage(places, '; nothing was changed')
  const { actions, packages } = ready(planInstall(places, found, parts))
  assertShims(places)
  const isGround = ({ kind }: Action): boolean => kind === 'write state' || kind === 'make directory'
  for (const action of actions.filter(isGround)) apply(places, action)
  const shims = await installShims(places.shims, wishes, environment)
  for (const action of actions.filter(action => !isGround(action))) apply(places, action)
  return { ...reportOf(places, actions, packages), changed: actions.length > 0 || shims.changed, shims }
}

/** Opts a package in, one way or the other, or out. Throws `Failure` for what is no atom, or where nothing is installed yet. */
export function switchPackage(root: string, atom: string, wish: Way | 'out'): PortageReport {
  const places = portagePlaces(root)
  if (!isAtom(atom))
    throw new Failure(
      `${JSON.stringify(atom)}: not a package`,
      "name it as package.env does: dev-qt/qtwebengine, =app-misc/foo-1*, '*/*'",
    )
  if (wish !== 'out' && entryAt(places, places.envFiles[wish]).kind === 'nothing')
    throw new Failure(`${places.envFiles[wish]}: not there yet`, 'run jobshim portage install first')
  const { actions, packages } = ready(planPackage(places, look(places), atom, wish))
  for (const action of actions) apply(places, action)
  return reportOf(places, actions, packages)
}

/** What Portage has of ours. */
export type PortageState = { root: string; installed: boolean; packages: readonly Package[] }

/** Returns which packages are opted in. Throws `Failure` for a system without Portage. */
export function readPortage(root: string): PortageState {
  const places = portagePlaces(root)
  const found = look(places)
  assertPortage(places)
  const installed = existsSync(places.hook) && existsSync(layoutOf(places.shims).launcher)
  return { root, installed, packages: enabledPackages(places, found) }
}

/** Takes everything of ours away. */
export async function uninstallPortage(root: string, environment: NodeJS.ProcessEnv): Promise<PortageReport> {
  const places = portagePlaces(root)
  const { actions } = ready(planUninstall(places, look(places)))
  const isAfterwards = ({ kind }: Action): boolean => kind === 'write state' || kind === 'remove directory'
  // The user's bashrc first: a phase that starts now finds a hook without shims, or none.
  for (const action of actions.filter(action => !isAfterwards(action))) apply(places, action)
  const shims = await uninstallShims(places.shims, environment)
  for (const action of actions.filter(isAfterwards)) apply(places, action)
  const report = reportOf(places, actions, [])
  return {
    ...report,
    changed: report.changed || shims.changed,
    removed: [...report.removed, ...(shims.changed ? [places.shims] : [])],
  }
}

// Before anything is made: in another user's directory there will be no shims.
function assertShims({ shims }: PortagePlaces): void {
  const layout = layoutOf(shims)
  try {
    checkShimDirectory(layout, 'change')
  } catch (error) {
    throw explain(layout, error)
  }
}

function look(places: PortagePlaces): Found {
  assertRoot(places.root)
  return {
    entry: path => entryAt(places, path),
    unfinished: path => unfinishedBeside(places, path),
    made: readMade(places),
  }
}

// Elsewhere nobody would ever read what we write.
function assertPortage({ root, etc }: PortagePlaces, end = ''): void {
  if (statSync(etc, { throwIfNoEntry: false })?.isDirectory()) return
  throw new Failure(`${etc}: missing: ${root} has no Portage${end}`, 'name a system that has one with --root')
}

// Whoever could put another directory in its place would choose what system is changed.
function assertRoot(root: string): void {
  const trust = trustOf(root, 'group')
  if (trust.kind === 'foreign' || trust.kind === 'open')
    throw new Failure(`${trust.at}: ${trust.what}`, 'name a system that only you can move with --root')
}

function ready(plan: Plan): Ready {
  if (plan.kind === 'ready') return plan
  throw new Failure(`${plan.by}: in the way, ${plan.why}; nothing was changed`, 'move it away')
}

function reportOf(
  { root }: PortagePlaces,
  actions: readonly Action[],
  packages: readonly Package[],
): PortageReport {
  const paths = (kind: 'write file' | 'remove file'): string[] =>
    actions.flatMap(action => (action.kind === kind ? [action.path] : []))
  return {
    root,
    changed: actions.length > 0,
    packages: packages.map(({ atom }) => atom),
    sandboxed: packages.filter(({ way }) => way === 'sandbox').map(({ atom }) => atom),
    wrote: paths('write file'),
    removed: paths('remove file'),
  }
}

// PMS 8.3 and the * of portage(5), loosely: Portage itself tells what it can't read.
const isAtom = (text: string): boolean =>
  /^[<>=~]{0,2}[\w+*][\w+.*-]*\/[\w+*][\w+.*-]*(:[\w+.*/=-]+)?(::[\w-]+)?$/.test(text)
