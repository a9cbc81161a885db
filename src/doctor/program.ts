/** Programs that are run for their answer: each has its time, and nothing of it is left. */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'

export type Answer =
  | { kind: 'ended'; status: number | null; stdout: string; stderr: string }
  | { kind: 'failed'; why: string } // it can't be started, or takes too long

export type RunOptions = {
  environment: NodeJS.ProcessEnv
  seconds?: number
  descriptors?: readonly number[] // handed on from 3 on
  directory?: string
}

const usualSeconds = 10
const longestAnswer = 1024 * 1024
const lastWordsMs = 200 // for what has left the program's group and keeps its stdout open

const running = new Map<ChildProcess, () => void>() // and what tells whoever waits that it was ended
const interruption = new AbortController()

/** Is aborted once `endPrograms` was called. */
export const interrupted = interruption.signal

/** Has `endPrograms` kill a program of somebody else's, with its group, until the function that is returned is called. */
export function watchProgram(child: ChildProcess): () => void {
  running.set(child, () => undefined)
  return () => void running.delete(child)
}

/** Kills what still runs. Whoever waits for a program, or wants one from then on, gets an error, and removes what it has made. */
export function endPrograms(): void {
  interruption.abort()
  for (const [child, tell] of running) {
    killGroup(child)
    tell()
  }
}

/**
 * Runs a program in a session of its own, without stdin, until it ends or its time is over. Throws an `AbortError` where `endPrograms`
 * is called before.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<Answer> {
  interrupted.throwIfAborted()
  return await answerOf(program, args, options)
}

function answerOf(program: string, args: readonly string[], options: RunOptions): Promise<Answer> {
  const { environment, seconds = usualSeconds, descriptors = [], directory } = options
  return new Promise((resolve, reject) => {
    const child = startProgram(program, args, {
      cwd: directory,
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', ...descriptors],
    })
    if (!(child instanceof Object && 'stdout' in child)) return resolve({ kind: 'failed', why: child.why })
    running.set(child, () => {
      release()
      reject(interrupted.reason)
    })
    const text = { stdout: '', stderr: '' }
    const release = (): void => {
      clearTimeout(limit)
      running.delete(child)
      for (const stream of [child.stdout, child.stderr]) stream?.destroy()
    }
    const finish = (answer: Answer): void => {
      release()
      resolve(answer)
    }
    const limit = setTimeout(() => {
      killGroup(child)
      finish({ kind: 'failed', why: `no end after ${seconds} s` })
    }, seconds * 1000)
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.setEncoding('utf8').on('data', (part: string) => {
        if (text[name].length < longestAnswer) text[name] += part
      })
    child.once('error', error => finish({ kind: 'failed', why: startError(error) }))
    child.once('exit', status => {
      killGroup(child)
      const end = (): void => finish({ kind: 'ended', status, ...text })
      const wait = setTimeout(end, lastWordsMs)
      child.once('close', () => {
        clearTimeout(wait)
        end()
      })
    })
  })
}

// Some errors of the start are thrown, others are an event.
function startProgram(...start: Parameters<typeof spawn>): ChildProcess | { why: string } {
  try {
    return spawn(...start)
  } catch (error) {
    return { why: startError(error) }
  }
}

/** Returns the error's name as errno(3) has it: not all are known to Node. */
function startError(error: unknown): string {
  const number = error instanceof Error && 'errno' in error ? Number(error.errno) : 0
  const name = Object.entries(constants.errno).find(([, value]) => value === -number)?.[0]
  return name ?? (error instanceof Error ? error.message : String(error))
}

/** Kills a program that was started with `detached`, and all that is still in its group. */
export function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // all gone
  }
}
