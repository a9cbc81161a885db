/** The `look` that looks after a pool, and at the tools of a command: one process for as long as we live (shims/look/caretaker.h). */
import { fstatSync } from 'node:fs'
import { type caretakerOrders, caretakerReports as reports } from '../contract/look-commands.js'
import { eachLine } from '../ground/each-line.js'
import { numberOf } from './answers.js'
import type { Change } from './change.js'
import { spawnLook } from './raw-call.js'

/** What was done to a pool, the size that it has from now on, or `gone`: its FIFO is no more where its clients look for it. */
export type PoolEvent = Change | { kind: 'size'; tokens: number } | { kind: 'gone' }

/** The pool that is looked after. */
export type TendedPool = {
  path: string // of its FIFO, beside which its ledger lies
  fifoFd: number
  tokens: number // that it has; what its ledger says others may have written
  isFed: boolean // they come from the machine's pool, and its ledger says how many there are
}

type Report = PoolEvent | { kind: 'free'; tokens: number }

/** Returns what a line of a caretaker says, undefined where it is none. */
export function readReport(line: string): Report | undefined {
  if (line === reports.gone) return { kind: 'gone' }
  const [, kind, digits = ''] = /^(\w+) (-?\d+)$/.exec(line) ?? []
  const tokens = numberOf(digits, kind === reports.free ? -1 : 0)
  switch (kind) {
    case reports.free:
    case reports.restored:
    case reports.size:
    case reports.surplus:
      return tokens === undefined ? undefined : { kind, tokens }
    default:
      return undefined
  }
}

export type Caretaker = {
  /** Looks after the pool. */
  tend(pool: TendedPool, tell: (event: PoolEvent) => void): void
  /** Stays until process `pid` has ended, also where we are killed before. */
  stay(pid: number): void
  /** Looks at the tools below that process, and writes what it sees to `file`. `jobserver`: its address; empty if the pool is not ours. */
  watch(file: string, jobserver: string): void
  /** Returns the number of free tokens; undefined where it can't be told. To be called once at a time. */
  countFree(): Promise<number | undefined>
  /** Resolves once it has ended, as where somebody killed it. */
  ended: Promise<void>
  /** Has it write what it saw, and end. */
  end(): Promise<void>
}

/** Starts one. `environment`: the build's. */
export function openCaretaker(look: string, environment: NodeJS.ProcessEnv): Caretaker {
  // In a session of its own: a terminal's ^C and ^Z are for the build.
  const child = spawnLook(look, ['caretaker'], {
    env: environment,
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  })
  let tell: (event: PoolEvent) => void = () => {}
  let counted: (tokens: number | undefined) => void = () => {}
  const hear = (line: string): void => {
    const report = readReport(line)
    if (report === undefined)
      child.kill('SIGKILL') // what it does nobody can tell: `ended` tells that it is over
    else if (report.kind === 'free') counted(report.tokens < 0 ? undefined : report.tokens)
    else tell(report)
  }
  const ended = new Promise<void>(resolve => {
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  })
  const { stdin, stdout } = child
  if (!stdin || !stdout) throw new Error('both are pipes')
  eachLine(stdout, hear)
  stdin.on('error', () => {}) // it is gone: `ended` tells
  const order = (name: keyof typeof caretakerOrders, ...words: string[]): void => {
    if (stdin.writable) stdin.write([name, ...words].map(word => `${word}\0`).join(''))
  }
  return {
    ended,
    tend({ path, fifoFd, tokens, isFed }, listener) {
      tell = listener
      const { dev, ino } = fstatSync(fifoFd, { bigint: true })
      order('tend', path, String(dev), String(ino), String(tokens), isFed ? '1' : '0')
    },
    stay: pid => order('stay', String(pid)),
    watch: (file, jobserver) => order('watch', file, jobserver),
    async countFree() {
      const answer = new Promise<number | undefined>(resolve => {
        counted = resolve
      })
      order('count')
      return await Promise.race([answer, ended.then(() => undefined)])
    },
    async end() {
      order('end')
      stdin.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), patience) // it has nothing, and may be stopped
      await ended
      clearTimeout(timer)
    },
  }
}

const patience = 2000 // ms
