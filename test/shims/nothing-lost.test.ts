import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scrubbed } from '../support/jobshim.js'
import { withoutUse } from '../support/summary.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { repository } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { isWaiting, ledgerRecords, waits } from '../yard/ledger.js'
import { assertWhole, takeAll } from '../yard/slots.js'
import { makeGate, makeYard } from '../yard/yard.js'

test('kill :: the launcher while it waits :: the next one gets the slot', async () => {
  const yard = await makeYard('A')
  const [first, second] = await takeAll(yard, 2)
  for (let round = 0; round < 5; round++) {
    const victim = start({ env: yard.governed })
    await waits(yard, victim)
    assert.equal(await victim.kill(), { status: null, signal: 'SIGKILL', stdout: '', stderr: '' })
  }
  const waiter = start({ env: yard.governed })
  await waits(yard, waiter)
  await second?.end()
  await waiter.tools
  // A victim's record stays, as one that waits, until the next look finds that it is dead.
  assert.equal(
    ledgerRecords(yard.runtime)
      .filter(record => !isWaiting(record))
      .map(({ pid }) => pid)
      .sort(),
    [first?.pid, waiter.pid].sort(),
  )
  await waiter.end()
  await first?.end()
  await assertWhole(yard, 'A')
})

test('kill :: the launcher while it holds a token, and nobody waits :: the next that ends gives it back', async () => {
  const yard = await makeYard('A')
  const [first, victim] = await takeAll(yard, 2)
  await victim?.kill()
  assert.is(yard.pool.count(), '')
  await first?.end()
  // It may have been looked through less than a second ago: then it is one that ends a little later.
  await until('the token is back', () => {
    if (yard.pool.count() === 'A') return true
    return spawnSync('hold', { env: scrubbed(yard.governed), stdio: 'ignore' }).status !== 7
  })
  await assertWhole(yard, 'A')
})

test('kill :: launchers below jobshim run :: its summary does not count them as if they ran on', async () => {
  const yard = await makeYard('')
  const { path, open } = makeGate(yard)
  const said = join(yard.root, 'said')
  const script = `: >${said}; hold <${path} >${said} & until grep -q held ${said}; do :; done
    kill -9 $!; wait $!; hold </dev/null >${said}; exit 3`
  const command = [
    process.execPath,
    join(repository, 'bin/jobshim.js'),
    'run',
    '-j1',
    '--dir',
    yard.shims,
    '--',
  ]
  const build = start({ env: yard.env, command: [...command, 'sh', '-c', script] })
  const { status, stderr } = await build.ended
  open()
  assert.is(status, 3)
  assert.match(
    withoutUse(stderr),
    /^(Killed\n)?jobshim: 2 tools ran, at most 1 at once \(limit 1\)(; the longest waited \d+\.\d s)?\n$/,
  )
})

test('kill :: the keeper of the queue :: those behind it get their slots', async () => {
  const yard = await makeYard('A')
  const holders = await takeAll(yard, 2)
  const head = start({ env: yard.governed })
  await waits(yard, head)
  const others: Held[] = []
  for (let i = 0; i < 3; i++) {
    const other = start({ env: yard.governed })
    await waits(yard, other) // they are ended in the order in which they came: the first must not be the one without a slot
    others.push(other)
  }
  await head.kill()
  for (const held of holders) await held.end()
  for (const other of others) assert.is((await other.end()).status, 7)
  await assertWhole(yard, 'A')
})

test('kill :: the launcher while it holds a token :: the tool dies, and who waits gets the token', async () => {
  const yard = await makeYard('A')
  const [first, victim] = await takeAll(yard, 2)
  const waiter = start({ env: yard.governed })
  await waits(yard, waiter)
  const [tool = -1] = (await victim?.tools) ?? []
  await victim?.kill()
  await waiter.tools
  await until('the tool is gone', () => !existsSync(`/proc/${tool}`))
  assert.equal(
    ledgerRecords(yard.runtime)
      .map(({ pid, alive }) => ({ pid, alive }))
      .sort((a, b) => a.pid - b.pid),
    [first, waiter]
      .map(held => ({ pid: held?.pid, alive: true }))
      .sort((a, b) => (a.pid ?? 0) - (b.pid ?? 0)),
  )
  assert.is(yard.pool.count(), '')
  await waiter.end()
  assert.is(yard.pool.count(), 'A')
  await first?.end()
  await assertWhole(yard, 'A')
})

test('kill :: the launcher while it holds the implicit slot :: who waits gets it', async () => {
  const yard = await makeYard('A')
  const [victim, second] = await takeAll(yard, 2)
  const waiter = start({ env: yard.governed })
  await waits(yard, waiter)
  await victim?.kill()
  await waiter.tools
  assert.is(yard.pool.count(), '')
  await waiter.end()
  await second?.end()
  await assertWhole(yard, 'A')
})

test('kill :: the tool :: the launcher dies as it did, and gives back', async () => {
  const yard = await makeYard('A')
  const [first, victim] = await takeAll(yard, 2)
  const waiter = start({ env: yard.governed })
  await waits(yard, waiter)
  const [tool = -1] = (await victim?.tools) ?? []
  process.kill(tool, 'SIGKILL')
  assert.equal(await victim?.ended, { status: null, signal: 'SIGKILL', stdout: `held ${tool}\n`, stderr: '' })
  await waiter.tools
  await waiter.end()
  await first?.end()
  await assertWhole(yard, 'A')
})

test('kill :: the caller :: the tool goes on, and the token comes back when it ends', async () => {
  const yard = await makeYard('A')
  const [first] = await takeAll(yard, 1)
  const gate = makeGate(yard)
  const caller = start({ env: yard.governed, command: ['sh', '-c', `hold <${gate.path}; exit 1`] })
  const [tool = -1] = await caller.tools
  process.kill(caller.pid, 'SIGKILL')
  await new Promise(resolve => caller.child.once('exit', resolve))
  assert.is(yard.pool.count(), '')
  assert.ok(existsSync(`/proc/${tool}`))
  gate.open()
  await caller.end()
  await until('the token is back', () => yard.pool.count() === 'A')
  await first?.end()
  await assertWhole(yard, 'A')
})

test('kill :: the whole process group :: who waits gets a slot', async () => {
  const yard = await makeYard('AB')
  const three = 'exec 3<&0; hold <&3 & hold <&3 & hold <&3 & wait'
  const group = start({ env: yard.governed, command: ['sh', '-c', three], wanted: 3 })
  const tools = await group.tools
  assert.is(yard.pool.count(), '')
  const waiter = start({ env: yard.governed })
  await waits(yard, waiter)
  process.kill(-group.pid, 'SIGKILL')
  await waiter.tools
  await until('all tools are gone', () => tools.every(tool => !existsSync(`/proc/${tool}`)))
  await waiter.end()
  await assertWhole(yard, 'AB')
})

test('kill :: everybody at once :: the next ones find all slots', async () => {
  const yard = await makeYard('ABC')
  for (const held of await takeAll(yard, 4)) await held.kill()
  assert.is(yard.pool.count(), '')
  await assertWhole(yard, 'ABC')
})

test.after.each(killStarted)

test.run()
