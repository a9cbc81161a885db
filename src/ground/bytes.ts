/**
 * Bytes as text and back. Linux has no text: a file's name, a word of a command line and a variable are bytes, which need not be UTF-8.
 * Node reads such a byte as U+FFFD, and what it was is lost. Here it is a half of a character, U+DC80 to U+DCFF, which UTF-8 never has;
 * Python's surrogateescape does the same. All else that handles text leaves it as it is, and `bytesOf` makes the byte of it again. What Node
 * writes by itself has U+FFFD in its place.
 */
import { isUtf8 } from 'node:buffer'

const firstHalf = 0xdc00
const half = /[\ud800-\udfff]/u // with this flag: only one that stands alone
const oddByte = /[\udc80-\udcff]/u
const oddBytes = /[\udc80-\udcff]/gu

/** A byte of which Node has left no more than that it was none of UTF-8. */
export const lostByte = '\ud800'

/** What Node reads such a byte as. */
export const replacement = '\ufffd'

/** Whether the text has bytes that are no UTF-8, or lost ones. */
export const hasOddBytes = (text: string): boolean => half.test(text)

/** Returns the text as Node would write it. */
export const withoutOddBytes = (text: string): string => text.replace(oddBytes, replacement)

export function textOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString()
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const character = bytes.subarray(at, at + lengthOf(bytes[at] ?? 0))
    text += isUtf8(character) ? character.toString() : String.fromCharCode(firstHalf + (bytes[at] ?? 0))
    at += isUtf8(character) ? character.length : 1
  }
  return text
}

// Of a character that begins with this byte.
function lengthOf(byte: number): number {
  if (byte < 0xc0) return 1
  if (byte < 0xe0) return 2
  return byte < 0xf0 ? 3 : 4
}

/** The reverse. Another half of a character is written as Node writes it. */
export function bytesOf(text: string): Buffer {
  if (!hasOddBytes(text)) return Buffer.from(text)
  return Buffer.concat(
    [...text].map(character => {
      const isByte = oddByte.test(character)
      return isByte ? Buffer.from([character.charCodeAt(0) - firstHalf]) : Buffer.from(character)
    }),
  )
}

/** Returns a path for Node's functions: as text where it is some, since most of them are quicker then. */
export const pathOf = (path: string): string | Buffer => (hasOddBytes(path) ? bytesOf(path) : path)
