/**
 * Level of detail: which bars to draw for the runs of a chart. What is narrower than a pixel or two is drawn as one
 * with its neighbours; figures and tables know nothing of that.
 */
import type { Chart } from './chart.js'
import { endOf, hasFailed, placeOf, runsByRow, startOf } from './quantities.js'
import { firstIndex } from './search.js'

/** Microseconds from the chart's beginning, and the pixels that they are drawn in. */
export type Window = { from: number; to: number; width: number }

/** In a row clients have a strip of their own above what runs in their slots; what runs inside of a tool is drawn on it. */
export const lanes = ['holder', 'main', 'inside'] as const
export type Lane = (typeof lanes)[number]

/** `tool` and `kind`: numbers of the chart's names; of several runs, those that took most of the time. `run`: -1 of several. */
export type Bar = {
  row: number
  run: number
  from: number
  to: number
  tool: number
  kind: number
  failed: boolean
}

/** A row's runs in one lane, by their starts. `latest[i]`: the latest end of the runs up to i. */
export type LaneRuns = { row: number; lane: Lane; runs: number[]; latest: number[] }

const laneOf = { slot: 'main', over: 'main', holder: 'holder', inside: 'inside' } as const

/** Returns the lanes in which something runs, row by row. */
export function lanesOf(chart: Chart): LaneRuns[] {
  return runsByRow(chart).flatMap((all, row) =>
    lanes.flatMap(lane => {
      const runs = all.filter(run => laneOf[placeOf(chart, run)] === lane)
      let latest = 0
      return runs.length === 0
        ? []
        : [{ row, lane, runs, latest: runs.map(run => (latest = Math.max(latest, endOf(chart, run)))) }]
    }),
  )
}

const narrow = 2 // pixels: less is merged
const apart = 1 // pixels: so near are neighbours
const widest = 4 // pixels: more would hide that the next ones are other tools'

/** Returns the bars of a lane that are in the window. */
export function barsOf(chart: Chart, { row, runs, latest }: LaneRuns, window: Window): Bar[] {
  const pixel = (window.to - window.from) / Math.max(1, window.width)
  const bars: Bar[] = []
  let merged: Merged | undefined
  const close = (): void => {
    if (merged) bars.push(barOf(merged, row))
    merged = undefined
  }
  for (let index = firstAbove(latest, window.from); index < runs.length; index++) {
    const run = runs[index] ?? 0
    const from = startOf(chart, run)
    if (from > window.to) break
    const to = endOf(chart, run)
    if (to < window.from) continue
    const tool = chart.runs.tool[run] ?? 0
    const kind = chart.runs.kind[run] ?? 0
    const failed = hasFailed(chart, run)
    if (to - from >= narrow * pixel) {
      close()
      bars.push({ row, run, from, to, tool, kind, failed })
      continue
    }
    if (merged && (from - merged.to > apart * pixel || to - merged.from > widest * pixel)) close()
    merged ??= { from, to, failed, shares: new Map() }
    merged.to = Math.max(merged.to, to)
    merged.failed ||= failed
    const key = tool * kinds + kind
    merged.shares.set(key, (merged.shares.get(key) ?? 0) + to - from)
  }
  close()
  return bars
}

type Merged = { from: number; to: number; failed: boolean; shares: Map<number, number> }

const kinds = 16 // more than there are

function barOf({ from, to, failed, shares }: Merged, row: number): Bar {
  let most = -1
  let key = 0
  for (const [each, share] of shares)
    if (share > most) {
      most = share
      key = each
    }
  return { row, run: -1, from, to, tool: Math.floor(key / kinds), kind: key % kinds, failed }
}

/** Returns the index of the first number above `bound`; they must not fall. */
export const firstAbove = (numbers: readonly number[], bound: number): number =>
  firstIndex(numbers.length, index => (numbers[index] ?? 0) > bound)

/** Returns the runs of a lane that ran between two instants. */
export function runsBetween(
  chart: Chart,
  { runs, latest }: LaneRuns,
  { from, to }: { from: number; to: number },
): number[] {
  const found: number[] = []
  for (let index = firstAbove(latest, from); index < runs.length; index++) {
    const run = runs[index] ?? 0
    if (startOf(chart, run) > to) break
    if (endOf(chart, run) >= from) found.push(run)
  }
  return found
}
