/** Declarations in C, made of tables. */

import type { LedgerField } from './ledger-layout.js'

export const lower = (name: string): string =>
  name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/-/g, '_')
    .toLowerCase()
export const upper = (name: string): string => lower(name).toUpperCase()
export const names = (table: readonly { name: string }[]): string[] => table.map(({ name }) => name)
export const quoted = (text: string): string => JSON.stringify(text).replace(/\?/g, '\\?')
const literal = (value: string | number): string =>
  typeof value === 'number' ? String(value) : quoted(value).replace(/\\u0000/g, '\\0')

/** Words as one text, for ground/words.h. */
export const wordList = (words: readonly string[]): string =>
  words.map(word => quoted(word).replace(/"$/, '\\0"')).join(' ')

export const wordText = (name: string, words: readonly string[]): string =>
  `static const char ${name}[] __attribute__((unused)) = ${wordList(words)};`

/** Rows that stand together and whose further cells are the same, as one: these cells, and the rows. */
export function together<Row>(
  table: readonly Row[],
  cellsOf: (row: Row) => string,
): { cells: string; of: Row[] }[] {
  const groups: { cells: string; of: Row[] }[] = []
  for (const row of table) {
    const cells = cellsOf(row)
    const last = groups.at(-1)
    if (last?.cells === cells) last.of.push(row)
    else groups.push({ cells, of: [row] })
  }
  return groups
}

export const flag = (is: boolean | undefined): string => (is ? 'true' : 'false')

export const defines = (prefix: string, table: Readonly<Record<string, string | number>>): string =>
  Object.entries(table)
    .map(([name, value]) => `#define ${prefix}_${upper(name)} ${literal(value)}`)
    .join('\n')

/** An enum for the rows of a table, of one byte. */
export const smallEnum = (name: string, constants: readonly string[]): string =>
  `enum __attribute__((packed)) ${name} { ${constants.join(', ')} };`

/** An enum whose constants count from 0, in the order of a table. */
export const enumOf = (name: string, prefix: string, words: readonly string[]): string =>
  `enum ${name} { ${words.map(word => `${prefix}_${upper(word)}`).join(', ')} };`

export const rows = (type: string, name: string, cells: readonly string[]): string =>
  `static const struct ${type} ${name}[] __attribute__((unused)) = {\n${cells.map(cell => `\t{ ${cell} },\n`).join('')}};`

export const constants = (type: string, prefix: string, table: Readonly<Record<string, number>>): string =>
  `enum ${type} { ${Object.entries(table)
    .map(([name, value]) => `${prefix}_${upper(name)} = ${value}`)
    .join(', ')} };`

const snake = (name: string): string => upper(name).toLowerCase()

const typeOf = {
  char: 'char',
  u8: 'uint8_t',
  u16: 'uint16_t',
  u32: 'uint32_t',
  i32: 'int32_t',
  u64: 'uint64_t',
} as const

const sizeOf = { char: 1, u8: 1, u16: 2, u32: 4, i32: 4, u64: 8 } as const

/** A struct whose fields lie where the table says: what it leaves out is filled, and the compiler checks each place. */
export function structOf(name: string, fields: Readonly<Record<string, LedgerField>>, size: number): string {
  const lines: string[] = []
  const checks: string[] = []
  let end = 0
  const fill = (to: number): void => {
    if (to > end) lines.push(`\tuint8_t unused_${end}[${to - end}];`)
  }
  for (const [field, { at, type, count }] of Object.entries(fields)) {
    fill(at)
    lines.push(`\t${typeOf[type]} ${snake(field)}${count === undefined ? '' : `[${count}]`};`)
    checks.push(
      `_Static_assert(offsetof(struct ${name}, ${snake(field)}) == ${at}, "${name}.${snake(field)}");`,
    )
    end = at + sizeOf[type] * (count ?? 1)
  }
  fill(size)
  checks.push(`_Static_assert(sizeof(struct ${name}) == ${size}, "${name}");`)
  return `struct ${name} {\n${lines.join('\n')}\n};\n${checks.join('\n')}`
}
