/** Programs that are no tools, such as configure and make: where they are drawn, and what of a time is theirs. */
import type { PhaseEvent } from './event.js'

/** Times are microseconds since the chart's beginning. `row`: 0 for the outermost. */
export type Phase = {
  from: number
  to: number
  row: number
  name: string
  command: string
  directory: string
}

/** More would take more room than they explain. */
const mostRows = 3

/** An end is told up to so much too late: the next program has begun by then. Microseconds. */
const late = 300_000

/** What spans so much of a build is the build itself. */
const nearlyAll = 0.97

/** Returns the phases of a build that takes `span`, row by row one after the other. */
export function phasesOf(events: readonly PhaseEvent[], began: number, span: number): Phase[] {
  const since = (instant: number): number => Math.min(span, Math.max(0, Math.round((instant - began) * 1e6)))
  const rows: Phase[] = [] // the last of each
  const phases: Phase[] = []
  const all = events.toSorted((a, b) => a.at - b.at || a.depth - b.depth || b.ranSeconds - a.ranSeconds)
  for (const { at, ranSeconds, depth, command, directory } of all) {
    const [from, to] = [since(at), since(at + ranSeconds)]
    if (to <= from || (depth === 0 && to - from > span * nearlyAll)) continue
    const row = rowFor(rows, from)
    if (row === mostRows) continue
    const last = rows[row]
    if (last && last.to > from) last.to = from
    const phase = { from, to, row, name: nameOf(command), command, directory }
    rows[row] = phase
    phases.push(phase)
  }
  return phases
}

function rowFor(rows: readonly Phase[], from: number): number {
  const row = rows.findIndex(last => last.to <= from + late && last.from < from)
  return row === -1 ? rows.length : row
}

const interpreters = /^(sh|dash|bash|ksh|zsh|python[\d.]*|perl[\d.]*|ruby[\d.]*|node)$/

/** Returns what people call a program: a script by its own name, and not by that of its interpreter. */
function nameOf(command: string): string {
  const [program = '', ...words] = command.split(' ')
  const base = program.slice(program.lastIndexOf('/') + 1)
  const [script = '', ...more] = words
  const isScript = interpreters.test(base) && script !== '' && !script.startsWith('-')
  const name = isScript ? script.slice(script.lastIndexOf('/') + 1) : base
  return [name, ...(isScript ? more : words)].join(' ')
}

/** Returns the phases at an instant, the outermost first. */
export const phasesAt = (phases: readonly Phase[], instant: number): Phase[] =>
  phases.filter(({ from, to }) => from <= instant && instant < to).sort((a, b) => a.row - b.row)

/** Returns how long each phase was the innermost one between two instants, the longest first. */
export function sharesOf(
  phases: readonly Phase[],
  from: number,
  to: number,
): { phase: Phase; time: number }[] {
  const there = phases.filter(phase => phase.from < to && phase.to > from)
  const instants = [from, to, ...there.flatMap(phase => [phase.from, phase.to])]
    .filter(instant => instant >= from && instant <= to)
    .sort((a, b) => a - b)
  const times = new Map<Phase, number>()
  for (const [index, instant] of instants.entries()) {
    const next = instants[index + 1] ?? instant
    const innermost = next > instant ? phasesAt(there, instant).at(-1) : undefined
    if (innermost) times.set(innermost, (times.get(innermost) ?? 0) + next - instant)
  }
  return [...times].map(([phase, time]) => ({ phase, time })).sort((a, b) => b.time - a.time)
}
