/** The page's words: what the build came to, where it was narrow, what the colours mean, what went past the shims. */
import { renderMoment, renderTime } from '../amounts.js'
import type { Drawing } from '../drawing.js'
import { kindLooks, panelsOf } from '../layers.js'
import { factsOf, kindEntries, toolEntries } from '../legend.js'
import { longestNarrow, renderCause, renderPlace } from '../narrow.js'
import { elementOf, make } from './document.js'
import type { Stage } from './stage.js'

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

function fillStretches(drawing: Drawing, stage: Stage): void {
  const longest = longestNarrow(drawing)
  elementOf('narrow').hidden = longest.length === 0
  for (const narrow of longest) {
    const time = renderTime(narrow.to - narrow.from)
    const button = make('button', {
      text: `${time} from ${renderPlace(narrow)} on: ${renderCause(narrow, drawing)}`,
    })
    button.type = 'button'
    button.addEventListener('click', () => stage.focusOn(narrow))
    elementOf('stretches').append(make('li', {}, button))
  }
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
