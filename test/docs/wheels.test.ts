/** docs/wheels.md, followed to the letter: its Python is run, with a `pip` whose backend starts all its compilers at once. */
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'
import { blockOf } from '../support/documents.js'
import { run } from '../support/jobshim.js'
import { makeRecorder } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const units = [1, 2, 3, 4, 5, 6]
const slots = 4 // of the page's -j4
const wheels = ['a-1.tar.gz', 'b-1.tar.gz', 'c-1.tar.gz', 'd-1.tar.gz', 'e-1.tar.gz', 'f-1.tar.gz']

/** Says when a wheel is begun and when it is done. */
const pip = `#!/bin/sh
for sdist; do :; done
echo "+ $1 $sdist" >>"$WHEELS"
${units.map(unit => `gcc -E -x c /dev/null -o "$sdist-${unit}.i" &`).join('\n')}
wait
echo "- $1 $sdist" >>"$WHEELS"
`

/** A python3 that is pyenv's has put directories with a pip of theirs before ours. */
const ownPath = 'import os; os.environ["PATH"] = os.environ["BUILD_PATH"]'

/** Runs Python, after a line of ours; tells what ran, and the wheels that were begun and done. */
async function runPython(text: string, before: string) {
  const root = makeWorkspace()
  const recorder = makeRecorder(join(root, 'recorder'), { holdMs: 100 })
  writeFiles(root, {
    'bin/jobshim': `#!/bin/sh\nexec ${process.execPath} ${repository}/bin/jobshim.js "$@"\n`,
    'bin/pip': pip,
    'run/.keep': '',
    'work/build.py': `${ownPath}\n${before}\n${text}\n`,
  })
  const log = join(root, 'wheels')
  const path = [join(root, 'bin'), recorder.bin, process.env.PATH].join(delimiter)
  const env = {
    HOME: root,
    PATH: path,
    BUILD_PATH: path,
    WHEELS: log,
    XDG_DATA_HOME: join(root, 'data'),
    XDG_RUNTIME_DIR: join(root, 'run'),
  }
  await installShims(join(root, 'data/jobshim/shims'), { cwd: root, env })
  const { status, stdout, stderr } = await run('python3', ['build.py'], { cwd: join(root, 'work'), env })
  assert.equal({ status, stdout }, { status: 0, stdout: '' }, stderr)
  const told = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
  return { ...recorder.take(), told, stderr }
}

testWith('python', 'docs :: wheels :: one wheel :: its compilers keep the number', async () => {
  const { runs, peak, told, stderr } = await runPython(
    blockOf('docs/wheels.md', 'import subprocess'),
    `sdist = "${wheels[0]}"`,
  )
  assert.is(stderr, '')
  assert.equal(told, [`+ wheel ${wheels[0]}`, `- wheel ${wheels[0]}`])
  assert.is(runs, units.length)
  assert.ok(peak > 1 && peak <= slots, `${peak} at once`)
})

testWith('python', 'docs :: wheels :: several wheels and one server :: all share its slots', async () => {
  const { runs, peak, told } = await runPython(
    blockOf('docs/wheels.md', 'import os'),
    `sdists = ${JSON.stringify(wheels)}`,
  )
  let now = 0
  const counts = told.map(line => {
    now += line.startsWith('+') ? 1 : -1
    return now
  })
  assert.is(told.filter(line => line.startsWith('+ wheel ')).length, wheels.length)
  assert.is(now, 0)
  const most = Math.max(...counts)
  assert.ok(most > 1 && most <= slots, told.join('\n'))
  assert.is(runs, wheels.length * units.length)
  assert.ok(peak <= slots, `${peak} at once`)
})

test.run()
