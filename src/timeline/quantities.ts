/** What a chart adds up to, over time and by file. The page reckons it too, from the same columns. */
import type { Chart } from './chart.js'
import { proberOf } from './probes.js'
import { firstIndex } from './search.js'
import type { Place } from './slot-rows.js'
import { eachStretch, meanOf, peakOf, type Span, type Steps, sumOf } from './steps.js'

export const placeOf = ({ names, runs }: Chart, run: number): Place =>
  names.places[runs.place[run] ?? 0] ?? 'slot'
export const kindOf = ({ names, runs }: Chart, run: number): string => names.kinds[runs.kind[run] ?? 0] ?? ''
export const slotOf = ({ names, runs }: Chart, run: number): string => names.slots[runs.slot[run] ?? 0] ?? ''
/** Whether it is known that the run ended otherwise than well. */
const endedBadly = ({ runs }: Chart, run: number): boolean => (runs.end[run] ?? 0) !== 0
/** Returns who asked something by this run, as configure does; undefined: it is a part of the build. */
export const proberOfRun = ({ names, runs }: Chart, run: number): string | undefined =>
  proberOf(names.files[runs.file[run] ?? 0] ?? '')
/** Whether it is known that the run failed. A probe can't: no is an answer, too. */
export const hasFailed = (chart: Chart, run: number): boolean =>
  endedBadly(chart, run) && proberOfRun(chart, run) === undefined
export const startOf = ({ runs }: Chart, run: number): number => runs.start[run] ?? 0
export const endOf = ({ runs }: Chart, run: number): number => (runs.start[run] ?? 0) + (runs.ran[run] ?? 0)

/** Returns the runs of each row, by the order of their starts. */
export function runsByRow({ runs, moreRows, slots, over }: Chart): number[][] {
  const rows: number[][] = Array.from({ length: slots + over }, () => [])
  const more = new Map(moreRows.map(([run, ...others]) => [run, others]))
  for (const [run, row] of runs.row.entries())
    for (const each of [row, ...(more.get(run) ?? [])]) rows[each]?.push(run)
  return rows
}

/** Returns how many slots were in use: rows in which anything runs. Overdrafts use none. */
export function slotsInUse(chart: Chart): Steps {
  const spans: Span[] = []
  for (const row of runsByRow(chart)) {
    let last: Span | undefined
    for (const run of row) {
      if (slotOf(chart, run) === 'overdraft') continue
      const from = startOf(chart, run)
      const to = endOf(chart, run)
      if (last && from <= last.to) last.to = Math.max(last.to, to)
      else {
        last = { from, to, amount: 1 }
        spans.push(last)
      }
    }
  }
  return sumOf(spans)
}

/** Microseconds. Who got its slot in less had one at once: to look for it takes a moment, too. */
export const atOnce = 1000

/** Returns how many runs waited for a gate of a rule, and how many in all: for a gate or for a slot. */
export function waiting({ runs }: Chart): { gate: Steps; all: Steps } {
  const gate: Span[] = []
  const all: Span[] = []
  for (const [run, start] of runs.start.entries()) {
    const waited = runs.waited[run] ?? 0
    if (waited < atOnce) continue
    const began = start - waited
    gate.push({ from: began, to: Math.min(began + (runs.gated[run] ?? 0), start), amount: 1 })
    all.push({ from: began, to: start, amount: 1 })
  }
  return { gate: sumOf(gate), all: sumOf(all) }
}

/**
 * Returns the sum of the peaks of what runs, in KiB: never less than what there was at that instant. A client's peak, and
 * that of a tool that calls others, is that of the largest process below it: only one of the two counts. What is not known
 * counts as none.
 */
export function memoryInUse(chart: Chart): Steps {
  const spans: Span[] = []
  for (const [run, memory] of chart.runs.memory.entries())
    if (memory !== null && placeOf(chart, run) !== 'inside' && kindOf(chart, run) !== 'client')
      spans.push({ from: startOf(chart, run), to: endOf(chart, run), amount: memory })
  return sumOf(spans)
}

/**
 * Returns how many cores the tools kept busy. Nobody wrote down when: each run is taken to have used its processor time
 * evenly. What runs inside of a tool is in that tool's time, and what a client's children used is in their own.
 */
export function coresInUse(chart: Chart): Steps {
  const spans: Span[] = []
  for (const [run, ran] of chart.runs.ran.entries()) {
    const cpu = cpuOf(chart, run)
    if (cpu !== null && ran > 0 && countsCpu(chart, run))
      spans.push({ from: startOf(chart, run), to: endOf(chart, run), amount: cpu / ran })
  }
  return sumOf(spans)
}

const countsCpu = (chart: Chart, run: number): boolean =>
  placeOf(chart, run) !== 'inside' && kindOf(chart, run) !== 'client'

/** A time in which one slot was in use, or none. `run`: what ran longest in it, -1: nothing did. */
export type Stretch = { from: number; to: number; run: number }

/** Returns these times, in order; none where there is only one slot. */
export function narrowStretches(chart: Chart, used: Steps): Stretch[] {
  if (chart.limit === 1) return []
  const found: Stretch[] = []
  eachStretch(used, 0, chart.span, (from, to, value) => {
    if (value > 1) return
    const last = found.at(-1)
    if (last?.to === from) last.to = to
    else found.push({ from, to, run: -1 })
  })
  nameLongest(chart, found)
  return found
}

// Both are in order: each run is held against the stretches that it meets, but for those that an earlier one filled.
function nameLongest(chart: Chart, stretches: readonly Stretch[]): void {
  const longest = stretches.map(() => 0)
  const unfilled = Uint32Array.from({ length: stretches.length + 1 }, (_, index) => index)
  for (const run of chart.runs.start.keys()) {
    if (placeOf(chart, run) === 'holder') continue
    const from = startOf(chart, run)
    const to = endOf(chart, run)
    const first = firstIndex(stretches.length, index => (stretches[index]?.to ?? 0) > from)
    for (let index = nextOf(unfilled, first); index < stretches.length; index = nextOf(unfilled, index + 1)) {
      const stretch = stretches[index]
      if (!stretch || stretch.from >= to) break
      const both = Math.min(to, stretch.to) - Math.max(from, stretch.from)
      if (both > (longest[index] ?? 0)) {
        longest[index] = both
        stretch.run = run
      }
      if (from <= stretch.from && to >= stretch.to) unfilled[index] = index + 1
    }
  }
}

/** Follows `next` to what leads to itself, and shortens the way for whoever comes after. */
function nextOf(next: Uint32Array, from: number): number {
  let end = from
  while (next[end] !== end) end = next[end] ?? end
  for (let at = from; at !== end; ) {
    const following = next[at] ?? end
    next[at] = end
    at = following
  }
  return end
}

/** Times are microseconds, memory KiB: the most that one run needed. null: of some run it is not known. */
export type FileCosts = {
  file: string
  isFile: boolean // else probes, or what named no file
  tools: string // all of them, by name
  runs: number
  ran: number
  longest: number
  cpu: number | null
  waited: number
  memory: number | null
  first: number // when the first of its runs began
  last: number // when the last of them ended
}

/**
 * Returns what each file cost, the costliest first; probes are as one file, since each has a name of its own. Clients are left
 * out: what they cost is what their children do.
 */
export function costsByFile(chart: Chart): FileCosts[] {
  const { runs, names } = chart
  const probers = names.files.map(proberOf)
  const found = new Map<string, FileCosts & { all: Set<string> }>()
  for (const [run, ran] of runs.ran.entries()) {
    if (kindOf(chart, run) === 'client') continue
    const tool = names.tools[runs.tool[run] ?? 0] ?? ''
    const prober = probers[runs.file[run] ?? 0]
    const path = names.files[runs.file[run] ?? 0] ?? ''
    const isFile = prober === undefined && path !== ''
    const file = isFile ? path : prober === undefined ? `(${tool}, no file)` : `(probes of ${prober})`
    const costs = found.get(file) ?? noCosts(file, isFile, startOf(chart, run))
    found.set(file, costs)
    costs.all.add(tool)
    costs.runs += 1
    costs.ran += ran
    costs.longest = Math.max(costs.longest, ran)
    costs.cpu = both(costs.cpu, cpuOf(chart, run), (sum, more) => sum + more)
    costs.waited += runs.waited[run] ?? 0
    costs.memory = both(costs.memory, runs.memory[run] ?? null, Math.max)
    costs.last = Math.max(costs.last, endOf(chart, run))
  }
  return [...found.values()]
    .map(({ all, ...costs }) => ({ ...costs, tools: [...all].sort().join(', ') }))
    .sort((a, b) => b.ran - a.ran)
}

const cpuOf = ({ runs }: Chart, run: number): number | null =>
  both(runs.user[run] ?? null, runs.system[run] ?? null, (user, system) => user + system)

const both = (
  one: number | null,
  other: number | null,
  made: (one: number, other: number) => number,
): number | null => (one === null || other === null ? null : made(one, other))

const noCosts = (file: string, isFile: boolean, first: number) => ({
  file,
  isFile,
  tools: '',
  runs: 0,
  ran: 0,
  longest: 0,
  cpu: 0 as number | null,
  waited: 0,
  memory: 0 as number | null,
  first,
  last: 0,
  all: new Set<string>(),
})

export type Totals = {
  runs: number
  failed: number
  denied: number // probes that ended otherwise than well
  overdrafts: number
  longestWait: number // the run that waited longest, -1: none did
  gated: number // microseconds that runs waited for rules, all together
  meanSlots: number
  peakSlots: number
  narrow: number // microseconds in which one slot was in use, or none
  cpu: number | null // microseconds, of all runs together; null: it is not known of any run
  peakMemory: number | null // KiB; null: it is not known of any run
}

/** Returns what the head of a picture says. */
export function totalsOf(chart: Chart, used: Steps, memory: Steps, narrow: readonly Stretch[]): Totals {
  const { runs } = chart
  const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0)
  return {
    runs: runs.start.length,
    failed: runs.end.filter((_, run) => hasFailed(chart, run)).length,
    denied: runs.end.filter((_, run) => endedBadly(chart, run) && !hasFailed(chart, run)).length,
    overdrafts: runs.slot.filter(slot => chart.names.slots[slot] === 'overdraft').length,
    longestWait: longestWaitIn(chart),
    gated: sum(runs.gated),
    meanSlots: meanOf(used, 0, chart.span),
    peakSlots: peakOf(used),
    narrow: narrow.reduce((all, { from, to }) => all + to - from, 0),
    cpu: sumOfKnown(runs.start.flatMap((_, run) => (countsCpu(chart, run) ? [cpuOf(chart, run)] : []))),
    peakMemory: runs.memory.some(peak => peak !== null) || runs.memory.length === 0 ? peakOf(memory) : null,
  }
}

function longestWaitIn({ runs }: Chart): number {
  let longest = -1
  for (const [run, waited] of runs.waited.entries())
    if (waited >= atOnce && waited > (runs.waited[longest] ?? 0)) longest = run
  return longest
}

function sumOfKnown(amounts: readonly (number | null)[]): number | null {
  const known = amounts.filter(amount => amount !== null)
  return known.length === 0 && amounts.length > 0 ? null : known.reduce((sum, amount) => sum + amount, 0)
}
