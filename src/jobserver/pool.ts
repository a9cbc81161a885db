/** The pool of one `jobshim run`: a directory with a FIFO and its ledger, made at the start and gone at the end. */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { drainFifo, makeFifo } from './fifo.js'
import {
  createLedger,
  type LedgerCounters,
  readCounters,
  readSize,
  readTokenHolders,
  type TokenHolder,
  writeSize,
} from './ledger.js'
import type { MakeStyle } from './make-style.js'
import { thisProcess } from './owner.js'
import { entryPath, removeEntry, sweepEntries } from './registry.js'

export type Pool = {
  directory: string
  rules: string // the path of the run's rules, where there are some
  fifo: string
  total: number // tokens; one slot less than the jobs, since the command has one of its own
  isFed: boolean // it gets them from the machine's pool, and has fewer as long as it uses fewer
  fifoFd: number
  ledgerFd: number // open for as long as the pool lives: a shim whose environment was cleared finds it here
  makeStyle: MakeStyle // of the make that the build finds
}

/** How a pool ended. `missing` names the living launchers that still have a token; `removed`: what somebody else removed of its files. */
export type Settlement = LedgerCounters & {
  total: number
  back: number
  missing: string[]
  removed?: string
}

export type PoolWishes = {
  jobs: number // slots
  isFed: boolean // a feeder puts in the tokens
  rulesText: string // empty: none
  journal: string | undefined // its absolute path, for launchers whose environment was cleared
  look: string
  environment: NodeJS.ProcessEnv // the build's
}

/**
 * Makes a pool below the state directory, with the rules where there are some. Removes what killed
 * runs left there.
 * Throws `Failure` where it can't be made there, as on a disk that is full or read-only.
 */
export function createPool(stateDirectory: string, wishes: PoolWishes): Pool {
  const { jobs, isFed, rulesText, journal, look, environment } = wishes
  const owner = thisProcess()
  sweepEntries(stateDirectory)
  const directory = entryPath(stateDirectory, 'run', owner)
  try {
    mkdirSync(directory, { mode: 0o700 })
    const rules = join(directory, 'rules')
    if (rulesText !== '') writeFileSync(rules, rulesText, { flag: 'wx', mode: 0o600 })
    const fifo = join(directory, 'fifo')
    const total = jobs - 1
    const made = makeFifo(look, environment, { path: fifo, tokens: isFed ? 0 : total, jobs })
    const ledgerFd = createLedger(`${fifo}.ledger`, total, owner, { journal })
    if (isFed) writeSize(ledgerFd, 'total', 0)
    return { directory, rules, fifo, total, isFed, ...made, ledgerFd }
  } catch (error) {
    removePool({ directory })
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    throw new Failure(
      `${directory}: can't make the pool (${code})`,
      'make room there, or set XDG_RUNTIME_DIR to another directory that is yours alone',
    )
  }
}

/** Removes the pool's files, where that can be. Launchers that are still at work have theirs open and go on. */
export function removePool({ directory }: Pick<Pool, 'directory'>): void {
  try {
    for (const name of readdirSync(directory)) unlinkSync(join(directory, name)) // rmSync takes three times as long
    rmdirSync(directory)
  } catch {
    removeEntry(directory)
  }
}

/**
 * Nobody can open it by its path any more, and we leave it: if nobody has it open then, nobody can come. Its ledger is there
 * until it is removed: whoever has opened the FIFO looks for that next.
 */
export function leavePool({ fifo, fifoFd, ledgerFd }: Pool): void {
  rmSync(fifo, { force: true })
  closeSync(fifoFd)
  closeSync(ledgerFd)
}

/**
 * Counts the tokens after the command ended. A token of a killed launcher counts as back: it is nobody's any more.
 * Where some are missing it looks again for a second, since what was killed with the command takes a moment to die.
 */
export async function settlePool(pool: Pool): Promise<Settlement> {
  let free = takeFree(pool, 0)
  let holders: TokenHolder[] = []
  for (let look = 0; look < 50 && free < pool.total; look++) {
    holders = readTokenHolders(pool.ledgerFd)
    if (free + dead(holders) >= pool.total) break
    await new Promise(resolve => setTimeout(resolve, 20))
    free = takeFree(pool, free)
  }
  const missing = holders.filter(({ alive }) => alive).map(({ tool, pid }) => `${tool} (${pid})`)
  const settlement = {
    ...readCounters(pool.ledgerFd),
    total: pool.total,
    back: free < pool.total ? free + dead(holders) : free,
    missing: free < pool.total ? missing : [],
    ...removedOf(pool),
  }
  return settlement
}

// Of a pool that is fed its feeder takes out what comes free.
const takeFree = ({ fifoFd, ledgerFd, total, isFed }: Pool, before: number): number =>
  isFed ? total - (readSize(ledgerFd, 'total') ?? total) : before + drainFifo(fifoFd)

/** Returns the path of what is no more where the pool's clients look for it; nothing where all is there. */
function removedOf({ directory, fifo, fifoFd, ledgerFd }: Pool): { removed?: string } {
  const files = [
    [fifo, fifoFd],
    [`${fifo}.ledger`, ledgerFd],
  ] as const
  const gone = files.filter(([path, fd]) => !leadsTo(path, fd)).map(([path]) => path)
  const [first] = gone
  if (first === undefined) return {}
  return { removed: gone.length === files.length ? directory : first }
}

function leadsTo(path: string, fd: number): boolean {
  const there = statSync(path, { throwIfNoEntry: false })
  const { dev, ino } = fstatSync(fd)
  return there?.dev === dev && there.ino === ino
}

const dead = (holders: readonly TokenHolder[]): number => holders.filter(({ alive }) => !alive).length
