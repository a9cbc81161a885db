import { random, seed } from '../support/random.js'
import { test } from '../support/test-with.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { assertWhole } from '../yard/slots.js'
import { makeYard } from '../yard/yard.js'

console.log(`JOBSHIM_TEST_SEED=${seed}`)
const chance = random(seed)

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it ended by itself meanwhile
  }
}

/** What is killed in a round, after a random time. */
const victims = {
  launcher: ({ pid }: Held) => kill(pid),
  tool: ({ output }: Held) => {
    const [, tool] = /^held (\d+)$/m.exec(output.stdout) ?? []
    if (tool !== undefined) kill(Number(tool))
  },
  group: ({ pid }: Held) => kill(-pid),
} as const

for (const [what, strike] of Object.entries(victims))
  test(`kill :: ${what}, at random times :: all slots are there :: seed ${seed}`, async () => {
    const tokens = 'ABC'
    const yard = await makeYard(tokens)
    for (let round = 0; round < 12; round++) {
      const crowd = Array.from({ length: 7 }, () => start({ env: yard.governed }))
      const struck = crowd.filter(() => chance() < 0.4)
      await Promise.all(
        crowd.map(async held => {
          const delays = [chance() * 25, chance() * 8]
          for (const [step, delay] of delays.entries()) {
            await new Promise(resolve => setTimeout(resolve, delay))
            if (step === 0) held.child.stdin?.end()
            else if (struck.includes(held)) strike(held)
          }
          await held.ended
        }),
      )
    }
    await assertWhole(yard, tokens)
  })

test.after.each(killStarted)

test.run()
