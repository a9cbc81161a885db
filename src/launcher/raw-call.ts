/** Has `look` get words and an environment byte for byte, where Node can't hand them on: shims/look/raw.h. */
import { type ChildProcess, type IOType, spawn } from 'node:child_process'
import { bytesOf, hasOddBytes } from '../ground/bytes.js'
import { assignmentsOf, plainAssignments, receivedAssignments } from '../ground/received.js'

/** The words and the environment that `look` is called with, and what it is to read from the descriptor that they name. */
export type RawCall = { words: string[]; env: NodeJS.ProcessEnv; bytes: Buffer }

/**
 * Returns that call; undefined where Node hands on the same, as it nearly always does: a byte that is no UTF-8, a variable that is there
 * twice, a line that is none, a name that is a number (which an object has first) keep it from that. The environment is ours, or was made of it.
 */
export function rawCall(
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
  descriptor: number,
): RawCall | undefined {
  const plain = plainAssignments(environment)
  const received = receivedAssignments()
  const assignments = received ? assignmentsOf(received, environment) : plain
  const isPlain = !words.some(hasOddBytes) && isSame(assignments, plain) && !assignments.some(hasOddBytes)
  if (isPlain) return undefined
  const bytes = Buffer.concat([...words, ...assignments].flatMap(text => [bytesOf(text), nul]))
  const counts = [descriptor, bytes.length, words.length, assignments.length]
  return { words: ['raw', ...counts.map(String)], env: withoutOdd(environment), bytes }
}

const nul = Buffer.alloc(1)

// For its own start, as if it were called otherwise. U+FFFD takes more bytes than what it stands for: a variable could be too long for an exec.
const withoutOdd = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(environment).filter(([name, value = '']) => !hasOddBytes(name) && !hasOddBytes(value)),
  )

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((text, at) => text === other[at])

export type LookOptions = {
  env: NodeJS.ProcessEnv // ours, or made of it
  stdio: readonly (IOType | number)[]
  detached?: boolean
}

/** Starts `look` as spawn() does, with these words as they are. */
export function spawnLook(look: string, words: readonly string[], options: LookOptions): ChildProcess {
  const { env, stdio, detached = false } = options
  const raw = rawCall(words, env, stdio.length)
  if (!raw) return spawn(look, words, { env, detached, stdio: [...stdio] })
  const child = spawn(look, raw.words, { env: raw.env, detached, stdio: [...stdio, 'pipe'] })
  const stream = child.stdio[stdio.length]
  if (!stream || !('write' in stream)) throw new Error('the last descriptor is a pipe')
  stream.on('error', () => {}).end(raw.bytes) // it ended before: its end tells
  return child
}
