/** Limits of the process that are too low for jobshim: an error says which, and does what it says once that is raised. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Outcome, run, scrubbed } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { test } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const root = makeWorkspace()
const runtime = join(root, 'run')
mkdirSync(runtime, { mode: 0o700 })
writeFiles(root, { 'tools/cc': '#!/bin/sh\n' })
const env = { PATH: `${join(root, 'tools')}:${process.env.PATH}`, HOME: root, XDG_RUNTIME_DIR: runtime }
const shims = await installShims(join(root, 'shims'), { args: ['--tools', 'cc'], env })

/** A run, by a shell that does something before. */
async function runAfter(line: string): Promise<Outcome> {
  const words = [
    process.execPath,
    join(repository, 'bin/jobshim.js'),
    'run',
    '-j2',
    '--no-config',
    '--dir',
    shims,
  ]
  const script = `${line}; exec "$@"`
  return await run('sh', ['-c', script, 'sh', ...words, '--', 'true'], { cwd: root, env: scrubbed(env) })
}

type Row = { limit: string; from: number; to: number; code: string; of: string }

/** `from`: enough; one below that, `to` at the lowest, is not. How many files Node itself has open is a matter of its version. */
const rows: readonly Row[] = [
  { limit: '-f', from: 1, to: 1, code: 'EFBIG', of: 'the size of files' },
  { limit: '-n', from: 48, to: 20, code: 'EMFILE', of: 'open files' },
]

const done = { status: 0, signal: null, stdout: '', stderr: 'jobshim: 0 tools ran (limit 2)\n' }

/** What a run says at the first limit that is too low. */
async function refusedAt({ limit, from, to }: Row): Promise<Outcome> {
  for (let low = from; low >= to; low--) {
    const outcome = await runAfter(`ulimit ${limit} ${low}`)
    if (outcome.status !== 0) return outcome
    assert.equal(outcome, done)
  }
  throw new Error(`ulimit ${limit} ${to}: is enough`)
}

for (const row of rows)
  test(`run :: ulimit ${row.limit} :: the error says which limit is to be higher, and with that it does`, async () => {
    const { status, stdout, stderr } = await refusedAt(row)
    assert.equal([status, stdout], [125, ''])
    const says = new RegExp(
      `^jobshim: .* \\(${row.code}\\)\n  call it from a shell with a higher limit for ${row.of}: (ulimit .*)\n$`,
    )
    assert.match(stderr, says)
    const [, advice = ''] = says.exec(stderr) ?? []
    assert.equal(await runAfter(advice), done)
  })

test.run()
