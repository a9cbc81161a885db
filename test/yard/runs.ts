import { closeSync, constants, existsSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { systemErrorCode } from '../../src/ground/failure.js'
import { currentUid } from '../../src/ground/paths.js'
import { jobshim, type Outcome, type Surroundings } from '../support/jobshim.js'
import { repository } from '../support/workspace.js'
import { waitersIn } from './ledger.js'
import type { Yard } from './yard.js'

/** The command line of `jobshim run` with the yard's shims; `words` are further options and the command. */
export const runLine = ({ shims }: Pick<Yard, 'shims'>, ...words: readonly string[]): string[] => [
  process.execPath,
  join(repository, 'bin/jobshim.js'),
  'run',
  '--dir',
  shims,
  ...words,
]

/** Runs it in the yard, where no config is found. */
export const jobshimRun = (
  yard: Yard,
  words: readonly string[],
  around: Surroundings = {},
): Promise<Outcome> =>
  jobshim(['run', '--dir', yard.shims, ...words], {
    cwd: yard.root,
    ...around,
    env: { ...yard.env, HOME: yard.root, ...around.env },
  })

/** The directories of the yard's runs that live, or were left behind. */
export function runDirectories({ runtime }: Yard): string[] {
  const state = join(runtime, `jobshim-${currentUid()}`)
  if (!existsSync(state)) return []
  return readdirSync(state)
    .filter(name => name.startsWith('run-'))
    .map(name => join(state, name))
}

/** Whether somebody reads the FIFO of a run: of one that was killed its caretaker does, as long as its command runs. */
export function isLookedAfter(directory: string): boolean {
  try {
    closeSync(openSync(join(directory, 'fifo'), constants.O_WRONLY | constants.O_NONBLOCK))
    return true
  } catch (error) {
    if (systemErrorCode(error) !== 'ENXIO') throw error
    return false
  }
}

/** What the yard's runs tell of the tools that they have seen. */
export function watchFiles({ runtime }: Yard): string[] {
  const state = join(runtime, `jobshim-${currentUid()}`)
  return readdirSync(state)
    .filter(name => name.startsWith('watch-'))
    .map(name => join(state, name, 'seen'))
    .filter(existsSync)
}

/** The only run's FIFO. */
export function runFifo(yard: Yard): string {
  const directories = runDirectories(yard)
  assert.is(directories.length, 1)
  return join(directories[0] ?? '', 'fifo')
}

/** How many launchers wait for a slot of the only run, by its ledger. */
export const waiters = (yard: Yard): number => waitersIn(`${runFifo(yard)}.ledger`)

/** The line that a run ends with; what was waited is a matter of the machine. */
export const summaryLine = (ran: string, peak: number, jobs: number): RegExp =>
  new RegExp(
    `^jobshim: ${ran} ran, at most ${peak} at once \\(limit ${jobs}\\)(; the longest waited \\d+\\.\\d s)?\\n$`,
  )

/** The line of a run in which no tool ran. */
export const idleSummary = (jobs: number, more = ''): string =>
  `jobshim: 0 tools ran (limit ${jobs})${more}\n`
