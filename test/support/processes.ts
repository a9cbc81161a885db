import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export type Process = {
  pid: number
  parent: number
  session: number
  state: string
  exits: boolean // it has begun to: its locks go before its children are told
  command: string
}

const exiting = 0x4 // PF_EXITING of the kernel

// What a launcher becomes that waits has these words before its own (shims/launcher/relay.h).
const relayedWords = 5

/** A command line; that of a launcher that has become `look tool` as it was before. */
function commandIn(text: string): string {
  const words = text.split('\0')
  return (words[0] === 'look' && words[1] === 'tool' ? words.slice(relayedWords) : words).join(' ').trim()
}

/** Every process of the machine that can be read, as /proc has it; zombies included. */
export function processes(): Process[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        const [state = '?', parent, , session, , , flags] = fields
        const exits = (Number(flags) & exiting) !== 0
        const command = commandIn(readFileSync(`/proc/${name}/cmdline`, 'latin1'))
        return [
          { pid: Number(name), parent: Number(parent), session: Number(session), state, exits, command },
        ]
      } catch {
        return [] // gone meanwhile
      }
    })
}

/** Processes that still run in a session, or whose environment has `marker` (`NAME=value`). */
export function processesOf(session: number, marker?: string): Process[] {
  return processes().filter(({ pid, session: its, state }) => {
    if (state === 'Z') return false
    if (its === session) return true
    if (marker === undefined) return false
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(marker)
    } catch {
      return false
    }
  })
}

/** What a process has open, as its links say; what it closes meanwhile, or all if it ends, is left out. */
export function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)]
      } catch {
        return []
      }
    })
  } catch {
    return []
  }
}

/** One line a process, for messages. */
export const describe = (found: readonly Process[]): string =>
  found
    .map(({ pid, parent, state, command }) => `  ${pid} (child of ${parent}) ${state} ${command}`)
    .join('\n')

export function signalAll(found: readonly { pid: number }[], signal: NodeJS.Signals): void {
  for (const { pid } of found) {
    try {
      process.kill(pid, signal)
    } catch {
      // gone meanwhile
    }
  }
}

export const killAll = (found: readonly Process[]): void => signalAll(found, 'SIGKILL')

/** Stops all that `find` finds and what these started meanwhile. Returns them, in the order found. */
export function stopAll(find: () => Process[]): Process[] {
  const all = new Map<number, Process>()
  for (;;) {
    const found = find().filter(({ pid }) => !all.has(pid))
    if (found.length === 0) return [...all.values()]
    signalAll(found, 'SIGSTOP')
    for (const one of found) all.set(one.pid, one)
  }
}

/** Kills all that `find` finds, until it finds none: each that lives may start another one meanwhile. Returns what it found first. */
export function killUntilNone(find: () => Process[]): Process[] {
  const found = find()
  for (let left = found, tries = 0; left.length > 0 && tries < 1000; left = find(), tries++) killAll(left)
  return found
}

/** Signals that programs die of; those that Node treats in a way of its own are among them. */
export const deadlySignals = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGILL',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
  'SIGUSR1',
  'SIGSEGV',
  'SIGUSR2',
  'SIGPIPE',
  'SIGALRM',
  'SIGTERM',
  'SIGXFSZ',
  'SIGPROF',
] as const
