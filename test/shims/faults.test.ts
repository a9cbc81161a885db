import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../support/jobshim.js'
import { plainLauncher } from '../support/shimdir.js'
import { killStarted } from '../yard/held.js'
import { makeYard } from '../yard/yard.js'

/**
 * Whatever the launcher can't have, the tool runs, its status is right, and the tokens are all there. A launcher with
 * sanitizers can't do without these itself: `bare` rows are of the one that is installed.
 */
const faults: readonly { name: string; before: string; wrap?: readonly string[]; bare?: true }[] = [
  ...[4, 5, 6, 7, 8, 9, 10, 12].map(files => ({ name: `${files} open files`, before: `ulimit -n ${files}` })),
  { name: 'files of a kilobyte at most, no ledger yet', before: 'ulimit -f 1' },
  { name: 'files of a kilobyte at most, with a ledger', before: 'hold </dev/null >/dev/null; ulimit -f 1' },
  { name: 'no /proc', before: 'mount -t tmpfs none /proc', wrap: ['unshare', '-m'], bare: true },
  {
    name: 'a /proc that shows nobody else',
    before: 'mount -t proc -o hidepid=2 none /proc',
    wrap: ['unshare', '-m'],
  },
  { name: 'no memory to speak of', before: 'ulimit -v 4000', bare: true },
]

const mayMount = spawnSync('unshare', ['-m', 'true']).status === 0

for (const { name, before, wrap = [], bare } of faults) {
  const title = `faults :: ${name}`
  if (wrap.length > 0 && !mayMount) {
    test.skip(title)
    continue
  }
  test(title, async () => {
    const yard = await makeYard('AB', bare ? { launcher: plainLauncher } : {})
    const [program = 'sh', ...options] = [...wrap, 'sh']
    const tool = `exec ${join(yard.shims, '.jobshim/launcher')} -- env printf ran` // it needs little itself
    const result = await run(program, [...options, '-c', `${before} && ${tool}`], { env: yard.governed })
    assert.equal(result, { status: 0, signal: null, stdout: 'ran', stderr: '' })
    assert.is(yard.pool.count(), 'AB')
  })
}

test.after.each(killStarted)

test.run()
