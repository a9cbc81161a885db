/** What is worked out once for a chart, before any window of it is drawn. */
import { type LaneRuns, lanesOf } from './bars.js'
import type { Chart } from './chart.js'
import { likelyPath, type PathStep } from './path.js'
import {
  coresInUse,
  costsByFile,
  type FileCosts,
  kindOf,
  memoryInUse,
  narrowStretches,
  type Stretch,
  slotsInUse,
  type Totals,
  totalsOf,
  waiting,
} from './quantities.js'
import type { Steps } from './steps.js'
import { themes } from './theme.js'

export type Drawing = {
  chart: Chart
  lanes: LaneRuns[]
  used: Steps
  waitsForGate: Steps
  waits: Steps // for a gate or for a slot
  cores: Steps
  memory: Steps
  narrow: Stretch[]
  costs: FileCosts[]
  path: PathStep[]
  totals: Totals
  colours: number[] // of each tool, the place of its colour in a theme
}

export function drawingOf(chart: Chart): Drawing {
  const used = slotsInUse(chart)
  const memory = memoryInUse(chart)
  const narrow = narrowStretches(chart, used)
  const { gate, all } = waiting(chart)
  return {
    chart,
    lanes: lanesOf(chart),
    used,
    waitsForGate: gate,
    waits: all,
    cores: coresInUse(chart),
    memory,
    narrow,
    costs: costsByFile(chart),
    path: likelyPath(chart, used),
    totals: totalsOf(chart, used, memory, narrow),
    colours: coloursOf(chart),
  }
}

/** The tools that took most of the time have colours of their own, all others share one. */
function coloursOf(chart: Chart): number[] {
  const took = chart.names.tools.map((_, tool) => ({ tool, ran: 0 }))
  for (const [run, tool] of chart.runs.tool.entries()) {
    const costs = took[tool]
    if (costs && kindOf(chart, run) !== 'client') costs.ran += 1 + (chart.runs.ran[run] ?? 0)
  }
  const others = themes.light.tools.length - 1
  const colours: number[] = []
  const ranked = took.toSorted((a, b) => b.ran - a.ran)
  for (const [rank, { tool }] of ranked.entries()) colours[tool] = Math.min(rank, others)
  return colours
}
