/** The picture in the page: drawn, zoomed, moved, resized. Times are microseconds. */
import { type EChartsType, init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import type { Drawing } from '../drawing.js'
import { heightOf, pictureOf, tickInterval, timeAxes } from '../picture.js'
import { type ThemeName, themes } from '../theme.js'

use([CanvasRenderer])

export type Range = { from: number; to: number }

export class Stage {
  readonly library: EChartsType
  range: Range
  #interval = 0
  #onMove: (() => void)[] = []

  constructor(
    readonly element: HTMLElement,
    readonly drawing: Drawing,
    private theme: ThemeName,
  ) {
    this.range = { from: 0, to: drawing.chart.span }
    element.style.height = `${heightOf(drawing, { top: 0, moves: true })}px`
    this.library = init(element, null, { renderer: 'canvas' })
    leaveWheelToPage(element)
    this.library.on('datazoom', () => this.#moved())
    this.show(theme)
    new ResizeObserver(() => {
      if (this.width === element.clientWidth) return
      this.library.resize()
      this.#labelAxis()
    }).observe(element)
  }

  get width(): number {
    return this.library.getWidth()
  }

  /** Draws it in other colours. */
  show(theme: ThemeName): void {
    this.theme = theme
    const frame = { width: this.width, top: 0, moves: true, range: this.range }
    this.library.setOption(pictureOf(this.drawing, themes[theme], frame), { notMerge: true })
    this.#interval = tickInterval(this.range.to - this.range.from, this.width)
  }

  onMove(listener: () => void): void {
    this.#onMove.push(listener)
  }

  /** Shows this part of the time, as far as there is any. */
  zoomTo({ from, to }: Range): void {
    const { span } = this.drawing.chart
    const wide = Math.min(span, Math.max(to - from, Math.min(20, span)))
    const startValue = Math.min(Math.max(0, from), span - wide)
    this.library.dispatchAction({ type: 'dataZoom', startValue, endValue: startValue + wide })
  }

  /** Brings the picture into view, and what ran from then to then with some of what is around it. */
  focusOn({ from, to }: Range): void {
    const around = Math.max(1000, (to - from) / 4)
    this.zoomTo({ from: Math.max(0, from - around), to: Math.min(this.drawing.chart.span, to + around) })
    this.element.scrollIntoView({ block: 'nearest' })
  }

  /** Shows `factor` of the time that is shown now, around its middle. */
  zoomBy(factor: number): void {
    const { from, to } = this.range
    const middle = (from + to) / 2
    const half = ((to - from) / 2) * factor
    this.zoomTo({ from: middle - half, to: middle + half })
  }

  /** Moves by so many times of what is shown. */
  moveBy(part: number): void {
    const { from, to } = this.range
    const by = (to - from) * part
    this.zoomTo({ from: from + by, to: to + by })
  }

  zoomOut(): void {
    this.zoomTo({ from: 0, to: this.drawing.chart.span })
  }

  #moved(): void {
    const { dataZoom } = this.library.getOption() as {
      dataZoom: { startValue: number; endValue: number }[]
    }
    const [zoom] = dataZoom
    if (zoom) this.range = { from: zoom.startValue, to: zoom.endValue }
    this.#labelAxis()
    for (const listener of this.#onMove) listener()
  }

  #labelAxis(): void {
    const interval = tickInterval(this.range.to - this.range.from, this.width)
    if (interval === this.#interval) return
    this.#interval = interval
    this.library.setOption({ xAxis: timeAxes(this.drawing, themes[this.theme], interval) })
  }
}

/** The library would keep the page from scrolling also where it does not zoom itself. */
function leaveWheelToPage(element: HTMLElement): void {
  const keep = (event: Event): void => {
    if (event instanceof WheelEvent && !event.ctrlKey && !event.shiftKey) event.stopPropagation()
  }
  for (const name of ['wheel', 'mousewheel'])
    element.addEventListener(name, keep, { capture: true, passive: true })
}
