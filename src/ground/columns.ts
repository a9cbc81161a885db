/** Text in columns. */

/** Returns the rows as lines, each cell but the last padded to the widest of its column, two spaces between them. */
export function renderColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows
    .map(row =>
      row.map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell)),
    )
    .map(cells => `${cells.join('  ')}\n`)
    .join('')
}
