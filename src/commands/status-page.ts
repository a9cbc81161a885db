/** What `status` shows: a line for the pool, and a line for each build with its tools below it. */
import sliceAnsi from 'slice-ansi'
import stringWidth from 'string-width'
import { type Bypass, renderBypasses } from '../bypass/bypass.js'
import { renderColumns } from '../ground/columns.js'
import { visibleLine } from '../ground/visible.js'
import type { Build, Client, ClientTool } from '../jobserver/builds.js'
import type { Picture, Row } from '../jobserver/picture.js'

/** A picture, and what the runs below that jobserver have seen. */
export type Snapshot = Picture & {
  name: string // the pool's, for people
  coverage: number | undefined // governed tool seconds / all tool seconds
  past: readonly Bypass[]
}

/** Where it is shown. `rows`: no more lines than that; undefined: any number. */
export type Room = { columns: number; rows?: number | undefined; home?: string | undefined }

/** Returns the text, each line with a newline. Where there is no room for all, the pool's line stays, then builds, then those that run. */
export function renderStatus(snapshot: Snapshot, room: Room): string {
  const { columns, rows } = room
  const cut = (line: string): string => sliceAnsi(line, 0, columns - 1).trimEnd()
  const bypasses = snapshot.past.length === 0 ? [] : renderBypasses(snapshot.past, snapshot.coverage)
  const told = [headOf(snapshot), ...censusOf(snapshot)]
  const groups = groupsOf(snapshot)
  if (rows === undefined)
    return linesOf(
      [...told, ...bypasses].map(visibleLine),
      groupLines(groups, firstOf(groups, Number.POSITIVE_INFINITY), room),
    )
  const head = [...told, ...bypasses.slice(0, 1)].map(visibleLine).map(cut).slice(0, rows)
  return linesOf(head, fitted(groups, rows - head.length, room))
}

const linesOf = (...parts: readonly (readonly string[])[]): string =>
  parts
    .flat()
    .map(line => `${line}\n`)
    .join('')

const slots = (count: number): string => (count === 1 ? '1 slot' : `${count} slots`)

function headOf({ name, free, slots: all, builds, rows, counters, ledger }: Snapshot): string {
  const waiting = rows.filter(row => row.alive && standingOf(row) === 'waits').length
  const gated = rows.filter(row => row.alive && row.state === 'gated').length
  return [
    `${name}: ${useOf(free, all, builds)}`,
    `${waiting} waiting`,
    ...(gated > 0 ? [`${gated} of them kept by a rule`] : []),
    ...(counters && counters.overdrafts > 0 ? [`${counters.overdrafts} ran without a slot`] : []),
    ...(counters && counters.reclaimed > 0 ? [`${counters.reclaimed} taken back from killed tools`] : []),
    ...(counters && counters.restored > 0 ? [`${counters.restored} put back for killed clients`] : []),
    ...(ledger === undefined ? ['no ledger'] : []),
  ].join(', ')
}

function useOf(free: number | undefined, all: number | undefined, builds: readonly Build[]): string {
  if (all === undefined)
    return free === undefined ? 'its server does not tell its slots' : `${slots(free)} free`
  // A tool below a server's pool may run in a slot that no token stands for.
  const used = builds.reduce((sum, build) => sum + build.slots, 0)
  return `${Math.min(all, Math.max(used, all - (free ?? all)))} of ${slots(all)} in use`
}

function censusOf({ accounts, blind }: Snapshot): string[] {
  if (accounts) return ['this jobserver keeps its own account']
  return blind === undefined ? [] : [`no census of clients: ${blind}`]
}

type Standing = 'runs' | 'waits'

const standingOf = ({ state }: Pick<Row, 'state'>): Standing =>
  state === 'waiting' || state === 'acquiring' || state === 'gated' ? 'waits' : 'runs'

/** A line below a build. */
type Line = { standing: Standing; seconds: number; cells: readonly string[] }

/** A build with its lines, those that run first, each kind by its time; undefined: those that were killed. */
type Group = { build: Build | undefined; lines: readonly Line[] }

function groupsOf({ builds, rows }: Snapshot): Group[] {
  const groups: Group[] = builds
    .map((build, number) => ({
      build,
      lines: linesBelow(
        build,
        rows.filter(row => row.build === number),
      ),
    }))
    .sort((a, b) => Number(b.build.slots > 0) - Number(a.build.slots > 0) || longest(b) - longest(a))
  const killed = rows.filter(({ alive }) => !alive).map(lineOf)
  return killed.length === 0 ? groups : [...groups, { build: undefined, lines: killed.sort(inOrder) }]
}

const longest = ({ lines }: Group): number => Math.max(0, ...lines.map(({ seconds }) => seconds))

const inOrder = (a: Line, b: Line): number =>
  Number(a.standing === 'waits') - Number(b.standing === 'waits') || b.seconds - a.seconds

function linesBelow({ clients }: Build, rows: readonly Row[]): Line[] {
  return [
    ...clients.map(clientLine),
    ...clients.flatMap(({ tools }) => tools.map(tool => toolLine(tool, 'runs'))),
    ...rows.filter(({ client }) => client === undefined).map(lineOf),
  ].sort(inOrder)
}

const span = (seconds: number): string => `${seconds.toFixed(1)} s`

const toolLine = ({ tool, pid, seconds, command }: ClientTool, does: string): Line => ({
  standing: 'runs',
  seconds,
  cells: [tool, String(pid), does, span(seconds), command],
})

// A process's start is told in ticks of 10 ms: what a client starts in its first one must not stand before it.
const startTick = 0.01

const clientLine = (client: Client): Line => ({
  ...toolLine(client, slots(client.slots)),
  seconds: client.seconds + startTick,
})

const lineOf = (row: Row): Line => ({
  standing: standingOf(row),
  seconds: row.seconds,
  cells: [row.tool, String(row.pid), doing(row), span(row.seconds), row.command],
})

function doing(row: Row): string {
  if (!row.alive) return 'killed'
  return row.low ? `${stateText(row)} at low priority` : stateText(row)
}

function stateText({ state, slot }: Row): string {
  switch (state) {
    case 'waiting':
    case 'acquiring':
      return 'waits'
    case 'gated':
      return 'kept by a rule'
    case 'releasing':
      return 'ends'
    case 'held':
    case 'tool':
      return slot === 'overdraft' ? 'runs without a slot' : 'runs'
  }
}

/** Returns the groups in no more than `most` lines: all builds, of their lines as many as there is room for. */
function fitted(groups: readonly Group[], most: number, room: Room): string[] {
  const wanted = groups.reduce((sum, { lines }) => sum + lines.length, 0)
  for (let count = Math.min(wanted, Math.max(0, most)); count >= 0; count--) {
    const chosen = firstOf(groups, count)
    const cut = groups.filter(({ lines }) => lines.some(line => !chosen.has(line))).length
    if (groups.length + count + cut <= most) return groupLines(groups, chosen, room)
  }
  const heads = groups.map(({ build }) => buildLine(build, room))
  if (heads.length <= most) return heads
  const shown = Math.max(0, most - 1)
  const more = `... and ${heads.length - shown} more builds`
  return most < 1 ? [] : [...heads.slice(0, shown), sliceAnsi(more, 0, room.columns - 1)]
}

/** Returns so many lines of all groups: those that run before those that wait, each kind by its time. */
const firstOf = (groups: readonly Group[], count: number): ReadonlySet<Line> =>
  new Set(
    groups
      .flatMap(({ lines }) => lines)
      .sort(inOrder)
      .slice(0, count),
  )

/** Returns the groups with the chosen lines; those that are left out are counted. */
function groupLines(groups: readonly Group[], chosen: ReadonlySet<Line>, room: Room): string[] {
  const cells = groups.map(({ lines }) => lines.filter(line => chosen.has(line)).map(line => line.cells))
  const rendered = renderColumns(cells.flat(), stringWidth).split('\n')
  const cut = (line: string): string => sliceAnsi(`  ${line}`, 0, room.columns - 1).trimEnd()
  return groups.flatMap(({ build, lines }, number) => [
    buildLine(build, room),
    ...rendered.splice(0, cells[number]?.length ?? 0).map(cut),
    ...leftOut(lines.filter(line => !chosen.has(line))).map(cut),
  ])
}

function leftOut(lines: readonly Line[]): string[] {
  const waiting = lines.filter(({ standing }) => standing === 'waits').length
  const running = lines.length - waiting
  if (lines.length === 0) return []
  return [
    `... and ${[
      ...(running > 0 ? [`${running} more with a slot`] : []),
      ...(waiting > 0 ? [`${waiting} more waiting`] : []),
    ].join(', ')}`,
  ]
}

// A long name is cut, so that the numbers behind it stay.
function buildLine(build: Build | undefined, { columns, home }: Room): string {
  if (build === undefined) return sliceAnsi('killed, their slots come back soon:', 0, columns - 1)
  const numbers = [
    `: ${slots(build.slots)}`,
    ...(build.waiting > 0 ? [`${build.waiting} waiting, the longest ${span(build.longestWaitSeconds)}`] : []),
  ].join(', ')
  const name = buildTitle(build, home)
  const left = Math.max(1, columns - 1 - numbers.length)
  const short = stringWidth(name) <= left ? name : `${sliceAnsi(name, 0, Math.max(1, left - 3))}...`
  return sliceAnsi(`${short}${numbers}`, 0, columns - 1)
}

/** Returns a build's name as it is printed, and as `--job` takes it. */
export const buildTitle = (build: Build, home: string | undefined): string =>
  visibleLine(titleOf(build, home))

function titleOf({ kind, name }: Build, home: string | undefined): string {
  if (kind === 'unknown') return "unknown (another user's, or not to be seen here)"
  if (kind === 'named' || !home) return name
  const [program = '', directory = ''] = name.split(/ in (?=\/)/, 2)
  const isInside = directory === home || directory.startsWith(`${home}/`)
  return isInside ? `${program} in ~${directory.slice(home.length)}` : name
}
