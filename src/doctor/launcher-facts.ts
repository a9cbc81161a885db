/** What is known of the launcher. */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { environment as names } from '../contract/environment.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { isForeignProgram } from '../ground/foreign-program.js'
import { readOutcome } from '../launcher/answers.js'
import { checkShimDirectory, inspect, launcherIn } from '../shimdir/inspect.js'
import { findLauncher } from '../shimdir/launcher.js'
import { layoutOf, lookBeside } from '../shimdir/layout.js'
import { readManifest } from '../shimdir/manifest.js'
import { findTool, realDirectories } from '../shimdir/real-tools.js'
import { runProgram } from './program.js'

export type Launcher =
  | { kind: 'installed'; path: string; isThisVersion: boolean }
  | { kind: 'built'; path: string } // no shims yet
  | { kind: 'lost'; path: string } // shims without one
  | { kind: 'none'; missing: readonly string[] } // what it takes to build one and is not there

/** `features`: of the kernel, by name, why each can't be used; empty: it can. */
export type LauncherDescription =
  | { kind: 'told'; linking: string; libc: string; features: ReadonlyMap<string, string> }
  | { kind: 'silent'; why: string; cause?: 'noexec' }
  | { kind: 'old' } // of a version that has no `look`

export type Speed = { kind: 'measured'; bareMs: number; shimMs: number } | { kind: 'unknown'; why: string }

export type LauncherFacts = {
  launcher: Launcher
  install: string // what a shell runs to make the shims
  bytes: number
  description: LauncherDescription
  speed: Speed
}

/** Returns the launcher of a shim dir, else the package's. */
export function findLauncherOf(dir: string, environment: NodeJS.ProcessEnv): Launcher {
  const layout = layoutOf(dir)
  const built = findLauncher(environment)
  try {
    if (checkShimDirectory(layout, 'use') === 'usable' && launcherIn(layout)) {
      const { launcher, madeByThisVersion } = inspect(layout, built)
      return {
        kind: 'installed',
        path: layout.launcher,
        isThisVersion: madeByThisVersion && launcher === 'current',
      }
    }
    const manifest = readManifest(layout)
    if (manifest.kind === 'good' && manifest.names.length > 0) return { kind: 'lost', path: layout.launcher }
  } catch (error) {
    if (!(error instanceof Failure || systemErrorCode(error))) throw error // the check of the shims tells
  }
  if (built !== undefined) return { kind: 'built', path: built }
  const directories = realDirectories(environment.PATH ?? '')
  const missing = [['make'], ['cc', 'musl-gcc']].filter(
    names => !names.some(name => findTool(name, directories) !== undefined),
  )
  return { kind: 'none', missing: missing.map(([name = '']) => name) }
}

/** The two programs in C, which lie side by side. */
export type Programs = { launcher: string; look: string }

/** Returns its path, where there is one that can be called. */
function pathOf(launcher: Launcher): string | undefined {
  return launcher.kind === 'installed' || launcher.kind === 'built' ? launcher.path : undefined
}

/** Returns the environment without what would make a run of the launcher part of somebody's build. */
export function outsideBuild(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const taken: string[] = [
    ...['MAKEFLAGS', 'CARGO_MAKEFLAGS', names.jobserver, names.outer, names.disable, names.rules],
    ...[names.journal, names.engine, names.launcher, names.noJobserver, names.patience, names.log],
  ]
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !taken.includes(name)))
}

/**
 * Returns the programs where they answer: nobody else is to call one that can't run. An older version's launcher has no `look`
 * beside it, so that the built one looks.
 */
export function usablePrograms(
  { launcher, description }: LauncherFacts,
  environment: NodeJS.ProcessEnv,
): Programs | undefined {
  const path = description.kind === 'silent' ? undefined : pathOf(launcher)
  const beside = description.kind === 'old' ? findLauncher(environment) : path
  return path === undefined || beside === undefined ? undefined : { launcher: path, look: lookBeside(beside) }
}

/** Tries the launcher, asks `look` how both were built, and measures how long a launcher takes. */
export async function launcherFacts(
  launcher: Launcher,
  install: string,
  environment: NodeJS.ProcessEnv,
): Promise<LauncherFacts> {
  const path = pathOf(launcher)
  if (path === undefined) {
    const why = 'no launcher'
    const description = { kind: 'silent', why } as const
    return { launcher, install, bytes: 0, description, speed: { kind: 'unknown', why } }
  }
  const description = await readDescription(path, environment)
  const speed: Speed =
    description.kind === 'silent'
      ? { kind: 'unknown', why: 'the launcher does not run' }
      : await measure(path, environment)
  return { launcher, install, bytes: sizeOf(path), description, speed }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch {
    return 0 // gone meanwhile
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function readDescription(path: string, environment: NodeJS.ProcessEnv): Promise<LauncherDescription> {
  if (!isExecutable(path))
    return (statSync(path).mode & 0o111) === 0
      ? { kind: 'silent', why: 'not executable' }
      : { kind: 'silent', why: 'its filesystem is mounted noexec', cause: 'noexec' }
  // What the kernel does not know is given to a shell by execvp(3), as a script.
  if (isForeignProgram(path)) return { kind: 'silent', why: 'it is no program of this machine' }
  const call = { environment: outsideBuild(environment) }
  const tried = await runProgram(path, [], call) // which it refuses: there is no tool to run
  if (tried.kind === 'failed') return { kind: 'silent', why: tried.why }
  if (tried.status !== exitCodes.jobshim)
    return { kind: 'silent', why: tried.stderr.trim().split('\n')[0] || silence(tried.status) }
  const look = lookBeside(path)
  if (!existsSync(look)) return { kind: 'old' }
  const answer = await runProgram(look, ['features'], call)
  if (answer.kind === 'failed') return { kind: 'silent', why: `${look}: ${answer.why}` }
  const outcome = readOutcome('features', answer.status, answer.stdout)
  if (outcome?.kind !== 'answered')
    return { kind: 'silent', why: answer.stderr.trim().split('\n')[0] || silence(answer.status) }
  const { linking, libc, ...features } = outcome.answer
  return { kind: 'told', linking, libc, features: new Map(Object.entries(features)) }
}

const silence = (status: number | null): string =>
  status === 0 ? "its answer can't be read" : `it ended with ${status}`

const rounds = 11
const runsARound = 5
const loop = 'n=$1; shift; i=0; while [ $i -lt $n ]; do "$@" || exit 1; i=$((i+1)); done'

/**
 * Measures what a shim adds to the shortest tool there is. A shell starts it a few times; what the shell itself takes to
 * start is taken off. Bare, shimmed and empty rounds in turn, so that all have the same load.
 */
async function measure(path: string, environment: NodeJS.ProcessEnv): Promise<Speed> {
  const tool = findTool('true', realDirectories(environment.PATH || '/usr/bin:/bin'))
  if (tool === undefined || !existsSync('/bin/sh')) return { kind: 'unknown', why: 'no true or no sh here' }
  const env = { ...outsideBuild(environment), [names.noJobserver]: 'pass' }
  const times: [empty: number[], bare: number[], shim: number[]] = [[], [], []]
  const commands: readonly string[][] = [
    ['0', tool],
    [String(runsARound), tool],
    [String(runsARound), path, '--', tool],
  ]
  for (let round = 0; round < rounds; round++)
    for (const [index, command] of commands.entries()) {
      const start = performance.now()
      const answer = await runProgram('/bin/sh', ['-c', loop, 'sh', ...command], { environment: env })
      if (answer.kind === 'failed') return { kind: 'unknown', why: answer.why }
      if (answer.status !== 0)
        return { kind: 'unknown', why: answer.stderr.trim() || `true ended with ${answer.status}` }
      times[index]?.push(performance.now() - start)
    }
  const [empty, bare, shim] = times.map(median)
  const each = (ms = 0): number => Math.max(0.001, (ms - (empty ?? 0)) / runsARound)
  return { kind: 'measured', bareMs: each(bare), shimMs: each(shim) }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
