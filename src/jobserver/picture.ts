/** What can be seen of a jobserver from outside: its tokens, and what launchers wrote into its ledger. */
import { closeSync, openSync } from 'node:fs'
import { basename } from 'node:path'
import { ledgerLayout } from '../contract/ledger-layout.js'
import { Failure } from '../ground/failure.js'
import { inheritedDescriptors } from '../ground/inherited.js'
import { censusIn, lookIn, noAnswer } from '../launcher/answers.js'
import { callLook } from '../launcher/look.js'
import { type Build, buildsOf, type Place, type Sighting } from './builds.js'
import {
  type LedgerCounters,
  type LedgerRecord,
  readCounters,
  readOwner,
  readRecords,
  readSize,
} from './ledger.js'
import { thisProcess } from './owner.js'
import { lookAtProcesses, type ProcessFacts } from './process-facts.js'

export type Picture = {
  jobserver: string // its address
  free: number | undefined // tokens in it now; undefined for a device that does not tell
  total: number | undefined // undefined where nobody told: a jobserver that is not ours
  slots: number | undefined // tools that may run at once; undefined as `total`
  ledger: string | undefined
  counters: LedgerCounters | undefined
  accounts: boolean // its server knows itself who has what, and takes back what the dead had
  blind: string | undefined // why tokens that are lost with killed clients can't be found now
  builds: readonly Build[]
  rows: readonly Row[]
}

/** A launcher that waits or has a slot. */
export type Row = Omit<LedgerRecord, 'record' | 'sinceNs' | 'hasToken'> & {
  build: number | undefined // which of `builds`; undefined: it was killed
  client: number | undefined // the pid of the client whose slot it is: that its adapter has started
  seconds: number // in this state
  command: string // empty where it can't be seen: another user
  low?: true // its environment asks for low priority; what a rule says is not told
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
  const written = ledger === '' ? nothingWritten : readLedger(ledger)
  const { total, counters, records, owner } = written
  const processes = lookAtProcesses()
  const runs = records.map(record => ({ ...record, seconds: secondsSince(record.sinceNs) }))
  const { builds, placeOf } = buildsOf(sightingsOf(look, environment), runs, owner, processes)
  const whyBlind = (): string | undefined => {
    if (accounts || ledger === '') return undefined
    return total === undefined ? "it is not jobshim's" : blindness(look, environment)
  }
  return {
    jobserver,
    free,
    total,
    slots: total === undefined ? undefined : total + (owner > 0 ? 1 : 0),
    ledger: ledger === '' ? undefined : ledger,
    counters,
    accounts,
    blind: whyBlind(),
    builds,
    rows: runs.map(run => rowOf(run, placeOf(run.record), processes)),
  }
}

/** What is read of a ledger at one moment. */
type Written = {
  total: number | undefined
  counters: LedgerCounters | undefined
  records: readonly LedgerRecord[]
  owner: number // the pid of the `jobshim run` whose pool it is; 0: of nobody here
}

const nothingWritten: Written = { total: undefined, counters: undefined, records: [], owner: 0 }

function readLedger(path: string): Written {
  const fd = openSync(path, 'r')
  try {
    const { pid = 0, pidNamespace } = readOwner(fd) ?? {}
    return {
      total: readSize(fd, 'total'),
      counters: readCounters(fd),
      records: readRecords(fd),
      owner: pidNamespace === thisProcess().pidNamespace ? pid : 0,
    }
  } finally {
    closeSync(fd)
  }
}

const secondsSince = (ns: bigint): number => Math.max(0, Number(process.hrtime.bigint() - ns) / 1e9)

function sightingsOf(look: string, environment: NodeJS.ProcessEnv): readonly Sighting[] {
  const outcome = callLook(look, 'builds', { environment, descriptors: inheritedDescriptors() })
  if (outcome.kind === 'refused') throw noAnswer(look)
  return outcome.answer
}

function blindness(look: string, environment: NodeJS.ProcessEnv): string | undefined {
  const outcome = callLook(look, 'census', { environment, descriptors: inheritedDescriptors() })
  if (outcome.kind === 'refused') return `${look} gives no answer`
  const census = censusIn(outcome.answer)
  return census.kind === 'blind' ? census.why : undefined
}

function rowOf(
  { tool, pid, state, slot, alive, seconds }: LedgerRecord & { seconds: number },
  place: Place | undefined,
  { wordsOf, isLow }: ProcessFacts,
): Row {
  const pidHere = place?.pid ?? 0
  const words = pidHere > 0 ? wordsOf(pidHere) : []
  return {
    tool: wholeName(tool, words),
    pid,
    build: place?.build,
    client: place?.client,
    state,
    slot,
    alive,
    seconds,
    command: words.join(' ').trimEnd(),
    ...(pidHere > 0 && isLow(pidHere) ? { low: true } : {}),
  }
}

// The ledger has room for the beginning of a long one.
function wholeName(tool: string, words: readonly string[]): string {
  if (tool.length < ledgerLayout.toolBytes - 1) return tool
  return words.map(word => basename(word)).find(name => name.startsWith(tool)) ?? tool
}
