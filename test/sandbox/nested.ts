/** A `jobshim run` inside another one. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Outcome } from '../support/jobshim.js'
import { repository } from '../support/workspace.js'
import type { SandboxPlace } from './place.js'

export const jobshimLine = `${process.execPath} ${join(repository, 'bin/jobshim.js')}`

/** So many tools at once, by their path. */
export const atOnce = ({ tool }: SandboxPlace, count: number, ms: number): string =>
  `for n in $(seq ${count}); do ${tool} -c ${ms} -o "$PWD/out/$n" & done; wait`

/** What is said where no sandbox can be had, and what to do then. */
export const byShims = 'a tool takes a slot if it is looked up on PATH'

export const refusal = (why: string, then = `${byShims}; the sandbox above holds as well`): string =>
  `jobshim: no job sandbox here: ${why}\n  run the build without --sandbox: then ${then}\n`

let scripts = 0

/** The line by which a shell runs a script with these flags of `run`. */
export function inner({ root, shims }: SandboxPlace, flags: string, script: string): string {
  const file = join(root, `script-${scripts++}`)
  writeFileSync(file, script)
  const config = flags.includes('--config') ? '' : '--no-config'
  const dir = flags.includes('--dir') ? '' : `--dir ${shims}`
  return `${jobshimLine} run ${flags} ${config} ${dir} -- sh ${file}`
}

export type Summary = { runs: number; callerRuns: number; peak: number; back: number; total: number }

/** Asserts that nothing was said but these lines, and that all tokens came back; returns the summary of the outer run. */
export function summaryOf(
  { status, stdout, stderr }: Outcome,
  { told = '', printed = '', ends = 0 }: { told?: string; printed?: string; ends?: number } = {},
): Summary {
  assert.equal([status, stdout, stderr.slice(0, told.length)], [ends, printed, told], stderr)
  const { past, ...summary } = JSON.parse(stderr.slice(told.length)) as Summary & { past: unknown[] }
  assert.equal([summary.back, past], [summary.total, []], stderr)
  return summary
}
