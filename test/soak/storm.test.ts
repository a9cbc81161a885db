import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { buildLauncher } from '../support/built.js'
import { type Client, clients, findClient } from '../support/clients.js'
import { seed } from '../support/random.js'
import { test } from '../support/test-with.js'
import { makeWorkspace } from '../support/workspace.js'
import { builders } from './builders.js'
import { Storm } from './storm.js'

/**
 * JOBSHIM_TEST_SOAK=SECONDS   how long the storms last in all (12)
 * JOBSHIM_TEST_SEED=N         whom they hit
 */
const seconds = Number(process.env.JOBSHIM_TEST_SOAK ?? 12)
const storms = Math.max(2, Math.round(seconds / 6))
const tokens = 4

const kinds = builders.filter(({ needs }) => needs.every(key => findClient(key) !== undefined))
const missing = builders.filter(kind => !kinds.includes(kind))

for (const { name, needs } of missing)
  test.skip(
    `soak :: ${name}: ${needs.map(key => (clients[key] satisfies Client).name).join(', ')} is missing`,
  )

test(`soak :: ${storms} storms of 20 kills a second over ${kinds.map(({ name }) => name).join(', ')}`, async () => {
  const storm = new Storm(tokens, seed)
  await storm.open()
  try {
    for (let round = 0; round < storms; round++) {
      await storm.blow(kinds, seconds / storms, 20)
      const free = await storm.settle()
      const said = JSON.stringify({ seed, round, ...storm.figures }, undefined, 2)
      assert.is(free, tokens, said)
      assert.is(storm.figures.most, tokens, said)
      assert.equal(storm.figures.hangs, [], said)
      assert.ok(storm.figures.peak <= storm.limit, said)
      for (const kind of kinds) assert.is(await storm.build(kind), 0, `the ${kind.name} after it: ${said}`)
      assert.is(await storm.settle(), tokens, said)
    }
    const { hangs, ...figures } = storm.figures
    const measured = {
      seed,
      storms,
      seconds,
      ...figures,
      surplus: figures.most - tokens,
      hangs: hangs.length,
    }
    console.log(`\nmeasured ${JSON.stringify(measured)}`) // the runner passes it on
  } finally {
    await storm.close() // else its server keeps this file from ending
  }
  assert.ok(storm.isGone())
})

test('soak :: without reclaim tokens are missing afterwards', async () => {
  const directory = makeWorkspace()
  const programs = { launcher: join(directory, 'launcher'), look: join(directory, 'look') }
  for (const name of ['launcher', 'look'] as const)
    buildLauncher(programs[name], { wraps: ['no-reclaim.c'] }, name)
  const storm = new Storm(tokens, seed)
  await storm.open(programs)
  try {
    let free = tokens
    for (let round = 0; round < 5 && free === tokens; round++) {
      await storm.blow(kinds, 4, 20)
      free = await storm.settle()
    }
    assert.ok(free < tokens, JSON.stringify({ seed, ...storm.figures }))
  } finally {
    await storm.close()
  }
})

test.run()
