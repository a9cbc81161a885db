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

const rows = [
  { limit: '-f', low: 1, why: "can't make the pool \\(EFBIG\\)", of: 'the size of files' },
  ...[20, 24].map(low => ({ limit: '-n', low, why: "can't be called \\(EMFILE\\)", of: 'open files' })),
]

for (const { limit, low, why, of } of rows)
  test(`run :: ulimit ${limit} ${low} :: the error says which limit is to be higher, and with that it does`, async () => {
    const { status, stdout, stderr } = await runAfter(`ulimit ${limit} ${low}`)
    assert.equal([status, stdout], [125, ''])
    const says = new RegExp(
      `^jobshim: .*: ${why}\n  call it from a shell with a higher limit for ${of}: (ulimit .*)\n$`,
    )
    assert.match(stderr, says)
    const [, advice = ''] = says.exec(stderr) ?? []
    assert.equal(await runAfter(advice), {
      status: 0,
      signal: null,
      stdout: '',
      stderr: 'jobshim: 0 tools ran (limit 2)\n',
    })
  })

test.run()
