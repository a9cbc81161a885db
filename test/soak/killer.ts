/** A thread that kills and stops at random what belongs to the builds it is told of: beside them, so that nothing slows it down. */
import { readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { type Process, processes } from '../support/processes.js'
import { random } from '../support/random.js'

/** How the builds are governed: below `run --sandbox` there are other processes, and each of them may also be stopped for a while. */
export type Door = 'shim' | 'sandbox'

export type Order = { door: Door; seed: number; perSecond: number; seconds: number }

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

type Kind = 'launcher' | 'client' | 'tool' | 'waiter' | 'supervisor' | 'successor' | 'run' | 'group'
type Signal = 'SIGKILL' | 'SIGTERM' | 'SIGINT' | 'SIGSTOP'

const signals: Readonly<Record<Door, readonly Signal[]>> = {
  shim: ['SIGKILL', 'SIGTERM', 'SIGINT'],
  sandbox: ['SIGKILL', 'SIGSTOP', 'SIGTERM'],
}

/** How often each kind is chosen beside the others: with the last three a build's limit ends, and mostly the build. */
const weights: Readonly<Record<Door, Readonly<Partial<Record<Kind, number>>>>> = {
  shim: { launcher: 1, client: 1, tool: 1 },
  sandbox: { launcher: 4, client: 4, tool: 8, waiter: 8, successor: 1, supervisor: 3, run: 1, group: 1 },
}

const longestStop = 1500 // ms; but for a supervisor's, which its `run` ends, or its successor continues

/** The supervisor of the `run` that leads a session has one of its own. */
export const isSupervisor = ({ command }: Process): boolean => /\/look supervise /.test(command)

// The number of set_tid_address, in which a program waits.
const call = process.arch === 'x64' ? '218' : '96'

function kindOf({ pid, session }: Process, door: Door): Kind {
  try {
    if (door === 'sandbox' && pid === session) return 'run'
    const program = readlinkSync(`/proc/${pid}/exe`)
    if (program.includes('/.jobshim/')) return 'launcher'
    if (/^(make|ninja|cargo|python)/.test(basename(program))) return 'client'
    return door === 'sandbox' && readFileSync(`/proc/${pid}/syscall`, 'utf8').startsWith(`${call} `)
      ? 'waiter'
      : 'tool'
  } catch {
    return 'tool' // gone meanwhile
  }
}

type Victim = { pid: number; kind: Kind } // pid < 0: a process group

/** Whom it can be: a kind first, as there are many more tools than launchers, and more launchers than clients. */
function choose(door: Door, sessions: ReadonlySet<number>, chance: () => number): Victim | undefined {
  const all = processes().filter(({ state }) => state !== 'Z')
  const victims = all.flatMap((process): Victim[] => {
    const { pid, parent, session } = process
    if (sessions.has(session)) {
      const kind = kindOf(process, door)
      const whole: Victim[] = kind === 'run' ? [{ pid: -pid, kind: 'group' }] : []
      return [{ pid, kind }, ...whole]
    }
    if (!isSupervisor(process)) return []
    const above = all.find(other => other.pid === parent)
    const isSuccessor = above !== undefined && sessions.has(above.parent) && isSupervisor(above)
    return sessions.has(parent)
      ? [{ pid, kind: 'supervisor' }]
      : isSuccessor
        ? [{ pid, kind: 'successor' }]
        : []
  })
  const kinds = [...new Set(victims.map(({ kind }) => kind))].flatMap(kind =>
    Array.from({ length: weights[door][kind] ?? 0 }, () => kind),
  )
  const kind = kinds[Math.floor(chance() * kinds.length)]
  const among = victims.filter(victim => victim.kind === kind)
  return among[Math.floor(chance() * among.length)]
}

function send(pid: number, signal: Signal | 'SIGCONT'): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false // it ended by itself meanwhile
  }
}

async function work(
  { door, seed, perSecond, seconds }: Order,
  port: NonNullable<typeof parentPort>,
): Promise<void> {
  const sessions = new Set<number>()
  const chance = random(seed)
  let stopped: { pid: number; until: number }[] = []
  port.on('message', ({ session, alive }: Target) => {
    if (alive) sessions.add(session)
    else sessions.delete(session)
  })
  const strike = (now: number): boolean => {
    const victim = choose(door, sessions, chance)
    const signal = signals[door][Math.floor(chance() * signals[door].length)]
    if (victim === undefined || signal === undefined || !send(victim.pid, signal)) return false
    const staysSo = victim.kind === 'supervisor' && chance() < 0.5
    if (signal === 'SIGSTOP' && !staysSo)
      stopped.push({ pid: victim.pid, until: now + chance() * longestStop })
    return true
  }
  const goOn = (now: number): void => {
    for (const { pid } of stopped.filter(({ until }) => until <= now)) send(pid, 'SIGCONT')
    stopped = stopped.filter(({ until }) => until > now)
  }
  const began = performance.now()
  let kills = 0
  for (let now = 0; now < seconds * 1000; now = performance.now() - began) {
    const isDue = kills < (now * perSecond) / 1000
    kills += Number(isDue && strike(now))
    goOn(now)
    await sleep(2)
  }
  goOn(Number.POSITIVE_INFINITY)
  port.postMessage(kills)
  port.close()
}

if (parentPort) await work(workerData as Order, parentPort)
