import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildProgram } from './built.js'
import { processes } from './processes.js'

/** Compilers that are counted while they run, killed or not; see counted.c. */
export type Counted = {
  bin: string // goes on PATH behind the shims and before the real compilers
  running(): number[] // the pids of those that run now
}

/** Looks every few milliseconds; returns how many at most ran at once below process `root`, once that is asked for. */
export function watchBelow(counted: Counted, root: number): () => number {
  let most = 0
  const timer = setInterval(() => {
    const tools = counted.running()
    if (tools.length <= most) return
    const parents = new Map(processes().map(({ pid, parent }) => [pid, parent]))
    const isBelow = (pid: number | undefined): boolean =>
      pid === root || (pid !== undefined && pid > 1 && isBelow(parents.get(pid)))
    most = Math.max(most, tools.filter(isBelow).length)
  }, 5).unref()
  return () => {
    clearInterval(timer)
    return most
  }
}

export function makeCounted(directory: string): Counted {
  const bin = join(directory, 'bin')
  const count = join(directory, 'count')
  mkdirSync(bin, { recursive: true })
  writeFileSync(count, '')
  buildProgram(join(directory, 'counted'), ['counted.c'])
  for (const name of ['cc', 'gcc']) symlinkSync('../counted', join(bin, name))
  const { ino } = statSync(count)
  return {
    bin,
    running() {
      const locks = readFileSync('/proc/locks', 'utf8')
      return [...locks.matchAll(/POSIX\s+\S+\s+WRITE\s+(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/g)]
        .filter(([, , inode]) => Number(inode) === ino)
        .map(([, pid]) => Number(pid))
    },
  }
}
