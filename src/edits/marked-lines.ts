/**
 * Lines of ours in files of the user's. Each ends with a mark; what is marked, and nothing else, is ever taken out again.
 * Pure: texts go in, texts come out.
 */

/** What can be done with lines of one mark. */
export type Marking = {
  /** Returns what our lines in the text say, without their marks. */
  linesIn(text: string): string[]
  /** Returns the text with this line of ours at its end; as it is where it has that already. */
  add(text: string, line: string): string
  /** Returns the text without our lines that say so (default: all of them), and otherwise byte for byte as it was. */
  remove(text: string, isMeant?: (line: string) => boolean): string
}

/** Lines that end with a comment `# OWNER`. An editor may have given them other line ends. */
export function markingOf(owner: string): Marking {
  const mark = `# ${owner}`
  // The line before had no newline, and has none when ours is gone.
  const markOfUnended = `${mark}, after a line without an end`

  const bare = (line: string): string => line.replace(/\r?\n?$/, '')
  const isUnended = (line: string): boolean => bare(line).endsWith(` ${markOfUnended}`)
  const isMarked = (line: string): boolean => bare(line).endsWith(` ${mark}`) || isUnended(line)
  const contentOf = (line: string): string =>
    bare(line).slice(0, -(isUnended(line) ? markOfUnended : mark).length - 1)

  const linesIn = (text: string): string[] => text.split('\n').filter(isMarked).map(contentOf)

  return {
    linesIn,
    add(text, line) {
      if (linesIn(text).includes(line)) return text
      const isEnded = text === '' || text.endsWith('\n')
      return `${text}${isEnded ? '' : '\n'}${line} ${isEnded ? mark : markOfUnended}\n`
    },
    remove(text, isMeant = () => true) {
      let rest = ''
      let owed = false // the newline before our lines is one of ours
      let isConverted = false // by an editor, and then that newline is, too
      for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
        if (!isMarked(line)) {
          owed = false // what the user has added since needs it
          rest += line
          continue
        }
        owed = owed || isUnended(line)
        isConverted = line.endsWith('\r\n')
        if (isMeant(contentOf(line))) continue
        rest += `${contentOf(line)} ${owed ? markOfUnended : mark}\n`
        owed = false
      }
      return owed ? rest.replace(isConverted ? /\r?\n$/ : /\n$/, '') : rest
    },
  }
}
