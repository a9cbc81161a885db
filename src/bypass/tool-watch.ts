/** What tools run below a command, and which of them went past the shims: a caretaker looks a few times a second (shims/look/watch.c). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BypassReason, isBypassReason } from '../contract/bypass-reasons.js'
import { systemErrorCode } from '../ground/failure.js'
import { enterWatch, livingWatches, removeEntry } from '../jobserver/registry.js'
import { numberOf, wordsOf } from '../launcher/answers.js'
import type { Caretaker } from '../launcher/caretaker.js'

/** Tools that went past the shims, all that were alike. */
export type BypassingTools = {
  tool: string // its path
  caller: string // who started it: cmake
  reason: BypassReason
  directory: string // where the first of them worked; empty where that could not be seen
  runs: number
  seconds: number
}

/** One of the slowest runs, to a look. */
export type SlowRun = { tool: string; file: string; seconds: number }

/** A program that is no tool, such as configure: what else the build did, and when. */
export type Phase = {
  depth: number // below the command
  at: number // seconds since 1970
  seconds: number
  directory: string // empty where that could not be seen
  command: string // its command line; may be cut at its end
}

/** What was seen so far. Seconds are sums over all tools. */
export type ToolUse = {
  jobserver: string // its address, where JOBSHIM_JOBSERVER named it
  watchedSeconds: number
  governedSeconds: number
  bypassingSeconds: number
  launchedRuns: number // seen in a slot: those that a shim has started
  clientRuns: number // and those that a client has started past the shims, in its own slot
  bypassing: readonly BypassingTools[]
  phases: readonly Phase[] // the longest ones, in no order
  slowest: readonly SlowRun[] // the slowest first
}

/** Returns governed tool seconds / all tool seconds; undefined where no tool was seen. */
export function coverageOf({
  governedSeconds,
  bypassingSeconds,
}: Pick<ToolUse, 'governedSeconds' | 'bypassingSeconds'>): number | undefined {
  const all = governedSeconds + bypassingSeconds
  return all === 0 ? undefined : governedSeconds / all
}

const headWords = 7
const bypassingWords = 6
const phaseWords = 5
const slowWords = 3

/** Returns what the words that a caretaker wrote say, undefined if they are cut, or no such words. */
export function readToolUse(text: string): ToolUse | undefined {
  const words = wordsOf(text) ?? []
  const kinds = numberOf(words[headWords - 1] ?? '') ?? Number.NaN
  const beforePhases = headWords + bypassingWords * kinds
  const phaseCount = numberOf(words[beforePhases] ?? '') ?? Number.NaN
  const slowRuns = (words.length - beforePhases - 1 - phaseWords * phaseCount) / slowWords
  if (!Number.isInteger(slowRuns) || slowRuns < 0) return undefined
  let isWhole = true
  const next = (): string => words.shift() ?? ''
  const number = (): number => {
    const read = numberOf(next())
    isWhole = isWhole && read !== undefined
    return read ?? 0
  }
  const seconds = (): number => number() / 1000
  const reason = (): BypassReason => {
    const name = next()
    if (isBypassReason(name)) return name
    isWhole = false
    return 'byPath'
  }
  const jobserver = next()
  const [watchedSeconds, governedSeconds, bypassingSeconds] = [seconds(), seconds(), seconds()]
  const [launchedRuns, clientRuns, count] = [number(), number(), number()]
  const bypassing = Array.from({ length: count }, () => ({
    tool: plain(next()),
    caller: plain(next()),
    reason: reason(),
    directory: next(),
    runs: number(),
    seconds: seconds(),
  }))
  const phases = Array.from({ length: number() }, () => ({
    depth: number(),
    at: seconds(),
    seconds: seconds(),
    directory: next(),
    command: next(),
  }))
  const slowest = Array.from({ length: slowRuns }, () => ({
    tool: plain(next()),
    file: plain(next()),
    seconds: seconds(),
  }))
  const toolUse = {
    jobserver,
    watchedSeconds,
    governedSeconds,
    bypassingSeconds,
    launchedRuns,
    clientRuns,
    bypassing,
    phases,
    slowest,
  }
  return isWhole ? toolUse : undefined
}

// Names may hold anything; they are not to reach a terminal like that.
const plain = (text: string): string => text.replace(/\p{Cc}/gu, '?')

export type ToolWatch = {
  /** Ends the watch, and the caretaker with it. Returns what was seen; undefined where nothing was. */
  end(): Promise<ToolUse | undefined>
}

/** Has the caretaker look at the tools below the process that it stays for. `jobserver`: its address; empty if the pool is not ours. */
export function watchTools(caretaker: Caretaker, stateDirectory: string, jobserver: string): ToolWatch {
  const directory = enterWatch(stateDirectory)
  const file = join(directory, 'seen')
  caretaker.watch(file, jobserver)
  return {
    async end() {
      await caretaker.end()
      const toolUse = readToolUseFile(file)
      removeEntry(directory)
      return toolUse
    },
  }
}

function readToolUseFile(file: string): ToolUse | undefined {
  try {
    return readToolUse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return undefined // nothing was told yet, or the disk is full
  }
}

/** Returns what the living watches of this user have seen below the jobserver at `address`. */
export const toolUsesOf = (stateDirectory: string | undefined, address: string): ToolUse[] =>
  livingWatches(stateDirectory)
    .map(directory => readToolUseFile(join(directory, 'seen')))
    .filter(toolUse => toolUse !== undefined)
    .filter(({ jobserver }) => jobserver === address)
