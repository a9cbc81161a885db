import * as assert from 'uvu/assert'
import { until } from '../support/until.js'
import { type Held, start } from './held.js'
import { ledgerRecords, waits } from './ledger.js'
import type { Yard } from './yard.js'

/** Starts holders until all slots, the implicit one and each token, are taken; fails where one can't be had. */
export async function takeAll(yard: Yard, slots: number): Promise<Held[]> {
  const holders: Held[] = []
  for (let slot = 0; slot < slots; slot++) {
    const held = start({ env: yard.governed })
    holders.push(held)
    await held.tools
  }
  return holders
}

/** All slots can be had, not one more, and after it the pool and the ledger are as at the start. */
export async function assertWhole(yard: Yard, tokens: string): Promise<void> {
  const holders = await takeAll(yard, tokens.length + 1)
  const waiter = start({ env: yard.governed })
  await waits(yard, waiter)
  assert.is(yard.pool.count(), '')
  assert.is(waiter.output.stdout, '')
  // Those that hold no token are looked at in turns.
  await until('no record of the dead is left', () => ledgerRecords(yard.runtime).every(({ alive }) => alive))
  for (const held of [...holders, waiter]) assert.is((await held.end()).status, 7)
  assert.is(yard.pool.count(), tokens)
  assert.equal(ledgerRecords(yard.runtime), [])
}
