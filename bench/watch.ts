/** What builds have running, told by /proc and by nobody who takes part in them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export type Watched = {
  peak: number // most compilers at once
  memory: number // bytes that all processes of the builds had at most
}

const countEveryMs = 20
const weighEvery = 15 // counts: the kernel walks all pages of a process to tell what it has

const pids = (): string[] => readdirSync('/proc').filter(name => /^\d+$/.test(name))

/** What `read` returns, or undefined if the process has ended meanwhile. */
function ofLiving<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** What a process waits for: in a sandbox a program that has no slot yet stands in this call. */
const isHeld = (pid: string): boolean =>
  readFileSync(`/proc/${pid}/wchan`, 'utf8').startsWith('seccomp_do_user_notification')

/** cargo asks rustc for its version and its targets: that is no compile. */
function compiles(pid: string, compiler: string): boolean {
  if (readlinkSync(`/proc/${pid}/exe`) !== compiler) return false
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  const crate = words[words.indexOf('--crate-name') + 1]
  return words.includes('--crate-name') && crate !== '___' && !isHeld(pid)
}

/** A page that several processes share counts in each of them by its part. */
function weigh(pid: string): number {
  const [, kilobytes = '0'] =
    /^Pss: +(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

/** Watches the processes whose environment has `mark`, until `over` is settled; `compiler`: the file of the real one. */
export async function watch(mark: string, compiler: string, over: Promise<unknown>): Promise<Watched> {
  const others = new Set(pids())
  const watched: Watched = { peak: 0, memory: 0 }
  let goesOn = true
  const end = (): void => {
    goesOn = false
  }
  over.then(end, end)
  for (let count = 0; goesOn; count++) {
    const ours = pids().filter(pid => {
      if (others.has(pid)) return false
      const environment = ofLiving(() => readFileSync(`/proc/${pid}/environ`, 'utf8'))
      if (environment?.includes(mark)) return true
      if (environment) others.add(pid) // an empty one is that of a process which is just made or just ends
      return false
    })
    const compilers = ours.filter(pid => ofLiving(() => compiles(pid, compiler)))
    watched.peak = Math.max(watched.peak, compilers.length)
    if (count % weighEvery === 0) {
      const sum = ours.reduce((bytes, pid) => bytes + (ofLiving(() => weigh(pid)) ?? 0), 0)
      watched.memory = Math.max(watched.memory, sum)
    }
    await sleep(countEveryMs)
  }
  return watched
}
