/**
 * A chart in Chrome's trace event format, which Perfetto and chrome://tracing open: a thread for each slot, a slice for
 * each run, counters for load and memory. Its times are microseconds.
 */
import type { Chart } from './chart.js'
import { textsOf } from './names.js'
import { likelyPath, type PathStep } from './path.js'
import type { Phase } from './phases.js'
import {
  coresInUse,
  endOf,
  kindOf,
  memoryInUse,
  placeOf,
  runsByRow,
  slotOf,
  slotsInUse,
  startOf,
  waiting,
} from './quantities.js'
import type { Steps } from './steps.js'

type Slice = {
  ph: 'X'
  name: string
  cat: string
  pid: number
  tid: number
  ts: number
  dur: number
  args: Record<string, string | number>
}
type Counter = { ph: 'C'; name: string; pid: number; ts: number; args: Record<string, number> }
type Naming = { ph: 'M'; name: string; pid: number; tid?: number; args: Record<string, string | number> }
export type TraceEvent = Slice | Counter | Naming

/** Viewers group by process: the slots are one, and what has no slot, and the counters. */
const slots = 1
const without = 2
const amounts = 3
const programs = 4
const path = 5

/** Returns the text of the trace. */
export const renderTrace = (chart: Chart): string =>
  `${JSON.stringify({ displayTimeUnit: 'ms', otherData: { command: chart.title, directory: chart.directory }, traceEvents: traceOf(chart) })}\n`

export function traceOf(chart: Chart): TraceEvent[] {
  const { gate, all } = waiting(chart)
  const used = slotsInUse(chart)
  const steps = likelyPath(chart, used).filter(({ kind }) => kind !== 'other')
  const rows = runsByRow(chart)
  return [
    name('process_name', slots, chart.title),
    ...rows.flatMap((_, row) => nameOfRow(chart, row)),
    ...(chart.over > 0 ? [name('process_name', without, 'without a slot')] : []),
    name('process_name', amounts, 'amounts'),
    ...(chart.phases.length > 0 ? [name('process_name', programs, 'what else ran')] : []),
    ...chart.phases.map(phaseSlice),
    ...(steps.length > 0 ? [name('process_name', path, 'likely critical path')] : []),
    ...steps.map(step => pathSlice(chart, step)),
    ...rows.flatMap((runs, row) => nested(runs.map(run => sliceOf(chart, run, row)))),
    ...counters('slots in use', { slots: used }),
    ...counters('cores busy', { cores: coresInUse(chart) }),
    ...counters('waiting', { tools: all }),
    ...counters('waiting for a rule', { tools: gate }),
    ...counters('memory, sum of peaks (KiB)', { KiB: memoryInUse(chart) }),
  ]
}

const threadOf = (chart: Chart, row: number) =>
  row < chart.slots ? { pid: slots, tid: row + 1 } : { pid: without, tid: row - chart.slots + 1 }

const name = (what: string, pid: number, text: string, tid?: number): Naming => ({
  ph: 'M',
  name: what,
  pid,
  ...(tid === undefined ? {} : { tid }),
  args: { name: text },
})

function nameOfRow(chart: Chart, row: number): Naming[] {
  const { pid, tid } = threadOf(chart, row)
  return [
    name('thread_name', pid, pid === slots ? `slot ${tid}` : `run ${tid}`, tid),
    { ph: 'M', name: 'thread_sort_index', pid, tid, args: { sort_index: tid } },
  ]
}

const phaseSlice = ({ from, to, row, name, command, directory }: Phase): Slice => ({
  ph: 'X',
  name,
  cat: 'phase',
  pid: programs,
  tid: row + 1,
  ts: from,
  dur: to - from,
  args: { command, directory },
})

function pathSlice(chart: Chart, step: PathStep): Slice {
  const { from, to, kind } = step
  const tool = 'run' in step ? (textsOf(chart, step.run)[0] ?? '') : ''
  const name = { tool, waited: `waits for a slot: ${tool}`, full: 'all slots in use', other: '' }[kind]
  return { ph: 'X', name, cat: 'path', pid: path, tid: 1, ts: from, dur: to - from, args: {} }
}

// A viewer draws what lies inside of a slice below it: clients, then what runs in their slots, then what is inside of that.
function sliceOf(chart: Chart, run: number, row: number): Slice {
  const { runs, names } = chart
  const tool = names.tools[runs.tool[run] ?? 0] ?? ''
  const file = names.files[runs.file[run] ?? 0] ?? ''
  return {
    ph: 'X',
    name: file === '' ? tool : `${tool} ${file}`,
    cat: kindOf(chart, run),
    ...threadOf(chart, row),
    ts: startOf(chart, run),
    dur: endOf(chart, run) - startOf(chart, run),
    args: {
      path: names.paths[runs.path[run] ?? 0] ?? '',
      slot: slotOf(chart, run),
      place: placeOf(chart, run),
      ranMicroseconds: runs.ran[run] ?? 0,
      waitedMicroseconds: runs.waited[run] ?? 0,
      gatedMicroseconds: runs.gated[run] ?? 0,
      gate: names.gates[runs.gate[run] ?? 0] ?? '',
      ...knownOf(chart, run),
    },
  }
}

// A key for each thing that is known.
function knownOf({ runs }: Chart, run: number): Slice['args'] {
  const told = (key: string, value: number | null | undefined): Slice['args'] =>
    value === null || value === undefined ? {} : { [key]: value }
  const end = runs.end[run] ?? null
  return {
    ...told('userMicroseconds', runs.user[run]),
    ...told('systemMicroseconds', runs.system[run]),
    ...told('memoryKiB', runs.memory[run]),
    ...(end !== null && end < 0 ? { signal: -end } : told('exit', end)),
  }
}

/**
 * Viewers drop a slice that sticks out of another one, as where an end was noted late, or a child outlived its client: of
 * the two that one is shortened which loses less by it. `ranMicroseconds` says what was.
 */
function nested(slices: readonly Slice[]): Slice[] {
  const open: Slice[] = []
  for (const slice of slices) {
    while (open.length > 0 && endOfSlice(open.at(-1)) <= slice.ts) open.pop()
    for (let around = open.at(-1); around && endOfSlice(slice) > endOfSlice(around); around = open.at(-1)) {
      if (endOfSlice(around) - slice.ts > endOfSlice(slice) - endOfSlice(around)) {
        slice.dur = endOfSlice(around) - slice.ts
        break
      }
      around.dur = slice.ts - around.ts
      open.pop()
    }
    open.push(slice)
  }
  return [...slices]
}

const endOfSlice = (slice: Slice | undefined): number => (slice ? slice.ts + slice.dur : 0)

function counters(title: string, of: Record<string, Steps>): Counter[] {
  return Object.entries(of).flatMap(([series, { at, values }]) =>
    Array.from(at, (ts, index) => ({
      ph: 'C' as const,
      name: title,
      pid: amounts,
      ts,
      args: { [series]: values[index] ?? 0 },
    })),
  )
}
