import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Progress, progressOf, progressText, type Sample } from '../../src/build/progress.js'

const idle: Sample = { slots: 8, free: 7, runs: 0, running: 0, callerRuns: 0, records: [] }
const record = (
  state: Sample['records'][number]['state'],
  slot: Sample['records'][number]['slot'] = 'none',
) => ({
  state,
  slot,
  alive: true,
})

const cases: readonly [string, Partial<Sample>, Progress][] = [
  ['the command alone', {}, { slots: 8, used: 1, waiting: 0, done: 0 }],
  [
    'launchers that have a slot, and such that wait',
    {
      free: 5,
      runs: 20,
      running: 3,
      records: [
        record('held', 'implicit'),
        record('held', 'token'),
        record('held', 'token'),
        record('waiting'),
        record('acquiring'),
        record('gated'),
        { ...record('waiting'), alive: false },
      ],
    },
    { slots: 8, used: 3, waiting: 3, done: 17 },
  ],
  [
    'as many runs in their callers’ slots as make has slots, of which all may be running',
    { free: 0, callerRuns: 30 },
    { slots: 8, used: 8, waiting: 0, done: 22 },
  ],
  [
    'both: a slot that a launcher has is no client’s',
    { free: 0, runs: 9, running: 1, callerRuns: 30, records: [record('held', 'token')] },
    { slots: 8, used: 8, waiting: 0, done: 8 + 23 },
  ],
  ['make’s first runs', { free: 0, callerRuns: 3 }, { slots: 8, used: 8, waiting: 0, done: 0 }],
  [
    'a run without a slot takes none',
    { runs: 2, running: 2, records: [record('held', 'implicit'), record('held', 'overdraft')] },
    { slots: 8, used: 1, waiting: 0, done: 0 },
  ],
  ['more tokens than there should be', { free: 9 }, { slots: 8, used: 0, waiting: 0, done: 0 }],
]

for (const [title, sample, expected] of cases)
  test(`progress :: ${title}`, () => {
    assert.equal(progressOf({ ...idle, ...sample }), expected)
  })

const text = (progress: Partial<Progress>, width: number, colour = false): string =>
  progressText({ slots: 8, used: 5, waiting: 3, done: 120, ...progress }, width, colour)

test('progress :: text :: a cell for each slot', () => {
  assert.is(text({}, 80), 'jobshim [#####...] 5 of 8 slots, 3 waiting, 120 done')
  assert.is(text({ used: 0 }, 80), 'jobshim [........] 0 of 8 slots, 3 waiting, 120 done')
  assert.is(text({ used: 8 }, 80), 'jobshim [########] 8 of 8 slots, 3 waiting, 120 done')
  assert.is(text({ slots: 1, used: 1 }, 80), 'jobshim [#] 1 of 1 slots, 3 waiting, 120 done')
})

test('progress :: text :: so many slots that a cell stands for several', () => {
  const bar = `${'#'.repeat(16)}${'.'.repeat(16)}`
  assert.is(text({ slots: 128, used: 64 }, 200), `jobshim [${bar}] 64 of 128 slots, 3 waiting, 120 done`)
  assert.is(
    text({ slots: 128, used: 64 }, 66),
    `jobshim [${'#'.repeat(9)}${'.'.repeat(9)}] 64 of 128 slots, 3 waiting, 120 done`,
  )
})

test('progress :: text :: colours the bar alone', () => {
  const bar = '\u001b[36m#####...\u001b[39m'
  assert.is(text({}, 80, true), `jobshim [${bar}] 5 of 8 slots, 3 waiting, 120 done`)
})

test('progress :: text :: is cut one column before the end, colours or not', () => {
  for (let width = 20; width < 49; width++)
    for (const colour of [false, true]) {
      const plain = text({}, width, colour).replaceAll('\u001b[36m', '').replaceAll('\u001b[39m', '')
      assert.is(plain, 'jobshim [###.] 5 of 8 slots, 3 waiting, 120 done'.slice(0, width - 1))
    }
})

test.run()
