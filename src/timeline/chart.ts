/** What a picture of a build is drawn from. Plain data: an HTML page carries it with itself. */

import { posix } from 'node:path'
import { shWord } from '../ground/shell-word.js'
import type { Build } from './builds.js'
import { journalKinds, journalSlots, type ToolEvent } from './event.js'
import { type Phase, phasesOf } from './phases.js'
import { firstIndex } from './search.js'
import { type Place, placeRuns, places } from './slot-rows.js'
import { peakOf, type Span, sumOf } from './steps.js'

/**
 * Tool runs by the order of their starts, a column for each property: 50,000 of them are half the size of so many objects.
 * Times are microseconds, instants since the chart's beginning. What is a name is a number of `names`; null: it is not known.
 */
export type Runs = {
  start: number[]
  ran: number[]
  waited: number[] // before the start
  gated: number[] // of these
  user: (number | null)[]
  system: (number | null)[]
  memory: (number | null)[] // KiB
  tool: number[]
  path: number[]
  kind: number[]
  file: number[]
  slot: number[]
  gate: number[]
  place: number[]
  row: number[]
  end: (number | null)[] // the exit status, or less than 0: a signal
}

export type Names = {
  tools: string[]
  paths: string[]
  kinds: readonly string[]
  files: string[] // relative to `directory` where they are below it; empty: not known
  slots: readonly string[]
  gates: string[]
  places: readonly Place[]
}

/** Tools that went past the shims, all that were alike. Seconds. */
export type ChartBypass = {
  tool: string
  caller: string
  why: string
  runs: number
  seconds: number
  file?: string | undefined
  fix?: string | undefined
}

export type Chart = {
  title: string // the command
  directory: string
  began: number // milliseconds since 1970
  span: number // microseconds
  limit?: number // slots, where that is known
  cores?: number // of the machine, where that is known
  slots: number // rows for slots
  over: number // rows behind them, for runs without a slot
  coverage?: number // part of all tool time that went through the shims
  past: ChartBypass[]
  phases: Phase[] // programs that are no tools
  names: Names
  runs: Runs
  moreRows: [run: number, ...rows: number[]][] // of runs that take several slots
}

/** Returns the chart of a build. */
export function chartOf(build: Build): Chart {
  const tools = build.tools.toSorted((a, b) => a.at - b.at || b.ranSeconds - a.ranSeconds)
  const limit = limitOf(build)
  const cores = outermost(build)?.start.cores
  const placed = placeRuns(tools, limit)
  const directory = directoryOf(build)
  const sinceBegin = (instant: number): number => Math.round((instant - build.from) * 1e6)
  const names = makeNames()
  const runs = emptyRuns()
  const moreRows: Chart['moreRows'] = []
  for (const [index, tool] of tools.entries()) {
    const { place, rows } = placed.placements[index] ?? { place: 'over', rows: [] }
    const [row = 0, ...more] = rows
    if (more.length > 0) moreRows.push([index, ...more])
    runs.start.push(sinceBegin(tool.at))
    runs.ran.push(micro(tool.ranSeconds))
    runs.waited.push(micro(tool.waitedSeconds))
    runs.gated.push(micro(tool.gatedSeconds))
    runs.user.push(known(tool.userSeconds, micro))
    runs.system.push(known(tool.systemSeconds, micro))
    runs.memory.push(known(tool.memoryBytes, bytes => Math.round(bytes / 1024)))
    runs.tool.push(names.tools.numberOf(tool.tool))
    runs.path.push(names.paths.numberOf(tool.path))
    runs.kind.push(journalKinds.indexOf(tool.kind))
    runs.file.push(names.files.numberOf(fileOf(tool, directory)))
    runs.slot.push(journalSlots.indexOf(tool.slot))
    runs.gate.push(names.gates.numberOf(tool.gate))
    runs.place.push(places.indexOf(place))
    runs.row.push(row)
    runs.end.push(tool.signal === undefined ? (tool.exit ?? null) : -tool.signal)
  }
  const span = Math.max(1, sinceBegin(build.to))
  const coverage = build.runs.find(({ end }) => end?.coverage !== undefined)?.end?.coverage
  return {
    title: titleOf(build),
    directory,
    began: Math.round(build.from * 1000),
    span,
    ...(limit === undefined ? {} : { limit }),
    ...(cores === undefined ? {} : { cores }),
    slots: placed.slots,
    over: placed.over,
    ...(coverage === undefined ? {} : { coverage }),
    past: build.past.map(({ tool, caller, why, runs, seconds, file, fix }) => ({
      tool,
      caller,
      why,
      runs,
      seconds,
      file,
      fix,
    })),
    phases: phasesOf(build.phases, build.from, span),
    names: {
      tools: names.tools.list,
      paths: names.paths.list,
      kinds: journalKinds,
      files: names.files.list,
      slots: journalSlots,
      gates: names.gates.list,
      places,
    },
    runs,
    moreRows,
  }
}

const micro = (seconds: number): number => Math.round(seconds * 1e6)

const known = (amount: number | undefined, made: (amount: number) => number): number | null =>
  amount === undefined ? null : made(amount)

const emptyRuns = (): Runs => ({
  start: [],
  ran: [],
  waited: [],
  gated: [],
  user: [],
  system: [],
  memory: [],
  tool: [],
  path: [],
  kind: [],
  file: [],
  slot: [],
  gate: [],
  place: [],
  row: [],
  end: [],
})

const makeNames = () => ({ tools: numbering(), paths: numbering(), files: numbering(), gates: numbering() })

/** Gives each name a number, its place in `list`. */
function numbering(): { list: string[]; numberOf: (name: string) => number } {
  const list: string[] = []
  const numbers = new Map<string, number>()
  const numberOf = (name: string): number => {
    const known = numbers.get(name)
    if (known !== undefined) return known
    numbers.set(name, list.length)
    return list.push(name) - 1
  }
  return { list, numberOf }
}

/**
 * Pools that exist at the same time add up. Undefined where a run joined a jobserver that none of the others made, or where
 * there was no run: how many slots that has nobody wrote down.
 */
function limitOf({ runs, to }: Build): number | undefined {
  const spans = runs.map(
    ({ start, end }): Span => ({ from: start.at, to: end?.at ?? to, amount: start.jobs ?? 0 }),
  )
  const pools = spans.filter(({ amount }) => amount > 0).sort((a, b) => a.from - b.from)
  const joined = spans.filter(({ amount }) => amount === 0)
  let last = Number.NEGATIVE_INFINITY
  const lasts = pools.map(pool => (last = Math.max(last, pool.to))) // of the pools up to this one
  const poolsFrom = (instant: number): number =>
    firstIndex(pools.length, index => (pools[index]?.from ?? 0) > instant)
  const known = joined.every(run => (lasts[poolsFrom(run.from) - 1] ?? Number.NEGATIVE_INFINITY) >= run.from)
  return known && pools.length > 0
    ? peakOf(sumOf(pools.map(pool => ({ ...pool, to: Math.max(pool.to, pool.from + 1e-6) }))))
    : undefined
}

const outermost = ({ runs }: Build) => runs.find(({ start }) => start.jobs !== undefined) ?? runs[0]

const titleOf = (build: Build): string =>
  outermost(build)?.start.command.map(shWord).join(' ') ?? 'tools without a jobshim run'

/** Where the build was started, else the directory that all its tools ran below. */
const directoryOf = (build: Build): string =>
  outermost(build)?.start.directory ??
  build.tools
    .map(tool => tool.directory)
    .reduce((common, directory) => {
      const names = directory.split('/')
      const differs = common.split('/').findIndex((name, depth) => name !== names[depth])
      return differs === -1 ? common : common.split('/').slice(0, differs).join('/') || '/'
    }, build.tools[0]?.directory ?? '/')

function fileOf({ file, directory }: ToolEvent, base: string): string {
  if (file === '' || file === '-') return file
  const path = posix.resolve('/', directory, file)
  const below = posix.relative(base, path)
  return below.startsWith('..') || below === '' ? path : below
}
