import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { buildProgram } from './built.js'
import { writeFiles } from './workspace.js'

/** That somebody asks for a compiler (?), its start (+), its end (-). */
export type RecordedEvent = {
  sign: '?' | '+' | '-'
  at: bigint // CLOCK_MONOTONIC, nanoseconds
  name: string
  last: string // its last argument
  preprocesses: boolean // and no more
}

/** What really ran, as the recorder wrote it down. */
export type Recording = {
  runs: number
  preprocessed: number // of them, those that compiled nothing
  peak: number // most of them at once
  unfinished: number // started and never ended
  events: readonly RecordedEvent[]
  names: string[] // of those that ran, each once, sorted
}

export type Recorder = {
  bin: string // goes on PATH behind the shims and before the real compilers; may be two directories
  asks: string // goes before the shims, where it matters when somebody asks for a compiler
  program: string // one that is linked to from elsewhere records that name
  take(): Recording // what ran since the last take
}

const compilers = ['c++', 'cc', 'clang', 'clang++', 'g++', 'gcc', 'rustc'] // those on PATH get a recorder

/** A command line of a recipe is written `recipe cc -c a.c`; what it starts is part of it and not recorded. */
const recipe = '#!/bin/sh\nexec "$@"\n'

/** Reads the recorder's log. Each line is one append, so their order is the order of events. */
export function readRecording(log: string): Recording {
  const events = log
    .split('\n')
    .filter(line => line !== '')
    .map((line): RecordedEvent => {
      const [sign, at = '0', , name = '', last = '', kind] = line.split(' ')
      const preprocesses = kind === '-E'
      return { sign: sign === '+' || sign === '-' ? sign : '?', at: BigInt(at), name, last, preprocesses }
    })
  const runs = count(events, '+')
  const names = [...new Set(events.map(({ name }) => name))].sort()
  const preprocessed = count(
    events.filter(({ preprocesses }) => preprocesses),
    '+',
  )
  return {
    runs,
    preprocessed,
    peak: peakOf(events, () => 1),
    unfinished: runs - count(events, '-'),
    events,
    names,
  }
}

const count = (events: readonly RecordedEvent[], wanted: RecordedEvent['sign']): number =>
  events.filter(({ sign }) => sign === wanted).length

/** Returns the most that ran at once, where each run weighs what `weight` says. */
export function peakOf(events: readonly RecordedEvent[], weight: (event: RecordedEvent) => number): number {
  let now = 0
  let peak = 0
  for (const event of events) {
    if (event.sign === '?') continue
    now += event.sign === '+' ? weight(event) : -weight(event)
    peak = Math.max(peak, now)
  }
  return peak
}

export type RecorderWishes = {
  holdMs?: number
  of?: 'compilers' | 'recipes'
  extra?: readonly string[] // names of tools whose real ones stand behind it on PATH
}

/** Builds a recorder of compilers, or of recipes, in `directory`; a recorded run lasts at least `holdMs`. */
export function makeRecorder(
  directory: string,
  { holdMs = 20, of = 'compilers', extra = [] }: RecorderWishes = {},
): Recorder {
  const bin = join(directory, 'bin')
  const log = join(directory, 'log')
  const asks = join(directory, 'asks')
  for (const directory of [bin, asks]) mkdirSync(directory, { recursive: true })
  buildProgram(join(directory, 'recorder'), ['recorder.c'], [`-DHOLD_MS=${holdMs}`])
  buildProgram(join(directory, 'asker'), ['recorder.c'], ['-DASKS'])
  const real = join(directory, 'real')
  writeFiles(real, { recipe })
  const onPath = of === 'compilers' ? (process.env.PATH ?? '').split(delimiter) : [real]
  const found = [...compilers, 'recipe'].filter(name => onPath.some(entry => existsSync(join(entry, name))))
  for (const name of [...found, ...extra]) {
    symlinkSync('../recorder', join(bin, name))
    symlinkSync('../asker', join(asks, name))
  }
  return {
    bin: [bin, real].join(delimiter),
    asks,
    program: join(directory, 'recorder'),
    take() {
      const text = existsSync(log) ? readFileSync(log, 'utf8') : ''
      rmSync(log, { force: true })
      return readRecording(text)
    },
  }
}
