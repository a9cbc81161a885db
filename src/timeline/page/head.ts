/** The page's words: what the build came to, where it was narrow, what the colours mean, what went past the shims. */
import { renderInstant, renderMoment, renderTime } from '../amounts.js'
import type { Drawing } from '../drawing.js'
import { kindLooks, panelsOf } from '../layers.js'
import { factsOf, kindEntries, toolEntries } from '../legend.js'
import { sharesOf } from '../phases.js'
import type { Stretch } from '../quantities.js'
import { shortened } from '../text.js'
import { elementOf, make } from './document.js'
import type { Stage } from './stage.js'

const mostStretches = 5
const mostBlamed = 3
const leastBlamed = 0.1 // of the stretch

export function fillHead(drawing: Drawing, stage: Stage): void {
  for (const { name, value, more } of factsOf(drawing))
    elementOf('facts').append(
      make(
        'div',
        {},
        make('dt', { text: name }),
        make('dd', { text: value }, ...(more === undefined ? [] : [make('small', { text: ` ${more}` })])),
      ),
    )
  elementOf('began').textContent = renderMoment(drawing.chart.began) // by the reader's clock
  fillStretches(drawing, stage)
  fillBypasses(drawing)
  fillLegend(drawing)
}

function fillStretches({ chart, narrow }: Drawing, stage: Stage): void {
  const least = chart.span / 200
  const longest = narrow
    .filter(({ from, to }) => to - from >= least)
    .sort((a, b) => b.to - b.from - (a.to - a.from))
    .slice(0, mostStretches)
  elementOf('narrow').hidden = longest.length === 0
  for (const stretch of longest) {
    const button = make('button', { text: textOf(stretch, stage.drawing) })
    button.type = 'button'
    button.addEventListener('click', () => stage.focusOn(stretch))
    elementOf('stretches').append(make('li', {}, button))
  }
}

function textOf({ from, to, run }: Stretch, { chart }: Drawing): string {
  const { names, phases, runs } = chart
  const tool = names.tools[runs.tool[run] ?? -1]
  const file = names.files[runs.file[run] ?? -1] ?? ''
  const what = tool === undefined ? 'no tool' : `${tool} ${shortened(file, 50, 'start')}`.trim()
  const blamed = sharesOf(phases, from, to)
    .slice(0, mostBlamed)
    .filter(({ time }) => time > (to - from) * leastBlamed)
    .map(({ phase, time }) => `${shortened(phase.name, 40, 'end')} ${renderTime(time)}`)
  const during = blamed.length === 0 ? '' : `${blamed.join(', ')}; longest tool: `
  return `${renderTime(to - from)} at ${renderInstant(from, Math.max(1e5, (to - from) / 10))}: ${during}${what}`
}

function fillBypasses({ chart }: Drawing): void {
  elementOf('past').hidden = chart.past.length === 0
  const rows = chart.past.map(({ tool, caller, why, file, fix, runs, seconds }) =>
    make(
      'tr',
      {},
      make('td', { text: tool }),
      make('td', { text: caller }),
      make('td', { text: [why, file].filter(Boolean).join(': ') }),
      make('td', { text: fix ?? '' }),
      make('td', { text: String(runs), className: 'number' }),
      make('td', { text: renderTime(seconds * 1e6), className: 'number' }),
    ),
  )
  elementOf('past-rows').append(...rows)
}

function fillLegend(drawing: Drawing): void {
  const legend = elementOf('legend')
  const entry = (text: string, ...classes: string[]): HTMLElement =>
    make('li', {}, make('i', { className: ['swatch', ...classes].join(' ') }), document.createTextNode(text))
  legend.append(...toolEntries(drawing).map(({ name, colour }) => entry(name, `tool-${colour}`)))
  legend.append(
    ...kindEntries(drawing)
      .filter(({ kind }) => kind in kindLooks)
      .map(({ kind, text }) => entry(text, `kind-${kind}`)),
  )
  if (drawing.narrow.length > 0) legend.append(entry('one slot used, or none', 'one-slot'))
  if (drawing.totals.failed > 0) legend.append(entry('failed: at its end', 'bad-end'))
  if (!panelsOf(drawing).includes('waiting')) return
  if (drawing.totals.gated > 0) legend.append(entry('waits for a rule', 'for-rule'))
  legend.append(entry('waits for a slot', 'for-slot'))
}
