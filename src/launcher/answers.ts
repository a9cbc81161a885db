/** What `look` answers: it is taken whole, or not at all. */

import {
  type AnswerField,
  type LookCommand,
  type LookCommandName,
  lookCommands,
  lookErrors,
} from '../contract/look-commands.js'
import { Failure } from '../ground/failure.js'

/** Returns the words of a text, each ended by a NUL; undefined if the last one is cut. */
export function wordsOf(text: string): string[] | undefined {
  const words = text.split('\0')
  return words.pop() === '' ? words : undefined
}

/** Returns the whole number that a word is, from `least` on; undefined if it is none. */
export function numberOf(word: string, least = 0): number | undefined {
  const number = /^-?\d{1,15}$/.test(word) ? Number(word) : Number.NaN
  return number >= least ? number : undefined
}

/** What is thrown where an answer can't be read. */
export const noAnswer = (program: string): Failure =>
  new Failure(
    `${program}: its answer can't be read`,
    'see jobshim doctor, or install the shims anew: jobshim install',
  )

type Command<Name extends LookCommandName> = Extract<(typeof lookCommands)[number], { name: Name }>

type AnswerRow<Name extends LookCommandName> = {
  [Field in Command<Name>['answer'][number] as Field['name']]: Field['is'] extends 'text' ? string : number
}

/** The answer of a command, field by field as the contract has them. */
export type Answer<Name extends LookCommandName> =
  Command<Name> extends { repeats: true } ? readonly AnswerRow<Name>[] : AnswerRow<Name>

/** Why there is none: an error of the contract, and its word. */
export type Refusal =
  | { kind: 'refused'; error: 'noJobserver' | 'noLedger'; why: string }
  | { kind: 'refused'; error: 'system'; errno: number }

export type Outcome<Name extends LookCommandName> = { kind: 'answered'; answer: Answer<Name> } | Refusal

/** Returns what `look` has printed, and ended with; undefined if that is no outcome of this command. */
export function readOutcome<Name extends LookCommandName>(
  command: Name,
  status: number | null,
  stdout: string,
): Outcome<Name> | undefined {
  const words = wordsOf(stdout)
  if (words === undefined) return undefined
  if (status === 1) return readRefusal(words)
  const answer = status === 0 ? readAnswer(command, words) : undefined
  return answer && { kind: 'answered', answer }
}

function readAnswer<Name extends LookCommandName>(
  command: Name,
  words: readonly string[],
): Answer<Name> | undefined {
  const found: LookCommand | undefined = lookCommands.find(({ name }) => name === command)
  const { answer: fields = [], repeats = false } = found ?? {}
  const count = repeats ? words.length / fields.length : 1
  if (!Number.isInteger(count) || words.length !== count * fields.length) return undefined
  const rows = Array.from({ length: count }, (_, row) => readRow(fields, words.slice(row * fields.length)))
  if (rows.includes(undefined)) return undefined
  return (repeats ? rows : rows[0]) as Answer<Name>
}

function readRow(
  fields: readonly AnswerField[],
  words: readonly string[],
): Readonly<Record<string, string | number>> | undefined {
  const values = fields.map(({ is }, at) => readField(is, words[at] ?? ''))
  if (values.includes(undefined)) return undefined
  return Object.fromEntries(fields.map(({ name }, at) => [name, values[at] ?? '']))
}

function readField(is: AnswerField['is'], word: string): string | number | undefined {
  if (is === 'text') return word
  return numberOf(word, is === 'count' ? 0 : -1)
}

function readRefusal([name = '', word = '', ...more]: readonly string[]): Refusal | undefined {
  if (word === '' || more.length > 0) return undefined
  switch (name) {
    case lookErrors.noJobserver:
      return { kind: 'refused', error: 'noJobserver', why: word }
    case lookErrors.noLedger:
      return { kind: 'refused', error: 'noLedger', why: word }
    case lookErrors.system: {
      const errno = numberOf(word, 1)
      return errno === undefined ? undefined : { kind: 'refused', error: 'system', errno }
    }
    default:
      return undefined
  }
}

/** What `look jobserver` saw. */
export type Look = {
  jobserver: string // its address: fifo:PATH, or R,W where no path leads to it
  free: number | undefined // tokens; undefined where a server does not tell
  ledger: string // its path; empty: there is none
  accounts: boolean // its server keeps its own account
}

export function lookIn({ address, free, ledger, accounts }: Answer<'jobserver'>): Look | undefined {
  if (!/^(fifo:.|\d+,\d+$)/s.test(address) || accounts > 1) return undefined
  return { jobserver: address, free: free < 0 ? undefined : free, ledger, accounts: accounts === 1 }
}

/** What `look census` saw: tokens in the pool, and how many living processes can hold at most. */
export type Census =
  | { kind: 'counted'; free: number; held: number }
  | { kind: 'moving' } // a token was taken or given back meanwhile
  | { kind: 'blind'; why: string } // somebody may hold more than can be told

export function censusIn({ free, held, why }: Answer<'census'>): Census {
  if (why !== '') return { kind: 'blind', why }
  return free < 0 ? { kind: 'moving' } : { kind: 'counted', free, held }
}

/** What `look lost` counted. */
export type Lost = { kind: 'counted'; tokens: number } | { kind: 'uncounted'; why: string }

export function lostIn({ lost, why }: Answer<'lost'>): Lost | undefined {
  if (lost < 0 !== (why !== '')) return undefined
  return lost < 0 ? { kind: 'uncounted', why } : { kind: 'counted', tokens: lost }
}
