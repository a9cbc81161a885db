import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { jobshim } from '../support/jobshim.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

export const formats = ['html', 'svg', 'json'] as const

/** The largest journals take some ten seconds of CPU, which is more than a minute on a busy machine. */
const hangSeconds = 180

/** Draws a journal in a format, and asserts what is said of it. Returns the picture. */
export async function draw(journal: string, format: (typeof formats)[number], said: string): Promise<string> {
  const directory = makeWorkspace()
  writeFiles(directory, { 'build.jsonl': journal })
  const output = `picture.${format}`
  const words = ['timeline', 'build.jsonl', '--all', '-o', output]
  assert.equal(await jobshim(words, { cwd: directory, hangSeconds }), {
    status: 0,
    signal: null,
    stdout: `${output}: ${said}\n`,
    stderr: '',
  })
  return readFileSync(join(directory, output), 'utf8')
}
