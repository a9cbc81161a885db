/** GOFLAGS: how go is told to start its compilers through the launcher, and how that is taken back. */
import { behindLauncher, isLauncher, wordsBehind } from './launcher-path.js'

const toolexec = /^--?toolexec=/

/** A -toolexec, which may have several words, and where it stands. */
type Toolexec = { words: string[]; from: number; to: number }

/**
 * Returns GOFLAGS with the launcher before what -toolexec names; undefined if go can't be told the launcher's path. The last -toolexec counts.
 * The launcher does the same for the go that it starts (shims/adapt/goflags.c).
 */
export function withLauncher(launcher: string, given: string): string | undefined {
  const there = lastToolexec(given)
  const words = there?.words ?? []
  if (isLauncher(words[0] ?? '')) return given
  const flag = renderToolexec([launcher, ...behindLauncher(words)])
  if (flag === undefined || there === undefined) return flag && [given, flag].filter(text => text).join(' ')
  return replaced(given, there, flag)
}

/** Returns GOFLAGS without the launcher: all else stays, byte for byte. */
export function withoutLauncher(given: string): string {
  const there = lastToolexec(given)
  const words = there && wordsBehind(there.words)
  if (there === undefined || words === undefined) return given
  const flag = words.length === 0 ? undefined : renderToolexec(words)
  if (flag !== undefined) return replaced(given, there, flag)
  const { from, to } = there
  return from > 0 ? given.slice(0, from - 1) + given.slice(to) : given.slice(to).replace(/^\s/, '')
}

const replaced = (given: string, { from, to }: Toolexec, flag: string): string =>
  given.slice(0, from) + flag + given.slice(to)

function lastToolexec(given: string): Toolexec | undefined {
  const last = splitQuoted(given).findLast(({ word }) => toolexec.test(word))
  if (last === undefined) return undefined
  const { word, from, to } = last
  return { words: splitQuoted(word.replace(toolexec, '')).map(({ word }) => word), from, to }
}

// A flag that has a space is quoted as a whole, and its command's words once more.
function renderToolexec(words: readonly string[]): string | undefined {
  const command = joinQuoted(words)
  return command === undefined ? undefined : joinQuoted([`-toolexec=${command}`])
}

/** Splits as go does: a word may stand between quotes of either kind, in which no other sign means anything. */
const splitQuoted = (text: string): { word: string; from: number; to: number }[] =>
  [...text.matchAll(/'([^']*)'|"([^"]*)"|\S+/g)].map(({ 0: all, 1: single, 2: double, index }) => ({
    word: single ?? double ?? all,
    from: index,
    to: index + all.length,
  }))

/** The reverse; undefined where a word has both kinds of quotes, which go can't be told. */
function joinQuoted(words: readonly string[]): string | undefined {
  const quoted = words.map(word => {
    if (!/[\s'"]/.test(word)) return word
    if (!word.includes("'")) return `'${word}'`
    return word.includes('"') ? undefined : `"${word}"`
  })
  return quoted.includes(undefined) ? undefined : quoted.join(' ')
}
