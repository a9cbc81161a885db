/** A herd of waiters for one token that goes round 200 times a second: what their waiting costs, and who waits longest. */
import { join } from 'node:path'
import { print, spread, table } from './figures.js'
import { inScratch, launcher, plainPath, root, run } from './scratch.js'

type Herd = { name: string; kind: 'launcher' | 'read' | 'poll'; jobs: number; each: number }

const size = 500
const seconds = 10
const rate = 200 // tokens a second, unless the machine is busy
const herds: readonly Herd[] = [
  { name: 'launchers, one job', kind: 'launcher', jobs: 1, each: size },
  { name: `launchers, ${size} jobs`, kind: 'launcher', jobs: size, each: 1 },
  { name: '`read`', kind: 'read', jobs: 1, each: size },
  { name: '`poll`', kind: 'poll', jobs: 1, each: size },
]

/** Once it has the token a launcher sleeps until its tool is started, and until that ends; the others only sleep once. */
const sleepsAfterwards = { launcher: 2, read: 1, poll: 1 } as const

/** Of a waiter, from when it slept to when it had the token, or to the end of the round. */
type Waiter = { began: number; ended: number; served: boolean; switches: number; cpu: number }
type Memory = { all: number; own: number } // resident KB
type Round = { waiters: readonly Waiter[]; memory: readonly Memory[]; nanoseconds: number; start: number }

const columns = [
  'tokens',
  'wakes',
  'microseconds',
  'cpu',
  'mean',
  'longest',
  'ratio',
  'overtaken',
  'memory',
  'own',
] as const
type Figures = Record<(typeof columns)[number], number>

const limits = { wakes: 1.5, cpu: 2, ratio: 20, memory: 128 } as const // more than 1.5 is not about one

export function parseRound(output: string): Round {
  const lines = output
    .trim()
    .split('\n')
    .map(line => line.split(' '))
  const rows = (word: string): number[][] =>
    lines.filter(([first]) => first === word).map(([, ...numbers]) => numbers.map(Number))
  const [[nanoseconds = Number.NaN] = []] = rows('round')
  const [[start = Number.NaN] = []] = rows('start')
  return {
    waiters: rows('waiter').map(([began = 0, ended = 0, served, switches = 0, cpu = 0]) => ({
      began,
      ended,
      served: served === 1,
      switches,
      cpu,
    })),
    memory: rows('memory').map(([all = 0, own = 0]) => ({ all, own })),
    nanoseconds,
    start,
  }
}

/** By how many that came later a waiter was overtaken, at most. Waiters are in the order of their arrival. */
export function mostOvertaken(waiters: readonly Waiter[]): number {
  const grants = waiters.flatMap(({ served, ended }) => (served ? [ended] : [])).sort((a, b) => a - b)
  const served = waiters.map(waiter => (waiter.served ? waiter.ended : Number.POSITIVE_INFINITY))
  const most = served.map((own, at) => {
    const before = grants.filter(grant => grant < own).length
    return before - served.slice(0, at).filter(other => other < own).length
  })
  return Math.max(0, ...most)
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

export function figuresOf({ waiters, memory, nanoseconds, start }: Round, kind: Herd['kind']): Figures {
  const tokens = waiters.filter(({ served }) => served).length
  // Between two looks at sleepers there is a wake-up for each time that it fell asleep; the last sleeps were no waits.
  const wakes = waiters.map(({ served, switches }) =>
    served ? Math.max(0, switches - sleepsAfterwards[kind] + 1) : switches,
  )
  const waits = waiters.map(({ began, ended }) => ended - began)
  const mean = sum(waits) / waits.length
  const cpu = sum(waiters.map(waiter => waiter.cpu)) / tokens - (kind === 'launcher' ? start : 0)
  const longest = Math.max(...waits)
  return {
    tokens: tokens / (nanoseconds / 1e9),
    wakes: sum(wakes) / tokens,
    microseconds: cpu / 1e3,
    cpu: (100 * cpu * rate) / 1e9,
    mean: mean / 1e9,
    longest: longest / 1e9,
    ratio: longest / mean,
    overtaken: mostOvertaken(waiters),
    memory: Math.max(...memory.map(({ all }) => all)),
    own: Math.max(...memory.map(({ own }) => own)),
  }
}

function timeHerd({ kind, jobs, each }: Herd, herd: string): Figures {
  const words = [kind, String(jobs), String(each), String(seconds), inScratch('herd-fifo')]
  const output = run([herd, ...words, ...(kind === 'launcher' ? [launcher] : [])], plainPath)
  return figuresOf(parseRound(output), kind)
}

const digits: Figures = {
  tokens: 0,
  wakes: 2,
  microseconds: 0,
  cpu: 2,
  mean: 2,
  longest: 2,
  ratio: 1,
  overtaken: 0,
  memory: 0,
  own: 0,
}

/** All rounds' figures, the median first. */
function cell(column: keyof Figures, rounds: readonly Figures[]): string {
  const numbers = rounds.map(figures => figures[column])
  const show = (number: number): string => number.toFixed(digits[column])
  return `${show(spread(numbers).middle)} (${numbers.map(show).join(' ')})`
}

function printLimits(results: ReadonlyMap<string, readonly Figures[]>): void {
  table(
    'The limits, by the worst round',
    'herd',
    'wake-ups a token',
    'CPU, %',
    'longest / mean',
    'resident KB',
  )
  for (const [name, rounds] of results) {
    const cells = (['wakes', 'cpu', 'ratio', 'memory'] as const).map(column => {
      const worst = Math.max(...rounds.map(figures => figures[column]))
      const limit = column === 'wakes' ? 'about 1' : `< ${limits[column]}`
      return `${worst.toFixed(digits[column])}, ${limit}: ${worst < limits[column] ? 'kept' : 'missed'}`
    })
    print(name, ...cells)
  }
}

/** Prints each herd's figures, all herds in turn. */
export function printHerd(rounds: number): void {
  const herd = inScratch('herd')
  const options = ['-O2', '-static', '-std=c11', '-Wall', '-Wextra', '-Wshadow']
  run(['cc', ...options, '-o', herd, join(root, 'bench/herd.c')], plainPath)
  const results = new Map<string, Figures[]>(herds.map(({ name }) => [name, []]))
  for (let i = 0; i < rounds; i++) for (const one of herds) results.get(one.name)?.push(timeHerd(one, herd))
  table(
    `${size} wait for one token, ${seconds} s; the median of ${rounds} rounds, and each round`,
    'herd',
    'tokens a second',
    'wake-ups a token',
    'CPU a token, µs',
    `CPU at ${rate} tokens a second, %`,
    'mean wait, s',
    'longest, s',
    'longest / mean',
    'overtaken by at most',
    'resident KB',
    'anonymous KB',
  )
  for (const [name, figures] of results) print(name, ...columns.map(column => cell(column, figures)))
  printLimits(results)
}
