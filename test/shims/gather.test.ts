import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { withoutUse } from '../support/summary.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { killStarted, start } from '../yard/held.js'
import { ledgerRecords, waits } from '../yard/ledger.js'
import { gated, holding, ruled } from '../yard/rules.js'
import { jobshimRun } from '../yard/runs.js'
import { assertWhole, takeAll } from '../yard/slots.js'
import { makeGate, makeYard, type Yard } from '../yard/yard.js'

/** Several slots for one run. */

test('tokens :: a run takes several slots or none, and gives all of them back', async () => {
  const yard = await makeYard('ABCD')
  const three = ruled(yard, 'three', 'rule=1', 'tokens=3')
  const first = await holding(three) // the implicit slot and two tokens
  assert.is(yard.pool.count().length, 2)
  const second = start({ env: three }) // one token is its first slot; it gathers the other one and waits for a third
  await until('it gathers', () => yard.pool.count() === '')
  assert.is(second.output.stdout, '')
  const third = await gated(yard, three) // one gathers at a time
  await first.end()
  await second.tools
  await second.end()
  await third.tools
  // It may have met the implicit slot or a token first: two of the five slots are left, whichever they are.
  const others = await takeAll(yard, 2)
  assert.is(yard.pool.count(), '')
  for (const held of [third, ...others]) assert.is((await held.end()).status, 7)
  await assertWhole(yard, 'ABCD')
})

test("tokens :: its job's own slot is the one that is missing :: it has that before those that wait for it", async () => {
  const yard = await makeYard('AB')
  const own = await holding(yard.governed)
  const wide = start({ env: ruled(yard, 'three', 'rule=1', 'tokens=3') }) // its first slot is a token
  await until('it gathers', () => yard.pool.count() === '')
  const other = start({ env: yard.governed })
  await waits(yard, other)
  assert.is((await own.end()).status, 7)
  await Promise.race([wide.tools, other.tools])
  assert.equal([wide.output.stdout !== '', other.output.stdout], [true, ''])
  assert.is((await wide.end()).status, 7)
  await other.tools
  assert.is((await other.end()).status, 7)
  await assertWhole(yard, 'AB')
})

/** All slots are taken, a run waits, and behind it one of three slots: since the first one is stopped, that has both tokens. */
async function overtaking(yard: Yard) {
  const [own, ...others] = await takeAll(yard, 3)
  const earlier = start({ env: yard.governed })
  await waits(yard, earlier)
  earlier.child.kill('SIGSTOP')
  const wide = start({ env: ruled(yard, 'three', 'rule=1', 'tokens=3') })
  await waits(yard, wide)
  for (const held of others) assert.is((await held.end()).status, 7)
  await until('it gathers', () => yard.pool.count() === '')
  return { own, earlier, wide }
}

test('tokens :: a run that came before it waits for that slot :: it has it before it', async () => {
  const yard = await makeYard('AB')
  const { own, earlier, wide } = await overtaking(yard)
  earlier.child.kill('SIGCONT')
  assert.is((await own?.end())?.status, 7)
  await Promise.race([wide.tools, earlier.tools])
  assert.equal([wide.output.stdout, earlier.output.stdout !== ''], ['', true])
  assert.is((await earlier.end()).status, 7)
  await wide.tools
  assert.is((await wide.end()).status, 7)
  await assertWhole(yard, 'AB')
})

test('tokens :: a run that came before it is stopped :: it does not wait for that', async () => {
  const yard = await makeYard('AB')
  const { own, earlier, wide } = await overtaking(yard)
  assert.is((await own?.end())?.status, 7)
  await wide.tools
  earlier.child.kill('SIGCONT')
  const later = start({ env: yard.governed })
  await waits(yard, later)
  assert.equal([yard.pool.count(), earlier.output.stdout], ['', '']) // it has that slot, too
  assert.is((await wide.end()).status, 7)
  for (const held of [earlier, later]) {
    await held.tools
    assert.is((await held.end()).status, 7)
  }
  await assertWhole(yard, 'AB')
})

test('tokens :: killed while it waits for that slot :: the next one has it', async () => {
  const yard = await makeYard('AB')
  const own = await holding(yard.governed)
  const wide = start({ env: ruled(yard, 'three', 'rule=1', 'tokens=3') })
  await until('it gathers', () => yard.pool.count() === '')
  const other = start({ env: yard.governed })
  await waits(yard, other)
  await wide.kill()
  await other.tools
  const last = start({ env: yard.governed })
  await last.tools
  for (const held of [own, other, last]) assert.is((await held.end()).status, 7)
  await assertWhole(yard, 'AB')
})

test('tokens :: killed while it gathers, it gathers, and with all of them :: whole again', async () => {
  const yard = await makeYard('ABCD')
  const four = ruled(yard, 'four', 'rule=1', 'tokens=4')
  for (let round = 0; round < 5; round++) {
    const first = await holding(four)
    const second = start({ env: four })
    await until('it gathers', () => yard.pool.count() === '')
    await second.kill()
    const third = start({ env: four })
    await until('the next one gathers', () =>
      ledgerRecords(yard.runtime).some(({ pid }) => pid === third.pid),
    )
    await first.kill()
    await third.tools
    assert.is((await third.end()).status, 7)
    await until('the tokens are back', () => {
      if (yard.pool.count().length === 4) return true
      start({ env: yard.governed }).end() // its end looks for dead ones
      return false
    })
  }
  await assertWhole(yard, 'ABCD')
})

test('tokens :: a slot that does not come free, and everything stands still :: it runs in one, and says so', async () => {
  const yard = await makeYard('')
  const { JOBSHIM_RULES } = ruled(yard, 'three', 'rule=7', 'tokens=3')
  const { path, open } = makeGate(yard)
  const said = join(yard.root, 'said')
  const one = `JOBSHIM_RULES= hold <${path} >>said & until grep -q held said; do :; done 2>/dev/null`
  const outcome = jobshimRun(
    yard,
    ['-j3', '--', 'sh', '-c', `${one}; hold </dev/null >>said; s=$?; wait; exit $s`],
    {
      env: { JOBSHIM_RULES, JOBSHIM_PATIENCE: '1' },
    },
  )
  await until('both ran', () => existsSync(said) && readFileSync(said, 'utf8').split('held').length === 3)
  open()
  const { status, stderr } = await outcome
  assert.is(status, 7)
  assert.match(
    withoutUse(stderr),
    /^jobshim: hold: 3 slots were not free together for 1 s on an idle machine: run in one\njobshim: 2 tools ran, at most 2 at once \(limit 3\); the longest waited \d+\.\d s\n$/,
  )
})

test('tokens :: as many as the pool has where a rule asks for more', async () => {
  const yard = await makeYard('AB')
  const many = { ...ruled(yard, 'many', 'rule=1', 'tokens=9'), MAKEFLAGS: ' -j3' } // three slots, says make
  const held = await holding(many)
  assert.is(yard.pool.count(), '')
  assert.equal(await held.end(), { status: 7, signal: null, stdout: held.output.stdout, stderr: '' })
  await assertWhole(yard, 'AB')
})

test.after(killStarted)

test.run()
