import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { jobshim } from '../support/jobshim.js'
import { openFiles, processes } from '../support/processes.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { killStarted, start } from '../yard/held.js'
import { holdOnce, ran } from '../yard/hold-once.js'
import { assertWhole, briefRuns, ended, makeMachineYard, takeAll, waitsInMachine } from '../yard/machine.js'

test('machine :: tools that find no jobserver :: share as many slots as the config says', async () => {
  await assertWhole(await makeMachineYard(3), 3)
})

test('machine :: the only slot :: is a token, and no other one is there', async () => {
  await assertWhole(await makeMachineYard(1), 1)
})

test('machine :: status :: finds the pool by itself, once somebody uses it', async () => {
  const yard = await makeMachineYard(2)
  const words = ['status', '--json', '--no-config', '--dir', yard.shims]
  const tell = () => jobshim(words, { env: { ...yard.env, HOME: yard.root } })
  const none =
    "jobshim: no jobserver in the environment, no jobshim run or serve of yours, and nobody in the machine's pool\n  name one with --jobserver fifo:PATH\n"
  mkdirSync(dirname(yard.fifo), { mode: 0o700 })
  assert.equal(await tell(), { status: 1, signal: null, stdout: '', stderr: none })
  const holder = start({ env: yard.env })
  await holder.tools
  const { status, stdout, stderr } = await tell()
  assert.equal([status, stderr], [0, ''])
  const { jobserver, free, total, rows } = JSON.parse(stdout)
  assert.equal([jobserver, free, total, rows.length], [`fifo:${yard.fifo}`, 1, 2, 1])
  await ended(holder)
  assert.equal(yard.files(), [])
})

test('machine :: the last tool ends :: nothing is left of the pool', async () => {
  const yard = await makeMachineYard(2)
  const { holders, waiter } = await takeAll(yard, 2)
  assert.is(statSync(yard.fifo).mode & 0o777, 0o600)
  for (const held of [...holders, waiter]) {
    assert.ok(existsSync(yard.fifo))
    await ended(held)
  }
  assert.equal(yard.files(), [])
})

test('machine :: two scripts of eight tools each :: two tools at once', async () => {
  const yard = await makeMachineYard(2)
  const script = 'for i in 1 2 3 4 5 6 7 8; do brief & done; wait'
  const terminals = [1, 2].map(() => start({ env: yard.env, command: ['sh', '-c', script] }))
  for (const terminal of terminals)
    assert.equal(await terminal.ended, { status: 0, signal: null, stdout: '', stderr: '' })
  assert.equal(briefRuns(yard), { runs: 16, peak: 2 })
  assert.equal(yard.files(), [])
})

test('machine :: a tool below a tool :: has no slot of its own', async () => {
  const yard = await makeMachineYard(1)
  const outer = start({ env: yard.env, command: ['around', `${yard.shims}/hold`] })
  await ended(outer)
  assert.equal(yard.files(), [])
})

test('machine :: sccache :: what its server starts takes no slot', async () => {
  // Its server is no child of the tool's launcher.
  const script = '#!/bin/sh\nsetsid -f "$SHIMS/hold" </dev/null\nread -r line\n'
  const yard = await makeMachineYard(1, { tools: ['sccache'], files: { 'bin/sccache': script } })
  const client = start({ env: { ...yard.env, SHIMS: yard.shims }, command: ['sccache', 'gcc', '-c', 'a.c'] })
  await client.tools
  assert.is((await client.end()).stderr, '')
  assert.equal(yard.files(), [])
})

test('machine :: JOBSHIM_JOB :: tools of one name share no slot', async () => {
  const yard = await makeMachineYard(2)
  await assertWhole({ ...yard, env: { ...yard.env, JOBSHIM_JOB: 'one' } }, 2)
})

test('machine :: a jobserver that is named :: is used', async () => {
  const yard = await makeMachineYard(1)
  const named = { ...yard.env, MAKEFLAGS: ` -j2 --jobserver-auth=${yard.pool.auth}` }
  assert.equal(await holdOnce(yard, named), ran())
  assert.not.ok(existsSync(yard.fifo))
})

test('machine :: a jobserver that is named and can not be opened :: is made up for', async () => {
  const yard = await makeMachineYard(1)
  const holder = start({ env: yard.env })
  await holder.tools
  const env = { ...yard.env, MAKEFLAGS: ` -j2 --jobserver-auth=fifo:${yard.root}/none` }
  const waiter = start({ env })
  await waitsInMachine(yard, waiter)
  await ended(holder)
  await ended(waiter)
  assert.equal(yard.files(), [])
})

for (const { name, env } of [
  { name: 'JOBSHIM_DISABLE=1', env: { JOBSHIM_DISABLE: '1' } },
  { name: 'JOBSHIM_NO_JOBSERVER=pass', env: { JOBSHIM_NO_JOBSERVER: 'pass' } },
])
  test(`machine :: ${name} :: the tool waits for no slot`, async () => {
    const yard = await makeMachineYard(1)
    const { holders, waiter } = await takeAll(yard, 1)
    assert.equal(await holdOnce(yard, env), ran())
    for (const held of [...holders, waiter]) await ended(held)
    assert.equal(yard.files(), [])
  })

test('machine :: JOBSHIM_NO_JOBSERVER=machine :: turns it on where the config does not', async () => {
  const yard = await makeMachineYard(1)
  const env = { ...yard.env, JOBSHIM_NO_JOBSERVER: 'error' }
  assert.is((await holdOnce(yard, env)).status, 125)
  await assertWhole({ ...yard, env: { ...env, JOBSHIM_NO_JOBSERVER: 'machine' } }, 1)
})

testWith('python', 'machine :: two are the last at once :: nothing is left, nor made anew', async () => {
  const yard = await makeMachineYard(1)
  const holder = start({ env: yard.env })
  const [tool] = await holder.tools
  const removes = `import fcntl, os, sys\nf = open(sys.argv[1], 'r+')\nfcntl.lockf(f, fcntl.LOCK_EX)\nprint('held', 0, flush=True)\nsys.stdin.read()\nfor end in ('', '.ledger', '.lock'): os.remove(sys.argv[1][:-5] + end)\n`
  const other = start({ env: yard.env, command: ['python3', '-c', removes, `${yard.fifo}.lock`] })
  await other.tools
  holder.child.stdin?.end()
  // It has closed the FIFO, and sleeps: it waits for the lock.
  await until('the holder waits for the lock', () =>
    processes().some(
      ({ pid, state }) => pid === holder.pid && state === 'S' && !openFiles(pid).includes(yard.fifo),
    ),
  )
  assert.equal(await other.end(), { status: 0, signal: null, stdout: 'held 0\n', stderr: '' })
  assert.equal(await holder.ended, { status: 7, signal: null, stdout: `held ${tool}\n`, stderr: '' })
  assert.equal(yard.files(), [])
})

testWith('python', 'machine :: its lock is not given back :: the tool runs without a slot', async () => {
  const yard = await makeMachineYard(1)
  const { holders, waiter } = await takeAll(yard, 1)
  const locks = `import fcntl, sys\nf = open(sys.argv[1], 'r+')\nfcntl.lockf(f, fcntl.LOCK_EX)\nprint('held', 0, flush=True)\nsys.stdin.read()\n`
  const locker = start({ env: yard.env, command: ['python3', '-c', locks, `${yard.fifo}.lock`] })
  await locker.tools
  assert.equal(
    await holdOnce(yard, { JOBSHIM_DEBUG: '1' }),
    ran("jobshim: hold: not governed: the lock of the machine's pool is not given back\n"),
  )
  await locker.end()
  for (const held of [...holders, waiter]) await ended(held)
  assert.equal(yard.files(), [])
})

afterEach(killStarted)
test.run()
