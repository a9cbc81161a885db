import * as assert from 'uvu/assert'
import { type Client, clients, findClient } from '../support/clients.js'
import { seed } from '../support/random.js'
import { test } from '../support/test-with.js'
import { builders } from './builders.js'
import { Storm } from './storm.js'

/**
 * JOBSHIM_TEST_SOAK=SECONDS   how long the storms last in all (12)
 * JOBSHIM_TEST_SEED=N         whom they hit
 */
const seconds = Number(process.env.JOBSHIM_TEST_SOAK ?? 12)
const storms = Math.max(2, Math.round(seconds / 12))
const tokens = 8

const kinds = builders.filter(({ needs }) => needs.every(key => findClient(key) !== undefined))
const missing = builders.filter(kind => !kinds.includes(kind))

for (const { name, needs } of missing)
  test.skip(
    `soak :: sandbox :: ${name}: ${needs.map(key => (clients[key] satisfies Client).name).join(', ')} is missing`,
  )

test(`soak :: sandbox :: ${storms} storms over ${kinds.map(({ name }) => name).join(', ')}: supervisors, runs, waiters, holders killed and stopped`, async () => {
  const storm = new Storm(tokens, seed, 'sandbox')
  await storm.open()
  try {
    for (let round = 0; round < storms; round++) {
      await storm.blow(kinds, seconds / storms, 10)
      const free = await storm.settle()
      const said = JSON.stringify({ seed, round, ...storm.figures }, undefined, 2)
      assert.equal(storm.figures.hangs, [], said)
      assert.equal([free, storm.rows()], [tokens, 0], said)
      assert.is(storm.figures.most, tokens, said)
      assert.ok(storm.figures.peak <= storm.limit, said)
    }
    for (const kind of kinds)
      assert.is(await storm.build(kind), 0, `the ${kind.name} after them, seed ${seed}`)
    assert.is(await storm.settle(), tokens)
    const { hangs, ...figures } = storm.figures
    const surplus = figures.most - tokens
    console.log(
      `\nmeasured ${JSON.stringify({ seed, storms, seconds, ...figures, surplus, hangs: hangs.length })}`,
    )
  } finally {
    await storm.close()
  }
  assert.ok(storm.isGone())
})

test.run()
