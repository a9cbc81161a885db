import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { buildProgram } from './built.js'

/** A program's run, as the kernel tells it. */
export type KernelRun = {
  program: string // its path
  last: string // its last argument
  pid: number
  parent: number // the nearest process above that has executed a program
  began: number // seconds
  ended: number
}

/** What the kernel told, and how late, at most, it woke somebody up who looks every 200 ms, in ms. */
export type KernelEvents = { runs: KernelRun[]; lateMs: number }

/** Reads the lines of test/support/events.c. A process that executes another program ends a run. */
export function readEvents(text: string): KernelEvents {
  const runs: KernelRun[] = []
  let lateMs = Number.NaN
  const living = new Map<number, KernelRun>()
  const parents = new Map<number, number>()
  for (const line of text.split('\n')) {
    const [what, at, pid = '', parent, program = '', last = ''] = line.split(' ')
    if (what === 'late') lateMs = Number(at) / 1e6
    if (what === 'fork') {
      parents.set(Number(pid), Number(parent))
      continue
    }
    const before = living.get(Number(pid))
    if (before) before.ended = Number(at) / 1e9
    living.delete(Number(pid))
    if (what !== 'exec') continue
    const began = Number(at) / 1e9
    let above = parents.get(Number(pid)) ?? Number(parent)
    while (!living.has(above) && parents.has(above)) above = parents.get(above) ?? 0
    const run = { program, last, pid: Number(pid), parent: above, began, ended: Number.NaN }
    living.set(run.pid, run)
    runs.push(run)
  }
  return { runs, lateMs }
}

/** Has the kernel tell of all that starts and ends from now on. Rejects where it does not: without root, in a container. */
export async function recordEvents(program: string): Promise<{ end(): Promise<KernelEvents> }> {
  buildProgram(program, ['events.c'])
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'pipe'] })
  let text = ''
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    errors += part
  })
  const ready = new Promise<void>(resolve => {
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part
      if (text.includes('ready\n')) resolve()
    })
  })
  const closed = once(child, 'close')
  await Promise.race([
    ready,
    closed.then(() => Promise.reject(new Error(`no events of the kernel's: ${errors}`))),
  ])
  return {
    async end() {
      child.stdin.end()
      const [status] = await closed
      if (status !== 0) throw new Error(`events: ${errors}`)
      return readEvents(text)
    },
  }
}

export const length = ({ began, ended }: Pick<KernelRun, 'began' | 'ended'>): number => ended - began
export const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0)

/** How long at least one of them ran. */
export function covered(runs: readonly Pick<KernelRun, 'began' | 'ended'>[]): number {
  let until = 0
  return sum(
    [...runs]
      .sort((one, other) => one.began - other.began)
      .map(({ began, ended }) => {
        const added = Math.max(0, ended - Math.max(began, until))
        until = Math.max(until, ended)
        return added
      }),
  )
}
