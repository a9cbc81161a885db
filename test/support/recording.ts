import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { repository } from './workspace.js'

/** That somebody asks for a compiler (?), its start (+), its end (-). */
export type RecordedEvent = {
  sign: '?' | '+' | '-'
  at: bigint // CLOCK_MONOTONIC, nanoseconds
  name: string
  last: string // its last argument
}

/** What really ran, as the recorder wrote it down. */
export type Recording = {
  runs: number
  peak: number // most of them at once
  unfinished: number // started and never ended
  events: readonly RecordedEvent[]
}

export type Recorder = {
  bin: string // goes on PATH behind the shims and before the real compilers
  asks: string // goes before the shims, where it matters when somebody asks for a compiler
  take(): Recording // what ran since the last take
}

const names = ['c++', 'cc', 'clang', 'clang++', 'g++', 'gcc', 'rustc'] // those on PATH get a recorder

/** Reads the recorder's log. Each line is one append, so their order is the order of events. */
export function readRecording(log: string): Recording {
  const events = log
    .split('\n')
    .filter(line => line !== '')
    .map((line): RecordedEvent => {
      const [sign, at = '0', , name = '', last = ''] = line.split(' ')
      return { sign: sign === '+' || sign === '-' ? sign : '?', at: BigInt(at), name, last }
    })
  const runs = count(events, '+')
  return { runs, peak: peakOf(events, () => 1), unfinished: runs - count(events, '-'), events }
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

/** Builds a recorder in `directory`; a recorded run lasts at least `holdMs`. */
export function makeRecorder(directory: string, holdMs = 20): Recorder {
  const bin = join(directory, 'bin')
  const log = join(directory, 'log')
  const asks = join(directory, 'asks')
  for (const directory of [bin, asks]) mkdirSync(directory, { recursive: true })
  const source = join(repository, 'test/support/recorder.c')
  execFileSync('cc', ['-O1', `-DHOLD_MS=${holdMs}`, '-o', join(directory, 'recorder'), source])
  execFileSync('cc', ['-O1', '-DASKS', '-o', join(directory, 'asker'), source])
  const onPath = (process.env.PATH ?? '').split(delimiter)
  for (const name of names.filter(name => onPath.some(entry => existsSync(join(entry, name)))))
    for (const [place, program] of [
      [bin, 'recorder'],
      [asks, 'asker'],
    ] as const)
      symlinkSync(`../${program}`, join(place, name))
  return {
    bin,
    asks,
    take() {
      const text = existsSync(log) ? readFileSync(log, 'utf8') : ''
      rmSync(log, { force: true })
      return readRecording(text)
    },
  }
}
