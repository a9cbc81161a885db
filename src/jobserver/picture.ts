/** What can be seen of a jobserver from outside: its tokens, and what launchers wrote into its ledger. */
import { closeSync, openSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { ledgerLayout } from '../contract/ledger-layout.js'
import { Failure } from '../ground/failure.js'
import { inheritedDescriptors } from '../ground/inherited.js'
import { censusIn, lookIn, noAnswer } from '../launcher/answers.js'
import { callLook } from '../launcher/look.js'
import { type LedgerCounters, type LedgerRecord, readCounters, readRecords, readSize } from './ledger.js'

export type Picture = {
  jobserver: string // its address
  free: number | undefined // tokens in it now; undefined for a device that does not tell
  total: number | undefined // undefined where nobody told: a jobserver that is not ours
  ledger: string | undefined
  counters: LedgerCounters | undefined
  accounts: boolean // its server knows itself who has what, and takes back what the dead had
  blind: string | undefined // why tokens that are lost with killed clients can't be found now
  rows: readonly Row[]
}

/** A launcher that waits or has a slot. */
export type Row = Omit<LedgerRecord, 'sinceNs' | 'hasToken'> & {
  seconds: number // in this state
  command: string // empty where it can't be seen: another PID namespace, another user
}

/**
 * Returns a picture of the jobserver that a tool started with this environment would use.
 * Throws `Failure` where there is none.
 */
export function lookAtJobserver(look: string, environment: NodeJS.ProcessEnv): Picture {
  const outcome = callLook(look, 'jobserver', { environment, descriptors: inheritedDescriptors() })
  if (outcome.kind === 'refused' && outcome.error === 'noJobserver')
    throw new Failure(`no jobserver: ${outcome.why}`, 'name one with --jobserver fifo:PATH')
  const told = outcome.kind === 'answered' ? lookIn(outcome.answer) : undefined
  if (told === undefined) throw noAnswer(look)
  const { jobserver, free, ledger, accounts } = told
  if (ledger === '')
    return {
      jobserver,
      free,
      total: undefined,
      ledger: undefined,
      counters: undefined,
      accounts,
      blind: undefined,
      rows: [],
    }
  const fd = openSync(ledger, 'r')
  try {
    const total = readSize(fd, 'total')
    const whyBlind = (): string | undefined => {
      if (accounts) return undefined
      return total === undefined ? "it is not jobshim's" : blindness(look, environment)
    }
    return {
      jobserver,
      free,
      total,
      ledger,
      counters: readCounters(fd),
      accounts,
      blind: whyBlind(),
      rows: readRecords(fd).map(rowOf),
    }
  } finally {
    closeSync(fd)
  }
}

function blindness(look: string, environment: NodeJS.ProcessEnv): string | undefined {
  const outcome = callLook(look, 'census', { environment, descriptors: inheritedDescriptors() })
  if (outcome.kind === 'refused') return `${look} gives no answer`
  const census = censusIn(outcome.answer)
  return census.kind === 'blind' ? census.why : undefined
}

function rowOf({ tool, pid, state, slot, alive, sinceNs }: LedgerRecord): Row {
  const seconds = Math.max(0, Number(process.hrtime.bigint() - sinceNs) / 1e9)
  const words = alive ? commandOf(pid) : []
  return {
    tool: wholeName(tool, words),
    pid,
    state,
    slot,
    alive,
    seconds,
    command: words.join(' ').trimEnd(),
  }
}

// The ledger has room for the beginning of a long one.
function wholeName(tool: string, words: readonly string[]): string {
  if (tool.length < ledgerLayout.toolBytes - 1) return tool
  return words.map(word => basename(word)).find(name => name.startsWith(tool)) ?? tool
}

const relayedWords = 5 // what a launcher that waits has before its tool's (shims/launcher/relay.h)

function commandOf(pid: number): string[] {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return words[0] === 'look' && words[1] === 'tool' ? words.slice(relayedWords) : words
  } catch {
    return [] // gone meanwhile, or not ours to see
  }
}
