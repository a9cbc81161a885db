/**
 * Which slot each tool run is drawn in. Rows must stay truthful: never more of them in use at once than there were slots,
 * but where the journal says so.
 */
import { endOf } from './builds.js'
import type { ToolEvent } from './event.js'

/** What a run has to do with the row that it is drawn in, by the number that a chart has for it. */
export const places = [
  'slot', // the row's slot is used for it
  'holder', // a client, which pays for the slot that its children use
  'inside', // it runs in the slot of the tool that called it, which is drawn there too
  'over', // it runs without a slot that anybody paid for
] as const

export type Place = (typeof places)[number]
export type Placement = { place: Place; rows: number[] } // one row at least

/** `slots`: rows for slots. Those of `over` runs are counted from there on. */
export type SlotRows = { placements: Placement[]; slots: number; over: number }

/** When a run ended is noted a moment later, by when the next one may have its slot already. Seconds. */
const slack = 0.0001
const slackWhenFull = 0.1 // of which a busy machine makes more

type Row = ToolEvent[] // what runs there, the outermost first

/**
 * Returns a placement for each run. They must be in the order of their starts, of several at once the longest first.
 * @param limit how many slots there are, where that is known
 */
export function placeRuns(tools: readonly ToolEvent[], limit: number | undefined): SlotRows {
  const slots: Row[] = Array.from({ length: limit ?? 0 }, () => [])
  const over: Row[] = []
  const most = limit ?? Number.POSITIVE_INFINITY
  const placements = tools.map((tool): Placement => {
    for (const row of [...slots, ...over]) forget(row, tool.at)
    const callers = tool.slot === 'token' ? undefined : callersRow(slots, tool)
    if (tool.slot === 'overdraft') return put(tool, 'over', over, freeRows(over, 1))
    if (callers?.holds) return put(tool, 'inside', slots, [callers.row])
    const rows = callers ? [callers.row] : []
    rows.push(...freeRows(slots, Math.min(tool.slots, most) - rows.length, most))
    // A client's slot is as good as those that it has tokens for: nobody wrote down which child runs in which.
    rows.push(
      ...idleClients(slots)
        .filter(row => !rows.includes(row))
        .slice(0, Math.min(tool.slots, most) - rows.length),
    )
    if (rows.length > 0) return put(tool, tool.kind === 'client' ? 'holder' : 'slot', slots, rows)
    const ending = rowThatEnds(slots, tool.at + slackWhenFull)
    if (ending !== undefined) return put(tool, tool.kind === 'client' ? 'holder' : 'slot', slots, [ending])
    const around = tool.slot === 'token' ? undefined : rowAround(slots, tool)
    if (around !== undefined) return put(tool, 'inside', slots, [around])
    return put(tool, 'over', over, freeRows(over, 1))
  })
  for (const placement of placements)
    if (placement.place === 'over') placement.rows = placement.rows.map(row => row + slots.length)
  return { placements, slots: slots.length, over: over.length }
}

function forget(row: Row, now: number): void {
  for (let index = row.length - 1; index >= 0; index--) {
    const tool = row[index]
    if (tool && endOf(tool) <= now + slack) row.splice(index, 1)
  }
}

function put(tool: ToolEvent, place: Place, all: Row[], rows: number[]): Placement {
  for (const row of rows) {
    const stack = all[row] ?? []
    all[row] = stack
    stack.push(tool)
  }
  return { place, rows }
}

/** Returns so many rows in which nothing runs, or fewer: no more than `most` there may be. */
function freeRows(all: readonly Row[], count: number, most = Number.POSITIVE_INFINITY): number[] {
  const rows: number[] = []
  for (let row = 0; rows.length < count && row < most; row++)
    if ((all[row]?.length ?? 0) === 0) rows.push(row)
  return rows
}

/**
 * Returns the row of whoever called a run that takes no token of its own: the tool of the same job, which `holds` the slot
 * itself, or a client that has nothing running in its slot. Of several such clients one in the same directory goes first.
 */
function callersRow(rows: readonly Row[], tool: ToolEvent): { row: number; holds: boolean } | undefined {
  const same = (other: ToolEvent): boolean =>
    other.job === tool.job && other.slot !== 'token' && other.kind !== 'client'
  const holder = rows.findIndex(row => row.some(same))
  if (holder !== -1) return { row: holder, holds: true }
  const idle = idleClients(rows)
  const row = idle.find(index => rows[index]?.at(-1)?.directory === tool.directory) ?? idle[0]
  return row === undefined ? undefined : { row, holds: false }
}

/** Returns the rows of clients that have nothing running in their slot. */
const idleClients = (rows: readonly Row[]): number[] =>
  rows.flatMap((row, index) => (row.at(-1)?.kind === 'client' ? [index] : []))

/** Returns the row that gets free first, if it does until then. */
function rowThatEnds(rows: readonly Row[], until: number): number | undefined {
  let first: { row: number; end: number } | undefined
  for (const [row, stack] of rows.entries()) {
    const end = Math.max(...stack.map(endOf))
    if (end <= until && (!first || end < first.end)) first = { row, end }
  }
  return first?.row
}

/**
 * No slot is left, and the run took none: it is within what a tool with a token does, whose job has another name. Returns
 * the row of the last one that was started before it and ended after it.
 */
function rowAround(rows: readonly Row[], tool: ToolEvent): number | undefined {
  const around = rows.flatMap((row, index) =>
    row.some(other => endOf(other) + slack >= endOf(tool)) ? [{ index, since: row.at(-1)?.at ?? 0 }] : [],
  )
  return around.sort((a, b) => b.since - a.since)[0]?.index
}
