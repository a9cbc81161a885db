/** In what order builds that share a pool have its tokens: all wait before the first one is free, and the recorder says who starts when. */
import * as assert from 'uvu/assert'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { build, endAll, freeAll, freeToken, makeField, startsIn, waitersOf } from '../yard/field.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { assertWhole } from '../yard/slots.js'

const crowd = 100

test('fair :: a build of one tool behind a hundred of another one :: it has one of the next slots', async () => {
  const field = await makeField('ab')
  const builds = [await build(field, 'a', crowd), await build(field, 'b', 1)]
  await freeAll(field)
  await endAll(builds)
  const starts = startsIn(field.take())
  assert.is(starts.length, crowd + 1)
  assert.ok(starts.indexOf('b') < 12, starts)
  await assertWhole(field.yard, 'ab')
})

test('fair :: three builds :: they have the only token by turns', async () => {
  const field = await makeField('a')
  const builds = [await build(field, 'a', 30), await build(field, 'b', 30), await build(field, 'c', 30)]
  await freeToken(field)
  await until('most have run', () => waitersOf(field) < 30)
  await freeAll(field)
  await endAll(builds)
  const starts = startsIn(field.take()).slice(0, 45)
  for (const letter of 'abc') {
    const its = starts.split(letter).length - 1
    assert.ok(its >= 10 && its <= 20, starts)
  }
  await assertWhole(field.yard, 'a')
})

/** A job that JOBSHIM_JOB names has a slot of its own, which needs no token: this takes it. */
async function takeOwn(env: Record<string, string>): Promise<Held> {
  const held = start({ env })
  await held.tools
  return held
}

test('fair :: jobs of one build :: one of a hundred tools leaves the next token to one of a single tool', async () => {
  const field = await makeField('a')
  const envs = ['1', '2'].map(hops => ({ ...field.env, JOBSHIM_JOB: 'all', JOBSHIM_HOPS: hops }))
  const owns = await Promise.all(envs.map(takeOwn))
  const builds = [await build(field, 'a', crowd, envs[0]), await build(field, 'b', 1, envs[1])]
  await freeToken(field)
  await endAll(builds)
  await freeAll(field)
  for (const own of owns) await own.end()
  const starts = startsIn(field.take())
  assert.is(starts.length, crowd + 1)
  assert.ok(starts.indexOf('b') < 4, starts)
  await assertWhole(field.yard, 'a')
})

for (const signal of ['SIGSTOP', 'SIGKILL'] as const)
  test(`fair :: the first waiter of a build gets ${signal} :: neither its own build nor the other one waits for it`, async () => {
    const field = await makeField('a')
    const env = { ...field.env, JOBSHIM_JOB: 'b' }
    const own = await takeOwn(env)
    const first = start({ env, command: ['true', '-c', 'first'] })
    await until('it waits', () => waitersOf(field) === 1)
    const builds = [await build(field, 'a', 20), await build(field, 'b', 20, env)]
    process.kill(first.pid, signal)
    if (signal === 'SIGKILL') await first.ended
    await freeToken(field)
    await endAll(builds)
    const starts = startsIn(field.take())
    assert.is(starts.length, 40)
    assert.not.ok(starts.includes('f'))
    const ofB = starts.slice(0, 20).split('b').length - 1
    assert.ok(ofB >= 7 && ofB <= 13, starts)
    assert.is((await first.kill()).signal, 'SIGKILL')
    await freeAll(field)
    await own.end()
    await assertWhole(field.yard, 'a')
  })

test.after.each(killStarted)
test.run()
