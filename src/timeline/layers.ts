/** What lies on a picture's panels, from the lowest to the topmost: all that has one colour is one shape. */
import { type Level, levelsOf } from './areas.js'
import { type Bar, barsOf, type Lane, lanes, type Window } from './bars.js'
import type { Drawing } from './drawing.js'
import { type BarName, nameIn, textsOf } from './names.js'
import { peakOf, type Steps } from './steps.js'
import { inkOn, type Theme } from './theme.js'

export type Panel = 'phases' | 'path' | 'rows' | 'used' | 'cores' | 'waiting' | 'memory'

/** Returns the panels of a picture, from top to bottom: not those in which nothing would be. */
export const panelsOf = ({ chart, path, totals, waits }: Drawing): Panel[] => [
  ...(chart.phases.length === 0 ? [] : (['phases'] as const)),
  ...(path.length === 0 ? [] : (['path'] as const)),
  'rows',
  'used',
  ...(totals.cpu === null || totals.runs === 0 ? [] : (['cores'] as const)),
  ...(peakOf(waits) === 0 ? [] : (['waiting'] as const)),
  ...(totals.peakMemory === null || totals.runs === 0 ? [] : (['memory'] as const)),
]

/** A part of a panel: the window, and where in the picture the panel lies. */
export type View = { window: Window; x: number; y: number; width: number; height: number }

export type Layer = {
  panel: Panel
  fill: string
  opacity: number
  rectangles(view: View): number[] // x, y, width and height of each, in pixels
  names?(view: View): BarName[] // what is written on them
}

/** Where in its row a lane's bars lie: parts of the row's height. Without clients nothing is kept free for them. */
const places = {
  holder: { top: 0.06, bottom: 0.2 },
  main: { top: 0.26, bottom: 0.94 },
  mainAlone: { top: 0.08, bottom: 0.92 },
  inside: { top: 0.48, bottom: 0.78 },
} as const

/** How the kinds of runs differ within a tool's colour. */
export const kindLooks: Readonly<Record<string, { opacity: number; top: number; line: boolean }>> = {
  compile: { opacity: 1, top: 0, line: false },
  link: { opacity: 1, top: 0, line: true }, // a line along its lower edge, below a name
  preprocess: { opacity: 1, top: 0.5, line: false }, // half as high
  other: { opacity: 0.55, top: 0, line: false },
  client: { opacity: 1, top: 0, line: false },
}

/** Where that line is: parts of the bar's height. */
export const linePlace = { top: 0.84, height: 0.1 } as const

export const highestOf = (drawing: Drawing): Readonly<Record<Panel, number>> => ({
  phases: Math.max(1, ...drawing.chart.phases.map(({ row }) => row + 1)),
  path: 1,
  rows: Math.max(1, drawing.chart.slots + drawing.chart.over),
  used: Math.max(1, drawing.chart.limit ?? 0, peakOf(drawing.used)),
  cores: Math.max(1, drawing.chart.cores ?? 0, peakOf(drawing.cores)),
  waiting: Math.max(1, peakOf(drawing.waits)),
  memory: Math.max(1, peakOf(drawing.memory)),
})

export function layersOf(drawing: Drawing, theme: Theme): Layer[] {
  const highest = highestOf(drawing)
  const area = (panel: Panel, steps: Steps, fill: string): Layer[] => {
    const levels = once((window: Window) => levelsOf(steps, window))
    const layer = (opacity: number, pick: (level: Level) => number): Layer => ({
      panel,
      fill,
      opacity,
      rectangles: view => areaIn(view, levels(view.window), pick, highest[panel]),
    })
    // Where a pixel stands for several values: the highest, and before it the mean.
    return [layer(0.4, ({ most }) => most), layer(1, ({ mean }) => mean)]
  }
  return [
    ...(['phases', 'rows', 'used'] as const).map(panel => narrowLayer(panel, drawing, theme)),
    phaseLayer(drawing, theme, highest.phases),
    ...barLayers(drawing, theme, highest.rows),
    ...area('used', drawing.used, theme.used),
    ...area('cores', drawing.cores, theme.cores),
    ...area('waiting', drawing.waits, theme.waitsForSlot),
    ...area('waiting', drawing.waitsForGate, theme.waitsForGate),
    ...area('memory', drawing.memory, theme.memory),
  ]
}

const across = ({ window, x, width }: View, instant: number): number =>
  x + ((instant - window.from) / (window.to - window.from)) * width

/** Returns a rectangle that is a pixel wide at least, and not wider than the panel. */
export function rectangle(view: View, from: number, to: number, top: number, height: number): number[] {
  const left = Math.max(view.x - 1, across(view, from))
  const right = Math.min(view.x + view.width + 1, across(view, to))
  const gap = right - left > 4 ? 1 : 0 // which tells a bar from the next one
  return [left, top, Math.max(1, right - left - gap), height]
}

function areaIn(
  view: View,
  levels: readonly Level[],
  pick: (level: Level) => number,
  highest: number,
): number[] {
  const numbers: number[] = []
  for (const level of levels) {
    const height = (pick(level) / highest) * view.height
    const left = across(view, level.from)
    // A little too wide: else the background shines through between two that meet within a pixel.
    if (height > 0)
      numbers.push(left, view.y + view.height - height, across(view, level.to) - left + 0.5, height)
  }
  return numbers
}

/** A stretch narrower than this would only make the picture restless. Part of the window. */
const narrowest = 0.002

function narrowLayer(panel: Panel, { narrow }: Drawing, theme: Theme): Layer {
  return {
    panel,
    fill: theme.narrow,
    opacity: 1,
    rectangles: view => {
      const { from, to } = view.window
      return narrow.flatMap(stretch =>
        stretch.to > from && stretch.from < to && stretch.to - stretch.from > (to - from) * narrowest
          ? rectangle(view, stretch.from, stretch.to, view.y, view.height)
          : [],
      )
    },
  }
}

function phaseLayer({ chart }: Drawing, theme: Theme, rows: number): Layer {
  const boxes = (view: View) =>
    chart.phases.flatMap(phase => {
      const { from, to } = view.window
      if (phase.to <= from || phase.from >= to) return []
      const band = view.height / rows
      const [x = 0, top = 0, width = 0, height = 0] = rectangle(
        view,
        phase.from,
        phase.to,
        view.y + band * phase.row + 1,
        band - 2,
      )
      return [{ phase, box: { x, top, width, height } }]
    })
  return {
    panel: 'phases',
    fill: theme.phases,
    opacity: 1,
    rectangles: view => boxes(view).flatMap(({ box: { x, top, width, height } }) => [x, top, width, height]),
    names: view =>
      boxes(view).flatMap(({ phase: { name }, box }) =>
        nameIn(box, [name, name.split(' ')[0] ?? ''], inkOn(theme.phases, 1, theme)),
      ),
  }
}

/** Bars that look the same. */
type Look = { lane: Lane; colour: number; kind: string }

function barLayers(drawing: Drawing, theme: Theme, rows: number): Layer[] {
  const { chart } = drawing
  const clients = drawing.lanes.some(({ lane }) => lane === 'holder')
  const looks = new Map<string, Look>()
  for (const { lane, runs } of drawing.lanes)
    for (const run of runs) {
      const look = lookOf(drawing, lane, chart.runs.tool[run] ?? 0, chart.runs.kind[run] ?? 0)
      looks.set(keyOf(look), look)
    }
  const bars = barsByLook(drawing)
  const within = (view: View, { row }: Bar, { lane, kind }: Look): { top: number; height: number } => {
    const band = view.height / rows
    const place = places[lane === 'main' && !clients ? 'mainAlone' : lane]
    const height = band * (place.bottom - place.top)
    const shift = lane === 'main' ? height * (kindLooks[kind]?.top ?? 0) : 0
    return { top: view.y + band * (row + place.top) + shift, height: Math.max(1, height - shift) }
  }
  const draw =
    (look: Look, shape: (top: number, height: number) => [number, number], pick: (bar: Bar) => boolean) =>
    (view: View): number[] =>
      (bars(view.window).get(keyOf(look)) ?? []).flatMap(bar => {
        const { top, height } = within(view, bar, look)
        return pick(bar) ? rectangle(view, bar.from, bar.to, ...shape(top, height)) : []
      })
  const ordered = [...looks.values()].sort((a, b) => lanes.indexOf(a.lane) - lanes.indexOf(b.lane))
  return ordered.flatMap((look): Layer[] => {
    const { opacity = 1, line = false } = kindLooks[look.kind] ?? {}
    const layer = (fill: string, rectangles: Layer['rectangles'], opacity = 1): Layer => ({
      panel: 'rows',
      fill,
      opacity,
      rectangles,
    })
    const colour = theme.tools[look.colour] ?? theme.faint
    const names = (view: View): BarName[] =>
      (bars(view.window).get(keyOf(look)) ?? []).flatMap(bar => {
        const { top, height } = within(view, bar, look)
        const [x = 0, , width = 0] = rectangle(view, bar.from, bar.to, top, height)
        const ink = inkOn(colour, opacity, theme)
        return bar.run === -1 ? [] : nameIn({ x, width, top, height }, textsOf(chart, bar.run), ink)
      })
    const around: [number, number] = look.lane === 'inside' ? [1, 2] : [0, 0]
    const all = (): boolean => true
    return [
      // What shows through is the background, not what lies below.
      ...(look.lane === 'inside'
        ? [
            layer(
              theme.background,
              draw(look, (top, height) => [top - around[0], height + around[1]], all),
            ),
          ]
        : []),
      layer(
        theme.tools[look.colour] ?? theme.faint,
        draw(look, (top, height) => [top, height], all),
        opacity,
      ),
      ...(line
        ? [
            layer(
              theme.background,
              draw(
                look,
                (top, height) => [top + height * linePlace.top, Math.max(1, height * linePlace.height)],
                all,
              ),
            ),
          ]
        : []),
      {
        ...layer(theme.failed, view =>
          (bars(view.window).get(keyOf(look)) ?? []).flatMap(bar => {
            if (!bar.failed) return []
            const { top, height } = within(view, bar, look)
            const end = across(view, bar.to)
            return end > view.x + view.width + 3 ? [] : [Math.max(view.x, end - 3), top, 3, height]
          }),
        ),
        names,
      },
    ]
  })
}

const keyOf = ({ lane, colour, kind }: Look): string => `${lane} ${colour} ${kind}`

function lookOf({ chart, colours }: Drawing, lane: Lane, tool: number, kind: number): Look {
  const look = { lane, colour: colours[tool] ?? 0, kind: chart.names.kinds[kind] ?? 'other' }
  return lane === 'holder' ? { ...look, kind: 'client' } : look
}

/** Returns the bars of a window by how they look: all layers of it are drawn from the same ones. */
const barsByLook = (drawing: Drawing): ((window: Window) => Map<string, Bar[]>) =>
  once(window => {
    const bars = new Map<string, Bar[]>()
    for (const lane of drawing.lanes)
      for (const bar of barsOf(drawing.chart, lane, window)) {
        const look = keyOf(lookOf(drawing, lane.lane, bar.tool, bar.kind))
        const alike = bars.get(look)
        if (alike) alike.push(bar)
        else bars.set(look, [bar])
      }
    return bars
  })

/** Returns a function that works out a window once, as long as nobody asks for another one. */
function once<Result>(of: (window: Window) => Result): (window: Window) => Result {
  let last: { window: Window; result: Result } | undefined
  return window => {
    const same =
      last?.window.from === window.from && last.window.to === window.to && last.window.width === window.width
    if (!last || !same) last = { window, result: of(window) }
    return last.result
  }
}
