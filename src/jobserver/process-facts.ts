/** What /proc tells of processes, for people who look at them: each is read once. */
import { readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { environment as names } from '../contract/environment.js'
import { lowPriority } from '../contract/priorities.js'
import { readProcessStat } from '../ground/process-stat.js'

export type ProcessFacts = {
  ancestorsOf(pid: number): readonly number[] // its parent first
  nameOf(pid: number): string // of its first thread; empty if it is gone
  wordsOf(pid: number): readonly string[] // its command line, without what a launcher puts before it; none if that can't be read
  directoryOf(pid: number): string | undefined // it works there; undefined if that can't be read
  secondsOf(pid: number): number // since it was started
  isLow(pid: number): boolean // its environment asks for low priority; false if that can't be read
}

const ancestorsMost = 256
const ticksPerSecond = 100 // the kernel's USER_HZ, whatever its own clock does
const relayedWords = 5 // what a launcher that waits has before its tool's (shims/launcher/relay.h)
const starterWords = 5 // what starts a run's command before the command's (shims/look/starter.h)

/** Returns the facts of this moment. */
export function lookAtProcesses(): ProcessFacts {
  const stats = new Map<number, ReturnType<typeof readProcessStat>>()
  const uptime = readUptime()
  const statOf = (pid: number): ReturnType<typeof readProcessStat> => {
    const stat = stats.get(pid) ?? readProcessStat(pid)
    stats.set(pid, stat)
    return stat
  }
  const parentOf = (pid: number): number => {
    const stat = statOf(pid)
    return stat.kind === 'read' ? stat.parent : 0
  }
  return {
    ancestorsOf(pid) {
      const ancestors: number[] = []
      for (let at = parentOf(pid); at > 0 && ancestors.length < ancestorsMost; at = parentOf(at))
        ancestors.push(at)
      return ancestors
    },
    nameOf(pid) {
      const stat = statOf(pid)
      return stat.kind === 'read' ? stat.name : ''
    },
    wordsOf: commandOf,
    directoryOf,
    isLow,
    secondsOf(pid) {
      const stat = statOf(pid)
      return stat.kind === 'read' ? Math.max(0, uptime - Number(stat.start) / ticksPerSecond) : 0
    },
  }
}

const readUptime = (): number => Number.parseFloat(readFileSync('/proc/uptime', 'latin1'))

function commandOf(pid: number): readonly string[] {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0$/, '').split('\0')
    const [program = '', order] = words
    if (order === 'start' && basename(program) === 'look') return words.slice(starterWords)
    return program === 'look' && order === 'tool' ? words.slice(relayedWords) : words
  } catch {
    return [] // gone meanwhile, or not ours to see
  }
}

function directoryOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined // as above
  }
}

const asksForLow = `\0${names.priority}=${lowPriority}\0`

function isLow(pid: number): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}\0`.includes(asksForLow)
  } catch {
    return false // as above
  }
}

/** Returns what a command line runs, in a word: a script, if an interpreter was given one. */
export function programOf([program = '', script = '']: readonly string[]): string {
  const name = basename(program).replace(/^-/, '') // of a login shell
  return /^(ba|da|k|z)?sh$|^(node|perl|python|ruby)[\d.]*$/.test(name) && /^[^-]/.test(script)
    ? basename(script)
    : name
}
