/** What the completions of all shells have in common. Pure. */
import type { Command, CommandOption, Completion } from './command.js'

/** What every command takes. */
export const helpOption = { name: 'help', letter: 'h', kind: 'switch', text: 'print this' } as const

/** What jobshim itself takes besides. */
export const versionOption = {
  name: 'version',
  letter: 'V',
  kind: 'switch',
  text: 'print the version',
} as const

/** A word of a command's name, or before it. */
export type Verb = { word: string; text: string }

export const helpWord: Verb = { word: 'help', text: 'print the help of a command' }

/** Returns the words that may come next, by those before: `''` and `portage`. */
export function verbsOf(commands: readonly Command[]): Map<string, readonly Verb[]> {
  const split = commands.map(({ name, summary }) => ({ words: name.split(' '), text: summary }))
  const firsts = [...new Set(split.map(({ words: [first = ''] }) => first))]
  const below = (first: string): Verb[] =>
    split.flatMap(({ words: [own, word], text }) =>
      own === first && word !== undefined ? [{ word, text }] : [],
    )
  const top = firsts.map(first => ({
    word: first,
    text:
      split.find(({ words }) => words.join(' ') === first)?.text ??
      below(first)
        .map(({ word }) => word)
        .join(', '),
  }))
  const longer = firsts.map(first => [first, below(first)] as const).filter(([, verbs]) => verbs.length > 0)
  return new Map([['', top], ...longer])
}

/** Returns all options of a command. */
export const optionsOf = ({ options }: Command): readonly CommandOption[] => [...options, helpOption]

/** Returns an option as it is typed: `--jobs`, `-j`. */
export const formsOf = ({ name, letter }: CommandOption): string[] => [
  `--${name}`,
  ...(letter === undefined ? [] : [`-${letter}`]),
]

/** What may stand before a command's name, or in its place. */
export const topWords: readonly string[] = [
  helpWord.word,
  ...[helpOption, versionOption].map(({ name }) => `--${name}`),
]

export const takesValue = ({ kind }: CommandOption): boolean => kind !== 'switch'

/** What a shell offers for a value; `list`: several of these, with commas between them. */
export type Offer = Completion | { kind: 'list'; values: readonly string[] } | { kind: 'nothing' }

export function offerOf(completes: Completion | undefined, kind?: CommandOption['kind']): Offer {
  if (completes?.kind === 'choice' && kind === 'names') return { ...completes, kind: 'list' }
  return completes ?? { kind: 'nothing' }
}

/** Returns what is offered for values, and for which options (`run --jobs`); options that are alike are together. */
export function offersOf(commands: readonly Command[]): { offer: Offer; options: string[] }[] {
  const alike = new Map<string, { offer: Offer; options: string[] }>()
  for (const { name, options } of commands)
    for (const option of options.filter(takesValue)) {
      const offer = offerOf(option.completes, option.kind)
      const key = JSON.stringify(offer)
      const forms = formsOf(option).map(form => `${name} ${form}`)
      alike.set(key, { offer, options: [...(alike.get(key)?.options ?? []), ...forms] })
    }
  return [...alike.values()]
}
