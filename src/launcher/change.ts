/** What people are told of a pool that was put right. */
export type Change = { kind: 'restored' | 'surplus'; tokens: number }

/** Returns the line for stderr, without a newline. */
export function changeText({ kind, tokens }: Change): string {
  const count = tokens === 1 ? 'a token' : `${tokens} tokens`
  return kind === 'restored'
    ? `jobshim: put back ${count} lost with killed clients`
    : `jobshim: took out ${count} more than there should be`
}
