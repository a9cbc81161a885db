/** Text that others wrote, such as the name of a file: it is not to move the reader's cursor, or to colour what follows. */

/** Returns the text with its control characters, newlines excepted, as `\x1b` and the like. */
export const visible = (text: string): string =>
  text.replace(/[^\P{Cc}\n]/gu, character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
