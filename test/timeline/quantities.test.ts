import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Build, buildsOf } from '../../src/timeline/builds.js'
import { type Chart, chartOf } from '../../src/timeline/chart.js'
import { drawingOf } from '../../src/timeline/drawing.js'
import type { JournalEvent, ToolEvent } from '../../src/timeline/event.js'
import { panelsOf } from '../../src/timeline/layers.js'
import { factsOf } from '../../src/timeline/legend.js'
import { costsByFile } from '../../src/timeline/quantities.js'
import type { Steps } from '../../src/timeline/steps.js'
import { traceOf } from '../../src/timeline/trace.js'
import { began, end, past, start, tool } from '../support/journals.js'

const second = 1e6
const run = (from: number, to: number, event: Partial<ToolEvent> = {}): ToolEvent =>
  tool({ at: began + from, ranSeconds: to - from, ...event })

function chart(...events: JournalEvent[]): Chart {
  const [build] = buildsOf(events) as [Build]
  return chartOf(build)
}

const pairs = ({ at, values }: Steps): number[][] =>
  Array.from(at, (instant, index) => [instant / second, values[index] ?? Number.NaN])

test('slots in use :: tokens, a client with its child, one of three slots; an overdraft and what runs inside use none', () => {
  const drawing = drawingOf(
    chart(
      start({ jobs: 8 }),
      run(1, 9, { kind: 'client', slot: 'implicit', job: 'make' }),
      run(2, 4, { slot: 'caller', job: 'a' }),
      run(3, 3.5, { slot: 'implicit', job: 'a' }),
      run(5, 6),
      run(6, 7, { slots: 3 }),
      run(7, 8, { slot: 'overdraft' }),
      end(),
    ),
  )
  assert.equal(pairs(drawing.used), [
    [1, 1],
    [5, 2],
    [6, 4],
    [7, 1],
    [9, 0],
  ])
  assert.is(drawing.totals.peakSlots, 4)
  assert.is(drawing.totals.overdrafts, 1)
  assert.is(drawing.totals.meanSlots, (8 + 1 + 3) / 10)
})

test('narrow stretches :: one slot or none, named by what ran longest; none where there is only one slot', () => {
  const events = [
    run(1, 3, { file: 'a.c' }),
    run(2, 3, { file: 'b.c' }),
    run(3, 4, { file: 'short.c' }),
    run(4, 9, { file: 'long.c' }),
  ]
  const named = ({ jobs }: { jobs: number }) => {
    const { chart: drawn, narrow, totals } = drawingOf(chart(start({ jobs }), ...events, end()))
    const names = narrow.map(({ from, to, run }) => [
      from / second,
      to / second,
      drawn.names.files[drawn.runs.file[run] ?? -1],
    ])
    return { names, narrow: totals.narrow / second }
  }
  assert.equal(named({ jobs: 2 }), {
    names: [
      [0, 2, 'a.c'],
      [3, 10, 'long.c'],
    ],
    narrow: 9,
  })
  assert.equal(named({ jobs: 1 }), { names: [], narrow: 0 })
})

test('waiting :: before the start, first for a gate; less than a millisecond is no wait', () => {
  const { waits, waitsForGate, totals } = drawingOf(
    chart(
      start(),
      run(5, 6, { waitedSeconds: 4, gatedSeconds: 1, gate: 'memory' }),
      run(6, 7, { waitedSeconds: 2 }),
      run(8, 9, { waitedSeconds: 0.0005 }),
      end(),
    ),
  )
  assert.equal(pairs(waits), [
    [1, 1],
    [4, 2],
    [5, 1],
    [6, 0],
  ])
  assert.equal(pairs(waitsForGate), [
    [1, 1],
    [2, 0],
  ])
  assert.equal([totals.longestWait, totals.gated], [0, second])
  assert.is(drawingOf(chart(start(), run(8, 9, { waitedSeconds: 0.0005 }), end())).totals.longestWait, -1)
})

test('cores :: processor time spread over each run, once for a client and its children, once for what is inside of a tool', () => {
  const cpu = (userSeconds: number, systemSeconds: number) => ({ userSeconds, systemSeconds })
  const drawing = drawingOf(
    chart(
      start({ jobs: 4, cores: 2 }),
      run(0, 9, { kind: 'client', slot: 'implicit', job: 'make', ...cpu(5, 5) }),
      run(1, 3, { slot: 'caller', job: 'a', ...cpu(1, 0.5) }),
      run(2, 3, { slot: 'implicit', job: 'a', ...cpu(1, 0) }),
      run(2, 4, cpu(0.25, 0.25)),
      run(5, 6, { userSeconds: undefined, systemSeconds: undefined }),
      end(),
    ),
  )
  assert.equal(pairs(drawing.cores), [
    [1, 0.75],
    [2, 1],
    [3, 0.25],
    [4, 0],
  ])
  assert.is(drawing.totals.cpu, 2 * second)
  assert.equal(
    factsOf(drawing).find(({ name }) => name.startsWith('Cores')),
    {
      name: 'Cores busy, on average',
      value: '0.2 of 2',
      more: '4 slots share 2 cores',
    },
  )
})

test('cores :: of enough of them nothing is said, of unknown ones neither', () => {
  const factOf = (...events: JournalEvent[]) =>
    factsOf(drawingOf(chart(...events))).find(({ name }) => name.startsWith('Cores'))
  const unseen = run(1, 2, { userSeconds: undefined, systemSeconds: undefined })
  const name = 'Cores busy, on average'
  assert.equal(factOf(start({ jobs: 2, cores: 2 }), run(1, 2), end()), { name, value: '0.1 of 2' })
  assert.equal(factOf(run(1, 2)), { name, value: '0.9' })
  assert.equal(factOf(start({ jobs: 4, cores: 2 }), unseen, end()), { name, value: 'not known' })
})

test('panels :: one in which nothing would be is not there', () => {
  const panels = (...events: JournalEvent[]) => panelsOf(drawingOf(chart(...events)))
  assert.equal(panels(start(), run(1, 2), end()), ['path', 'rows', 'used', 'cores', 'memory'])
  assert.equal(panels(start({ jobs: 1 }), run(1, 2), end()), ['rows', 'used', 'cores', 'memory'])
  assert.equal(panels(start(), run(1, 2, { waitedSeconds: 0.5 }), end()), [
    'path',
    'rows',
    'used',
    'cores',
    'waiting',
    'memory',
  ])
  const unseen = { userSeconds: undefined, systemSeconds: undefined, memoryBytes: undefined }
  assert.equal(panels(start(), run(1, 2, unseen), end()), ['path', 'rows', 'used'])
  assert.equal(panels(start(), past(), end()), ['rows', 'used'])
})

test('memory :: the sum of what runs, without clients and what is inside of others', () => {
  const mebibytes = (count: number) => ({ memoryBytes: count * 1024 ** 2 })
  const { memory, totals } = drawingOf(
    chart(
      start({ jobs: 4 }),
      run(0, 9, { kind: 'client', slot: 'implicit', job: 'make', ...mebibytes(900) }),
      run(1, 4, { slot: 'caller', job: 'a', ...mebibytes(100) }),
      run(2, 3, { slot: 'implicit', job: 'a', ...mebibytes(90) }),
      run(3, 5, mebibytes(50)),
      end(),
    ),
  )
  assert.equal(pairs(memory), [
    [1, 102400],
    [3, 153600],
    [4, 51200],
    [5, 0],
  ])
  assert.is(totals.peakMemory, 153600)
})

test('costs by file :: summed up, the costliest first, paths from where the build began', () => {
  const costs = costsByFile(
    chart(
      start({ jobs: 4 }),
      run(0, 1, { kind: 'client', slot: 'implicit', job: 'make', file: '' }),
      run(1, 2, {
        file: 'a.c',
        directory: '/build/sub',
        waitedSeconds: 0.5,
        userSeconds: 0.5,
        systemSeconds: 0.25,
      }),
      run(3, 5, { file: '../sub/a.c', directory: '/build/other', tool: 'clang', memoryBytes: 1024 ** 3 }),
      run(4, 5, { file: '/usr/src/b.c' }),
      run(5, 5.5, { file: '', tool: 'ar' }),
      run(6, 6.25, { file: '-' }),
      end(),
    ),
  )
  assert.equal(
    costs.map(({ file, tools, runs, ran, waited, memory }) => [
      file,
      tools,
      runs,
      ran / second,
      waited / second,
      memory,
    ]),
    [
      ['sub/a.c', 'clang, gcc', 2, 3, 0.5, 1024 ** 2],
      ['/usr/src/b.c', 'gcc', 1, 1, 0, 65536],
      ['(ar, no file)', 'ar', 1, 0.5, 0, 65536],
      ['-', 'gcc', 1, 0.25, 0, 65536],
    ],
  )
  assert.is(costs[0]?.cpu, (0.75 + 0.9) * second)
  assert.equal([costs[0]?.first, costs[0]?.last], [second, 5 * second])
})

test('not known :: what a journal does not tell of a run counts as neither none nor a failure', () => {
  const { userSeconds: _, systemSeconds: __, memoryBytes: ___, exit: ____, ...unknown } = run(1, 2)
  const drawn = chart(start({ jobs: 2 }), unknown, end())
  const { totals } = drawingOf(drawn)
  assert.equal([totals.failed, totals.peakMemory], [0, null])
  assert.equal(
    costsByFile(drawn).map(({ ran, cpu, memory }) => [ran, cpu, memory]),
    [[second, null, null]],
  )
  const both = chart(start({ jobs: 2 }), unknown, run(2, 3, { exit: 1 }), end())
  assert.equal([drawingOf(both).totals.failed, drawingOf(both).totals.peakMemory], [1, 65536])
  assert.equal(
    costsByFile(both).map(({ ran, cpu, memory }) => [ran, cpu, memory]),
    [[2 * second, null, null]],
  )
  const [slice] = traceOf(drawn).filter(event => event.ph === 'X' && event.cat !== 'path')
  assert.equal(Object.keys(slice?.args ?? {}), [
    'path',
    'slot',
    'place',
    'ranMicroseconds',
    'waitedMicroseconds',
    'gatedMicroseconds',
    'gate',
  ])
})

test('limit :: of one run its jobs, of two at once the sum, of one after the other the more', () => {
  const limit = (...events: JournalEvent[]) => chart(...events, tool({ at: began + 1 })).limit
  const other = (from: number, to: number, jobs?: number) => {
    const { jobs: _, ...event } = start({ pid: 901, at: began + from })
    return [jobs === undefined ? event : { ...event, jobs }, end({ pid: 901, at: began + to })]
  }
  assert.is(limit(start({ jobs: 3 }), end()), 3)
  assert.is(limit(start({ jobs: 3 }), end(), ...other(5, 20, 4)), 7)
  assert.is(limit(start({ jobs: 3 }), end(), ...other(2, 3)), 3, 'the inner one joined')
  assert.is(limit(...other(0, 5)), undefined, 'it joined what nobody told')
  assert.is(limit(tool()), undefined)
})

test('chart :: what its head says', () => {
  const drawn = chart(
    start({ command: ['make', "it's done", '-C', 'x'] }),
    tool({ at: began + 1 }),
    past(),
    end({ coverage: 0.5 }),
  )
  assert.equal(
    [drawn.title, drawn.directory, drawn.began, drawn.span, drawn.limit, drawn.coverage, drawn.past.length],
    ["make 'it'\\''s done' -C x", '/build', began * 1000, 10 * second, 2, 0.5, 1],
  )
  const without = chart(tool({ directory: '/home/me/one' }), tool({ directory: '/home/me/other' }))
  assert.equal([without.title, without.directory], ['tools without a jobshim run', '/home/me'])
})

test.run()
