/** Text in columns. */
import { visibleLine } from './visible.js'

/**
 * Returns the rows as lines, each cell but the last padded to the widest of its column, two spaces between them. `widthOf`: the columns
 * that a text takes, if it may be other than ASCII.
 */
export function renderColumns(
  cells: readonly (readonly string[])[],
  widthOf: (text: string) => number = text => text.length,
): string {
  const rows = cells.map(row => row.map(visibleLine))
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => widthOf(row[column] ?? ''))))
  return rows
    .map(row =>
      row.map((cell, column) =>
        column < row.length - 1 ? padded(cell, (widths[column] ?? 0) - widthOf(cell)) : cell,
      ),
    )
    .map(cells => `${cells.join('  ')}\n`)
    .join('')
}

const padded = (cell: string, by: number): string => `${cell}${' '.repeat(by)}`
