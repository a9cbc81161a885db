/** Where the shims stand on PATH: here, and in a login shell. */
import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { trustOf } from '../ground/trust.js'
import { findTool, realDirectories } from '../shimdir/real-tools.js'
import { pathWithShims, usualPath } from '../shimdir/surroundings.js'
import { runProgram } from './program.js'

/** A program that a PATH search finds before the shim of its name. `program`: what it leads to, as ccache. */
export type Forestalling = { name: string; path: string; program: string }

export type Standing = { isThere: boolean; before: readonly Forestalling[] }

export type Login = { kind: 'told'; standing: Standing } | { kind: 'untold'; why: string }

export type PathFacts = {
  dir: string
  env: string // what a shell evaluates to have the shims first
  profile: string // what a login shell of bash reads, and may write
  hasShims: boolean
  here: Standing
  login: Login
}

/** Looks at PATH, and lets a login shell say what it makes of it. `names`: of the shims. */
export async function pathFacts(
  { dir, env }: Pick<PathFacts, 'dir' | 'env'>,
  names: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<PathFacts> {
  const here = standingOn(environment.PATH ?? '', dir, names)
  const hasShims = names.length > 0
  const login: Login = hasShims
    ? await loginShellStanding(dir, names, environment)
    : { kind: 'untold', why: 'no shims' }
  return { dir, env, profile: profileIn(environment.HOME ?? '~'), hasShims, here, login }
}

/** Returns the first that is there of the files of which bash reads one, bash(1). */
function profileIn(home: string): string {
  const files = ['.bash_profile', '.bash_login', '.profile'].map(name => join(home, name))
  return files.find(file => existsSync(file)) ?? join(home, '.profile')
}

/** Returns where the shims stand on this PATH. */
export function standingOn(path: string, dir: string, names: readonly string[]): Standing {
  const directories = path.split(':')
  const at = directories.findIndex(directory => isSame(directory, dir))
  const before = at < 0 ? [] : realDirectories(directories.slice(0, at).join(':'), dir)
  return {
    isThere: at >= 0,
    before: names.flatMap(name => {
      const found = findTool(name, before)
      return found === undefined ? [] : [{ name, path: found, program: programOf(found) }]
    }),
  }
}

function isSame(directory: string, dir: string): boolean {
  if (directory === dir) return true
  const [one, other] = [directory || '.', dir].map(identity)
  return one !== undefined && one === other
}

function identity(directory: string): string | undefined {
  try {
    const { dev, ino } = statSync(directory)
    return `${dev}:${ino}`
  } catch {
    return undefined // nothing there, or not ours to see
  }
}

function programOf(path: string): string {
  try {
    return basename(realpathSync(path))
  } catch {
    return basename(path)
  }
}

// Its profile would run as us: `sudo -E` keeps HOME.
function foreignHome({ HOME: home }: NodeJS.ProcessEnv): string | undefined {
  const trust = home?.startsWith('/') ? trustOf(home, 'group') : undefined
  return trust?.kind === 'foreign' || trust?.kind === 'open' ? `${trust.at}: ${trust.what}` : undefined
}

async function loginShellStanding(
  dir: string,
  names: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<Login> {
  const foreign = foreignHome(environment)
  if (foreign !== undefined) return { kind: 'untold', why: foreign }
  const bash = findTool('bash', realDirectories(environment.PATH || usualPath))
  if (bash === undefined) return { kind: 'untold', why: 'no bash on PATH' }
  // A profile may print whatever it likes.
  const answer = await runProgram(bash, ['-lc', 'printf "\\0%s\\0" "$PATH"'], {
    environment: { ...environment, PATH: pathWithShims(environment.PATH, dir) },
  })
  if (answer.kind === 'failed') return { kind: 'untold', why: `bash -lc: ${answer.why}` }
  const path = answer.stdout.split('\0').at(-2)
  return path === undefined
    ? { kind: 'untold', why: `bash -lc ended with ${answer.status}` }
    : { kind: 'told', standing: standingOn(path, dir, names) }
}
