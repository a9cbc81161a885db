/** The picture of a build, as the drawing library wants it told: for the page and for the still picture alike. */
import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemParams } from 'echarts'
import { CustomChart } from 'echarts/charts'
import { DataZoomComponent, GraphicComponent, GridComponent, TitleComponent } from 'echarts/components'
import { type EChartsCoreOption, use } from 'echarts/core'
import { renderInstant, renderMemory } from './amounts.js'
import type { Drawing } from './drawing.js'
import { highestOf, type Layer, layersOf, type Panel, panelsOf, type View } from './layers.js'
import { type BarName, nameHeight } from './names.js'
import { pathLayers } from './path-layers.js'
import { rectanglesShape } from './shapes.js'
import type { Theme } from './theme.js'

use([CustomChart, GridComponent, TitleComponent, DataZoomComponent, GraphicComponent])

export type Frame = {
  width: number // pixels
  top: number // what is kept free above the panels
  moves: boolean // it can be zoomed and moved
  range?: { from: number; to: number } // what it shows first; default all. Microseconds
}

const left = 58
const right = 14
const titleHeight = 30
const axisHeight = 26
const sliderHeight = 24
const rowsHeight = { most: 1600, aRow: 26, leastRow: 3, tallest: 12_000 } as const // a canvas has a limit
const phaseRow = 19
const smallPanel = 64
const fontFamily = 'system-ui, Segoe UI, Roboto, DejaVu Sans, sans-serif' // without quotes: an SVG's attributes have them

type Place = { panel: Panel; top: number; height: number }

function placesOf(drawing: Drawing, top: number): Place[] {
  const { phases, rows } = highestOf(drawing)
  const heights: Partial<Record<Panel, number>> = { phases: phases * phaseRow, path: phaseRow + 4 }
  const aRow = Math.max(rowsHeight.leastRow, Math.min(rowsHeight.aRow, Math.floor(rowsHeight.most / rows)))
  let next = top
  return panelsOf(drawing).map(panel => {
    const place = {
      panel,
      top: next + titleHeight,
      height:
        panel === 'rows'
          ? Math.min(rowsHeight.tallest, Math.max(40, rows * aRow))
          : (heights[panel] ?? smallPanel),
    }
    next = place.top + place.height
    return place
  })
}

/** Returns how high the picture is, in pixels. */
export function heightOf(drawing: Drawing, { top, moves }: Pick<Frame, 'top' | 'moves'>): number {
  const last = placesOf(drawing, top).at(-1)
  return (last ? last.top + last.height : top) + axisHeight + (moves ? sliderHeight + 12 : 6)
}

/** The time axis' distance between labels, in microseconds: what people count in. */
export function tickInterval(span: number, width: number): number {
  const least = span / Math.max(1, Math.floor((width - left - right) / 84))
  const decimal = 10 ** Math.floor(Math.log10(Math.max(1, least)))
  const below10s = [1, 2, 5, 10].map(digit => digit * decimal).find(interval => interval >= least)
  if (below10s !== undefined && below10s <= 10e6) return below10s
  const seconds = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400]
  return (seconds.find(interval => interval * 1e6 >= least) ?? Math.ceil(least / 86400e6) * 86400) * 1e6
}

/** Returns what of the option depends on the window. */
export function timeAxes(drawing: Drawing, theme: Theme, interval: number) {
  const panels = panelsOf(drawing)
  return panels.map((panel, gridIndex) => ({
    gridIndex,
    type: 'value' as const,
    min: 0,
    max: drawing.chart.span,
    // `interval` itself would count from the window's beginning.
    minInterval: interval,
    maxInterval: interval,
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: theme.line } },
    axisLabel: {
      show: panel === panels.at(-1),
      color: theme.faint,
      hideOverlap: true,
      // The window's own ends get a label too, which is none of these.
      formatter: (instant: number) =>
        Math.abs(instant / interval - Math.round(instant / interval)) < 1e-6
          ? renderInstant(instant, interval)
          : '',
    },
  }))
}

/** Returns the whole option. */
export function pictureOf(drawing: Drawing, theme: Theme, frame: Frame): EChartsCoreOption {
  const { chart } = drawing
  const range = frame.range ?? { from: 0, to: chart.span }
  const places = placesOf(drawing, frame.top)
  const layers = [...layersOf(drawing, theme), ...pathLayers(drawing, theme)]
  const panels = panelsOf(drawing)
  const zoom = {
    xAxisIndex: panels.map((_, index) => index),
    filterMode: 'none',
    minValueSpan: Math.min(20, chart.span),
    throttle: 30,
    startValue: range.from,
    endValue: range.to,
  }
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: { fontFamily, color: theme.text },
    title: places.map(({ panel, top }) => ({
      text: titleOf(panel, drawing),
      left: left - 4,
      top: top - 19,
      padding: 0,
      textStyle: {
        fontSize: 12,
        fontWeight: 'normal',
        color: theme.faint,
        width: frame.width - left - right,
        overflow: 'truncate',
      },
    })),
    grid: places.map(({ top, height }) => ({
      left,
      right,
      top,
      height,
      outerBoundsMode: 'none',
      show: true,
      borderColor: theme.line,
      backgroundColor: 'transparent',
    })),
    xAxis: timeAxes(drawing, theme, tickInterval(range.to - range.from, frame.width)),
    yAxis: panels.map((panel, gridIndex) =>
      panel === 'rows'
        ? rowAxis(drawing, theme, gridIndex)
        : {
            ...amountAxis(drawing, theme, panel, gridIndex),
            ...(panel === 'phases' || panel === 'path' ? withoutLabels : {}),
          },
    ),
    dataZoom: frame.moves
      ? [
          {
            ...zoom,
            type: 'inside',
            zoomOnMouseWheel: 'ctrl',
            moveOnMouseWheel: 'shift',
            preventDefaultMouseMove: false,
          },
          {
            ...zoom,
            type: 'slider',
            left,
            right,
            bottom: 6,
            height: sliderHeight,
            showDetail: false,
            brushSelect: false,
            showDataShadow: false,
            borderColor: theme.line,
          },
        ]
      : [],
    series: panels.map((panel, index) =>
      seriesOf(
        layers.filter(layer => layer.panel === panel),
        index,
        chart.span,
      ),
    ),
  }
}

function titleOf(panel: Panel, { chart, path }: Drawing): string {
  const texts: Record<Panel, string> = {
    phases: 'What else ran',
    path: `Likely critical path${path.some(({ kind }) => kind === 'full') ? '; grey: all slots in use' : ''}`,
    rows: chart.over > 0 ? 'Slots; behind +: runs without one' : 'Slots',
    used: chart.limit === undefined ? 'Slots in use' : `Slots in use, of ${chart.limit}`,
    cores: `Cores kept busy by the tools${chart.cores === undefined ? '' : `, of ${chart.cores}`}`,
    waiting: 'Tools that wait',
    memory: 'Memory: the sum of the peaks of what runs',
  }
  return texts[panel]
}

function rowAxis({ chart }: Drawing, theme: Theme, gridIndex: number) {
  const name = (row: number): string => (row < chart.slots ? `${row + 1}` : `+${row - chart.slots + 1}`)
  return {
    gridIndex,
    type: 'category',
    inverse: true,
    data: Array.from({ length: Math.max(1, chart.slots + chart.over) }, (_, row) => name(row)),
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: theme.faint, fontSize: 11 },
    splitLine: { show: true, lineStyle: { color: theme.line, opacity: 0.5 } },
  }
}

function amountAxis(drawing: Drawing, theme: Theme, panel: Panel, gridIndex: number) {
  const highest = highestOf(drawing)[panel]
  return {
    gridIndex,
    type: 'value',
    min: 0,
    max: highest,
    interval: highest,
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: theme.line } },
    axisLabel: {
      color: theme.faint,
      fontSize: 11,
      formatter: (amount: number) =>
        panel === 'memory' ? renderMemory(amount) : String(Math.round(amount * 10) / 10),
    },
  }
}

const withoutLabels = { axisLabel: { show: false }, splitLine: { show: false } }

function seriesOf(layers: readonly Layer[], index: number, span: number) {
  return {
    type: 'custom',
    xAxisIndex: index,
    yAxisIndex: index,
    clip: true,
    silent: true,
    animation: false,
    data: layers.map(() => [0, 0]),
    renderItem: (item: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI) => {
      const layer = layers[item.dataIndex]
      if (!layer) return null
      const { fill, opacity } = layer
      const view = viewOf(item, api, span)
      const rectangles = {
        type: rectanglesShape,
        shape: { numbers: layer.rectangles(view) },
        style: { fill, opacity },
      }
      const names = layer.names?.(view) ?? []
      return names.length === 0 ? rectangles : { type: 'group', children: [rectangles, ...names.map(textOf)] }
    },
  }
}

const textOf = ({ text, x, y, width, fill }: BarName) => ({
  type: 'text',
  style: {
    text,
    x,
    y,
    fill,
    width,
    overflow: 'truncate',
    fontSize: nameHeight,
    fontFamily,
    verticalAlign: 'middle',
  },
})

/** Where the library has put the panel, and what part of the time it shows there. */
function viewOf(item: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI, span: number): View {
  const { x, y, width, height } = item.coordSys as unknown as Record<'x' | 'y' | 'width' | 'height', number>
  const [begin = 0] = api.coord([0, 0])
  const [end = 1] = api.coord([span, 0])
  const instantAt = (pixel: number): number => ((pixel - begin) / (end - begin)) * span
  return {
    window: { from: instantAt(x), to: instantAt(x + width), width: Math.round(width) },
    x,
    y,
    width,
    height,
  }
}
