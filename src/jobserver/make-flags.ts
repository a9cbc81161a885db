/** The options in MAKEFLAGS, read as GNU make reads them. The launcher has the same reader in C, shims/pool/makeflags.c. */
import { type MakeMeaning, type MakeOption, makeOptions } from '../contract/make-options.js'

/** A part of a text: where it begins, and where what follows begins. */
export type Span = { from: number; to: number }

/** One option; also what only looks like one. */
export type MakeFlag = Span & {
  means: MakeMeaning
  isWhole: boolean // one word, or two; else it stands in a word of letters
  argument: Span | undefined // as it is written
  lacks: boolean // it needs an argument, and the text ends here
  gap: number // where the blanks before its word begin
}

/** What stands before the ` -- ` of MAKEFLAGS; behind it there are variables. */
export type MakeFlags = {
  text: string
  flags: readonly MakeFlag[]
  last: Span & { gap: number } // the last word, and that before it if it is its argument
  isEnded: boolean // there is a ` -- `
}

/** Where the words come from: in MAKEFLAGS the first one may be letters without a dash. */
export type Place = 'MAKEFLAGS' | 'a command line'

const isBlank = (char: string | undefined): boolean => char === ' ' || char === '\t'

/**
 * Returns where a reference to a variable ends, $(...) or ${...}, whose dollar stands before `open`; undefined if there is none.
 * make ends at one that nothing closes: here it goes to the end of the text.
 */
function referenceEnd(text: string, open: number): number | undefined {
  const opening = text[open]
  if (opening !== '(' && opening !== '{') return undefined
  const closing = opening === '(' ? ')' : '}'
  let depth = 0
  for (let at = open; at < text.length; at++) {
    if (text[at] === opening) depth++
    if (text[at] === closing && --depth === 0) return at + 1
  }
  return text.length
}

/** The character at `at`, and where the next one begins. What a reference to a variable comes to nobody knows: it is a dollar. */
function charAt(text: string, at: number): { char: string; next: number } {
  const start = text[at] === '\\' && at + 1 < text.length ? at + 1 : at
  const char = text[start] ?? ''
  if (char !== '$') return { char, next: start + 1 }
  return { char, next: text[start + 1] === '$' ? start + 2 : (referenceEnd(text, start + 1) ?? start + 1) }
}

function wordAt(text: string, from: number): Span {
  let to = from
  while (to < text.length && !isBlank(text[to])) to = charAt(text, to).next
  return { from, to }
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (isBlank(text[at])) at++
  return at
}

/** Returns what a part of the text says, without its backslashes. */
export const said = (text: string, { from, to }: Span): string =>
  text.slice(from, to).replace(/\\(.)/gs, '$1')

/** Returns `text` as one word, or a part of one. */
export const asWord = (text: string): string => text.replace(/[\\ \t]/g, '\\$&')

const optionOf = (letter: string): MakeOption | undefined =>
  makeOptions.find(option => option.letter === letter)

// By its name, or by any beginning that no other option's names have.
function optionNamed(name: string): MakeOption | undefined {
  const begun = makeOptions.filter(({ names }) => names.some(known => known.startsWith(name)))
  return makeOptions.find(({ names }) => names.includes(name)) ?? (begun.length === 1 ? begun[0] : undefined)
}

/** Whether the next word is the argument of an option that has none in its own. */
const takesNext: Readonly<Record<MakeOption['argument'], (word: string) => boolean>> = {
  none: () => false,
  optional: () => false,
  required: () => true,
  number: word => /^\d+$/.test(word),
  decimal: word => /^[\d.]/.test(word),
}

type Written = Span & { joined: Span | undefined; isWhole: boolean; gap: number }
type Word = Span & { gap: number }

function complete(text: string, option: MakeOption | undefined, { joined, ...written }: Written): MakeFlag {
  const { argument: kind, means = 'nothing' } = option ?? { argument: 'none' }
  if (kind === 'none' || joined) return { means, ...written, argument: joined, lacks: false }
  const next = wordAt(text, skipBlanks(text, written.to))
  const isThere = next.from < text.length
  const argument = isThere && takesNext[kind](said(text, next)) ? next : undefined
  return {
    means,
    ...written,
    to: argument?.to ?? written.to,
    argument,
    lacks: kind === 'required' && !isThere,
  }
}

function readLong(text: string, word: Word, name: number): MakeFlag {
  let at = name
  let spelled = ''
  for (let next = charAt(text, at); at < word.to && next.char !== '='; next = charAt(text, at)) {
    spelled += next.char
    at = next.next
  }
  const joined = at < word.to ? { from: charAt(text, at).next, to: word.to } : undefined
  const option = optionNamed(spelled)
  const isKnown = joined === undefined || option?.argument !== 'none'
  return complete(text, isKnown ? option : undefined, { ...word, joined, isWhole: true })
}

// -kj8 is -k -j8: an option with an argument ends the word.
function readLetters(text: string, word: Word, letters: number): MakeFlag[] {
  const flags: MakeFlag[] = []
  for (let at = letters; at < word.to; ) {
    const { char, next } = charAt(text, at)
    const option = optionOf(char)
    const takes = option !== undefined && option.argument !== 'none'
    const to = takes ? word.to : next
    const isWhole = at === letters && to === word.to
    const joined = takes && next < word.to ? { from: next, to } : undefined
    flags.push(complete(text, option, { from: isWhole ? word.from : at, to, joined, isWhole, gap: word.gap }))
    at = to
  }
  return flags
}

/** Reads one word. Undefined where it is the one that ends the options. */
function readWord(text: string, word: Word, isFirst: boolean): MakeFlag[] | undefined {
  const first = charAt(text, word.from)
  if (first.char !== '-') {
    const mayBeLetters = isFirst && !said(text, word).includes('=')
    return mayBeLetters ? readLetters(text, word, word.from) : []
  }
  const second = charAt(text, first.next)
  if (first.next === word.to || second.char !== '-') return readLetters(text, word, first.next)
  return second.next === word.to ? undefined : [readLong(text, word, second.next)]
}

/** Reads the options of `text`. */
export function readMakeFlags(text: string, place: Place = 'MAKEFLAGS'): MakeFlags {
  const flags: MakeFlag[] = []
  const start = /^[ \t\n\v\f\r]*/.exec(text)?.[0].length ?? 0
  let last = { gap: 0, from: start, to: start }
  for (let from = start; from < text.length; from = skipBlanks(text, last.to)) {
    const word = { ...wordAt(text, from), gap: last.to === start ? 0 : last.to }
    const read = readWord(text, word, place === 'MAKEFLAGS' && from === start)
    if (read === undefined) return { text, flags, last, isEnded: true }
    flags.push(...read)
    last = { ...word, to: Math.max(word.to, read.at(-1)?.to ?? 0) }
  }
  return { text, flags, last, isEnded: false }
}

/** Whether an option is an address of a jobserver, whatever it says. */
export const isAddress = ({ means }: MakeFlag): boolean => means === 'auth' || means === 'fds'

/** Returns the number of jobs that a -jN asks for, Infinity for -j alone; undefined where make refuses it, and goes on without. */
function jobsIn(text: string, { argument }: MakeFlag): number | undefined {
  if (argument === undefined) return Number.POSITIVE_INFINITY
  const word = said(text, argument)
  const jobs = /^\d+$/.test(word) ? Number(word) : 0
  return jobs > 0 && jobs < 2 ** 31 ? jobs : undefined
}

const isJobs = (text: string, flag: MakeFlag): boolean =>
  flag.means === 'jobs' && jobsIn(text, flag) !== undefined

/** Returns the number of jobs asked for; the last -jN counts. Infinity for -j alone, undefined where there is none. */
export function jobsWanted({ text, flags }: MakeFlags): number | undefined {
  const last = flags.findLast(flag => isJobs(text, flag))
  return last === undefined ? undefined : jobsIn(text, last)
}

const isNothing = (text: string): boolean => /^[ \t\n\v\f\r]*$/.test(text)

// Whether the next word, were it the first one, would be taken for letters.
function beginsBare(text: string, at: number): boolean {
  const word = wordAt(text, skipBlanks(text, at))
  return word.from < word.to && charAt(text, word.from).char !== '-' && !said(text, word).includes('=')
}

/**
 * Returns MAKEFLAGS without the jobserver, -jN and address; all else stays byte for byte. A dash, which make skips, stands where
 * the next word would now be read as another: as the first one, as letters; behind a -l that has no number, as its number.
 */
export function withoutJobserver({ text, flags }: MakeFlags): string {
  let kept = ''
  let at = 0
  let taker: number | undefined // where such a -l ends, and what was taken out behind it
  for (const flag of flags) {
    if (!isAddress(flag) && !isJobs(text, flag)) {
      taker = flag.means === 'load' && !flag.argument ? flag.to : undefined
      continue
    }
    kept += text.slice(at, flag.isWhole ? flag.gap : flag.from)
    at = flag.to
    if (taker !== undefined) taker = taker === flag.gap ? at : undefined
    if (isNothing(kept) && beginsBare(text, at)) kept += '-'
    else if (taker !== undefined && takesNext.decimal(said(text, wordAt(text, skipBlanks(text, at)))))
      kept += ' -'
  }
  return kept + text.slice(at)
}

const endsInBackslash = (text: string): boolean => (/\\*$/.exec(text)?.[0].length ?? 0) % 2 === 1

/**
 * Returns MAKEFLAGS with these words as its last options. They stand before an option that lacks its argument, which would take them
 * for it. A backslash at the very end would do so, too: it is doubled, as make reads one that has nothing behind it as itself.
 */
export function withOptions(flags: MakeFlags, words: readonly string[]): string {
  const { text, last, isEnded } = flags
  const swallows = flags.flags.at(-1)?.lacks === true
  const end = swallows ? last.gap : last.to
  const head = `${text.slice(0, end)}${!isEnded && endsInBackslash(text) ? '\\' : ''}`
  const tail = text.slice(end)
  const options = words.join(' ')
  if (!isNothing(head)) return `${head} ${options}${tail}`
  // Where there are no letters a blank stands for them.
  const dash = swallows && beginsBare(text, 0) ? '-' : ''
  return `${head || ' '}${options}${tail === '' ? '' : ` ${dash}${tail.replace(/^[ \t\n\v\f\r]+/, '')}`}`
}
