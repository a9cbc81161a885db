/** Finds the tokens that were lost with killed clients, and puts them back. Why that is safe: docs/protocol.md. */
import { spawn } from 'node:child_process'
import { fstatSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { environment as names } from '../ground/environment.js'
import { addTokens, takeTokens } from './fifo.js'
import { count, readSize } from './ledger.js'

/** What `launcher --census` saw: tokens in the pool, and how many living processes can hold at most. */
export type Census =
  | { kind: 'counted'; free: number; held: number }
  | { kind: 'moving' } // a token was taken or given back meanwhile
  | { kind: 'blind'; why: string } // somebody may hold more than can be told

/** A census, and when a token was last given back before it, by the FIFO's mtime. */
export type Look = { writtenNs: bigint; census: Census }

/**
 * Returns how many of `total` tokens are lost, by two looks. Nothing was given back between them if the mtime is the
 * same, and nothing taken if as many were free: so everybody held all the while what they held at the end.
 */
export function lostTokens(total: number, first: Look, second: Look): number {
  if (first.census.kind !== 'counted' || second.census.kind !== 'counted') return 0
  if (first.writtenNs !== second.writtenNs || first.census.free !== second.census.free) return 0
  return Math.max(0, total - second.census.free - Math.max(first.census.held, second.census.held))
}

/** Returns what the words that `launcher --census` printed say. */
export function readCensus(text: string): Census {
  const [free = '', held = '', why = ''] = text.split('\0')
  if (why !== '') return { kind: 'blind', why }
  return Number(free) < 0 ? { kind: 'moving' } : { kind: 'counted', free: Number(free), held: Number(held) }
}

/** Asks the launcher for a census of the jobserver at `auth`. */
export function takeCensus(launcher: string, auth: string): Promise<Census> {
  return new Promise(resolve => {
    const child = spawn(launcher, ['--census'], {
      env: { ...process.env, [names.jobserver]: auth },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    child.on('error', error => resolve({ kind: 'blind', why: error.message }))
    child.on('close', status =>
      resolve(status === 0 ? readCensus(text) : { kind: 'blind', why: 'the jobserver is gone' }),
    )
  })
}

/** What was done to a pool. */
export type Change = { kind: 'restored' | 'surplus'; tokens: number }

/** A pool whose lost tokens are to be found. */
export type Watched = { path: string; fifoFd: number; ledgerFd: number }

const tick = 250 // ms between two steps, at most
const shortest = 50
const quiet = 500 // ms without a token given back before anybody looks: mtime's clock ticks every 10 ms at worst

/** One step of a watch over a pool. Returns in how many ms the next one is due. */
export type Watch = () => Promise<number>

/** Returns the steps of a watch, which tell how many tokens were put back, or, as surplus, taken out. */
export function watchPool(pool: Watched, launcher: string, tell: (change: Change) => void): Watch {
  const writtenNs = (): bigint => fstatSync(pool.fifoFd, { bigint: true }).mtimeNs
  let written = { ns: writtenNs(), seen: performance.now() }
  let last: { look: Look; at: number } | undefined
  const step = async (): Promise<void> => {
    const now = performance.now()
    const ns = writtenNs()
    if (ns !== written.ns) written = { ns, seen: now }
    if (now - written.seen < quiet || (last && now - last.at < quiet)) return
    const look = { writtenNs: ns, census: await takeCensus(launcher, `fifo:${pool.path}`) }
    count(pool.ledgerFd, 'looks', 1)
    if (writtenNs() !== ns) return
    const total = readSize(pool.ledgerFd, 'total')
    const lost = last ? lostTokens(total, last.look, look) : 0
    last = lost > 0 ? undefined : { look, at: now }
    if (addTokens(pool.fifoFd, lost) > 0) {
      count(pool.ledgerFd, 'restored', lost)
      tell({ kind: 'restored', tokens: lost })
    }
    const surplus = look.census.kind === 'counted' ? takeTokens(pool.fifoFd, look.census.free - total) : 0
    if (surplus > 0) tell({ kind: 'surplus', tokens: surplus })
  }
  return async () => {
    await step()
    const due = Math.max(written.seen, last?.at ?? 0) + quiet
    return Math.max(shortest, Math.min(tick, due - performance.now()))
  }
}

/** Takes the steps of a watch until the signal is given. */
export async function watchUntil(
  over: AbortSignal,
  ...[pool, launcher, tell]: Parameters<typeof watchPool>
): Promise<void> {
  const step = watchPool(pool, launcher, tell)
  while (!over.aborted) {
    await sleep(await step(), undefined, { signal: over }).catch(() => undefined)
  }
}

/** Returns what people are told of it. */
export function changeText({ kind, tokens }: Change): string {
  const count = tokens === 1 ? 'a token' : `${tokens} tokens`
  return kind === 'restored'
    ? `jobshim: put back ${count} lost with killed clients`
    : `jobshim: took out ${count} more than there should be`
}
