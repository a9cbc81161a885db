import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { drawingOf } from '../../src/timeline/drawing.js'
import type { JournalEvent, ToolEvent } from '../../src/timeline/event.js'
import { panelsOf } from '../../src/timeline/layers.js'
import { factsOf } from '../../src/timeline/legend.js'
import { stepOfPath } from '../../src/timeline/path.js'
import { began, buildOf, chartFrom, end, start, tool } from '../support/journals.js'

const second = 1e6
const ran = (file: string, from: number, to: number, event: Partial<ToolEvent> = {}): ToolEvent =>
  tool({ file, at: began + from, ranSeconds: to - from, ...event })

const drawn = (...events: JournalEvent[]) => drawingOf(chartFrom(events))

function pathOf(...events: JournalEvent[]): unknown[] {
  const { chart, path } = drawn(...events)
  return path.map(step => [
    step.kind === 'tool' || step.kind === 'waited'
      ? `${step.kind} ${chart.names.files[chart.runs.file[step.run] ?? -1]}`
      : step.kind,
    step.from / second,
    step.to / second,
  ])
}

test('path :: back from the end :: each tool follows the one that ended last before it began', () => {
  assert.equal(
    pathOf(
      start({ jobs: 4 }),
      ran('gen.c', 0, 2),
      ran('short.c', 2, 3),
      ran('long.c', 2.01, 6),
      ran('other.c', 2, 5),
      ran('program', 6.005, 9),
      end({ at: began + 9 }),
    ),
    [
      ['tool gen.c', 0, 2],
      ['other', 2, 2.01],
      ['tool long.c', 2.01, 6],
      ['other', 6, 6.005],
      ['tool program', 6.005, 9],
    ],
  )
})

test('path :: no tool ended :: something else ran, also where a tool runs that ends later', () => {
  assert.equal(
    pathOf(
      start({ jobs: 4 }),
      ran('a.c', 1, 2),
      ran('aside.c', 3, 10),
      ran('b.c', 5, 9),
      ran('c.c', 9, 10.5),
      end({ at: began + 12 }),
    ),
    [
      ['other', 0, 1],
      ['tool a.c', 1, 2],
      ['other', 2, 5],
      ['tool b.c', 5, 9],
      ['tool c.c', 9, 10.5],
      ['other', 10.5, 12],
    ],
  )
})

test('path :: all slots in use :: no tool is blamed', () => {
  assert.equal(
    pathOf(
      start({ jobs: 2 }),
      ran('gen.c', 0, 1),
      ran('a.c', 1, 3),
      ran('b.c', 1, 4),
      ran('c.c', 3.005, 6),
      ran('d.c', 4.005, 8),
      ran('program', 8, 10),
      end(),
    ),
    [
      ['tool gen.c', 0, 1],
      ['full', 1, 4.005],
      ['tool d.c', 4.005, 8],
      ['tool program', 8, 10],
    ],
  )
})

test('path :: a tool that waited for a slot :: the wait is told, and what was before it', () => {
  assert.equal(
    pathOf(
      start({ jobs: 2 }),
      ran('gen.c', 0, 1),
      ran('a.c', 1, 5),
      ran('b.c', 1, 6),
      ran('c.c', 5, 10, { waitedSeconds: 4 }),
      end(),
    ),
    [
      ['tool gen.c', 0, 1],
      ['waited c.c', 1, 5],
      ['tool c.c', 5, 10],
    ],
  )
})

test('path :: clients, and what runs inside of a tool, are not on it', () => {
  assert.equal(
    pathOf(
      start({ jobs: 4 }),
      ran('', 0, 10, { kind: 'client', tool: 'make', slot: 'implicit', job: 'make' }),
      ran('a.c', 0, 9, { job: 'a', slot: 'caller' }),
      ran('inside.s', 1, 9, { job: 'a', slot: 'implicit' }),
      end(),
    ),
    [
      ['tool a.c', 0, 9],
      ['other', 9, 10],
    ],
  )
})

test('path :: one slot :: none, and no panel; else a panel and a figure', () => {
  const one = drawn(start({ jobs: 1 }), ran('a.c', 0, 4), end())
  assert.equal([one.path, panelsOf(one).includes('path')], [[], false])
  const two = drawn(start({ jobs: 2 }), ran('a.c', 0, 4), end())
  assert.ok(panelsOf(two).includes('path'))
  assert.equal(
    factsOf(two).find(({ name }) => name === 'Likely critical path'),
    { name: 'Likely critical path', value: '4.00 s', more: 'in 1 tool, 6.00 s in what else ran' },
  )
  assert.not(factsOf(one).some(({ name }) => name === 'Likely critical path'))
})

test('path :: the limit is not known :: only waits tell that slots were in use', () => {
  const joined = start()
  delete joined.jobs
  assert.equal(pathOf(joined, ran('a.c', 0, 4), ran('b.c', 4, 10), end()), [
    ['tool a.c', 0, 4],
    ['tool b.c', 4, 10],
  ])
})

test('path :: of any build :: the steps follow each other, and fill its time but for moments', () => {
  for (const jobs of [2, 3, 8]) {
    const { chart, path } = drawn(...buildOf({ runs: 400, jobs }))
    let now = 0
    for (const { from, to } of path) {
      assert.ok(from >= now && to >= from, `${now} ${from} ${to}`)
      now = to
    }
    const filled = path.reduce((sum, { from, to }) => sum + to - from, 0)
    assert.ok(filled > 0.95 * chart.span && filled <= chart.span, `${filled} of ${chart.span}`)
  }
})

test('path :: runs of no length, all at once :: it ends', () => {
  const runs = Array.from({ length: 3000 }, (_, index) => ran(`${index}.c`, 1, 1 + (index % 2) / 1e6))
  assert.ok(pathOf(start(), ...runs, end()).length < 10)
})

test('path :: the step at an instant', () => {
  const { path } = drawn(start({ jobs: 2 }), ran('a.c', 1, 4), end())
  assert.equal(
    [0.5, 2, 7, 11].map(at => stepOfPath(path, at * second)?.kind),
    ['other', 'tool', 'other', undefined],
  )
})

test.run()
