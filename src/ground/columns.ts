/** Text in columns. */
import { visibleLine } from './visible.js'

/** Returns the rows as lines, each cell but the last padded to the widest of its column, two spaces between them. */
export function renderColumns(cells: readonly (readonly string[])[]): string {
  const rows = cells.map(row => row.map(visibleLine))
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows
    .map(row =>
      row.map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell)),
    )
    .map(cells => `${cells.join('  ')}\n`)
    .join('')
}
