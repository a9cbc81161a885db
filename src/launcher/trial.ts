/** Whether a launcher, and the `look` beside it, run here: a file that is there may be of another libc, or of a newer kernel's. */
import { spawnSync } from 'node:child_process'
import { exitCodes } from '../ground/exit-codes.js'
import { systemErrorCode } from '../ground/failure.js'
import { readOutcome } from './answers.js'

/** Returns why one of the two can't run; undefined: both do. */
export function whyNotRunning(launcher: string, look: string): string | undefined {
  const refused = spawnSync(launcher, [], { env: {}, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
  if (refused.error) return `it can't be started (${systemErrorCode(refused.error)})`
  if (refused.status !== exitCodes.jobshim) return said(refused) // there is no tool to run, and it says so
  const asked = spawnSync(look, ['features'], {
    env: {},
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  })
  if (asked.error) return `look beside it can't be started (${systemErrorCode(asked.error)})`
  const outcome = readOutcome('features', asked.status, asked.stdout)
  return outcome?.kind === 'answered' ? undefined : `look beside it: ${said(asked)}`
}

type Ended = { status: number | null; signal: NodeJS.Signals | null; stderr: string }

const said = ({ status, signal, stderr }: Ended): string =>
  stderr.trim().split('\n')[0] || `it ended with ${signal ?? status}`
