/** The costliest files: a table that sorts by its heads, filters, and leads into the picture. */
import {
  type CellComponent,
  FilterModule,
  FormatModule,
  InteractionModule,
  ResizeTableModule,
  SortModule,
  Tabulator,
} from 'tabulator-tables'
import 'tabulator-tables/dist/css/tabulator_simple.css'
import { grouped, renderKnown, renderMemory, renderTime } from '../amounts.js'
import type { Drawing } from '../drawing.js'
import type { FileCosts } from '../quantities.js'
import { elementOf, make } from './document.js'
import type { Stage } from './stage.js'

Tabulator.registerModule([FilterModule, FormatModule, InteractionModule, ResizeTableModule, SortModule])

const numbers: readonly { field: keyof FileCosts; title: string; render: (value: number) => string }[] = [
  { field: 'ran', title: 'Ran', render: renderTime },
  { field: 'longest', title: 'Longest', render: renderTime },
  { field: 'cpu', title: 'CPU', render: renderTime },
  { field: 'waited', title: 'Waited', render: renderTime },
  { field: 'memory', title: 'Memory', render: renderMemory },
  { field: 'runs', title: 'Runs', render: grouped },
]

export function fillTable(drawing: Drawing, stage: Stage): void {
  const { costs } = drawing
  const table = new Tabulator(elementOf('costs'), {
    data: costs,
    height: Math.min(440, 44 + 33 * Math.max(1, costs.length)),
    layout: 'fitColumns',
    placeholder: 'No file is like that.',
    columnDefaults: { headerSortTristate: false },
    initialSort: [{ column: 'ran', dir: 'desc' }],
    columns: [
      {
        title: 'File',
        field: 'file',
        widthGrow: 4,
        minWidth: 190,
        formatter: cell => buttonOf(cell, stage),
      },
      {
        title: 'Tools',
        field: 'tools',
        widthGrow: 1,
        minWidth: 80,
        formatter: cell => textOf(cell.getValue()),
      },
      ...numbers.map(({ field, title, render }) => ({
        title,
        field,
        minWidth: 84,
        hozAlign: 'right' as const,
        headerHozAlign: 'right' as const,
        sorter: 'number' as const,
        headerSortStartingDir: 'desc' as const,
        formatter: (cell: CellComponent) => textOf(renderKnown(cell.getValue() as number | null, render)),
      })),
    ],
  })
  const count = elementOf('count')
  const told = (shown: number): void => {
    count.textContent =
      shown === costs.length
        ? `${grouped(shown)} files`
        : `${grouped(shown)} of ${grouped(costs.length)} files`
  }
  told(costs.length)
  table.on('dataFiltered', (_, rows) => told(rows.length))
  table.on('tableBuilt', () => {
    filterBy(table)
    reachHeads(table)
    document.documentElement.dataset.table = 'drawn'
    performance.mark('table drawn')
  })
}

const textOf = (text: string): HTMLElement => make('span', { text })

/** Each word must be in the file's name or in a tool's. */
function filterBy(table: Tabulator): void {
  const input = elementOf('filter') as HTMLInputElement
  input.addEventListener('input', () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean)
    if (words.length === 0) table.clearFilter(true)
    else
      table.setFilter(({ file, tools }: FileCosts) => {
        const text = `${file} ${tools}`.toLowerCase()
        return words.every(word => text.includes(word))
      })
  })
}

/** The library sorts by a click; keys get there, too. */
function reachHeads(table: Tabulator): void {
  for (const column of table.getColumns()) {
    const head = column.getElement()
    head.tabIndex = 0
    head.addEventListener('keydown', event => {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      head.click()
    })
  }
}

/** The file's name, which shows its runs in the picture. */
function buttonOf(cell: CellComponent, stage: Stage): HTMLElement {
  const { file, first, last } = cell.getData() as FileCosts
  const button = make('button', { className: 'file' }, make('bdi', { text: file }))
  button.type = 'button'
  button.title = file
  button.addEventListener('click', () => stage.focusOn({ from: first, to: last }))
  return button
}
