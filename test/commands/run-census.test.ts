import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type ClientKey, clients } from '../support/clients.js'
import { test, testWith } from '../support/test-with.js'
import { writeFiles } from '../support/workspace.js'
import { killStarted } from '../yard/held.js'
import { jobshimRun } from '../yard/runs.js'
import { makeYard } from '../yard/yard.js'

/**
 * A make that is killed in a shell script, and whose jobs end by themselves. Below a make < 4.4 all that runs meanwhile has
 * inherited the jobserver.
 */
const makefile = 'all: a b c\na b c:\n\t@touch $@; until test -e over; do sleep 0.02; done\n'
const script = `make -s & make=$!
until test -e a -a -e b -a -e c; do sleep 0.02; done
kill -9 $make; wait $make 2>/dev/null
touch over
until test "$("$LOOK" jobserver | tr '\\0' ' ' | cut -d ' ' -f 2)" = 2; do sleep 1; done
`

for (const key of ['make43', 'make44'] as const satisfies readonly ClientKey[]) {
  const title = `run :: census :: the tokens of a killed ${clients[key].name} come back before its end`
  testWith(key, title, async directory => {
    const yard = await makeYard('')
    writeFiles(yard.root, { Makefile: makefile })
    const PATH = `${directory}:${process.env.PATH}`
    const { status, stdout, stderr } = await jobshimRun(
      yard,
      ['-j3', '--no-config', '--', 'sh', '-c', script],
      {
        env: { PATH, LOOK: join(yard.shims, '.jobshim/look') },
      },
    )
    assert.equal({ status, stdout }, { status: 0, stdout: '' })
    assert.match(
      stderr,
      /^(jobshim: put back (a token|2 tokens) lost with killed clients\n){1,2}jobshim: 0 tools ran \(limit 3\)\n$/,
    )
  })
}

test.after.each(killStarted)

test.run()
