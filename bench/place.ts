/** Where a tool is started: whose slot it gets, in which pool, and what is special about its caller or the machine. */
import { writeFileSync } from 'node:fs'
import type { Samples } from './figures.js'
import { inScratch, jobshim, launcher, run, shims, spawn } from './scratch.js'

const depth = 40
const descriptors = 500
const processes = 3000

export type Variant = { name: string; command: readonly string[] }

export type Place = {
  name: string
  pool: 'foreign' | 'run' | 'none'
  driver: readonly string[] // of `spawn time`
  deep?: true // the caller is below many shells
  crowded?: true // many other processes sleep meanwhile
}

const callers = ['client']
const implicit = ['plain']
const token = ['busy', launcher]
const full = ['full', String(descriptors)]

const inPool = (pool: 'foreign' | 'run'): Place[] => [
  { name: 'caller holds the slot', pool, driver: callers },
  { name: 'implicit slot', pool, driver: implicit },
  { name: 'token', pool, driver: token },
]

const hardInPool = (pool: 'foreign' | 'run'): Place[] => [
  { name: `token, ${depth} shells deep`, pool, driver: token, deep: true },
  { name: `caller holds the slot, has ${descriptors} descriptors`, pool, driver: [...full, ...callers] },
  { name: `token, caller has ${descriptors} descriptors`, pool, driver: [...full, ...token] },
  { name: `caller holds the slot, ${processes} other processes`, pool, driver: callers, crowded: true },
  { name: `token, ${processes} other processes`, pool, driver: token, crowded: true },
]

/** Those that builds have. */
export const places: readonly Place[] = [
  ...inPool('foreign'),
  ...inPool('run'),
  { name: 'no jobserver', pool: 'none', driver: implicit },
]

/** Those in which a launcher has more to look at than it mostly has. */
export const hardPlaces: readonly Place[] = [...hardInPool('foreign'), ...hardInPool('run')]

export const poolCommands = {
  foreign: [spawn, 'serve', inScratch('fifo')],
  run: [...jobshim, 'run', '-q', '-j2', '--no-config', '--dir', shims, '--'],
  none: [],
} as const

/** Returns a command that runs what stands behind it below so many shells, each of which waits for the next one. */
export function shells(): string[] {
  const script = inScratch('shells.sh')
  writeFileSync(
    script,
    'left=$1; shift\n' +
      `if [ "$left" -gt 1 ]; then sh ${script} $((left - 1)) "$@"; else "$@"; fi\n` +
      'exit $?\n', // or the last command would take the shell's place
  )
  return ['sh', script, String(depth)]
}

/** Returns the lines that `spawn time` prints there for the variants, each in its words. */
function drive(
  place: Place,
  driver: readonly string[],
  variants: readonly Variant[],
  rounds: number,
): string[][] {
  const words = variants.flatMap(({ name, command }) => ['::', name, ...command])
  const output = run([
    ...(place.crowded ? [spawn, 'crowd', String(processes)] : []),
    ...poolCommands[place.pool],
    ...(place.deep ? shells() : []),
    spawn,
    'time',
    String(rounds),
    ...driver,
    ...words,
  ])
  return wordsIn(output)
}

/** Returns what `spawn time` has printed, line by line. */
export const wordsIn = (output: string): string[][] =>
  output
    .trim()
    .split('\n')
    .map(line => line.split(' '))

/** Returns the times in those lines. */
export const samplesIn = (lines: readonly string[][]): Samples =>
  new Map(lines.filter(([word]) => word !== 'memory').map(([name = '', ...ns]) => [name, ns.map(Number)]))

/** Starts the variants there in turn. Returns their times. */
export function time(place: Place, variants: readonly Variant[], rounds: number): Samples {
  return samplesIn(drive(place, place.driver, variants, rounds))
}

/** Returns what a launcher has in memory while its tool runs, by its slot: VmRSS, RssAnon, RssFile and RssShmem, in KB. */
export function memory(pool: 'foreign' | 'run', file: string): Map<string, number[]> {
  const place: Place = { name: 'token', pool, driver: ['busy', file] }
  const lines = drive(place, place.driver, [{ name: 'bare', command: ['true'] }], 1)
  return new Map(
    lines.filter(([word]) => word === 'memory').map(([, slot = '', ...sizes]) => [slot, sizes.map(Number)]),
  )
}
