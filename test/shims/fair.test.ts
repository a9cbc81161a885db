/** In what order builds that share a pool have its tokens: all wait before the first one is free, and the recorder says who starts when. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeRecorder } from '../support/recording.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { ledgersIn, waitersIn } from '../yard/ledger.js'
import { assertWhole, takeAll } from '../yard/slots.js'
import { makeYard, type Yard } from '../yard/yard.js'

const crowd = 100

type Field = {
  yard: Yard
  env: Record<string, string>
  holders: readonly Held[] // of all slots
  /** The tools that have started, by the first letter of their names, in order. */
  starts: () => string
}

/** A yard with a recorder of `true` behind its shims, all of whose slots are taken. */
async function makeField(tokens: string): Promise<Field> {
  const yard = await makeYard(tokens, { tools: ['true'] })
  const directory = join(yard.root, 'recorded')
  mkdirSync(directory)
  const recorder = makeRecorder(directory, { holdMs: 20, extra: ['true'] })
  const [shims = '', ...path] = (yard.env.PATH ?? '').split(':')
  const env = { ...yard.governed, PATH: [shims, recorder.bin, ...path].join(':') }
  const starts = (): string =>
    recorder
      .take()
      .events.filter(({ sign }) => sign === '+')
      .map(({ last }) => last[0])
      .join('')
  return { yard, env, holders: await takeAll(yard, tokens.length + 1), starts }
}

const waitersOf = ({ yard }: Field): number =>
  ledgersIn(yard.runtime).reduce((sum, path) => sum + waitersIn(path), 0)

/** Starts a build of so many tools, whose names begin with that letter; resolves once all of them wait. */
async function build(field: Field, letter: string, tools: number, env = field.env): Promise<Held> {
  const before = waitersOf(field)
  const script = `for i in $(seq ${tools}); do true -c ${letter}$i & done; wait`
  const held = start({ env, command: ['sh', '-c', script.replace('true', 'env true')] })
  await until(`all of ${letter} wait`, () => waitersOf(field) === before + tools)
  return held
}

async function endAll(builds: readonly Held[]): Promise<void> {
  for (const { ended } of builds)
    assert.equal(await ended, { status: 0, signal: null, stdout: '', stderr: '' })
}

/** Ends a holder of a token: the implicit slot's was the first. */
const freeToken = async ({ holders }: Field): Promise<unknown> => holders[1]?.end()

const freeAll = async ({ holders }: Field): Promise<void> => {
  for (const holder of holders) await holder.end()
}

test('fair :: a build of one tool behind a hundred of another one :: it has one of the next slots', async () => {
  const field = await makeField('ab')
  const builds = [await build(field, 'a', crowd), await build(field, 'b', 1)]
  await freeAll(field)
  await endAll(builds)
  const starts = field.starts()
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
  const starts = field.starts().slice(0, 45)
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
  const starts = field.starts()
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
    const starts = field.starts()
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
