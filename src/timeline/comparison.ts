/** What got slower from one build to another. Times are microseconds. */
import type { Chart } from './chart.js'
import { type Drawing, drawingOf } from './drawing.js'
import { kindOf } from './quantities.js'

export type Amounts = { runs: number; ran: number }

/** `what`: a kind of tool runs, or a file. `more`: how much longer its runs took, all together; less than 0: shorter. */
export type Change = { what: string; before: Amounts; now: Amounts; more: number }

export type Comparison = {
  before: Drawing
  now: Drawing
  more: number // how much longer the build took
  kinds: Change[] // these and `files`: what lost most first
  files: Change[] // that are in both
  onlyBefore: (Amounts & { what: string })[] // the costliest first
  onlyNow: (Amounts & { what: string })[]
}

export function compare(chartBefore: Chart, chartNow: Chart): Comparison {
  const [before, now] = [drawingOf(chartBefore), drawingOf(chartNow)]
  const files = { before: amountsOfFiles(before), now: amountsOfFiles(now) }
  return {
    before,
    now,
    more: now.chart.span - before.chart.span,
    kinds: changes(amountsOfKinds(before), amountsOfKinds(now), 'any'),
    files: changes(files.before, files.now, 'both'),
    onlyBefore: onlyIn(files.before, files.now),
    onlyNow: onlyIn(files.now, files.before),
  }
}

type AmountsByName = ReadonlyMap<string, Amounts>

const none: Amounts = { runs: 0, ran: 0 }

function changes(before: AmountsByName, now: AmountsByName, there: 'any' | 'both'): Change[] {
  const names = [...new Set([...before.keys(), ...now.keys()])]
  return names
    .filter(name => there === 'any' || (before.has(name) && now.has(name)))
    .map(what => {
      const [old, young] = [before.get(what) ?? none, now.get(what) ?? none]
      return { what, before: old, now: young, more: young.ran - old.ran }
    })
    .sort((a, b) => b.more - a.more)
}

const onlyIn = (these: AmountsByName, others: AmountsByName): (Amounts & { what: string })[] =>
  [...these]
    .filter(([what]) => !others.has(what))
    .map(([what, amounts]) => ({ what, ...amounts }))
    .sort((a, b) => b.ran - a.ran)

const amountsOfFiles = ({ costs }: Drawing): AmountsByName =>
  new Map(costs.map(({ file, runs, ran }) => [file, { runs, ran }]))

/** Clients are left out: what they cost is what their children do. */
function amountsOfKinds({ chart }: Drawing): AmountsByName {
  const found = new Map<string, Amounts>()
  for (const [run, ran] of chart.runs.ran.entries()) {
    const kind = kindOf(chart, run)
    if (kind === 'client') continue
    const amounts = found.get(kind) ?? { ...none }
    found.set(kind, amounts)
    amounts.runs += 1
    amounts.ran += ran
  }
  return found
}
