/**
 * Lines of ours in files of the user's. Each ends with a mark; what is marked, and nothing else, is ever taken out again.
 * Pure: texts go in, texts come out.
 */

const mark = '# jobshim'
// The line before had no newline, and has none when ours is gone.
const markOfUnended = '# jobshim, after a line without an end'

const isMarked = (line: string): boolean => line.endsWith(` ${mark}`) || line.endsWith(` ${markOfUnended}`)

const contentOf = (line: string): string => line.replace(/ # jobshim(, after a line without an end)?$/, '')

/** Returns what our lines in the text say, without their marks. */
export const markedLines = (text: string): string[] => text.split('\n').filter(isMarked).map(contentOf)

/** Returns the text with this line of ours at its end; as it is where it has that already. */
export function addMarked(text: string, line: string): string {
  if (markedLines(text).includes(line)) return text
  const isEnded = text === '' || text.endsWith('\n')
  return `${text}${isEnded ? '' : '\n'}${line} ${isEnded ? mark : markOfUnended}\n`
}

/** Returns the text without our lines that say so (default: all of them), and otherwise byte for byte as it was. */
export function removeMarked(text: string, isMeant: (line: string) => boolean = () => true): string {
  let rest = ''
  let owed = false // the newline before our lines is one of ours
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const bare = line.replace(/\n$/, '')
    if (!isMarked(bare)) {
      owed = false // what the user has added since needs it
      rest += line
      continue
    }
    owed = owed || bare.endsWith(markOfUnended)
    if (isMeant(contentOf(bare))) continue
    rest += `${contentOf(bare)} ${owed ? markOfUnended : mark}\n`
    owed = false
  }
  return owed ? rest.replace(/\n$/, '') : rest
}
