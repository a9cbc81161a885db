/** docs/sandbox.md, followed to the letter: its command, with a build that calls its compilers by their paths. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { blockOf } from '../support/documents.js'
import { run } from '../support/jobshim.js'
import { makeRecorder } from '../support/recording.js'
import { test } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const units = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
const slots = 8 // of the page's -j8

test('docs :: sandbox :: the command :: compilers that are called by their paths keep the number', async () => {
  const root = makeWorkspace()
  const recorder = makeRecorder(join(root, 'recorder'), { holdMs: 200 })
  const gcc = join(root, 'recorder/bin/gcc')
  writeFiles(root, {
    'bin/jobshim': `#!/bin/sh\nexec ${process.execPath} ${repository}/bin/jobshim.js "$@"\n`,
    'work/build.sh': `#!/bin/sh\n${units.map(unit => `${gcc} -E -x c /dev/null -o ${unit}.i &`).join('\n')}\nwait\n`,
  })
  const env = { HOME: root, PATH: `${join(root, 'bin')}:${recorder.bin}:${process.env.PATH}` }
  const command = blockOf('docs/sandbox.md', 'jobshim run --sandbox')
  const { status, stdout, stderr } = await run('sh', ['-c', command], { cwd: join(root, 'work'), env })
  assert.equal([status, stdout], [0, ''], stderr)
  assert.match(stderr, /^jobshim: 10 tools ran, at most 8 at once \(limit 8\)/m)
  const { runs, peak } = recorder.take()
  assert.equal([runs, peak], [units.length, slots])
  for (const unit of units) assert.ok(existsSync(join(root, `work/${unit}.i`)))
})

test.run()
