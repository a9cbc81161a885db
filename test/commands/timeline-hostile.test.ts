/** Journals that no jobshim wrote: each number of each line, in each format. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { end, journalOf, past, start, tool } from '../support/journals.js'
import { draw, formats } from './drawing.js'

const events = [start(), tool(), past(), end()]

/** Each of its numbers in turn as each of these, which can't be. */
const impossible: readonly unknown[] = [-1, -1e300, 1e300, 2 ** 60, Number.MAX_VALUE, '1', null, [1]]
const fields: Readonly<Record<string, readonly string[]>> = {
  start: ['pid', 'at', 'jobs', 'cores'],
  tool: [
    ...['pid', 'at', 'slots', 'waitedSeconds', 'gatedSeconds', 'ranSeconds', 'userSeconds', 'systemSeconds'],
    ...['memoryBytes', 'exit', 'signal'],
  ],
  past: ['pid', 'at', 'runs', 'seconds'],
  end: ['pid', 'at', 'exit', 'signal', 'coverage'],
}

test('timeline :: hostile :: the numbers of each line are these', () => {
  for (const event of events) {
    const numbers = Object.entries(event).flatMap(([key, value]) =>
      typeof value === 'number' && key !== 'jobshim' ? [key] : [],
    )
    const known = fields[event.event] ?? []
    for (const key of numbers) assert.ok(known.includes(key), `${event.event}: ${key}`)
  }
})

const wrong = events.flatMap(event =>
  (fields[event.event] ?? []).flatMap(key => impossible.map(value => ({ ...event, [key]: value }))),
)
// Larger than any, and no such number for JSON's writer.
const beyond = events.flatMap(event =>
  (fields[event.event] ?? []).map(key =>
    JSON.stringify({ ...event, [key]: 0 }).replace(new RegExp(`"${key}":0\\b`), `"${key}":1e999`),
  ),
)
// A little more than there can be of it.
const toMany = [
  tool({ slots: 65 }),
  tool({ slots: 1e7 }),
  tool({ slots: 2 ** 53 - 1 }),
  start({ jobs: 1e7 }),
  start({ jobs: 2 ** 53 - 1 }),
  tool({ exit: 256 }),
  tool({ pid: 2 ** 22 + 1 }),
  tool({ at: 1e10 }),
]

for (const format of formats)
  test(`timeline :: hostile :: ${format} :: a line with a number that can't be is passed over`, async () => {
    const journal = `${journalOf(events)}${journalOf([...wrong, ...toMany])}${beyond.join('\n')}\n`
    const count = wrong.length + toMany.length + beyond.length
    await draw(journal, format, `1 tool run, ${count} lines skipped (${count} of other programs)`)
  })

const most = 9e9 // the latest instant
const longest = 1e9

for (const format of formats)
  test(`timeline :: hostile :: ${format} :: the least and the most that each number may be`, async () => {
    const extremes = [
      start({ at: 0, jobs: 65536, cores: 65536, pid: 2 ** 22 }),
      start({ at: 0, jobs: 65536, pid: 1 }),
      tool({ at: 0, ranSeconds: 0, waitedSeconds: longest, gatedSeconds: longest, memoryBytes: 0 }),
      tool({ at: most, ranSeconds: longest, slots: 64, memoryBytes: 2 ** 53, userSeconds: longest }),
      tool({ at: most, ranSeconds: 1e-300, systemSeconds: longest, exit: 255, signal: 127 }),
      past({ at: most, runs: 2 ** 32, seconds: longest, pid: 2 ** 22 }),
      end({ at: most, coverage: 0, exit: 255, pid: 2 ** 22 }),
      end({ at: 0, coverage: 1, pid: 1 }),
    ]
    const picture = await draw(journalOf(extremes), format, '3 tool runs')
    assert.not.match(picture.replace(/<script>[\s\S]*/, ''), /\bNaN\b|\bInfinity\b|Invalid/)
  })

test('timeline :: hostile :: names of a megabyte :: shortened', async () => {
  const long = 'x'.repeat(1_000_000)
  const journal = journalOf([start({ command: [long] }), tool({ tool: long, file: long, path: long }), end()])
  for (const format of formats) await draw(journal, format, '1 tool run')
})

test.run()
