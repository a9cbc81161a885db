/** What people are told of a pool that was put right. */
import type { PoolEvent } from './caretaker.js'

export type Change = Exclude<PoolEvent, { kind: 'gone' }>

/** Returns the line for stderr, without a newline. */
export function changeText({ kind, tokens }: Change): string {
  const count = tokens === 1 ? 'a token' : `${tokens} tokens`
  return kind === 'restored'
    ? `jobshim: put back ${count} lost with killed clients`
    : `jobshim: took out ${count} more than there should be`
}
