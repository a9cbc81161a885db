/** What a launcher's census says of a pool, once. What follows from two of them, the launcher knows (shims/recovery.c). */

/** What `launcher --census` saw: tokens in the pool, and how many living processes can hold at most. */
export type Census =
  | { kind: 'counted'; free: number; held: number }
  | { kind: 'moving' } // a token was taken or given back meanwhile
  | { kind: 'blind'; why: string } // somebody may hold more than can be told

/** Returns what the words that `launcher --census` printed say. */
export function readCensus(text: string): Census {
  const [free = '', held = '', why = ''] = text.split('\0')
  if (why !== '') return { kind: 'blind', why }
  return Number(free) < 0 ? { kind: 'moving' } : { kind: 'counted', free: Number(free), held: Number(held) }
}
