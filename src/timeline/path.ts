/**
 * The likely critical path: what the end of a build waited for, as far as a journal tells. Nobody wrote down which tool
 * needs what another one made. So, back from the end, each tool follows the one that ended last before it began, and no
 * tool is blamed while all slots are in use: then a tool begins because a slot is free, and not because a file is there.
 */
import type { Chart } from './chart.js'
import { atOnce, endOf, kindOf, placeOf, startOf } from './quantities.js'
import { firstIndex } from './search.js'
import { eachStretch, type Steps } from './steps.js'

/** Microseconds since the chart's beginning. */
export type PathStep = { from: number; to: number } & (
  | { kind: 'tool'; run: number }
  | { kind: 'waited'; run: number } // before it began, for a slot or a rule
  | { kind: 'full' } // all slots were in use
  | { kind: 'other' } // no tool ended: something else ran
)

/** Microseconds between the end of a tool and the start of the next one, in which make starts it. */
const betweenTools = 20_000

/** Returns the steps in the order of time, which fill it but for moments; none where there is only one slot, or no tool ran. */
export function likelyPath(chart: Chart, used: Steps): PathStep[] {
  if (chart.limit === 1) return []
  const ended = [...chart.runs.start.keys()]
    .filter(run => placeOf(chart, run) !== 'inside' && kindOf(chart, run) !== 'client')
    .sort((a, b) => endOf(chart, a) - endOf(chart, b))
  if (ended.length === 0) return []
  const full = fullStretches(chart, used)
  const steps: PathStep[] = []
  let now = chart.span
  let count = ended.length
  const add = (step: PathStep): void => {
    if (step.to - step.from >= (step.kind === 'tool' ? 1 : atOnce)) steps.push(step)
    now = step.from
  }
  while (now > 0) {
    const isFull = steps.at(-1)?.kind === 'tool' ? full(now) : undefined
    if (isFull !== undefined) {
      add({ kind: 'full', from: isFull, to: now })
      continue
    }
    count = Math.min(
      count,
      firstIndex(count, index => endOf(chart, ended[index] ?? 0) > now + atOnce),
    )
    while (count > 0 && startOf(chart, ended[count - 1] ?? 0) >= now) count -= 1
    const run = ended[count - 1]
    const end = run === undefined ? 0 : Math.min(now, endOf(chart, run))
    add({ kind: 'other', from: end, to: now })
    if (run === undefined) break
    const start = startOf(chart, run)
    add({ kind: 'tool', run, from: start, to: end })
    const waited = chart.runs.waited[run] ?? 0
    if (waited >= atOnce) add({ kind: 'waited', run, from: Math.max(0, start - waited), to: start })
  }
  return steps.reverse()
}

/** Returns a function that tells since when all slots have been in use up to an instant; undefined: they were not. */
function fullStretches(chart: Chart, used: Steps): (instant: number) => number | undefined {
  const { limit } = chart
  if (limit === undefined) return () => undefined
  const found: { from: number; to: number }[] = []
  eachStretch(used, 0, chart.span, (from, to, value) => {
    if (value < limit) return
    const last = found.at(-1)
    if (last && from - last.to <= betweenTools) last.to = to
    else found.push({ from, to })
  })
  const real = found.filter(({ from, to }) => to - from > betweenTools)
  return instant => {
    const stretch = real[firstIndex(real.length, index => (real[index]?.from ?? 0) >= instant) - 1]
    return stretch && stretch.to >= instant - betweenTools ? stretch.from : undefined
  }
}

export type PathTotals = { tools: number; inTools: number; full: number; waited: number; other: number }

/** Returns how many tools are on a path, and how much of its time each kind of step takes, in microseconds. */
export function pathTotals(path: readonly PathStep[]): PathTotals {
  const of = (kind: PathStep['kind']): PathStep[] => path.filter(step => step.kind === kind)
  const time = (kind: PathStep['kind']): number => of(kind).reduce((sum, { from, to }) => sum + to - from, 0)
  return {
    tools: of('tool').length,
    inTools: time('tool'),
    full: time('full'),
    waited: time('waited'),
    other: time('other'),
  }
}

/** Returns the step at an instant. */
export function stepOfPath(path: readonly PathStep[], instant: number): PathStep | undefined {
  const step = path[firstIndex(path.length, index => (path[index]?.to ?? 0) > instant)]
  return step && step.from <= instant ? step : undefined
}
