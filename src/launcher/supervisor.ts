/** The `look` that answers for a job sandbox (shims/sandbox/supervisor.h): it outlives us only as long as processes are left in there. */
import { rmSync } from 'node:fs'
import { Duplex } from 'node:stream'
import { Failure } from '../ground/failure.js'
import { spawnLook } from './raw-call.js'

/** Why no supervisor is there any more, though the build goes on: then no tool waits, or takes a slot. */
export type SupervisorLoss = 'ended' | 'stood still'

/** Programs of which the supervisor could not tell whether they are tools: they ran without a slot. */
export type UnknownPrograms = { count: number; first: string } // by which name that was called; empty: not known

export type Supervisor = {
  socket: string // by which a command enters the sandbox
  /** The build is over: no tool waits any more. Resolves once all slots are given back, and the journal is written. */
  end(): Promise<UnknownPrograms | undefined> // undefined: there were none
}

export type SupervisorOrder = {
  look: string
  socket: string // the path that it is to have
  environment: NodeJS.ProcessEnv // of the build: it names the jobserver
  descriptors: readonly number[] // that the build gets from 3 on, by the same numbers
  lost: (loss: SupervisorLoss) => void // called at most once, and not after end()
  gone: () => void // it has ended, before end(): what it held is nobody's
}

const beat = 1000 // ms
const beatsMissed = 5 // it is stopped, or swapped out: better no limit than a build that stands still
const lastWord = 2000 // ms in which it ends its work

/** Starts one. Throws `Failure` where it can't do its work. */
export async function openSupervisor(order: SupervisorOrder): Promise<Supervisor> {
  const { look, socket, environment, descriptors, lost, gone } = order
  const control = Math.max(3, 3 + descriptors.length)
  // In a session of its own: a terminal's ^C and ^Z are for the build.
  const child = spawnLook(look, ['supervise', String(control), socket], {
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit', ...descriptors, 'pipe'],
    detached: true,
  })
  const line = child.stdio[control]
  if (!(line instanceof Duplex)) throw new Error('the last descriptor is a pipe')
  let isOver = false
  let isEnding = false
  let missed = 0
  const lose = (loss: SupervisorLoss): void => {
    if (isOver) return
    isOver = true
    lost(loss)
  }
  const timer = setInterval(() => {
    missed++
    if (missed > beatsMissed) {
      child.kill('SIGKILL')
      lose('stood still')
    } else line.write('.')
  }, beat)
  const close = (): void => {
    clearInterval(timer)
    line.destroy()
    rmSync(socket, { force: true })
  }
  line.on('error', () => {}) // it is gone: `exit` tells
  child.once('exit', () => {
    close()
    lose('ended')
    if (!isEnding) gone()
  })
  child.once('error', () => {})
  const first = await new Promise<string>(resolve => {
    line.once('data', (text: Buffer) => resolve(text.toString('utf8')))
    child.once('close', () => resolve(''))
    child.once('error', error => resolve(error.message))
  })
  if (first !== 'ready\n') {
    isOver = true
    isEnding = true
    close()
    throw new Failure(
      `the sandbox has no supervisor: ${first || 'it ended'}`,
      'run the build without --sandbox',
    )
  }
  let said = '' // but what comes back of each beat
  line.on('data', (text: Buffer) => {
    missed = 0
    said += text.toString('utf8').replace(/^\.+/, '')
  })
  child.unref()
  return {
    socket,
    async end() {
      isOver = true
      isEnding = true
      clearInterval(timer)
      if (!line.destroyed) await lastWordOf(line)
      close()
      child.kill('SIGCONT') // if it is stopped, it gives back now what it has
      return unknownOf(said)
    },
  }
}

const unknownOf = (said: string): UnknownPrograms | undefined => {
  const [, count, first = ''] = /^unknown (\d+) (.*)\n$/s.exec(said) ?? []
  return count === undefined ? undefined : { count: Number(count), first }
}

// It closes its end once it has done all.
async function lastWordOf(line: Duplex): Promise<void> {
  await new Promise<void>(resolve => {
    const timer = setTimeout(resolve, lastWord)
    line.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
    line.end()
  })
}
