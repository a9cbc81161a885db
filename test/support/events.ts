import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { buildProgram } from './built.js'

/** A program's run, as the kernel tells it. */
export type KernelRun = {
  program: string // its path
  last: string // its last argument
  pid: number
  parent: number
  began: number // seconds
  ended: number
}

/** Returns what runs there were, from the lines of test/support/events.c. A process that executes another program ends one. */
export function readEvents(text: string): KernelRun[] {
  const runs: KernelRun[] = []
  const living = new Map<number, KernelRun>()
  for (const line of text.split('\n')) {
    const [what, at, pid = '', parent, program = '', last = ''] = line.split(' ')
    const before = living.get(Number(pid))
    if (before) before.ended = Number(at) / 1e9
    living.delete(Number(pid))
    if (what !== 'exec') continue
    const began = Number(at) / 1e9
    const run = { program, last, pid: Number(pid), parent: Number(parent), began, ended: Number.NaN }
    living.set(run.pid, run)
    runs.push(run)
  }
  return runs
}

/** Has the kernel tell of all that starts and ends from now on. Rejects where it does not: without root, in a container. */
export async function recordEvents(program: string): Promise<{ end(): Promise<KernelRun[]> }> {
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
