/** A thread that kills at random what belongs to the builds it is told of: beside them, so that nothing slows it down. */
import { readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { type Process, processes } from '../support/processes.js'
import { random } from '../support/random.js'

export type Order = { seed: number; perSecond: number; seconds: number }

/** A build whose processes may be killed from now on, or no more. */
type Target = { session: number; alive: boolean }

export type Killer = {
  aim: (target: Target) => void
  ended: Promise<number> // resolves, when the time is over, with how many signals were sent
}

export function startKiller(order: Order): Killer {
  const worker = new Worker(new URL(import.meta.url), { workerData: order })
  return {
    aim: target => worker.postMessage(target),
    ended: new Promise((resolve, reject) => {
      worker.once('message', resolve).once('error', reject)
    }),
  }
}

const signals = ['SIGKILL', 'SIGTERM', 'SIGINT'] as const

function kindOf({ pid }: Process): 'launcher' | 'client' | 'tool' {
  try {
    const program = readlinkSync(`/proc/${pid}/exe`)
    if (program.includes('/.jobshim/')) return 'launcher'
    return /^(make|ninja|cargo|python)/.test(basename(program)) ? 'client' : 'tool'
  } catch {
    return 'tool' // gone meanwhile
  }
}

// A kind first: there are many more tools than launchers, and more launchers than clients.
function killOne(sessions: ReadonlySet<number>, chance: () => number): boolean {
  const choose = <T>(among: readonly T[]): T | undefined => among[Math.floor(chance() * among.length)]
  const found = processes().filter(({ session, state }) => sessions.has(session) && state !== 'Z')
  const kinds = found.map(process => ({ process, kind: kindOf(process) }))
  const chosen = choose([...new Set(kinds.map(({ kind }) => kind))])
  const victim = choose(kinds.filter(({ kind }) => kind === chosen))?.process
  const signal = choose(signals)
  if (victim === undefined || signal === undefined) return false
  try {
    return process.kill(victim.pid, signal)
  } catch {
    return false // it ended by itself meanwhile
  }
}

async function work(
  { seed, perSecond, seconds }: Order,
  port: NonNullable<typeof parentPort>,
): Promise<void> {
  const sessions = new Set<number>()
  const chance = random(seed)
  port.on('message', ({ session, alive }: Target) => {
    if (alive) sessions.add(session)
    else sessions.delete(session)
  })
  const began = performance.now()
  let kills = 0
  for (let now = 0; now < seconds * 1000; now = performance.now() - began) {
    const isDue = kills < (now * perSecond) / 1000
    kills += Number(isDue && killOne(sessions, chance))
    await sleep(2)
  }
  port.postMessage(kills)
  port.close()
}

if (parentPort) await work(workerData as Order, parentPort)
