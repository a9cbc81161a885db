import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { levelsOf } from '../../src/timeline/areas.js'
import { barsOf, lanesOf, runsBetween } from '../../src/timeline/bars.js'
import { type Build, buildsOf } from '../../src/timeline/builds.js'
import { chartOf } from '../../src/timeline/chart.js'
import type { ToolEvent } from '../../src/timeline/event.js'
import { meanOf, sumOf } from '../../src/timeline/steps.js'
import { began, buildOf, end, start, tool } from '../support/journals.js'

const second = 1e6

function draw(...tools: ToolEvent[]) {
  const [build] = buildsOf([start({ jobs: 4 }), ...tools, end()]) as [Build]
  const chart = chartOf(build)
  return { chart, lanes: lanesOf(chart) }
}

const run = (from: number, to: number, event: Partial<ToolEvent> = {}): ToolEvent =>
  tool({ at: began + from, ranSeconds: to - from, ...event })

test('bars :: what is wide enough has a bar of its own, outside of the window there is none', () => {
  const { chart, lanes } = draw(
    run(0, 1),
    run(1, 3, { exit: 1 }),
    run(3, 4, { tool: 'ld', kind: 'link' }),
    run(4, 5),
  )
  const bars = lanes.flatMap(lane =>
    barsOf(chart, lane, { from: 1.5 * second, to: 3.5 * second, width: 100 }),
  )
  assert.equal(bars, [
    { row: 0, run: 1, from: second, to: 3 * second, tool: 0, kind: 0, failed: true },
    { row: 0, run: 2, from: 3 * second, to: 4 * second, tool: 1, kind: 1, failed: false },
  ])
})

test('bars :: narrow neighbours are one bar, with the looks of those that took most of it', () => {
  const { chart, lanes } = draw(
    run(1, 1.001),
    run(1.001, 1.004, { tool: 'as', kind: 'other' }),
    run(1.004, 1.006, { signal: 9 }),
    run(5, 5.001),
  )
  const bars = lanes.flatMap(lane => barsOf(chart, lane, { from: 0, to: 10 * second, width: 1000 }))
  assert.equal(bars, [
    { row: 0, run: -1, from: second, to: 1.006 * second, tool: 0, kind: 0, failed: true },
    { row: 0, run: -1, from: 5 * second, to: 5.001 * second, tool: 0, kind: 0, failed: false },
  ])
})

test('bars :: nothing that ran is missing from the picture, and nothing is there twice', () => {
  const [build] = buildsOf(buildOf({ runs: 5000, jobs: 8 })) as [Build]
  const chart = chartOf(build)
  for (const width of [300, 1200, 100_000])
    for (const lane of lanesOf(chart)) {
      const window = { from: 0, to: chart.span, width }
      const bars = barsOf(chart, lane, window)
      const pixel = chart.span / width
      for (const [index, bar] of bars.entries())
        assert.ok(bar.from >= (bars[index - 1]?.to ?? 0) - 20_000, 'in order') // what was noted late may overlap
      for (const run of lane.runs) {
        const from = chart.runs.start[run] ?? 0
        const to = from + (chart.runs.ran[run] ?? 0)
        assert.ok(
          bars.some(bar => bar.from <= from && bar.to >= to),
          `run ${run} at ${width} pixels`,
        )
      }
      assert.ok(bars.length <= (chart.span / pixel) * 2, 'no more than the pixels have room for')
    }
})

test('bars :: runs at an instant, the long one that began before others too', () => {
  const { chart, lanes } = draw(
    run(0, 9, { kind: 'client', slot: 'caller', job: 'make' }),
    run(1, 2, { slot: 'caller', job: 'a' }),
    run(2, 3, { slot: 'caller', job: 'b' }),
  )
  assert.equal(
    lanes.map(({ row, lane }) => [row, lane]),
    [
      [0, 'holder'],
      [0, 'main'],
    ],
  )
  const at = (instant: number) =>
    lanes.map(lane => runsBetween(chart, lane, { from: instant * second, to: instant * second }))
  assert.equal(at(0.5), [[0], []])
  assert.equal(at(1.5), [[0], [1]])
  assert.equal(at(5), [[0], []])
  assert.equal(at(9.5), [[], []])
})

test('levels :: few steps are drawn as they are', () => {
  const steps = sumOf([
    { from: 10, to: 30, amount: 1 },
    { from: 20, to: 40, amount: 2 },
  ])
  assert.equal(levelsOf(steps, { from: 15, to: 50, width: 100 }), [
    { from: 15, to: 20, mean: 1, most: 1 },
    { from: 20, to: 30, mean: 3, most: 3 },
    { from: 30, to: 40, mean: 2, most: 2 },
    { from: 40, to: 50, mean: 0, most: 0 },
  ])
})

test('levels :: many steps in a pixel are their mean and their highest', () => {
  const spans = Array.from({ length: 1000 }, (_, index) => ({
    from: index * 4,
    to: index * 4 + 1,
    amount: 8,
  }))
  const levels = levelsOf(sumOf(spans), { from: 0, to: 4000, width: 10 })
  assert.is(levels.length, 10)
  for (const [index, { from, to, mean, most }] of levels.entries()) {
    assert.equal([from, to, most], [index * 400, (index + 1) * 400, 8])
    assert.ok(Math.abs(mean - 2) < 1e-9)
  }
})

test('levels :: the mean of a window is the same however many pixels it has', () => {
  const [build] = buildsOf(buildOf({ runs: 3000, jobs: 8 })) as [Build]
  const chart = chartOf(build)
  const steps = sumOf(
    chart.runs.start.map((from, run) => ({ from, to: from + (chart.runs.ran[run] ?? 0), amount: 1 })),
  )
  const [from, to] = [chart.span * 0.123, chart.span * 0.789]
  for (const width of [1, 7, 500, 100_000]) {
    const levels = levelsOf(steps, { from, to, width })
    const mean = levels.reduce((sum, level) => sum + level.mean * (level.to - level.from), 0) / (to - from)
    assert.ok(Math.abs(mean - meanOf(steps, from, to)) < 1e-6, `${width} pixels`)
  }
})

test.run()
