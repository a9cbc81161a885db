/** Priorities: who has the next token if tools of low priority wait beside others; and what they leave free. The recorder says who starts. */
import * as assert from 'uvu/assert'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import {
  build,
  endAll,
  type Field,
  freeAll,
  freeToken,
  makeField,
  startsIn,
  waitersOf,
} from '../yard/field.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { ledgerRecords, waits } from '../yard/ledger.js'
import { holding, ruled } from '../yard/rules.js'
import { assertWhole } from '../yard/slots.js'
import { makeYard, type Yard } from '../yard/yard.js'

const crowd = 40

const low = (env: Record<string, string>): Record<string, string> => ({ ...env, JOBSHIM_PRIORITY: 'low' })

const lowBuild = (field: Field, letter: string, tools: number): Promise<Held> =>
  build(field, letter, tools, low(field.env))

/**
 * Most of the first ones are of that letter: one whose launcher wakes up late, as on a machine that has much else to do, is overtaken once its
 * token has stayed free. Without priorities none of them would be, since the others have waited for longer.
 */
function assertFirst(starts: string, letter: string, tools: number): void {
  const its = starts.slice(0, tools).split(letter).length - 1
  assert.ok(its >= tools * 0.6, starts)
}

test('priority :: low tools that wait before normal ones :: the normal ones have all slots first', async () => {
  const field = await makeField('ab')
  const builds = [await lowBuild(field, 'l', crowd), await build(field, 'n', crowd)]
  await freeAll(field)
  await endAll(builds)
  const starts = startsIn(field.take())
  assert.is(starts.length, 2 * crowd)
  assertFirst(starts, 'n', crowd)
  await assertWhole(field.yard, 'ab')
})

test('priority :: two low builds :: they have the only token by turns', async () => {
  const field = await makeField('a')
  const builds = [await lowBuild(field, 'k', 20), await lowBuild(field, 'l', 20)]
  await freeToken(field)
  await endAll(builds)
  await freeAll(field)
  const starts = startsIn(field.take()).slice(0, 20)
  const its = starts.split('l').length - 1
  assert.ok(its >= 7 && its <= 13, starts)
  await assertWhole(field.yard, 'a')
})

test('priority :: a rule says low, and the environment of some says normal :: these are normal', async () => {
  const field = await makeField('a')
  const env = { ...field.env, JOBSHIM_RULES: ruled(field.yard, 'low', 'priority=low').JOBSHIM_RULES ?? '' }
  const builds = [
    await build(field, 'l', 20, env),
    await build(field, 'n', 20, { ...env, JOBSHIM_PRIORITY: 'normal' }),
  ]
  await freeToken(field)
  await endAll(builds)
  await freeAll(field)
  assertFirst(startsIn(field.take()), 'n', 20)
  await assertWhole(field.yard, 'a')
})

test('priority :: all is low but one tool, by a rule :: that one goes first', async () => {
  const field = await makeField('a')
  const rules = (...lines: string[]): Record<string, string> => ({
    ...field.env,
    JOBSHIM_RULES: ruled(field.yard, `rules-${lines.length}`, 'priority=low', ...lines).JOBSHIM_RULES ?? '',
  })
  const builds = [
    await build(field, 'l', 20, rules('rule=1', 'tool=hold', 'priority=normal')),
    await build(field, 'n', 20, rules('rule=1', 'tool=true', 'priority=normal', 'rule=2')),
  ]
  await freeToken(field)
  await endAll(builds)
  await freeAll(field)
  assertFirst(startsIn(field.take()), 'n', 20)
  await assertWhole(field.yard, 'a')
})

test("priority :: a job's own slot is free :: its low tool has that, though others wait", async () => {
  const field = await makeField('a')
  const builds = [await build(field, 'n', 5)]
  const held = await holding({ ...low(field.env), JOBSHIM_JOB: 'own' })
  assert.is(waitersOf(field), 5)
  assert.is((await held.end()).status, 7)
  await freeAll(field)
  await endAll(builds)
  await assertWhole(field.yard, 'a')
})

/** The rules' reserve, in a pool whose make tells its size. */
const reserving = (yard: Yard, reserve: number): Record<string, string> => ({
  ...ruled(yard, `reserve-${reserve}`, 'priority=low', `reserve=${reserve}`),
  MAKEFLAGS: ` -j${yard.pool.count().length + 1} --jobserver-auth=${yard.pool.auth}`,
})

test('priority :: a reserve of one :: low tools leave a token, which a normal one takes at once', async () => {
  const yard = await makeYard('abc')
  const env = reserving(yard, 1)
  const held = [await holding(env), await holding(env), await holding(env)]
  const waiter = start({ env })
  await waits(yard, waiter)
  assert.is(yard.pool.count().length, 1)
  const normal = await holding({ ...env, JOBSHIM_PRIORITY: 'normal' })
  assert.is(yard.pool.count(), '')
  assert.is((await normal.end()).status, 7)
  await until('its token is back', () => yard.pool.count().length === 1)
  assert.is(waiter.output.stdout, '')
  assert.is((await held[2]?.end())?.status, 7)
  await waiter.tools
  assert.is(yard.pool.count().length, 1)
  for (const one of [held[0], held[1], waiter]) assert.is((await one?.end())?.status, 7)
  await assertWhole(yard, 'abc')
})

test('priority :: a reserve of more than the pool has :: one token is for low tools all the same', async () => {
  const yard = await makeYard('ab')
  const env = reserving(yard, 9)
  const held = [await holding(env), await holding(env)]
  const waiter = start({ env })
  await waits(yard, waiter)
  assert.is(yard.pool.count().length, 1)
  assert.is((await held[1]?.end())?.status, 7)
  await waiter.tools
  for (const one of [held[0], waiter]) assert.is((await one?.end())?.status, 7)
  await assertWhole(yard, 'ab')
})

test('priority :: only the reserve is free, and all stand still :: after patience a low tool has it, and none runs without a slot', async () => {
  const yard = await makeYard('ab')
  const env = { ...reserving(yard, 1), JOBSHIM_PATIENCE: '1' }
  const held = [await holding(env), await holding(env)]
  const last = await holding(env)
  assert.equal(
    ledgerRecords(yard.runtime)
      .map(({ slot }) => slot)
      .sort(),
    ['implicit', 'token', 'token'],
  )
  for (const one of [...held, last])
    assert.equal(await one.end(), { status: 7, signal: null, stdout: one.output.stdout, stderr: '' })
  await assertWhole(yard, 'ab')
})

test('priority :: a reserve, and nobody tells the size of the pool :: low tools take all tokens', async () => {
  const yard = await makeYard('ab')
  const env = ruled(yard, 'reserve', 'priority=low', 'reserve=1')
  const held = [await holding(env), await holding(env), await holding(env)]
  for (const one of held) assert.is((await one.end()).status, 7)
  await assertWhole(yard, 'ab')
})

for (const signal of ['SIGSTOP', 'SIGKILL'] as const)
  test(`priority :: the only normal tool that waits gets ${signal} :: the low ones go on`, async () => {
    const field = await makeField('a')
    const own = await holding({ ...field.env, JOBSHIM_JOB: 'n' })
    const normal = start({ env: { ...field.env, JOBSHIM_JOB: 'n' }, command: ['true', '-c', 'n'] })
    await until('it waits', () => waitersOf(field) === 1)
    const builds = [await lowBuild(field, 'l', 20)]
    process.kill(normal.pid, signal)
    if (signal === 'SIGKILL') await normal.ended
    await freeToken(field)
    await endAll(builds)
    assert.is(startsIn(field.take()), 'l'.repeat(20))
    assert.is((await normal.kill()).signal, 'SIGKILL')
    await freeAll(field)
    await own.end()
    await assertWhole(field.yard, 'a')
  })

test('priority :: low tools that wait are killed :: no token is lost', async () => {
  const field = await makeField('ab')
  const waiters = Array.from({ length: 6 }, () => start({ env: low(field.env) }))
  for (const waiter of waiters) await waits(field.yard, waiter)
  await field.holders[1]?.end()
  await until('one has the token', () => waiters.some(({ output }) => output.stdout !== ''))
  for (const waiter of waiters) assert.is((await waiter.kill()).signal, 'SIGKILL')
  await freeAll(field)
  await assertWhole(field.yard, 'ab')
})

test.after.each(killStarted)
test.run()
