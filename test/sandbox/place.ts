/** A directory with tools that write down when they run, and shims for them that nobody has on PATH. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { buildProgram } from '../support/built.js'
import { jobshim, type Outcome, type Surroundings } from '../support/jobshim.js'
import { type Process, processes } from '../support/processes.js'
import { installShims } from '../support/shimdir.js'
import { makeWorkspace } from '../support/workspace.js'

export type SandboxPlace = {
  root: string
  tool: string // `TOOL -c MILLISECONDS -o out/NAME`: a gcc, by its name
  shims: string
  env: Record<string, string>
  /** Runs a command in a sandbox. */
  run: (jobs: number, command: readonly string[], around?: Surroundings) => Promise<Outcome>
}

export async function makeSandboxPlace({
  flags = [],
}: {
  flags?: readonly string[]
} = {}): Promise<SandboxPlace> {
  const root = makeWorkspace()
  for (const name of ['tools', 'out']) mkdirSync(join(root, name))
  mkdirSync(join(root, 'run'), { mode: 0o700 })
  const tool = join(root, 'tools/gcc')
  buildProgram(tool, ['sandbox-tool.c'], flags)
  const env = { HOME: root, PATH: `${join(root, 'tools')}:/usr/bin:/bin`, XDG_RUNTIME_DIR: join(root, 'run') }
  const shims = await installShims(join(root, 'shims'), { args: ['--tools', 'gcc'], env })
  const run: SandboxPlace['run'] = (jobs, command, around) =>
    jobshim(['run', '--sandbox', '--json', '--no-config', '--dir', shims, `-j${jobs}`, '--', ...command], {
      cwd: root,
      ...around,
      env: { ...env, ...around?.env },
    })
  return { root, tool, shims, env, run }
}

/** Before a second run in the same place. */
export function emptyOut({ root }: SandboxPlace): void {
  rmSync(join(root, 'out'), { recursive: true })
  mkdirSync(join(root, 'out'))
}

/** The supervisor of this place, which its socket in there tells; its child, the successor; and later a child of that. */
export const supervisorsOf = ({ root }: SandboxPlace): Process[] =>
  processes().filter(
    ({ command, state }) => state !== 'Z' && /^\S+ supervise /.test(command) && command.includes(` ${root}`),
  )

/** The supervisor, or who does its work after its end. */
export function supervisorOf(place: SandboxPlace): number | undefined {
  const all = supervisorsOf(place)
  return all.find(({ parent }) => !all.some(({ pid }) => pid === parent))?.pid
}

// The number of set_tid_address, in which a program waits.
const call = process.arch === 'x64' ? '218' : '96'

/** The processes that wait for a slot as a program of that path. */
export const waitersAs = (program: string): number[] =>
  processes()
    .map(({ pid }) => pid)
    .filter(pid => {
      try {
        const isHeld = readFileSync(`/proc/${pid}/syscall`, 'utf8').startsWith(`${call} `)
        return isHeld && readlinkSync(`/proc/${pid}/exe`) === program
      } catch {
        return false // it has ended
      }
    })

export type Peak = { runs: number; peak: number }

/** Returns what ran by the tools' own log. Throws if one that started did not end. */
export const peakOf = ({ root }: SandboxPlace): Peak => peakIn(join(root, 'out/log'))

export function peakIn(path: string): Peak {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : []
  let now = 0
  let peak = 0
  for (const line of lines) {
    now += line.startsWith('+') ? 1 : -1
    peak = Math.max(peak, now)
  }
  assert.is(now, 0, 'each that started has ended')
  return { runs: lines.length / 2, peak }
}

/** Copies the tool to a name that is no tool's, and returns its path. */
export function copyTool({ root, tool }: SandboxPlace, name: string): string {
  const copy = join(root, name)
  copyFileSync(tool, copy)
  return copy
}
