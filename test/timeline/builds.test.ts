import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildsOf, togetherOf } from '../../src/timeline/builds.js'
import { began, end, past, start, tool } from '../support/journals.js'

const shape = (events: Parameters<typeof buildsOf>[0]) =>
  buildsOf(events).map(({ from, to, runs, tools, past }) => ({
    from: from - began,
    to: to - began,
    runs: runs.map(({ start, end }) => [start.pid, end?.exit]),
    tools: tools.map(({ pid }) => pid),
    past: past.length,
  }))

test('builds :: no event, no build', () => {
  assert.equal(buildsOf([]), [])
})

test('builds :: a run, its tools, what went past its shims', () => {
  const events = [start(), tool({ pid: 1, at: began + 2 }), past(), end({ exit: 2 })]
  assert.equal(shape(events), [{ from: 0, to: 10, runs: [[900, 2]], tools: [1], past: 1 }])
})

test('builds :: runs one after the other are builds of their own, by time and not by place in the file', () => {
  const second = [
    start({ at: began + 100 }),
    tool({ pid: 2, at: began + 101 }),
    past({ at: began + 110 }),
    end({ at: began + 110 }),
  ]
  const first = [start(), tool({ pid: 1, at: began + 1 }), end()]
  assert.equal(shape([...second, ...first]), [
    { from: 0, to: 10, runs: [[900, 0]], tools: [1], past: 0 },
    { from: 100, to: 110, runs: [[900, 0]], tools: [2], past: 1 },
  ])
})

test('builds :: runs that overlap are one', () => {
  const events = [
    start(),
    start({ pid: 901, at: began + 5 }),
    tool({ pid: 1, at: began + 12 }),
    end(),
    end({ pid: 901, at: began + 20 }),
  ]
  assert.equal(shape(events), [
    {
      from: 0,
      to: 20,
      runs: [
        [900, 0],
        [901, 0],
      ],
      tools: [1],
      past: 0,
    },
  ])
})

test('builds :: a killed run has its tools until the next one starts', () => {
  const events = [
    start(),
    tool({ pid: 1, at: began + 50, waitedSeconds: 45 }),
    tool({ pid: 2, at: began + 60 }),
    start({ pid: 901, at: began + 100 }),
    end({ pid: 901, at: began + 110 }),
  ]
  assert.equal(shape(events), [
    { from: 0, to: 61, runs: [[900, undefined]], tools: [1, 2], past: 0 },
    { from: 100, to: 110, runs: [[901, 0]], tools: [], past: 0 },
  ])
})

test('builds :: tools without a run are a build of their own, with all its pauses', () => {
  const events = [
    tool({ pid: 1 }),
    tool({ pid: 2, at: began + 5000, waitedSeconds: 2 }),
    start({ at: began + 6000 }),
    end({ at: began + 6001 }),
  ]
  assert.equal(shape(events), [
    { from: 0, to: 5001, runs: [], tools: [1, 2], past: 0 },
    { from: 6000, to: 6001, runs: [[900, 0]], tools: [], past: 0 },
  ])
})

test('builds :: an end without a start is nothing', () => {
  assert.equal(buildsOf([end(), past()]), [])
})

test('builds :: together', () => {
  const builds = buildsOf([start(), tool(), end(), start({ at: began + 100 }), end({ at: began + 110 })])
  const all = togetherOf(builds)
  assert.equal([all.from - began, all.to - began, all.runs.length, all.tools.length], [0, 110, 2, 1])
})

test.run()
