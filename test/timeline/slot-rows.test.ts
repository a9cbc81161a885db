import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ToolEvent } from '../../src/timeline/event.js'
import { placeRuns } from '../../src/timeline/slot-rows.js'
import { began, buildOf, tool } from '../support/journals.js'

/** Runs by their start and end, in seconds since the beginning. */
const run = (from: number, to: number, event: Partial<ToolEvent> = {}): ToolEvent =>
  tool({ at: began + from, ranSeconds: to - from, ...event })

const places = (limit: number | undefined, ...tools: ToolEvent[]): string[] =>
  placeRuns(tools, limit).placements.map(({ place, rows }) => `${place} ${rows.join('+')}`)

const client = { kind: 'client', tool: 'make', job: 'make' } as const

test('rows :: a run takes the first row that is free', () => {
  assert.equal(places(3, run(0, 2), run(0, 1), run(1, 3), run(2, 3), run(2, 4)), [
    'slot 0',
    'slot 1',
    'slot 1',
    'slot 0',
    'slot 2',
  ])
})

test('rows :: all slots have a row, used or not; without a limit there are as many as were used', () => {
  const tools = [run(0, 1), run(0, 1)]
  assert.is(placeRuns(tools, 8).slots, 8)
  assert.is(placeRuns(tools, undefined).slots, 2)
})

test('rows :: a run of three slots has three rows; where there are fewer, as many as there are', () => {
  assert.equal(places(4, run(0, 1), run(0, 9, { slots: 3 }), run(1, 2)), ['slot 0', 'slot 1+2+3', 'slot 0'])
  assert.equal(places(2, run(0, 1, { slots: 64 })), ['slot 0+1'])
})

test("rows :: a client's child is in its row, the next one is not", () => {
  const caller = { slot: 'caller' } as const
  assert.equal(
    places(
      2,
      run(0, 9, { ...client, slot: 'implicit' }),
      run(1, 3, { ...caller, job: 'a' }),
      run(1, 2, { ...caller, job: 'b' }),
      run(3, 4, { ...caller, job: 'c' }),
    ),
    ['holder 0', 'slot 0', 'slot 1', 'slot 0'],
  )
})

test('rows :: make in a slot of make, and its compiler: one slot', () => {
  assert.equal(
    places(
      2,
      run(0, 9, { ...client, slot: 'caller' }),
      run(1, 8, { ...client, slot: 'caller', job: 'sub' }),
      run(2, 3, { slot: 'caller', job: 'cc' }),
    ),
    ['holder 0', 'holder 0', 'slot 0'],
  )
})

test('rows :: of two clients the one in the same directory has the child', () => {
  assert.equal(
    places(
      3,
      run(0, 9, { ...client, directory: '/a' }),
      run(0, 9, { ...client, directory: '/b', job: 'other' }),
      run(1, 2, { slot: 'caller', directory: '/b', job: 'cc' }),
    ),
    ['holder 0', 'holder 1', 'slot 1'],
  )
})

test('rows :: a token is a slot of its own, beside an idle client', () => {
  assert.equal(places(2, run(0, 9, { ...client, slot: 'implicit' }), run(1, 2)), ['holder 0', 'slot 1'])
})

test("rows :: which child has the client's own slot nobody knows: a token fits where it is free", () => {
  assert.equal(
    places(
      2,
      run(0, 9, { ...client, slot: 'implicit' }),
      run(1, 3, { slot: 'caller', job: 'a' }),
      run(2, 5, { slot: 'caller', job: 'b' }),
      run(4, 5),
    ),
    ['holder 0', 'slot 0', 'slot 1', 'slot 0'],
  )
})

test('rows :: what a tool calls in the same job is inside of it', () => {
  const inJob = { job: 'a', slot: 'implicit' } as const
  assert.equal(places(4, run(0, 5, { ...inJob, slot: 'caller' }), run(1, 2, inJob), run(2, 3, inJob)), [
    'slot 0',
    'inside 0',
    'inside 0',
  ])
})

test('rows :: a run that took no token, when all slots are used, is inside of the last one around it', () => {
  assert.equal(places(2, run(0, 9), run(1, 9), run(2, 3, { slot: 'implicit', job: 'b' })), [
    'slot 0',
    'slot 1',
    'inside 1',
  ])
})

test('rows :: an overdraft is behind the slots', () => {
  assert.equal(places(1, run(0, 9), run(1, 3, { slot: 'overdraft' }), run(2, 3, { slot: 'overdraft' })), [
    'slot 0',
    'over 1',
    'over 2',
  ])
})

test('rows :: what nobody paid for is behind the slots, too', () => {
  assert.equal(places(1, run(0, 2), run(1, 3, { slot: 'caller', job: 'b' })), ['slot 0', 'over 1'])
})

test('rows :: an end that was noted late, when all slots are used, is no second slot', () => {
  assert.equal(places(1, run(0, 2), run(1.99, 3)), ['slot 0', 'slot 0'])
  assert.equal(places(2, run(0, 2), run(1.99, 3)), ['slot 0', 'slot 1'])
})

test('rows :: a child that outlives its client keeps the row', () => {
  assert.equal(
    places(
      2,
      run(0, 2, { ...client, slot: 'implicit' }),
      run(1, 5, { slot: 'caller' }),
      run(3, 4),
      run(6, 7),
    ),
    ['holder 0', 'slot 0', 'slot 1', 'slot 0'],
  )
})

for (const jobs of [1, 2, 5, 16])
  test(`rows :: a build at -j${jobs} has no run beyond its slots, and no two in one row at once`, () => {
    const tools = buildOf({ runs: 2000, jobs })
      .filter(event => event.event === 'tool')
      .sort((a, b) => a.at - b.at || b.ranSeconds - a.ranSeconds)
    const { placements, slots, over } = placeRuns(tools, jobs)
    assert.equal([slots, over], [jobs, 0])
    const free = new Map<number, number>()
    for (const [index, { at, ranSeconds }] of tools.entries()) {
      const { place, rows } = placements[index] ?? { place: 'over', rows: [] }
      if (place === 'holder') continue
      assert.is(place, 'slot')
      for (const row of rows) {
        assert.ok((free.get(row) ?? 0) <= at + 0.1, `run ${index} in row ${row}`)
        free.set(row, at + ranSeconds)
      }
    }
  })

test.run()
