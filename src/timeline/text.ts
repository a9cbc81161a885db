/** Other people's text, in a page or a picture. */

/** Returns text as HTML and SVG have it, also within an attribute's quotes. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, letter => `&#${letter.charCodeAt(0)};`)

/** Returns text of so many letters at most: of a path the end tells most, of a command its beginning. */
export function shortened(text: string, most: number, cut: 'start' | 'end'): string {
  const letters = [...text]
  if (letters.length <= most) return text
  return cut === 'end'
    ? `${letters.slice(0, most - 1).join('')}…`
    : `…${letters.slice(letters.length - most + 1).join('')}`
}

/** Returns text without what XML can't have at all: a viewer would show none of it. */
export const legible = (text: string): string =>
  text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
