import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { repository } from './workspace.js'

/** What really ran, as the recorder wrote it down. */
export type Recording = {
  runs: number
  preprocessed: number // of them, those that compiled nothing
  peak: number // most of them at once
  unfinished: number // started and never ended
}

export type Recorder = {
  bin: string // goes on PATH behind the shims and before the real compilers
  take(): Recording // what ran since the last take
}

const names = ['c++', 'cc', 'clang', 'clang++', 'g++', 'gcc', 'rustc'] // those on PATH get a recorder

/** Reads the recorder's log. Each line is one append, so their order is the order of events. */
export function readRecording(log: string): Recording {
  const lines = log.split('\n').filter(line => line !== '')
  const signs = lines.map(line => line.charAt(0))
  let now = 0
  let peak = 0
  for (const sign of signs) {
    now += sign === '+' ? 1 : -1
    peak = Math.max(peak, now)
  }
  const started = lines.filter(line => line.startsWith('+'))
  const preprocessed = started.filter(line => line.endsWith(' -E')).length
  return { runs: started.length, preprocessed, peak, unfinished: now }
}

/** Builds a recorder in `directory`; a recorded run lasts at least `holdMs`. */
export function makeRecorder(directory: string, holdMs = 20): Recorder {
  const bin = join(directory, 'bin')
  const log = join(directory, 'log')
  mkdirSync(bin, { recursive: true })
  const source = join(repository, 'test/support/recorder.c')
  execFileSync('cc', ['-O1', `-DHOLD_MS=${holdMs}`, '-o', join(directory, 'recorder'), source])
  const onPath = (process.env.PATH ?? '').split(delimiter)
  for (const name of names.filter(name => onPath.some(entry => existsSync(join(entry, name)))))
    symlinkSync('../recorder', join(bin, name))
  return {
    bin,
    take() {
      const text = existsSync(log) ? readFileSync(log, 'utf8') : ''
      rmSync(log, { force: true })
      return readRecording(text)
    },
  }
}
