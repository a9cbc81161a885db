import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assertSame, callThroughShim, doors, places } from '../support/transparent-calls.js'

/** How a tool ends reaches its caller unchanged, by each of the launcher's three paths. */
const ways = {
  caller: 'below ninja, 3 tokens left', // it is no longer there: it became the tool
  implicit: 'below probe, 3 tokens left',
  token: 'below probe, 2 tokens left',
}
const lastSignal = 64

const statuses = (text: string): string[] => [...text.matchAll(/^status (\w+)$/gm)].map(([, hex = '']) => hex)

for (const place of places)
  test(`transparent :: ${place} :: takes that path`, async () => {
    const { stdout, stderr } = await callThroughShim(place, { tool: ['probe', 'place'] })
    assert.match(stdout, new RegExp(`^${ways[place]}$`, 'm'))
    assert.match(stdout, /^tokens 3$/m)
    assert.is(stderr, '')
  })

for (const place of doors) {
  test(`transparent :: ${place} :: exit codes 0-255`, async () => {
    const { stdout } = await assertSame(place, { setup: ['each=0-255'], tool: ['probe', 'exit', '%'] })
    const expected = Array.from({ length: 256 }, (_, code) => (code << 8).toString(16))
    assert.equal(statuses(stdout), expected)
  })

  // 19-22 stop it: they are tested where somebody is there to continue it. 32 and 33 are the C library's own.
  for (const range of ['1-18', '23-31', `34-${lastSignal}`])
    test(`transparent :: ${place} :: death by signals ${range}`, async () => {
      const { stdout } = await assertSame(place, { setup: [`each=${range}`], tool: ['probe', 'die', '%'] })
      const [first = 0, last = 0] = range.split('-').map(Number)
      const harmless = [17, 18, 23, 28] // CHLD, CONT, URG, WINCH: outlived
      const expected = Array.from({ length: last - first + 1 }, (_, index) => {
        const signal = first + index
        return harmless.includes(signal) ? '0' : signal.toString(16)
      })
      assert.equal(statuses(stdout), expected)
    })
}

test.run()
