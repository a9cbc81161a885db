import { closeSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readJournal } from '../../src/timeline/read.js'
import { buildOf, end, journalOf, past, start, tool } from '../support/journals.js'
import { makeWorkspace } from '../support/workspace.js'

const nothing = { cut: 0, foreign: 0, otherVersion: 0 }

function read(content: string | Buffer) {
  const file = join(makeWorkspace(), 'journal')
  writeFileSync(file, content)
  return readJournal(file)
}

test('read :: every kind of line, in the order of the file', () => {
  const events = [start(), tool(), past(), end()]
  assert.equal(read(journalOf(events)), { events, skipped: nothing })
})

test('read :: a last line without its newline counts', () => {
  const events = [tool({ pid: 1 }), tool({ pid: 2 })]
  assert.equal(read(journalOf(events).trimEnd()), { events, skipped: nothing })
})

test('read :: an empty file has neither events nor skipped lines', () => {
  assert.equal(read(''), { events: [], skipped: nothing })
})

test('read :: what another release has added to a line is left out', () => {
  assert.equal(read(journalOf([{ ...tool(), colour: 'red' }])), { events: [tool()], skipped: nothing })
})

const line = JSON.stringify(tool())

for (const [what, text, skipped] of [
  ['a cut line', `${line.slice(0, 100)}\n`, { ...nothing, cut: 1 }],
  ['a cut line at the end of the file', line.slice(0, 100), { ...nothing, cut: 1 }],
  ['only the start of a line', '{"jobshim":\n', { ...nothing, cut: 1 }],
  ['a line of another program', 'make: entering directory\n', { ...nothing, foreign: 1 }],
  ['JSON of another program', '{"event":"tool"}\n[1]\n7\nnull\n', { ...nothing, foreign: 4 }],
  ['a line of another jobshim', '{"jobshim":2,"event":"tool"}\n', { ...nothing, otherVersion: 1 }],
  ['an event that nobody knows', '{"jobshim":1,"event":"nap"}\n', { ...nothing, foreign: 1 }],
  ['a value that can not be', `${JSON.stringify(tool({ ranSeconds: -1 }))}\n`, { ...nothing, foreign: 1 }],
  [
    'a number beyond all numbers',
    `${line.replace('"ranSeconds":1', '"ranSeconds":1e999')}\n`,
    { ...nothing, foreign: 1 },
  ],
  ['empty lines', '\n\n  \n', nothing],
  ['NUL bytes', '\0\0\0\n', { ...nothing, foreign: 1 }],
] as const)
  test(`read :: skipped :: ${what}`, () => {
    const whole = journalOf([tool({ pid: 7 })])
    assert.equal(read(whole + text), { events: [tool({ pid: 7 })], skipped })
  })

test('read :: skipped :: at every place a line may be cut, the one glued to it is read', () => {
  const [first, second] = [tool({ file: 'a "b" {"jobshim":1}.c' }), tool({ pid: 2 })]
  const before = JSON.stringify(first)
  for (let length = 1; length < before.length; length++) {
    const { events, skipped } = read(`${before.slice(0, length)}${journalOf([second])}`)
    assert.equal(events, [second], `cut at ${length}`)
    assert.is(skipped.cut + skipped.foreign, 1, `cut at ${length}`)
  }
})

test('read :: skipped :: two cut lines before a whole one', () => {
  assert.equal(read(`${line.slice(0, 30)}${line.slice(0, 60)}${line}\n`), {
    events: [tool()],
    skipped: { ...nothing, cut: 2 },
  })
})

test('read :: skipped :: what another program wrote before ours, without a newline', () => {
  assert.equal(read(`warning: ${line}\n`), { events: [tool()], skipped: { ...nothing, foreign: 1 } })
})

test('read :: skipped :: bytes that are no text', () => {
  const noise = Buffer.from(Array.from({ length: 10_000 }, (_, index) => (index * 7919) % 256))
  const { events, skipped } = read(Buffer.concat([noise, Buffer.from(`\n${line}\n`)]))
  assert.equal(events, [tool()])
  assert.ok(skipped.foreign > 0)
  assert.is(skipped.cut, 0)
})

test('read :: text that chunks of the file cut in two stays whole', () => {
  const events = Array.from({ length: 20_000 }, (_, index) =>
    tool({ pid: index + 1, file: `größe-日本語-${index}.c` }),
  )
  assert.equal(read(journalOf(events)), { events, skipped: nothing })
})

test('read :: a file of 200 MB without a newline needs no such memory, and its last line is found', () => {
  const file = join(makeWorkspace(), 'journal')
  truncateHole(file, 200 * 1024 ** 2)
  const before = process.memoryUsage().rss
  const { events, skipped } = readJournal(file)
  const grown = process.memoryUsage().rss - before
  assert.equal(events, [tool()])
  assert.equal(skipped, { ...nothing, foreign: 1 })
  assert.ok(grown < 100 * 1024 ** 2, `${grown} bytes`)
})

/** Zeros that take no room on the disk, then a line of ours. */
function truncateHole(file: string, size: number): void {
  writeFileSync(file, '')
  truncateSync(file, size)
  const end = openSync(file, 'a')
  writeSync(end, `${line}\n`)
  closeSync(end)
}

test('read :: 50,000 lines, and a file of 100 MB', () => {
  const file = join(makeWorkspace(), 'journal')
  const text = journalOf(buildOf({ runs: 50_000, jobs: 16 }))
  writeFileSync(file, text)
  const began = performance.now()
  assert.is(readJournal(file).events.length, 50_002)
  console.log(`\nmeasured 50,000 lines read in ${Math.round(performance.now() - began)} ms`)

  const times = Math.ceil((100 * 1024 ** 2) / text.length)
  for (let time = 1; time < times; time++) writeFileSync(file, text, { flag: 'a' })
  const again = performance.now()
  assert.is(readJournal(file).events.length, 50_002 * times)
  console.log(`\nmeasured 100 MB read in ${Math.round(performance.now() - again)} ms`)
})

test.run()
