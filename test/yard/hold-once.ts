import { type Outcome, run } from '../support/jobshim.js'
import type { Yard } from './yard.js'

/** What the tool ends with; the launcher never does by itself. */
export const ran = (stderr = '', stdout = 'held PID\n'): Outcome => ({
  status: 7,
  signal: null,
  stdout,
  stderr,
})

/** Runs the yard's tool, which ends at once since its stdin is empty. */
export async function holdOnce(
  yard: Yard,
  env: Record<string, string>,
  fds: readonly number[] = [],
): Promise<Outcome> {
  const outcome = await run('hold', [], { env: { ...yard.env, ...env }, fds })
  return { ...outcome, stdout: outcome.stdout.replace(/^held \d+$/gm, 'held PID') }
}
