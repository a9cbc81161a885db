import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test as uvu } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../support/jobshim.js'
import { asUser, makeDirectoryOf, nobody, testAsOthers } from '../support/other-user.js'
import { openToOthers, repository } from '../support/workspace.js'
import { makeSandboxPlace, peakOf } from './place.js'

testAsOthers('sandbox :: an ordinary user gets one, with no_new_privs', async () => {
  const place = await makeSandboxPlace()
  const { root, shims, tool, env } = place
  openToOthers(root)
  for (const name of ['out', 'run']) makeDirectoryOf(nobody, join(root, name))
  const script = `for n in 1 2 3 4; do env -i ${tool} -c 60 -o "$PWD/out/$n" & done; wait; grep NoNewPrivs /proc/self/status`
  const words = ['run', '--sandbox', '--json', '--no-config', '--dir', shims, '-j2', '--', 'sh', '-c', script]
  const [setpriv = '', ...options] = asUser(nobody)
  const { status, stdout, stderr } = await run(
    setpriv,
    [...options, process.execPath, join(repository, 'bin/jobshim.js'), ...words],
    { cwd: root, env },
  )
  assert.equal([status, stdout], [0, 'NoNewPrivs:\t1\n'], stderr)
  assert.equal(peakOf(place), { runs: 4, peak: 2 })
  assert.is(readdirSync(join(root, 'out')).length, 5)
  assert.is(JSON.parse(stderr).back, 1)
})

uvu.run()
