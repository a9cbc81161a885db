/** The still picture: an SVG text, drawn without a browser. */
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import type { Chart } from './chart.js'
import { drawingOf } from './drawing.js'
import { kindLooks, linePlace } from './layers.js'
import { factsOf, kindEntries, toolEntries } from './legend.js'
import { heightOf, pictureOf } from './picture.js'
import { escaped, legible, shortened } from './text.js'
import { type Theme, themes } from './theme.js'

use([SVGRenderer])

const width = 1200
const margin = 20
const lineHeight = 22
const swatch = 14

/** Returns the picture of a whole build, in light colours on a background of its own. */
export function renderSvg(chart: Chart): string {
  const drawing = drawingOf(chart)
  const theme = themes.light
  const entries: Entry[] = [
    ...toolEntries(drawing).map(({ name, colour }) => ({
      text: shortened(name, 60, 'end'),
      fill: theme.tools[colour] ?? theme.faint,
    })),
    ...kindEntries(drawing).map(({ kind, text }) => ({ text, fill: theme.faint, kind })),
    ...(drawing.totals.gated > 0
      ? [
          { text: 'waits for a rule', fill: theme.waitsForGate },
          { text: 'waits for a slot', fill: theme.waitsForSlot },
        ]
      : []),
    ...(drawing.totals.failed > 0 ? [{ text: 'failed: at its end', fill: theme.failed }] : []),
    ...(drawing.narrow.length > 0 ? [{ text: 'one slot used, or none', fill: theme.narrow }] : []),
  ]
  const facts = flow(
    factsOf(drawing).map(({ name, value, more }) => ({
      text: `${name}: ${value}${more === undefined ? '' : ` (${more})`}`,
    })),
    40,
    theme,
  )
  const legend = flow(entries, facts.bottom + 6, theme)
  const top = legend.bottom
  const picture = init(null, null, {
    renderer: 'svg',
    ssr: true,
    width,
    height: heightOf(drawing, { top, moves: false }),
  })
  try {
    picture.setOption({
      ...pictureOf(drawing, theme, { width, top, moves: false }),
      graphic: [
        text(shortened(chart.title, 110, 'end'), margin, 14, {
          fill: theme.text,
          fontSize: 16,
          fontWeight: 'bold',
        }),
        ...facts.elements,
        ...legend.elements,
      ],
    })
    return titled(picture.renderToSVGString(), chart)
  } finally {
    picture.dispose()
  }
}

/** What a reader that can't see it is told. */
const titled = (picture: string, chart: Chart): string =>
  legible(picture.replace('>', () => ` role="img"><title>Slots over time of ${escaped(chart.title)}</title>`))

type Entry = { text: string; fill?: string; kind?: string } // without a colour it is text alone

const text = (words: string, x: number, y: number, style: object) => ({
  type: 'text',
  x,
  y,
  silent: true,
  style: { text: words, width: width - 2 * margin, overflow: 'truncate', ...style },
})

/** Entries side by side, in as many lines as they need. Nobody measures text here: letters are taken to be wide. */
function flow(entries: readonly Entry[], from: number, theme: Theme) {
  let x = margin
  let y = from
  const elements = entries.flatMap(entry => {
    const indent = entry.fill === undefined ? 0 : swatch + 6
    const wide = indent + entry.text.length * 6.6 + 18
    if (x > margin && x + wide > width - margin) {
      x = margin
      y += lineHeight
    }
    const here = { x, y }
    x += wide
    return [
      ...swatchOf(entry, here.x, here.y, theme),
      text(entry.text, here.x + indent, here.y + 1, { fill: theme.text, fontSize: 12 }),
    ]
  })
  return { elements, bottom: y + lineHeight }
}

function swatchOf({ fill, kind }: Entry, x: number, y: number, theme: Theme) {
  const { opacity = 1, top = 0, line = false } = kindLooks[kind ?? ''] ?? {}
  const box = (from: number, height: number, style: object) => ({
    type: 'rect',
    silent: true,
    shape: { x, y: y + from, width: swatch, height },
    style,
  })
  if (fill === undefined) return []
  if (kind === 'client') return [box(0, 3, { fill })]
  return [
    box(swatch * top, swatch * (1 - top), { fill, opacity }),
    ...(line ? [box(swatch * linePlace.top, swatch * linePlace.height, { fill: theme.background })] : []),
  ]
}
