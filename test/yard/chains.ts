/** Deep chains of shells below a client, and what is asked at their end. */
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { buildWithLauncher } from '../support/built.js'
import { processes } from '../support/processes.js'
import { until } from '../support/until.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { type Held, start } from './held.js'
import type { Yard } from './yard.js'

const directory = makeWorkspace()
export const chainProgram = join(directory, 'chain')
const script = join(directory, 'shells.sh')
buildWithLauncher(chainProgram, 'support/chain.c')

// Each waits for the next one, and becomes a client if it is told so; the last one does what it reads.
writeFiles(directory, {
  'shells.sh': `left=$1
echo shell $$
trap 'exec ${chainProgram} client "$FIFO" sleep 1000' USR1
if [ "$left" -gt 1 ]; then sh ${script} $((left - 1)) & wait; exit; fi
exec 9<>"$COMMANDS"
while read -r line <&9; do eval "$line"; done
`,
})

export type Answer = { noted: boolean; key: string; whole: string }

export type Chain = {
  held: Held // the client
  shells: number[] // from the client's child on
  say(line: string): void // to the last one
  ask(from?: (command: string) => string): Promise<Answer>
  askNoted(): Promise<Answer> // once a note is there
  end(): Promise<unknown>
}

let made = 0

/** Starts a client of the yard's pool, and so many shells below it. */
export async function startChain(
  yard: Yard,
  depth: number,
  env: Record<string, string | undefined> = yard.governed,
): Promise<Chain> {
  const fifo = yard.pool.auth.replace('fifo:', '')
  const commands = join(yard.root, `commands-${made++}`)
  execFileSync('mkfifo', [commands])
  const write = openSync(commands, 'r+')
  const command = [chainProgram, 'client', fifo, 'sh', script, String(depth)]
  const held = start({ env: { ...env, FIFO: fifo, COMMANDS: commands }, command, wanted: 0 })
  held.ended.catch(() => {})
  const found = (pattern: RegExp): RegExpMatchArray[] => [...held.output.stdout.matchAll(pattern)]
  const shells = (): number[] => found(/^shell (\d+)$/gm).map(([, pid]) => Number(pid))
  await until('all shells are there', () => shells().length === depth)
  let asked = 0
  const chain: Chain = {
    held,
    shells: shells(),
    say(line) {
      writeSync(write, `${line}\n`)
    },
    async ask(from = command => command) {
      const answers = (): RegExpMatchArray[] => found(/^asked (\d) (\w+) (\w+)$/gm)
      chain.say(from(`${chainProgram} ask`))
      asked++
      await until(`it is answered: ${JSON.stringify(held.output)}`, () => answers().length === asked)
      const [, noted, key = '', whole = ''] = answers().at(-1) ?? []
      return { noted: noted === '1', key, whole }
    },
    async askNoted() {
      for (let tries = 0; tries < 100; tries++) {
        const answer = await chain.ask()
        if (answer.noted) return answer
      }
      throw new Error('no note is heeded')
    },
    end() {
      try {
        process.kill(-held.pid, 'SIGKILL')
      } catch {
        // all of it is gone
      }
      closeSync(write)
      return held.ended
    },
  }
  return chain
}

/** A field of /proc/PID/stat, as proc_pid_stat(5) counts them, from the third on; empty if there is no such process. */
function fieldOf(pid: number, field: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[field - 3] ?? ''
  } catch {
    return ''
  }
}

export const parentOf = (pid: number): number => Number(fieldOf(pid, 4))

/** When a process started, in clock ticks since boot. */
export const startOf = (pid: number): bigint => BigInt(fieldOf(pid, 22))

/** Whether it has become a client, and runs what it was told. */
export const isClient = (pid: number): boolean =>
  processes().some(({ parent, command }) => parent === pid && command === 'sleep 1000')

/** FNV-1a of 64-bit words, as shims/ground/hash.h has it. */
export function hashOf(words: readonly (bigint | number)[]): bigint {
  const bytes = Buffer.from(BigUint64Array.from(words, BigInt).buffer)
  return bytes.reduce(
    (value, byte) => BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n),
    0xcbf29ce484222325n,
  )
}

/** The key of the job that a process is. */
export const keyOf = (pid: number): string => hashOf([0, pid, startOf(pid)]).toString(16)
