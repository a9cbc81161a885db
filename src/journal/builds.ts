/** A journal may be appended to by many a `jobshim run`: which of its lines belong together. */
import type { EndEvent, JournalEvent, PastEvent, StartEvent, ToolEvent } from './event.js'

/** A `jobshim run`. One that was killed has no end. */
export type Run = { start: StartEvent; end?: EndEvent }

/**
 * What happened together: runs that overlap, since a tool's line doesn't tell which of them it belongs to; or the tools
 * between them, without any run. Instants are seconds since 1970.
 */
export type Build = { from: number; to: number; runs: Run[]; tools: ToolEvent[]; past: PastEvent[] }

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
  for (const piece of pieces) {
    const current = builds.at(-1)
    if (current && belongs(piece, current)) add(piece, current)
    else builds.push(add(piece, { from: piece.from, to: piece.to, runs: [], tools: [], past: [] }))
  }
  for (const past of events)
    if (past.event === 'past') builds.findLast(build => has(build, past))?.past.push(past)
  return builds
}

/** Returns all builds as one. */
export const togetherOf = (builds: readonly Build[]): Build => ({
  from: Math.min(...builds.map(({ from }) => from)),
  to: Math.max(...builds.map(({ to }) => to)),
  runs: builds.flatMap(({ runs }) => runs),
  tools: builds.flatMap(({ tools }) => tools),
  past: builds.flatMap(({ past }) => past),
})

/** When a tool's launcher began to wait, and when the tool ended. */
export const beginOf = (tool: ToolEvent): number => tool.at - tool.waitedSeconds
export const endOf = (tool: ToolEvent): number => tool.at + tool.ranSeconds

// Nobody knows when a killed run ended: the tools until the next start are taken for its own.
const belongs = (piece: Piece, build: Build): boolean =>
  piece.from <= build.to || (piece.kind === 'tool' && build.runs.every(({ end }) => !end))

function add(piece: Piece, build: Build): Build {
  build.to = Math.max(build.to, piece.to)
  if (piece.kind === 'run') build.runs.push(piece.run)
  else build.tools.push(piece.tool)
  return build
}

// The pid tells, the last start with that pid before it.
const has = (build: Build, past: PastEvent): boolean =>
  build.runs.some(({ start }) => start.pid === past.pid && start.at <= past.at)

function runsOf(events: readonly JournalEvent[]): Run[] {
  const runs: Run[] = []
  for (const event of events)
    if (event.event === 'start') runs.push({ start: event })
    else if (event.event === 'end') {
      const run = runs.findLast(({ start, end }) => start.pid === event.pid && !end)
      if (run) run.end = event
    }
  return runs
}
