/**
 * Text that others wrote, such as the name of a file: it is not to move the reader's cursor, to colour what follows, to turn it
 * around, or to look like another line. All that is printed for people goes through here; the launcher does the same by the
 * same table (shims/ground/visible.c).
 */

/** What a terminal does not show as it stands, the first and the last of each range: controls, and formats such as U+202E. */
export const hidden: readonly (readonly [number, number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xd800, 0xdfff], // half a character
  [0xfeff, 0xfeff],
  [0xfff0, 0xfffb],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
]

const newline = 0x0a

const hex = (code: number): string => `\\u{${code.toString(16)}}`
const inClass = hidden.map(([from, to]) => `${hex(from)}-${hex(to)}`).join('')
const ofLine = new RegExp(`[${inClass}]`, 'gu')

const oddBytes = { from: 0xdc80, to: 0xdcff, less: 0xdc00 } // bytes.ts

/** Returns a code as `\x1b`, `\u202e` or `\u{e0001}`; a byte that is no UTF-8 as `\xe9`, as the launcher does. */
function escaped(code: number): string {
  if (code >= oddBytes.from && code <= oddBytes.to) return escaped(code - oddBytes.less)
  const digits = code.toString(16)
  if (code < 0x100) return `\\x${digits.padStart(2, '0')}`
  return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`
}

/** Returns the text of one line, with all that is hidden, and line breaks, as `\x1b` and the like. */
export const visibleLine = (text: string): string =>
  text.replace(ofLine, character => escaped(character.codePointAt(0) ?? 0))

/** Returns the same of a text whose lines are ours: its newlines stay. */
export const visible = (text: string): string =>
  text.replace(ofLine, character => {
    const code = character.codePointAt(0) ?? 0
    return code === newline ? character : escaped(code)
  })

/** Returns lines as one text. What they name may have a newline in itself. */
export const visibleLines = (lines: readonly string[]): string =>
  lines.map(line => `${visibleLine(line)}\n`).join('')

/** Returns a JSON text that says the same, with what is hidden as JSON writes it. */
export const escapedForJson = (json: string): string =>
  json.replace(ofLine, character =>
    Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
      .map(unit => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  )
