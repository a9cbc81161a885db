import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { repository, writeFiles } from './workspace.js'

/** What really ran, as the recorder wrote it down. */
export type Recording = {
  runs: number
  peak: number // most of them at once
  unfinished: number // started and never ended
  names: string[] // of those that ran, each once, sorted
}

export type Recorder = {
  bin: string // goes on PATH behind the shims and before the real compilers; may be two directories
  program: string // one that is linked to from elsewhere records that name
  take(): Recording // what ran since the last take
}

const compilers = ['c++', 'cc', 'clang', 'clang++', 'g++', 'gcc', 'rustc'] // those on PATH get a recorder

/** A command line of a recipe is written `recipe cc -c a.c`; what it starts is part of it and not recorded. */
const recipe = '#!/bin/sh\nexec "$@"\n'

/** Reads the recorder's log. Each line is one append, so their order is the order of events. */
export function readRecording(log: string): Recording {
  const events = log.split('\n').filter(line => line !== '')
  const signs = events.map(line => line.charAt(0))
  let now = 0
  let peak = 0
  for (const sign of signs) {
    now += sign === '+' ? 1 : -1
    peak = Math.max(peak, now)
  }
  const names = [...new Set(events.map(line => line.split(' ')[3] ?? ''))].sort()
  return { runs: signs.filter(sign => sign === '+').length, peak, unfinished: now, names }
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
  mkdirSync(bin, { recursive: true })
  const source = join(repository, 'test/support/recorder.c')
  execFileSync('cc', ['-O1', `-DHOLD_MS=${holdMs}`, '-o', join(directory, 'recorder'), source])
  const real = join(directory, 'real')
  writeFiles(real, { recipe })
  const onPath = of === 'compilers' ? (process.env.PATH ?? '').split(delimiter) : [real]
  for (const name of [...compilers, 'recipe'].filter(name =>
    onPath.some(entry => existsSync(join(entry, name))),
  ))
    symlinkSync('../recorder', join(bin, name))
  for (const name of extra) symlinkSync('../recorder', join(bin, name))
  return {
    bin: [bin, real].join(delimiter),
    program: join(directory, 'recorder'),
    take() {
      const text = existsSync(log) ? readFileSync(log, 'utf8') : ''
      rmSync(log, { force: true })
      return readRecording(text)
    },
  }
}
