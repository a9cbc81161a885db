/** Text as mdoc(7) has it: nothing in it is taken for a macro, an escape or a typographer's wish. Pure. */

const special: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '"': '\\(dq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
}

const escaped = (text: string): string => text.replace(/[\\"`^~]/g, character => special[character] ?? '')

/**
 * Returns the text as one argument of a macro, to be typed as it is: its hyphens are minus signs, its quotes straight,
 * and a dot at its end ends no sentence.
 */
export const argument = (text: string): string =>
  `"${escaped(text)
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replace(/[.!?][)\]]*$/, '$&\\&')}"`

const width = 78

/** Returns the sentences as lines for the reader, without a newline at the end. */
export function prose(text: string): string {
  const lines: string[] = []
  let line = ''
  const end = (): void => {
    if (line !== '') lines.push(line.replace(/^[.']/, '\\&$&'))
    line = ''
  }
  for (const word of text.split(' ')) {
    const next = wordOf(word)
    if (line !== '' && line.length + next.length >= width) end()
    line = line === '' ? next : `${line} ${next}`
    if (/[^.][.!?][)"']?$/.test(word)) end() // mdoc has each sentence begin on a line of its own
  }
  end()
  return lines.join('\n')
}

// The hyphen of re-read is one, those of --dry-run and /etc/my-file are typed.
const wordOf = (word: string): string =>
  /^\(?[A-Za-z]+(-[A-Za-z]+)*[.,;:!?)]*$/.test(word) ? escaped(word) : escaped(word).replaceAll('-', '\\-')
