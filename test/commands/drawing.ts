import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { jobshim } from '../support/jobshim.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

export const formats = ['html', 'svg', 'json'] as const

/** Draws a journal in a format, and asserts what is said of it. Returns the picture. */
export async function draw(journal: string, format: (typeof formats)[number], said: string): Promise<string> {
  const directory = makeWorkspace()
  writeFiles(directory, { 'build.jsonl': journal })
  const output = `picture.${format}`
  assert.equal(await jobshim(['timeline', 'build.jsonl', '--all', '-o', output], { cwd: directory }), {
    status: 0,
    signal: null,
    stdout: `${output}: ${said}\n`,
    stderr: '',
  })
  return readFileSync(join(directory, output), 'utf8')
}
