import { copyFileSync, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { holdOnce, ran } from '../yard/hold-once.js'
import { assertWhole, briefRuns, machineRun, makeMachineYard, waitsInMachine } from '../yard/machine.js'

const killed = { status: null, signal: 'SIGKILL', stdout: '', stderr: '' }

test('machine :: a holder is killed :: who waits gets its token', async () => {
  const yard = await makeMachineYard(1)
  for (let round = 0; round < 3; round++) {
    const holder = start({ env: yard.env })
    const [tool] = await holder.tools
    const waiter = start({ env: yard.env })
    await waitsInMachine(yard, waiter)
    assert.equal(await holder.kill(), { ...killed, stdout: `held ${tool}\n` })
    await waiter.tools
    assert.is((await waiter.end()).status, 7)
    assert.equal(yard.files(), [])
  }
})

test('machine :: a waiter is killed :: the others get their tokens', async () => {
  const yard = await makeMachineYard(1)
  const holder = start({ env: yard.env })
  await holder.tools
  const waiters = [1, 2, 3].map(() => start({ env: yard.env }))
  for (const waiter of waiters) await waitsInMachine(yard, waiter)
  const [first, ...others] = waiters
  assert.equal(await first?.kill(), killed)
  assert.is((await holder.end()).status, 7)
  const outcomes = others.map(other => other.end())
  for (const outcome of outcomes) assert.is((await outcome).status, 7)
  assert.equal(yard.files(), [])
})

test('machine :: all users are killed :: the next one makes the pool anew', async () => {
  const yard = await makeMachineYard(2)
  const holders = [start({ env: yard.env }), start({ env: yard.env })]
  for (const holder of holders) await holder.tools
  const waiter = start({ env: yard.env })
  await waitsInMachine(yard, waiter)
  await waiter.kill()
  for (const holder of holders) await holder.kill()
  const { ino, birthtimeNs } = statSync(yard.fifo, { bigint: true })
  const next = [start({ env: yard.env }), start({ env: yard.env })]
  for (const held of next) await held.tools
  const now = statSync(yard.fifo, { bigint: true })
  assert.not.equal([now.ino, now.birthtimeNs], [ino, birthtimeNs])
  for (const held of next) assert.is((await held.end()).status, 7)
  assert.equal(yard.files(), [])
})

test('machine :: a tool ends by a signal :: nothing is left of the pool', async () => {
  const yard = await makeMachineYard(1)
  const holder = start({ env: yard.env })
  const [tool = 0] = await holder.tools
  process.kill(tool, 'SIGTERM')
  assert.equal(await holder.ended, { status: null, signal: 'SIGTERM', stdout: `held ${tool}\n`, stderr: '' })
  await until('nothing is left', () => !existsSync(yard.fifo))
  assert.equal(yard.files(), [])
})

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGUSR1'] as const)
  test(`machine :: the last one waits, and is ended by ${signal} :: nothing is left of the pool`, async () => {
    const yard = await makeMachineYard(1)
    const holder = start({ env: yard.env })
    await holder.tools
    const waiter = start({ env: yard.env })
    await waitsInMachine(yard, waiter)
    process.kill(waiter.pid, 'SIGSTOP') // so that it does not find the holder's token first
    await holder.kill()
    process.kill(waiter.pid, signal)
    process.kill(waiter.pid, 'SIGCONT')
    assert.equal(await waiter.ended, { ...killed, signal })
    assert.equal(yard.files(), [])
  })

test('machine :: one of two that wait is ended by SIGINT :: the other one gets the slot', async () => {
  const yard = await makeMachineYard(1)
  const holder = start({ env: yard.env })
  await holder.tools
  const waiters = [start({ env: yard.env }), start({ env: yard.env })]
  for (const waiter of waiters) await waitsInMachine(yard, waiter)
  const [first, second] = waiters
  assert.equal(await first?.kill('SIGINT'), { ...killed, signal: 'SIGINT' })
  assert.is((await holder.end()).status, 7)
  assert.is((await second?.end())?.status, 7)
  assert.equal(yard.files(), [])
})

test('machine :: a signal that is ignored :: ends none that waits', async () => {
  const yard = await makeMachineYard(1)
  const holder = start({ env: yard.env })
  await holder.tools
  const waiter = start({ env: yard.env, command: ['sh', '-c', "trap '' INT; exec hold"] })
  await waitsInMachine(yard, waiter)
  process.kill(waiter.pid, 'SIGINT')
  assert.is((await holder.end()).status, 7)
  await waiter.tools
  assert.is((await waiter.end()).status, 7)
  assert.equal(yard.files(), [])
})

test('machine :: many come and go at once :: no token is lost, and none is made', async () => {
  const yard = await makeMachineYard(2)
  const script =
    'i=0; while [ $i -lt 12 ]; do hold </dev/null >/dev/null; test $? = 7 || exit; i=$((i + 1)); done'
  const scripts = Array.from({ length: 4 }, () => start({ env: yard.env, command: ['sh', '-c', script] }))
  for (const one of scripts)
    assert.equal(await one.ended, { status: 0, signal: null, stdout: '', stderr: '' })
  assert.equal(yard.files(), [])
  assert.equal(await holdOnce(yard, {}), ran())
  assert.equal(yard.files(), [])
})

for (const sandbox of [[], ['--sandbox']])
  test(`machine :: ${['runs', ...sandbox].join(' ')} are killed at any moment :: limit and pool hold`, async () => {
    const bin = makeWorkspace('bin')
    copyFileSync('/bin/sh', join(bin, 'gcc-9')) // in a sandbox a script is no tool
    const yard = await makeMachineYard(2, { path: [bin], tools: ['gcc-9'] })
    const script = "for i in 1 2 3 4; do gcc-9 -c 'echo + >>$LOG; sleep 0.05; echo - >>$LOG' & done; wait"
    const env = { ...yard.env, HOME: yard.root }
    const bare = start({ env, command: ['sh', '-c', `${script}; ${script}; ${script}; ${script}`] })
    for (let moment = 0; moment < 16; moment++) {
      const run = start({ env, command: machineRun(yard, '-q', ...sandbox, '--', 'sh', '-c', script) })
      await setTimeout(25 * moment)
      await run.kill()
    }
    assert.equal(await bare.ended, { status: 0, signal: null, stdout: '', stderr: '' })
    const { peak } = briefRuns(yard)
    assert.ok(peak <= 2, `${peak} at once`)
    // What the killed have left is removed by the next run, whatever that runs.
    const next = start({ env, command: machineRun(yard, '-q', '--', 'true') })
    assert.equal(await next.ended, { status: 0, signal: null, stdout: '', stderr: '' })
    await assertWhole(yard, 2)
  })

afterEach(killStarted)
test.run()
