/** What a build came to, in numbers for programs. Times are seconds. */

import type { Chart } from './chart.js'
import { type Drawing, drawingOf } from './drawing.js'
import { longestNarrow } from './narrow.js'
import { type PathStep, pathTotals } from './path.js'
import type { FileCosts } from './quantities.js'

const mostFiles = 20
const mostSteps = 20

const seconds = (microseconds: number): number => Math.round(microseconds) / 1e6

const known = <Value>(name: string, value: Value | null | undefined): Record<string, Value> =>
  value === null || value === undefined ? {} : { [name]: value }

export function digestOf(chart: Chart) {
  const drawing = drawingOf(chart)
  const { totals, path, costs } = drawing
  return {
    command: chart.title,
    directory: chart.directory,
    ...known('limit', chart.limit),
    ...known('cores', chart.cores),
    failed: totals.failed,
    probesDenied: totals.denied,
    slotsUsed: totals.meanSlots,
    peak: totals.peakSlots,
    narrowSeconds: seconds(totals.narrow),
    ...known('longestWait', longestWaitOf(drawing)),
    ...known('cpuSeconds', totals.cpu === null ? null : seconds(totals.cpu)),
    ...known('coresBusy', totals.cpu === null ? null : totals.cpu / chart.span),
    ...known('memoryBytes', totals.peakMemory === null ? null : totals.peakMemory * 1024),
    files: costs.slice(0, mostFiles).map(fileOf),
    narrow: longestNarrow(drawing).map(({ from, to, run, during }) => ({
      at: seconds(from),
      seconds: seconds(to - from),
      ...(run === -1 ? {} : toolOf(chart, run)),
      during: during.map(({ phase, time }) => ({ command: phase.command, seconds: seconds(time) })),
    })),
    phases: chart.phases.map(({ from, to, row, command, directory }) => ({
      at: seconds(from),
      seconds: seconds(to - from),
      row,
      command,
      directory,
    })),
    ...(path.length === 0 ? {} : { likelyPath: pathOf(chart, path) }),
  }
}

const toolOf = ({ names, runs }: Chart, run: number) => ({
  tool: names.tools[runs.tool[run] ?? -1] ?? '',
  file: names.files[runs.file[run] ?? -1] ?? '',
})

const longestWaitOf = ({ chart, totals }: Drawing) =>
  totals.longestWait === -1
    ? undefined
    : {
        ...toolOf(chart, totals.longestWait),
        seconds: seconds(chart.runs.waited[totals.longestWait] ?? 0),
      }

const fileOf = ({ file, tools, runs, ran, longest, cpu, waited, memory }: FileCosts) => ({
  file,
  tools,
  runs,
  ranSeconds: seconds(ran),
  longestSeconds: seconds(longest),
  waitedSeconds: seconds(waited),
  ...known('cpuSeconds', cpu === null ? null : seconds(cpu)),
  ...known('memoryBytes', memory === null ? null : memory * 1024),
})

function pathOf(chart: Chart, path: readonly PathStep[]) {
  const { tools, inTools, full, waited, other } = pathTotals(path)
  const longest = new Set(path.toSorted((a, b) => b.to - b.from - (a.to - a.from)).slice(0, mostSteps))
  return {
    tools,
    toolSeconds: seconds(inTools),
    waitedSeconds: seconds(waited),
    fullSeconds: seconds(full),
    otherSeconds: seconds(other),
    longest: path
      .filter(step => longest.has(step))
      .map(step => ({
        kind: step.kind,
        at: seconds(step.from),
        seconds: seconds(step.to - step.from),
        ...('run' in step ? toolOf(chart, step.run) : {}),
      })),
  }
}
