import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { createInterface } from 'node:readline'
import { scrubbed } from './jobshim.js'

/** A system call of a launcher, as inject.c names it. */
export type Call = { name: string; label: string }

/** Of the calls with this name and label (`*`: all), those numbered which, which + step, ... fail; step 0: that one only. */
export type Failure = Call & { error: number; which: number; step: number }

/** What became of a run with a failure. */
export type Ran = {
  end: string // `exit N`, `signal N` or `hangs`
  stdout: string
  stderr: string
  tokens: string // in the FIFO after it
  failed: number // how many calls did
  left: boolean // a process of it was still there
}

export type Injector = {
  plain: Ran // what became of a run without a failure
  list(): Promise<Call[]> // all calls of such a run, in order
  run(failures: readonly Failure[]): Promise<Ran[]>
  end(): Promise<void>
  env: Readonly<Record<string, string | undefined>> // its own
}

export function errorNumber(code: string): number {
  const number = Object.entries(constants.errno).find(([name]) => name === code)?.[1]
  if (number === undefined) throw new Error(`${code}: no such error`)
  return number
}

const started = new Set<ChildProcess>()

/** Ends those of a test that failed; whatever they run ends with them. */
export function endInjectors(): void {
  for (const child of started) child.stdin?.end()
}

const text = (hex: string): string => Buffer.from(hex, 'hex').toString()

/** Starts `command`, which ends in an inject.c's command line. */
export async function startInjector(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Injector> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { env: scrubbed(env), stdio: ['pipe', 'pipe', 'pipe'] })
  started.add(child)
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    said += more
  })
  child.stdin.on('error', () => {}) // it ended: the next line is missing then
  const closed = once(child, 'close').then(([status]) => {
    started.delete(child)
    return status as number | null
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()

  /** Reads on until a run's end, and takes what comes before it as calls. */
  const readRun = async (calls: Call[] = []): Promise<Ran> => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new Error(`${command.join(' ')}: ended with ${await closed}\n${said}`)
      const [kind, ...fields] = value.split('\t')
      if (kind === 'call') calls.push({ name: fields[0] ?? '', label: fields[1] ?? '' })
      if (kind !== 'end') continue
      const [end = '', stdout = '', stderr = '', tokens = '', failed, left] = fields
      return {
        end,
        stdout: text(stdout),
        stderr: text(stderr),
        tokens,
        failed: Number(failed),
        left: left === '1',
      }
    }
  }

  const plainRun = (calls?: Call[]): Promise<Ran> => {
    child.stdin.write('0 - 0 0 *\n')
    return readRun(calls)
  }
  return {
    env,
    plain: await plainRun(),
    async list() {
      const calls: Call[] = []
      await plainRun(calls)
      return calls
    },
    async run(failures) {
      const rows = failures.map(({ error, name, which, step, label }) =>
        [error, name, which, step, label].join(' '),
      )
      child.stdin.write(rows.map(row => `${row}\n`).join(''))
      const all: Ran[] = []
      for (const _ of rows) all.push(await readRun())
      return all
    },
    async end() {
      child.stdin.end()
      const status = await closed
      if (status !== 0 || said !== '') throw new Error(`${command.join(' ')}: ended with ${status}\n${said}`)
    },
  }
}
