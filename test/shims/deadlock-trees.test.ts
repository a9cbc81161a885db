import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { installShims } from '../support/shimdir.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { sharing } from '../yard/served.js'
import { share } from '../yard/shared.js'

/** Who holds the only slot works, and what it has beside that work or above it is large: a wait goes on all the same. */
const patience = 1 // second

const trees = {
  '1,200 siblings that sleep': `i=0; while [ $i -lt 1200 ]; do sleep 1000 & i=$((i + 1)); done; sh worker.sh
kill $(jobs -p); wait`,
  '1,500 processes above it': 'sh level.sh 1500',
}

for (const [name, script] of Object.entries(trees))
  test(`deadlock :: who holds the slot works, with ${name} :: the wait goes on`, async () => {
    const served = await share(1)
    const directory = makeWorkspace()
    writeFiles(directory, {
      'bin/large': `#!/bin/bash\n${script}\n`,
      'bin/stay': '#!/bin/sh\n: >staying\nread -r word <go\n', // it does nothing
      'bin/quick': '#!/bin/sh\n: >ran\n',
      'worker.sh': ': >working; until test -e over; do :; done\n',
      'level.sh': 'if [ $1 -eq 0 ]; then exec sh worker.sh; fi\nsh level.sh $(($1 - 1)); exit $?\n',
    })
    const real = `${join(directory, 'bin')}:${process.env.PATH}`
    const shims = await installShims(join(directory, 'shims'), {
      args: ['--tools', 'large,stay,quick'],
      env: { PATH: real },
    })
    const env = { ...sharing(served, 2), PATH: `${shims}:${real}`, JOBSHIM_PATIENCE: String(patience) }
    const begin = (words: string) =>
      start({
        env,
        command: ['sh', '-c', `ulimit -n 64; ulimit -s 512; cd "$0" || exit; ${words}`, directory],
      })
    execFileSync('mkfifo', [join(directory, 'go')])
    const holder = begin('large & stay & wait') // in the slot of what has no client above it, and with the token
    for (const file of ['working', 'staying']) await until(file, () => existsSync(join(directory, file)))
    assert.is(served.free(), 0)
    const waiter = begin('exec quick')
    await sleep(3 * patience * 1000)
    assert.not(existsSync(join(directory, 'ran')))
    writeFileSync(join(directory, 'over'), '')
    writeFileSync(join(directory, 'go'), '\n')
    for (const build of [holder, waiter]) {
      const { status, stdout, stderr } = await build.ended
      assert.equal({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' })
    }
    assert.ok(existsSync(join(directory, 'ran')))
    assert.is(served.free(), 1)
    await served.end()
  })

test.after.each(killStarted)

test.run()
