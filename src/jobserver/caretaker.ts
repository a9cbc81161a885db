/** The launcher that looks after a pool, and at the tools of a command: one process for as long as we live (shims/caretaker.h). */
import { spawn } from 'node:child_process'
import { fstatSync } from 'node:fs'
import { eachLine } from '../ground/each-line.js'

/** What was done to a pool, or `gone`: its FIFO is no more where its clients look for it. */
export type PoolEvent = { kind: 'restored' | 'surplus'; tokens: number } | { kind: 'gone' }

export type Caretaker = {
  /** Looks after the pool whose FIFO, which we have open, is at `path`, with its ledger beside it. */
  tend(path: string, fifoFd: number, tell: (event: PoolEvent) => void): void
  /** Stays until process `pid` has ended, also where we are killed before. */
  stay(pid: number): void
  /** Looks at the tools below that process, and writes what it sees to `file`. `jobserver`: its address; empty if the pool is not ours. */
  watch(file: string, jobserver: string): void
  /** Returns the number of free tokens; undefined where it can't be told. To be called once at a time. */
  countFree(): Promise<number | undefined>
  /** Resolves once it has ended, as where somebody killed it. */
  ended: Promise<void>
  /** Has it write what it saw, and end. */
  end(): Promise<void>
}

/** Starts one. `environment`: the build's. */
export function openCaretaker(launcher: string, environment: NodeJS.ProcessEnv): Caretaker {
  // In a session of its own: a terminal's ^C and ^Z are for the build.
  const child = spawn(launcher, ['--tend'], {
    env: environment,
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  })
  let tell: (event: PoolEvent) => void = () => {}
  let counted: (tokens: number | undefined) => void = () => {}
  const hear = (line: string): void => {
    const [word = '', number] = line.split(' ')
    if (word === 'free') counted(Number(number) < 0 ? undefined : Number(number))
    else if (word === 'restored' || word === 'surplus') tell({ kind: word, tokens: Number(number) })
    else if (word === 'gone') tell({ kind: 'gone' })
  }
  const ended = new Promise<void>(resolve => {
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  })
  eachLine(child.stdout, hear)
  child.stdin.on('error', () => {}) // it is gone: `ended` tells
  const order = (...words: string[]): void => {
    if (child.stdin.writable) child.stdin.write(words.map(word => `${word}\0`).join(''))
  }
  return {
    ended,
    tend(path, fifoFd, listener) {
      tell = listener
      const { dev, ino } = fstatSync(fifoFd, { bigint: true })
      order('tend', path, String(dev), String(ino))
    },
    stay: pid => order('stay', String(pid)),
    watch: (file, jobserver) => order('watch', file, jobserver),
    async countFree() {
      const answer = new Promise<number | undefined>(resolve => {
        counted = resolve
      })
      order('count')
      return await Promise.race([answer, ended.then(() => undefined)])
    },
    async end() {
      order('end')
      child.stdin.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), patience) // it has nothing, and may be stopped
      await ended
      clearTimeout(timer)
    },
  }
}

const patience = 2000 // ms
