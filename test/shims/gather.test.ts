import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { withoutUse } from '../support/summary.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { killStarted, start } from '../yard/held.js'
import { ledgerRecords } from '../yard/ledger.js'
import { gated, holding, ruled } from '../yard/rules.js'
import { jobshimRun } from '../yard/runs.js'
import { assertWhole, takeAll } from '../yard/slots.js'
import { makeGate, makeYard } from '../yard/yard.js'

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

test('tokens :: killed while it gathers, and with all of them :: whole again', async () => {
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
