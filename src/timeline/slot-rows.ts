/**
 * Which slot each tool run is drawn in. Rows must stay truthful: never more of them in use at once than there were slots,
 * but where the journal says so.
 */
import { endOf } from './builds.js'
import type { ToolEvent } from './event.js'
import { RowStacks, slack } from './row-stacks.js'

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

/** When a run ended is noted late by a busy machine: by then the next one has its slot already. Seconds. */
const slackWhenFull = 0.1

/** So many slots at most have a row that is never used. */
const mostUnused = 4096

/**
 * Returns a placement for each run. They must be in the order of their starts, of several at once the longest first.
 * @param limit how many slots there are, where that is known
 */
export function placeRuns(tools: readonly ToolEvent[], limit: number | undefined): SlotRows {
  const most = limit ?? Number.POSITIVE_INFINITY
  const slots = new RowStacks(Math.min(limit ?? 0, mostUnused), most)
  const over = new RowStacks(0, Number.POSITIVE_INFINITY)
  const placements = tools.map((tool): Placement => {
    slots.moveTo(tool.at)
    over.moveTo(tool.at)
    const callers = tool.slot === 'token' ? undefined : callersRow(slots, tool)
    if (tool.slot === 'overdraft') return put(tool, 'over', over, over.takeFree(1))
    if (callers?.holds) return put(tool, 'inside', slots, [callers.row])
    const wanted = Math.min(tool.slots, most)
    const rows = callers ? [callers.row] : []
    rows.push(...slots.takeFree(wanted - rows.length))
    // A client's slot is as good as those that it has tokens for: nobody wrote down which child runs in which.
    rows.push(...slots.takeIdle(wanted - rows.length, rows))
    const place = tool.kind === 'client' ? 'holder' : 'slot'
    if (rows.length > 0) return put(tool, place, slots, rows)
    const ending = slots.endingUntil(tool.at + slackWhenFull)
    if (ending !== undefined) return put(tool, place, slots, [ending])
    const around = tool.slot === 'token' ? undefined : rowAround(slots, tool)
    if (around !== undefined) return put(tool, 'inside', slots, [around])
    return put(tool, 'over', over, over.takeFree(1))
  })
  for (const placement of placements)
    if (placement.place === 'over') placement.rows = placement.rows.map(row => row + slots.count)
  return { placements, slots: slots.count, over: over.count }
}

function put(tool: ToolEvent, place: Place, all: RowStacks, rows: number[]): Placement {
  for (const row of rows) all.put(tool, row)
  return { place, rows }
}

/**
 * Returns the row of whoever called a run that takes no token of its own: the tool of the same job, which `holds` the slot
 * itself, or a client that has nothing running in its slot. Of several such clients one in the same directory goes first.
 */
function callersRow(rows: RowStacks, tool: ToolEvent): { row: number; holds: boolean } | undefined {
  const holder = rows.ofJob(tool.job)
  if (holder !== undefined) return { row: holder, holds: true }
  const row = rows.idleIn(tool.directory) ?? rows.idle()
  return row === undefined ? undefined : { row, holds: false }
}

/** Of so many rows it is looked which one is around a run: more were never full. */
const mostAround = 1024

/**
 * No slot is left, and the run took none: it is within what a tool with a token does, whose job has another name. Returns
 * the row of the last one that was started before it and ended after it.
 */
function rowAround(rows: RowStacks, tool: ToolEvent): number | undefined {
  let last: { row: number; since: number } | undefined
  for (let row = 0; row < Math.min(rows.count, mostAround); row++) {
    if (rows.endOf(row) + slack < endOf(tool)) continue
    const since = rows.topOf(row)?.at ?? 0
    if (last === undefined || since > last.since) last = { row, since }
  }
  return last?.row
}
