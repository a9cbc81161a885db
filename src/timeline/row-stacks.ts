/**
 * What runs in which row at an instant that only moves on. A row has a stack of runs, the outermost first. All that is asked
 * of it takes no longer for many rows than for a few: a journal may have 30,000 runs at once.
 */
import { endOf } from './builds.js'
import type { ToolEvent } from './event.js'
import { Heap } from './heap.js'

/** When a run ended is noted a moment later, by when the next one may have its slot already. Seconds. */
export const slack = 0.0001

/** `runs`: what has ended is still there, but for the last ones. `end`: when the last of them ends; -Infinity: none is left. */
type Row = { runs: ToolEvent[]; end: number }

const lowest = (): Heap<number> => new Heap((row, other) => row < other)

type End = { end: number; row: number }
type Ending = End & { tool: ToolEvent }

const isSooner = (a: End, b: End): boolean => a.end < b.end || (a.end === b.end && a.row < b.row)

export class RowStacks {
  readonly #rows: Row[] = []
  readonly #free = lowest()
  readonly #running = new Heap<Ending>(isSooner)
  readonly #byJob = new Map<string, Map<number, number>>() // rows with a tool that has the job's slot, and how many of them
  // These may name rows of which it is no longer true: whoever takes one looks.
  readonly #byEnd = new Heap<End>(isSooner)
  readonly #idle = lowest()
  readonly #idleIn = new Map<string, Heap<number>>()
  #now = Number.NEGATIVE_INFINITY

  /** `most`: there are never more rows. */
  constructor(
    count: number,
    private readonly most: number,
  ) {
    while (this.count < count) this.#free.push(this.#add())
  }

  get count(): number {
    return this.#rows.length
  }

  /** Forgets what has ended by then. */
  moveTo(now: number): void {
    this.#now = now
    for (let next = this.#running.first(); next && this.#isOver(next.end); next = this.#running.first()) {
      this.#running.pop()
      this.#end(next)
    }
  }

  /** Returns the lowest rows in which nothing runs, so many or fewer. Something must be put there. */
  takeFree(count: number): number[] {
    const rows: number[] = []
    while (rows.length < count) {
      const row = this.#free.pop() ?? (this.count < this.most ? this.#add() : undefined)
      if (row === undefined) break
      rows.push(row)
    }
    return rows
  }

  /** Returns the lowest rows of clients that have nothing running in their slot, likewise, but for those that are `taken`. */
  takeIdle(count: number, taken: readonly number[]): number[] {
    const rows: number[] = []
    while (rows.length < count) {
      const row = this.idle()
      if (row === undefined) break
      this.#idle.pop()
      if (!rows.includes(row) && !taken.includes(row)) rows.push(row)
    }
    return rows
  }

  /** Returns the lowest such row. */
  idle(): number | undefined {
    return firstThat(this.#idle, row => this.topOf(row)?.kind === 'client')
  }

  /** Returns the lowest such row whose client runs in that directory. */
  idleIn(directory: string): number | undefined {
    const heap = this.#idleIn.get(directory)
    const isThere = (top: ToolEvent | undefined): boolean =>
      top?.kind === 'client' && top.directory === directory
    return heap && firstThat(heap, row => isThere(this.topOf(row)))
  }

  /** Returns the lowest row with a tool that runs in the slot of that job. */
  ofJob(job: string): number | undefined {
    let first: number | undefined
    for (const row of this.#byJob.get(job)?.keys() ?? []) if (first === undefined || row < first) first = row
    return first
  }

  /** Returns the row that gets free first, if it does until then. */
  endingUntil(until: number): number | undefined {
    for (let next = this.#byEnd.first(); next; next = this.#byEnd.first()) {
      if (this.endOf(next.row) === next.end) return next.end <= until ? next.row : undefined
      this.#byEnd.pop()
    }
    return undefined
  }

  endOf(row: number): number {
    return this.#rows[row]?.end ?? Number.NEGATIVE_INFINITY
  }

  /** Returns the innermost run of a row. */
  topOf(row: number): ToolEvent | undefined {
    const runs = this.#rows[row]?.runs ?? []
    for (let top = runs.at(-1); top; top = runs.at(-1)) {
      if (!this.#isOver(endOf(top))) return top
      runs.pop()
    }
    return undefined
  }

  put(tool: ToolEvent, row: number): void {
    const end = endOf(tool)
    const its = this.#rows[row]
    if (!its) return
    its.runs.push(tool)
    its.end = Math.max(its.end, end)
    this.#byEnd.push({ end: its.end, row })
    this.#running.push({ end, row, tool })
    if (hasSlotOfJob(tool)) {
      const rows = this.#byJob.get(tool.job) ?? new Map<number, number>()
      this.#byJob.set(tool.job, rows.set(row, (rows.get(row) ?? 0) + 1))
    }
    this.#noteIdle(row)
  }

  #add(): number {
    return this.#rows.push({ runs: [], end: Number.NEGATIVE_INFINITY }) - 1
  }

  #isOver(end: number): boolean {
    return end <= this.#now + slack
  }

  #end({ row, tool }: Ending): void {
    if (hasSlotOfJob(tool)) this.#leaveJob(tool.job, row)
    const its = this.#rows[row]
    if (!its || its.end === Number.NEGATIVE_INFINITY) return
    if (!this.#isOver(its.end)) {
      this.#noteIdle(row)
      return
    }
    its.runs = []
    its.end = Number.NEGATIVE_INFINITY
    this.#free.push(row)
  }

  #leaveJob(job: string, row: number): void {
    const rows = this.#byJob.get(job)
    const count = rows?.get(row) ?? 0
    if (count > 1) rows?.set(row, count - 1)
    else rows?.delete(row)
    if (rows?.size === 0) this.#byJob.delete(job)
  }

  #noteIdle(row: number): void {
    const top = this.topOf(row)
    if (top?.kind !== 'client') return
    this.#idle.push(row)
    const heap = this.#idleIn.get(top.directory) ?? lowest()
    this.#idleIn.set(top.directory, heap)
    heap.push(row)
  }
}

const hasSlotOfJob = ({ slot, kind }: ToolEvent): boolean => slot !== 'token' && kind !== 'client'

/** Returns the first one of a heap that is as it says; those before it go. */
function firstThat(heap: Heap<number>, is: (row: number) => boolean): number | undefined {
  for (let row = heap.first(); row !== undefined; row = heap.first()) {
    if (is(row)) return row
    heap.pop()
  }
  return undefined
}
