import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { readDocuments } from '../support/documents.js'
import { run } from '../support/jobshim.js'
import { makeRecorder } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const lines = readDocuments()
  .filter(({ path }) => path === 'docs/containers.md')
  .flatMap(({ code }) => code)

/** The page's only line that begins so, with fewer slots. */
function line(start: string): string {
  const [found = '', ...others] = lines.filter(text => text.startsWith(start))
  assert.equal(others, [], start)
  return found.replace('-j16', '-j2')
}

const units = [1, 2, 3, 4, 5, 6]

testWith(
  'bwrap',
  'docs :: containers :: two boxes and the host, as the page has it :: keep the limit of one server',
  async () => {
    const root = makeWorkspace()
    const recorder = makeRecorder(join(root, 'recorder'), { holdMs: 100 })
    const places = ['box1', 'box2', 'host']
    writeFiles(root, {
      'bin/jobshim': `#!/bin/sh\nexec ${process.execPath} ${repository}/bin/jobshim.js "$@"\n`,
      'run/.keep': '',
      ...Object.fromEntries(
        places.map(place => [
          `${place}/Makefile`,
          `all:\n\tfor i in ${units.join(' ')}; do gcc -E -x c /dev/null -o $$i.i & done; wait\n`,
        ]),
      ),
    })
    const env = {
      HOME: root,
      PATH: `${join(root, 'shims')}:${join(root, 'bin')}:${recorder.bin}:${process.env.PATH}`,
      XDG_RUNTIME_DIR: join(root, 'run'),
    }
    await installShims(join(root, 'shims'), { cwd: root, env })
    // What is written here into a box is the box's own, but for the workspace: its /run has the server's directory alone.
    const box = line('bwrap ').replace(' make', ` --bind ${root} ${root} --chdir ${root}/$place make`)
    const script = `mkdir -m 700 /run/jobshim
      ${line('jobshim serve')} >address & server=$!
      until [ -s address ]; do sleep 0.05; done
      ${line('export MAKEFLAGS=')}
      for place in box1 box2; do { ${box} || echo $place failed; } & pids="$pids $!"; done
      make -s -C host
      wait $pids
      kill $server
      wait $server`
    const command = ['--dev-bind', '/', '/', '--tmpfs', '/run', '--chdir', root, 'sh', '-c', script]
    const { status, stdout, stderr } = await run('bwrap', command, { cwd: root, env })
    assert.equal({ status, stderr }, { status: 0, stderr: '' }, stdout)
    const { runs, peak } = recorder.take()
    assert.is(runs, places.length * units.length)
    assert.ok(peak <= 3, `${peak} at once`)
  },
)

test('docs :: containers :: what is given to each kind of container names the same directory and address', () => {
  for (const start of ['docker run -v', 'podman run ', 'apptainer exec ', 'bwrap '])
    assert.match(line(start), /\/run\/jobshim/)
  for (const start of ['docker run -v', 'podman run ', 'apptainer exec ', 'export MAKEFLAGS='])
    assert.match(line(start), /MAKEFLAGS="--jobserver-auth=fifo:\/run\/jobshim\/fifo"/)
})

test.run()
