/** How long a tool of low priority waits at most, while others keep all slots busy. */
import * as assert from 'uvu/assert'
import { ledgerLayout } from '../../src/contract/ledger-layout.js'
import { killUntilNone, processesOf } from '../support/processes.js'
import { test } from '../support/test-with.js'
import { build, endAll, freeAll, makeField } from '../yard/field.js'
import { killStarted } from '../yard/held.js'
import { assertWhole } from '../yard/slots.js'

const toolMs = 1000
const slots = 2

test('priority :: others wait all the time :: a low tool has a slot within a minute', async () => {
  const field = await makeField('a', toolMs)
  const normal = await build(field, 'n', (90 * 1000 * slots) / toolMs) // for longer than it may wait
  const began = process.hrtime.bigint()
  const low = await build(field, 'l', 1, { ...field.env, JOBSHIM_PRIORITY: 'low' })
  await freeAll(field)
  await endAll([low])
  const { events } = field.take()
  const started = events.find(({ sign, last }) => sign === '+' && last === 'l1')?.at ?? 0n
  const waited = Number(started - began) / 1e9
  assert.ok(waited >= ledgerLayout.lowWait - 1 && waited < 60, `${waited} s`)
  killUntilNone(() => processesOf(normal.pid))
  assert.is((await normal.ended).signal, 'SIGKILL')
  await assertWhole(field.yard, 'a')
})

test.after.each(killStarted)
test.run()
