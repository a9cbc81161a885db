/** GOFLAGS has two writers: `jobshim env` for a shell, the launcher for a go that it starts. Both mean the same. */
import { delimiter, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { shellVariables } from '../../src/shimdir/surroundings.js'
import { jobshim } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

const root = makeWorkspace()
writeFiles(root, { 'bin/go': '#!/bin/sh\ntest "$1" = env || echo "$GOFLAGS"\n' })
const path = [join(root, 'bin'), process.env.PATH].join(delimiter)

/** Splits as go does. */
const wordsOf = (text: string): string[] =>
  [...text.matchAll(/'([^']*)'|"([^"]*)"|\S+/g)].map(([all, single, double]) => single ?? double ?? all)

/** What go makes of GOFLAGS: the last -toolexec counts, and where it stands among the others does not. */
function meaningOf(goflags: string): { flags: string[]; tool: string[] } {
  const words = wordsOf(goflags)
  const command = words.findLast(word => /^--?toolexec=/.test(word)) ?? ''
  return {
    flags: words.filter(word => !/^--?toolexec=/.test(word)),
    tool: wordsOf(command.replace(/^--?toolexec=/, '')),
  }
}

for (const dir of ['shims', 'shims of mine']) {
  const shims = await installShims(join(root, dir), { args: ['--tools', 'go'], env: { PATH: path } })
  const launcher = join(shims, '.jobshim/launcher')

  for (const given of [
    '-v',
    `-v '-ldflags=-s -w'  -x`,
    '\t"-tags=a b"',
    '-toolexec=time',
    '-x --toolexec=time -v',
    `'-toolexec=time -p' -a`,
    '-toolexec=first -toolexec=last',
    `'-toolexec="${launcher}" -- time'`,
    '-toolexec=/other/.jobshim/launcher',
  ])
    test(`goflags :: ${dir} :: ${given.replaceAll(root, 'ROOT')}`, async () => {
      const line = ['run', '-q', '-j2', '--dir', shims, '--no-config', '--', 'go', 'build']
      const env = { PATH: path, HOME: root, GOFLAGS: given }
      const { status, stdout, stderr } = await jobshim(line, { cwd: root, env })
      assert.equal({ status, stderr }, { status: 0, stderr: '' })
      const shells = shellVariables(shims, undefined, { GOFLAGS: given }).GOFLAGS ?? given
      assert.equal(meaningOf(shells), meaningOf(stdout.trimEnd()))
    })
}

test.run()
