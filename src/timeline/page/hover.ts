/** What a pointer over the picture shows: the run below it, where it waited, and the amounts at that instant. */
import { renderClock, renderInstant, renderKnown, renderMemory, renderTime, unknown } from '../amounts.js'
import { type LaneRuns, lanes, runsBetween } from '../bars.js'
import type { Drawing } from '../drawing.js'
import { panelsOf } from '../layers.js'
import { textsOf } from '../names.js'
import { type PathStep, stepOfPath } from '../path.js'
import { phasesAt } from '../phases.js'
import { endOf, kindOf, placeOf, proberOfRun, slotOf, startOf } from '../quantities.js'
import { valueAt } from '../steps.js'
import { shortened } from '../text.js'
import { elementOf, make } from './document.js'
import type { Stage } from './stage.js'

type Spot = { instant: number; row: number | undefined; part: number; pixel: number } // part: of the row's height

const rowsGridOf = (drawing: Drawing) => ({ gridIndex: panelsOf(drawing).indexOf('rows') })

export function hoverOver(stage: Stage): void {
  const tip = elementOf('tip')
  const marks = { run: elementOf('mark'), wait: elementOf('wait') }
  const hide = (): void => {
    for (const element of [tip, marks.run, marks.wait]) element.hidden = true
  }
  const canvas = stage.library.getZr()
  const look = ({ offsetX, offsetY }: { offsetX: number; offsetY: number }): void => {
    const spot = spotAt(stage, offsetX, offsetY)
    if (!spot) {
      hide()
      return
    }
    const { run, others } = runAt(stage.drawing, spot)
    tip.replaceChildren(...wordsOf(stage.drawing, spot, run, others))
    tip.hidden = false
    place(tip, stage.element, offsetX, offsetY)
    mark(stage, marks, run, spot.row)
  }
  canvas.on('mousemove', look)
  canvas.on('click', look) // a finger only taps
  canvas.on('globalout', hide)
  stage.onMove(hide)
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') hide()
  })
}

function spotAt({ library, drawing }: Stage, x: number, y: number): Spot | undefined {
  const panels = panelsOf(drawing)
  const grid = [...panels.keys()].find(gridIndex => library.containPixel({ gridIndex }, [x, y]))
  if (grid === undefined) return undefined
  const rowsGrid = rowsGridOf(drawing)
  const [instant = 0] = library.convertFromPixel(rowsGrid, [x, y]) as number[]
  const [next = 0] = library.convertFromPixel(rowsGrid, [x + 1, y]) as number[]
  const spot = { instant, row: undefined, part: 0, pixel: next - instant }
  if (grid !== rowsGrid.gridIndex) return spot
  const rows = drawing.chart.slots + drawing.chart.over
  const [, middle = 0] = library.convertToPixel(rowsGrid, [0, 0]) as number[]
  const band = bandOf({ library, drawing })
  const inRows = (y - (middle - band / 2)) / band
  const row = Math.min(rows - 1, Math.max(0, Math.floor(inRows)))
  return { ...spot, row, part: inRows - row }
}

function bandOf({ library, drawing }: Pick<Stage, 'library' | 'drawing'>): number {
  const rows = drawing.chart.slots + drawing.chart.over
  const rowsGrid = rowsGridOf(drawing)
  if (rows < 2) return 40
  const [, first = 0] = library.convertToPixel(rowsGrid, [0, 0]) as number[]
  const [, second = 0] = library.convertToPixel(rowsGrid, [0, 1]) as number[]
  return second - first
}

/** Returns the longest of the runs below the pointer, and how many there are besides. */
function runAt(drawing: Drawing, { instant, row, part, pixel }: Spot): { run?: number; others: number } {
  if (row === undefined) return { others: 0 }
  const order = part < 0.22 ? lanes : lanes.toReversed()
  const there = (lane: LaneRuns): number[] =>
    runsBetween(drawing.chart, lane, { from: instant - pixel, to: instant + pixel })
  for (const name of order) {
    const lane = drawing.lanes.find(each => each.row === row && each.lane === name)
    const runs = lane ? there(lane) : []
    const ran = (run: number): number => drawing.chart.runs.ran[run] ?? 0
    // Of clients the innermost; of what is too narrow to tell apart the longest.
    const run = name === 'holder' ? runs.at(-1) : runs.toSorted((a, b) => ran(b) - ran(a))[0]
    if (run !== undefined) return { run, others: name === 'holder' ? 0 : runs.length - 1 }
  }
  return { others: 0 }
}

const slotTexts: Readonly<Record<string, string>> = {
  caller: "its caller's",
  implicit: "its job's own",
  token: 'a token',
  overdraft: 'none: an overdraft',
}

function endText(end: number | null): string {
  if (end === null) return unknown
  return end < 0 ? `of signal ${-end}` : `with status ${end}`
}

const cpuText = (user: number | null, system: number | null): string =>
  user === null || system === null ? unknown : `${renderTime(user)} user, ${renderTime(system)} system`

/** Returns what the likely critical path has at an instant. */
function textOfStep({ chart, path }: Drawing, instant: number): string {
  const step = stepOfPath(path, instant)
  if (step === undefined) return ''
  const texts: Readonly<Record<PathStep['kind'], () => string>> = {
    tool: () => (step.kind === 'tool' ? (textsOf(chart, step.run)[0] ?? '') : ''),
    waited: () => 'a tool waits for a slot',
    full: () => 'all slots in use',
    other: () => 'no tool ended',
  }
  return `likely critical path: ${shortened(texts[step.kind](), 90, 'end')}`
}

function wordsOf(drawing: Drawing, spot: Spot, run: number | undefined, others: number): HTMLElement[] {
  const { used, cores, waits, memory, chart, totals } = drawing
  const now = [
    `at ${renderInstant(Math.max(0, spot.instant), spot.pixel)}`,
    `slots in use: ${valueAt(used, spot.instant)}`,
    ...(totals.cpu === null ? [] : [`cores: ${valueAt(cores, spot.instant).toFixed(1)}`]),
    `waiting: ${valueAt(waits, spot.instant)}`,
    `memory: ${totals.peakMemory === null ? unknown : renderMemory(valueAt(memory, spot.instant))}`,
  ].join(' · ')
  const around = phasesAt(chart.phases, spot.instant).map(({ command }) => shortened(command, 90, 'end'))
  const pathText = textOfStep(drawing, spot.instant)
  const last = [
    ...(pathText === '' ? [] : [make('p', { text: pathText })]),
    ...(around.length === 0 ? [] : [make('p', { text: `below ${around.join(' › ')}` })]),
    make('p', { text: now, className: 'now' }),
  ]
  if (run === undefined) return last
  const { runs, names } = chart
  const at = (column: number[]): number => column[run] ?? 0
  const end = runs.end[run] ?? null
  const prober = proberOfRun(chart, run)
  const gate = names.gates[at(runs.gate)] ?? 'none'
  const gated = at(runs.gated)
  const onPath = drawing.path.some(step => step.kind === 'tool' && step.run === run)
  const rows: [string, string][] = [
    ['file', names.files[at(runs.file)] || unknown],
    ['program', names.paths[at(runs.path)] ?? ''],
    [
      'started',
      `${renderInstant(startOf(chart, run), 1000)}, at ${renderClock(chart.began + startOf(chart, run) / 1000).time}`,
    ],
    ['ran', renderTime(at(runs.ran))],
    [
      'waited',
      `${renderTime(at(runs.waited))}${gated > 0 ? `, ${renderTime(gated)} of it for a rule (${gate})` : ''}`,
    ],
    ['CPU', cpuText(runs.user[run] ?? null, runs.system[run] ?? null)],
    ['memory', renderKnown(runs.memory[run] ?? null, renderMemory)],
    [
      'slot',
      `${slotTexts[slotOf(chart, run)] ?? ''}${placeOf(chart, run) === 'inside' ? ', drawn inside of it' : ''}`,
    ],
    ...(onPath ? [['path', 'on the likely critical path'] as [string, string]] : []),
    ...(end === 0 ? [] : [['ended', endText(end)] as [string, string]]),
    ...(prober === undefined
      ? []
      : [['probe', `${prober} asks what the compiler can do`] as [string, string]]),
  ]
  return [
    make('strong', { text: `${names.tools[at(runs.tool)] ?? ''} · ${kindOf(chart, run)}` }),
    make(
      'dl',
      {},
      ...rows.flatMap(([name, value]) => [make('dt', { text: name }), make('dd', { text: value })]),
    ),
    ...(others > 0 ? [make('p', { text: `and ${others} shorter here: zoom in` })] : []),
    ...last,
  ]
}

/** Beside the pointer, where it is not cut off. */
function place(tip: HTMLElement, around: HTMLElement, x: number, y: number): void {
  const left = x + 14 + tip.offsetWidth > around.clientWidth ? x - 14 - tip.offsetWidth : x + 14
  tip.style.left = `${Math.min(Math.max(0, left), Math.max(0, around.clientWidth - tip.offsetWidth))}px`
  tip.style.top = `${y + 16}px`
}

function mark(
  { library, drawing, range }: Stage,
  marks: { run: HTMLElement; wait: HTMLElement },
  run: number | undefined,
  row: number | undefined,
): void {
  marks.run.hidden = run === undefined
  marks.wait.hidden = run === undefined || drawing.chart.runs.waited[run] === 0
  if (run === undefined || row === undefined) return
  const { chart } = drawing
  const rowsGrid = rowsGridOf(drawing)
  const pixelOf = (instant: number): number => {
    const inside = Math.min(range.to, Math.max(range.from, instant))
    const [x = 0] = library.convertToPixel(rowsGrid, [inside, row]) as number[]
    return x
  }
  const [, middle = 0] = library.convertToPixel(rowsGrid, [0, row]) as number[]
  const height = bandOf({ library, drawing })
  const from = pixelOf(startOf(chart, run))
  const asked = pixelOf(startOf(chart, run) - (chart.runs.waited[run] ?? 0))
  box(marks.run, from, middle - height / 2, Math.max(2, pixelOf(endOf(chart, run)) - from), height)
  box(marks.wait, asked, middle - 2, from - asked, 4)
}

function box({ style }: HTMLElement, left: number, top: number, width: number, height: number): void {
  style.left = `${left}px`
  style.top = `${top}px`
  style.width = `${width}px`
  style.height = `${height}px`
}
