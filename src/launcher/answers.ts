/** What `look` answers: it is taken whole, or not at all. */
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
    `${program}: gives no answer that can be read`,
    'see jobshim doctor, or install the shims anew: jobshim install',
  )

/** What `look jobserver` saw of a jobserver. */
export type Look = {
  jobserver: string // its address: fifo:PATH, or R,W where no path leads to it
  free: number | undefined // tokens; undefined where a server does not tell
  ledger: string // its path; empty: there is none
  accounts: boolean // its server keeps its own account
}

export function readLook(text: string): Look | undefined {
  const words = wordsOf(text) ?? []
  const [jobserver = '', word = '', ledger = '', account = ''] = words
  const free = numberOf(word, -1)
  if (
    words.length !== 4 ||
    !/^(fifo:.|\d+,\d+$)/s.test(jobserver) ||
    free === undefined ||
    !/^[01]$/.test(account)
  )
    return undefined
  return { jobserver, free: free < 0 ? undefined : free, ledger, accounts: account === '1' }
}

/** What `look census` saw: tokens in the pool, and how many living processes can hold at most. */
export type Census =
  | { kind: 'counted'; free: number; held: number }
  | { kind: 'moving' } // a token was taken or given back meanwhile
  | { kind: 'blind'; why: string } // somebody may hold more than can be told

export function readCensus(text: string): Census | undefined {
  const words = wordsOf(text) ?? []
  const [free, held] = [numberOf(words[0] ?? '', -1), numberOf(words[1] ?? '')]
  const why = words[2] ?? ''
  if (words.length !== 3 || free === undefined || held === undefined) return undefined
  if (why !== '') return { kind: 'blind', why }
  return free < 0 ? { kind: 'moving' } : { kind: 'counted', free, held }
}

/** What `look lost` counted. */
export type Lost = { kind: 'counted'; tokens: number } | { kind: 'uncounted'; why: string }

export function readLost(text: string): Lost | undefined {
  const words = wordsOf(text) ?? []
  const lost = numberOf(words[0] ?? '', -1)
  const why = words[1] ?? ''
  if (words.length !== 2 || lost === undefined || lost < 0 !== (why !== '')) return undefined
  return lost < 0 ? { kind: 'uncounted', why } : { kind: 'counted', tokens: lost }
}
