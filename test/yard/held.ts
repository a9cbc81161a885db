import { type ChildProcess, spawn } from 'node:child_process'
import { type Outcome, scrubbed } from '../support/jobshim.js'
import { killUntilNone, processesOf } from '../support/processes.js'
import { within } from '../support/until.js'

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
    killUntilNone(() => processesOf(child.pid ?? -1))
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
      // What ends with it, since it is its parent, must not find the end of its input first.
      child.once('exit', () => child.stdin?.end())
      child.kill(signal)
      if (child.exitCode !== null || child.signalCode !== null) child.stdin?.end()
      return this.ended
    },
  }
}
