import { chmodSync, openSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { run } from '../support/jobshim.js'
import { test } from '../support/test-with.js'
import { writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { waits } from '../yard/ledger.js'
import { assertWhole, takeAll } from '../yard/slots.js'
import { makeYard, type Yard } from '../yard/yard.js'

/** A launcher that can't do all at once becomes `look`: its tool is to notice nothing of that. */

const tells = `#!/bin/sh
printf '%s\\n' "$0" "$#" "$@"
env | LC_ALL=C sort | grep -v '^_='
ls -l /proc/self/fd | sed 's/.* \\([0-9]* ->\\)/\\1/' | grep -v '/proc/'
grep '^Sig[BIC]' /proc/self/status
exit 5
`

async function makeTelling(): Promise<Yard> {
  const yard = await makeYard('A')
  writeFiles(yard.root, { 'bin/hold': tells })
  return yard
}

const programOf = (pid: number): string => readlinkSync(`/proc/${pid}/exe`)
const command = ['hold', 'a', 'b  c', '', '-x', "'"]

test('relay :: a run that waited :: its tool has the words, environment, descriptors and signals of one that did not', async () => {
  const yard = await makeYard('A')
  const telling = await makeTelling()
  const env = {
    ...telling.env,
    JOBSHIM_JOBSERVER: yard.pool.auth,
    XDG_RUNTIME_DIR: yard.runtime,
    ODD: 'a\nb=c',
  }
  const further = openSync('/dev/null', 'r')
  const atOnce = start({ env, command, fds: [further] })
  const plain = await atOnce.end()
  const holders = await takeAll(yard, 2)
  const waiter = start({ env, command, fds: [further] })
  await waits(yard, waiter)
  assert.is(programOf(waiter.pid), join(telling.shims, '.jobshim/bin/look'))
  for (const held of holders) await held.end()
  const waited = await waiter.end()
  const numbered = ({ stdout, ...rest }: typeof waited) => ({
    ...rest,
    stdout: stdout.replace(/\[\d+\]/g, '[N]'),
  })
  assert.equal(numbered(waited), numbered(plain))
  assert.is(waited.status, 5)
  assert.is(waited.stderr, '')
  assert.match(waited.stdout, /^\S+\/bin\/hold\n5\na\nb {2}c\n\n-x\n'\n/)
  await assertWhole(yard, 'A')
})

test('relay :: a run that takes a free slot does not become it', async () => {
  const yard = await makeYard('A')
  const [first, second] = await takeAll(yard, 2)
  for (const held of [first, second]) {
    assert.is(programOf(held?.pid ?? 0), join(yard.shims, '.jobshim/bin/hold'))
    await held?.end()
  }
  await assertWhole(yard, 'A')
})

test('relay :: it is missing :: the tool runs all the same, and somebody is told', async () => {
  const yard = await makeYard('')
  const [holder] = await takeAll(yard, 1)
  const look = join(yard.shims, '.jobshim/bin/look')
  rmSync(look)
  const ungoverned = await run('hold', [], { env: yard.governed })
  assert.is(ungoverned.status, 7)
  assert.match(ungoverned.stdout, /^held \d+\n$/)
  assert.is(
    ungoverned.stderr,
    `jobshim: hold: not governed: ${look}: No such file or directory\n` +
      '  see jobshim doctor, or install the shims anew: jobshim install\n',
  )
  const refused = await run('hold', [], { env: { ...yard.governed, JOBSHIM_NO_JOBSERVER: 'error' } })
  assert.is(refused.stdout, '')
  assert.is(refused.status, 125)
  await holder?.end()
})

test('relay :: it may not be executed :: the tool runs all the same, and somebody is told', async () => {
  const yard = await makeYard('')
  const [holder] = await takeAll(yard, 1)
  chmodSync(join(yard.shims, '.jobshim/bin/look'), 0o644)
  const ungoverned = await run('hold', [], { env: yard.governed })
  assert.is(ungoverned.status, 7)
  assert.match(ungoverned.stdout, /^held \d+\n$/)
  assert.is(ungoverned.stderr, "jobshim: hold: not governed: look can't be started: Permission denied\n")
  await holder?.end()
})

test.after(killStarted)
test.run()
