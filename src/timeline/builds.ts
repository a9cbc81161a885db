/** A journal may be appended to by many a `jobshim run`: which of its lines belong together. */
import type { BypassEvent, EndEvent, JournalEvent, PhaseEvent, StartEvent, ToolEvent } from './event.js'
import { firstIndex } from './search.js'

/** A `jobshim run`. One that was killed has no end. */
export type Run = { start: StartEvent; end?: EndEvent }

/**
 * What happened together: runs that overlap, since a tool's line doesn't tell which of them it belongs to; or the tools
 * between them, without any run. Instants are seconds since 1970.
 */
export type Build = {
  from: number
  to: number
  runs: Run[]
  tools: ToolEvent[]
  phases: PhaseEvent[]
  past: BypassEvent[]
}

type Piece =
  | { kind: 'run'; from: number; to: number; run: Run }
  | { kind: 'tool'; from: number; to: number; tool: ToolEvent }

/** Returns the builds of a journal by the time of their start; none where no tool ran and none was started. */
export function buildsOf(events: readonly JournalEvent[]): Build[] {
  const tools = events.filter(event => event.event === 'tool')
  const pieces: Piece[] = [
    ...runsOf(events).map(run => ({
      kind: 'run' as const,
      from: run.start.at,
      to: run.end?.at ?? run.start.at,
      run,
    })),
    ...tools.map(tool => ({ kind: 'tool' as const, from: beginOf(tool), to: endOf(tool), tool })),
  ].sort((a, b) => a.from - b.from || Number(a.kind === 'tool') - Number(b.kind === 'tool'))
  const builds: Build[] = []
  // Nobody knows when a killed run ended: the tools until the next start are taken for its own.
  let isOpen = false
  for (const piece of pieces) {
    let current = builds.at(-1)
    if (!current || !(piece.from <= current.to || (piece.kind === 'tool' && isOpen))) {
      current = { from: piece.from, to: piece.to, runs: [], tools: [], phases: [], past: [] }
      builds.push(current)
      isOpen = true
    }
    add(piece, current)
    if (piece.kind === 'run' && piece.run.end) isOpen = false
  }
  giveRest(builds, events)
  return builds
}

/** Returns all builds as one. */
export const togetherOf = (builds: readonly Build[]): Build => ({
  from: builds.reduce((first, { from }) => Math.min(first, from), Number.POSITIVE_INFINITY),
  to: builds.reduce((last, { to }) => Math.max(last, to), Number.NEGATIVE_INFINITY),
  runs: builds.flatMap(({ runs }) => runs),
  tools: builds.flatMap(({ tools }) => tools),
  phases: builds.flatMap(({ phases }) => phases),
  past: builds.flatMap(({ past }) => past),
})

/** When a tool's launcher began to wait, and when the tool ended. */
export const beginOf = (tool: ToolEvent): number => tool.at - tool.waitedSeconds
export const endOf = (tool: ToolEvent): number => tool.at + tool.ranSeconds

function add(piece: Piece, build: Build): void {
  build.to = Math.max(build.to, piece.to)
  if (piece.kind === 'run') build.runs.push(piece.run)
  else build.tools.push(piece.tool)
}

// The pid tells, the last start with that pid before it.
function giveRest(builds: readonly Build[], events: readonly JournalEvent[]): void {
  const starts = new Map<number, { at: number; build: Build }[]>()
  for (const build of builds)
    for (const { start } of build.runs) ofPid(starts, start.pid).push({ at: start.at, build })
  for (const event of events) {
    if (event.event !== 'past' && event.event !== 'phase') continue
    const its = starts.get(event.pid) ?? []
    const at = event.event === 'phase' ? event.at + event.ranSeconds : event.at
    const build = its[firstIndex(its.length, index => (its[index]?.at ?? 0) > at) - 1]?.build
    if (event.event === 'past') build?.past.push(event)
    else build?.phases.push(event)
  }
}

function runsOf(events: readonly JournalEvent[]): Run[] {
  const runs: Run[] = []
  const open = new Map<number, Run[]>()
  for (const event of events)
    if (event.event === 'start') {
      const run = { start: event }
      runs.push(run)
      ofPid(open, event.pid).push(run)
    } else if (event.event === 'end') {
      const run = open.get(event.pid)?.pop()
      if (run) run.end = event
    }
  return runs
}

/** Returns what a process has there; nothing at first. */
function ofPid<Item>(all: Map<number, Item[]>, pid: number): Item[] {
  const known = all.get(pid)
  if (known) return known
  const its: Item[] = []
  all.set(pid, its)
  return its
}
