import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { describe, killUntilNone, processesOf } from './processes.js'
import { repository } from './workspace.js'

export type Outcome = { status: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }

export type Surroundings = {
  cwd?: string
  env?: Readonly<Record<string, string | undefined>> // on top of the scrubbed environment; undefined removes
  input?: string // stdin; without it /dev/null
  fds?: readonly number[] // handed on as fd 3, 4, ...
  hangSeconds?: number // default 180; after that the test fails and says who still runs
}

const jobserverNames = ['MAKEFLAGS', 'MFLAGS', 'GNUMAKEFLAGS', 'MAKELEVEL', 'CARGO_MAKEFLAGS']
const buildNames = [
  'CC',
  'CXX',
  'CFLAGS',
  'LDFLAGS',
  'MAKEOPTS',
  'RUSTC',
  'RUSTC_WRAPPER',
  'RUSTFLAGS',
  'NINJA_STATUS',
  'NINJAFLAGS',
]

const companyNames = /^(CCACHE|DISTCC|ICECC|SCCACHE|CMAKE)_|^GOFLAGS$/

/** Our environment without anything that a jobserver, a build or a jobshim around the tests may have left in it. */
export function scrubbed(extra: Surroundings['env'] = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      ![...jobserverNames, ...buildNames].includes(name) &&
      !companyNames.test(name) &&
      (!name.startsWith('JOBSHIM_') || name.startsWith('JOBSHIM_TEST_')),
  )
  const env: NodeJS.ProcessEnv = { ...Object.fromEntries(kept), LC_ALL: 'C', ...extra }
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
}

/**
 * Runs a program in a session of its own and returns its end and its output once all its descendants have closed
 * stdout and stderr. Throws, and kills the session, if that takes longer than `hangSeconds`.
 */
export function run(command: string, args: readonly string[], around: Surroundings = {}): Promise<Outcome> {
  const { cwd, env, input, fds = [], hangSeconds = 180 } = around
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: scrubbed(env),
      detached: true,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...fds],
    })
    const output = { stdout: '', stderr: '' }
    const hang = setTimeout(() => {
      const left = killUntilNone(() => processesOf(child.pid ?? -1))
      reject(
        new Error(
          `hangs: ${[command, ...args].join(' ')}\n${describe(left)}\nstdout: ${output.stdout}\nstderr: ${output.stderr}`,
        ),
      )
    }, hangSeconds * 1000)
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        output[name] += text
      })
    }
    child.stdin?.on('error', () => {}).end(input) // EPIPE: a program that reads no stdin
    child.on('error', error => {
      clearTimeout(hang)
      reject(error)
    })
    child.on('close', (status, signal) => {
      clearTimeout(hang)
      resolve({ status, signal, ...output })
    })
  })
}

/** Runs this clone's jobshim. */
export const ownJobshim = (args: readonly string[], around?: Surroundings): Promise<Outcome> =>
  run(process.execPath, [join(repository, 'bin/jobshim.js'), ...args], around)

/** The same; in a file whose pools are those of a server, see pools.ts, a `run -jN` gets its slots from one. */
export async function jobshim(args: readonly string[], around: Surroundings = {}): Promise<Outcome> {
  if (process.env.JOBSHIM_TEST_POOL === undefined) return ownJobshim(args, around)
  const { runOnAccount } = await import('./account-run.js')
  return runOnAccount(args, around)
}
