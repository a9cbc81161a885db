import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { ledgerLayout, recordOffsets, recordStates } from '../../src/contract/ledger-layout.js'
import { lockedRecords } from '../../src/jobserver/ledger.js'
import { type Outcome, scrubbed } from '../support/jobshim.js'
import type { Pool } from '../support/pool.js'
import { makePool } from '../support/pools.js'
import { killAll, processesOf } from '../support/processes.js'
import { installShims } from '../support/shimdir.js'
import { until, within } from '../support/until.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

export { until, within }

/** A shim dir with one tool, `hold`, that says `held` and its pid and runs until its stdin ends; then it exits 7. */
export type Yard = {
  root: string
  shims: string
  runtime: string // XDG_RUNTIME_DIR: ledgers of foreign jobservers lie in here
  pool: Pool // held open by the test
  env: Record<string, string> // the shims first on PATH, and no jobserver
  governed: Record<string, string> // with the pool as jobserver
}

const hold = `#!/bin/sh
echo held $$
while read -r line; do echo "$line"; done
exit 7
`

/** `launcher` stands in for the one that all tests use; `tools`: what has a shim beside it. */
export async function makeYard(
  tokens: string,
  { launcher, tools = [] }: { launcher?: string; tools?: readonly string[] } = {},
): Promise<Yard> {
  const root = makeWorkspace()
  const runtime = join(root, 'run')
  mkdirSync(runtime, { mode: 0o700 })
  writeFiles(root, { 'bin/hold': hold })
  const path = `${join(root, 'bin')}:${process.env.PATH}`
  const shims = await installShims(join(root, 'shims'), {
    args: ['--tools', ['hold', ...tools].join(',')],
    env: { PATH: path },
    ...(launcher === undefined ? {} : { launcher }),
  })
  const pool = await makePool(root, tokens)
  const env = { PATH: `${shims}:${path}`, XDG_RUNTIME_DIR: runtime }
  return { root, shims, runtime, pool, env, governed: { ...env, JOBSHIM_JOBSERVER: pool.auth } }
}

/** A FIFO at `path`: who reads it reads on until `open` is called. A pipe to a child won't do, Node closes it at its death. */
export function makeGate({ root }: Yard): { path: string; open: () => void } {
  const path = join(root, 'gate')
  execFileSync('mkfifo', [path])
  const fd = openSync(path, 'r+')
  return { path, open: () => closeSync(fd) }
}

/** A started program that holds, or waits to. */
export type Held = {
  child: ChildProcess
  pid: number // of the program started: the launcher, where it was the shim itself
  tools: Promise<number[]> // the pids of the tools, once as many as wanted have said `held`
  ended: Promise<Outcome> // once it is gone and nobody has its stdout and stderr open
  output: { stdout: string; stderr: string }
  end(): Promise<Outcome> // closes its stdin
  kill(signal?: NodeJS.Signals): Promise<Outcome>
}

const alive = new Set<ChildProcess>()

/** Kills what is still there of a test that failed: it would keep the test file from ending. */
export function killStarted(): void {
  for (const child of alive) {
    killAll(processesOf(child.pid ?? -1))
    child.stdin?.end()
  }
}

export type Start = {
  env?: Readonly<Record<string, string | undefined>>
  command?: readonly string[] // default: hold
  fds?: readonly number[] | undefined
  wanted?: number // how many tools say `held`; default 1
  hangSeconds?: number
}

export function start({ env, command = ['hold'], fds = [], wanted = 1, hangSeconds }: Start): Held {
  const [program = '', ...args] = command
  const output = { stdout: '', stderr: '' }
  const child = spawn(program, args, {
    env: scrubbed(env),
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', ...fds],
  })
  alive.add(child)
  const describe = (): string => `${command.join(' ')}: ${JSON.stringify(output)}`
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => {
      alive.delete(child)
      resolve({ status, signal, ...output })
    })
  })
  child.stderr?.setEncoding('utf8').on('data', text => {
    output.stderr += text
  })
  const tools = new Promise<number[]>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', text => {
      output.stdout += text
      const pids = [...output.stdout.matchAll(/^held (\d+)$/gm)].map(([, pid]) => Number(pid))
      if (pids.length >= wanted) resolve(pids)
    })
    child.once('close', () => reject(new Error(`ended before it held: ${describe()}`)))
    child.once('error', reject)
  })
  tools.catch(() => {}) // where nobody waits for it
  child.stdin?.on('error', () => {})
  return {
    child,
    pid: child.pid ?? -1,
    get tools() {
      return within(tools, describe, hangSeconds)
    },
    get ended() {
      return within(ended, describe, hangSeconds)
    },
    output,
    end() {
      child.stdin?.end()
      return this.ended
    },
    kill(signal = 'SIGKILL') {
      child.kill(signal)
      child.stdin?.end()
      return this.ended
    },
  }
}

/** One record that is not free. */
export type LedgerRecord = { pid: number; state: number; alive: boolean }

/** The ledger of the yard's only foreign jobserver; no records where there is none yet. */
export function ledgerRecords(runtime: string): LedgerRecord[] {
  const [file] = readdirSync(runtime, { recursive: true, encoding: 'utf8' }).filter(name =>
    /\/v1-[^/.]*$/.test(name),
  )
  return file === undefined ? [] : recordsIn(join(runtime, file))
}

/** The records of the ledger at `path`. */
export function recordsIn(path: string): LedgerRecord[] {
  const { headerBytes, recordBytes, recordCount } = ledgerLayout
  const table = Buffer.alloc(recordBytes * recordCount)
  const fd = openSync(path, 'r')
  try {
    readSync(fd, table, 0, table.length, headerBytes)
    const locked = lockedRecords(fstatSync(fd).ino, readFileSync('/proc/locks', 'utf8'))
    return Array.from({ length: recordCount }, (_, index) => index).flatMap(index => {
      const at = index * recordBytes
      const state = table[at + recordOffsets.state] ?? 0
      if (state === recordStates.free) return []
      return [{ pid: table.readUInt32LE(at + recordOffsets.pid), state, alive: locked.has(index) }]
    })
  } finally {
    closeSync(fd)
  }
}

/** Resolves once the launcher `pid` is recorded as waiting for a slot. */
export const waits = ({ runtime }: Yard, { pid, output }: Held): Promise<void> =>
  until(`${pid} waits: ${JSON.stringify(output)}`, () =>
    ledgerRecords(runtime).some(
      record =>
        record.pid === pid &&
        (record.state === recordStates.waiting || record.state === recordStates.acquiring),
    ),
  )
