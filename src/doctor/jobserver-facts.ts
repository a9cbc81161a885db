/** What is known of the jobserver that a build started here would meet, and of its clients. */
import { closeSync, openSync } from 'node:fs'
import { environment as names } from '../contract/environment.js'
import { inheritedDescriptors } from '../ground/inherited.js'
import { shWord } from '../ground/shell-word.js'
import { findAuth, type JobserverAuth } from '../jobserver/auth.js'
import { readOwner, readSize } from '../jobserver/ledger.js'
import { isAddress, readMakeFlags, withoutJobserver } from '../jobserver/make-flags.js'
import { type MakeStyle, styleOfVersion } from '../jobserver/make-style.js'
import { startTime, thisProcess } from '../jobserver/owner.js'
import { isServed } from '../jobserver/server-lock.js'
import { lookIn, lostIn, readOutcome } from '../launcher/answers.js'
import { findTool, realDirectories } from '../shimdir/real-tools.js'
import { usualPath } from '../shimdir/surroundings.js'
import { runProgram } from './program.js'

export type Jobserver =
  | { kind: 'none' }
  | { kind: 'unusable'; named: string; why: string }
  | { kind: 'untried'; named: string; why: string }
  | ({ kind: 'usable'; named: string } & Pool)

type Pool = {
  address: string // fifo:PATH, also of a pipe; R,W where no path leads to it
  free: number | undefined // undefined: a device that does not tell
  total: number | undefined // undefined: nobody told
  server: 'alive' | 'gone' | 'unknown'
  tokens: { kind: 'whole' } | { kind: 'lost'; count: number } | { kind: 'uncounted'; why: string }
}

export type ClientProgram = { path: string; version: string; hasShim: boolean } & (
  | { kind: 'make'; style: MakeStyle }
  | { kind: 'ninja'; readsFifo: boolean }
)

/** What holds tools back that find no jobserver: the machine's pool, nothing, or that the shims are not on PATH. */
export type Limit = 'machine' | 'none' | 'not here'

export type JobserverFacts = {
  jobserver: Jobserver
  limit: Limit
  release: string // what a shell runs to forget the jobservers that its variables name; empty: none does
  install: string // what a shell runs to make the shims
  auth: JobserverAuth | undefined // in MAKEFLAGS
  make: ClientProgram | undefined
  ninja: ClientProgram | undefined
}

/** Gathers them. `look`: its path, where there is one that can be called. */
export async function jobserverFacts(
  look: string | undefined,
  { shims, limit, install }: { shims: readonly string[] } & Pick<JobserverFacts, 'limit' | 'install'>,
  environment: NodeJS.ProcessEnv,
): Promise<JobserverFacts> {
  const [jobserver, make, ninja] = await Promise.all([
    lookAround(look, environment),
    clientProgram('make', shims, environment),
    clientProgram('ninja', shims, environment),
  ])
  const auth = findAuth(environment.MAKEFLAGS ?? '')
  return { jobserver, limit, release: releaseOf(environment), install, auth, make, ninja }
}

/** Returns what a shell runs to forget all jobservers that its variables name. */
function releaseOf(environment: NodeJS.ProcessEnv): string {
  const own = [names.jobserver, names.outer].filter(name => environment[name])
  const flags = ['MAKEFLAGS', 'CARGO_MAKEFLAGS'].flatMap(name => {
    const read = readMakeFlags(environment[name] ?? '')
    return read.flags.some(isAddress) ? [{ name, rest: withoutJobserver(read).trim() }] : []
  })
  const unset = [...own, ...flags.filter(({ rest }) => rest === '').map(({ name }) => name)]
  return [
    ...(unset.length > 0 ? [`unset ${unset.join(' ')}`] : []),
    ...flags.filter(({ rest }) => rest !== '').map(({ name, rest }) => `export ${name}=${shWord(rest)}`),
  ].join('; ')
}

/** Returns the variable that names a jobserver, as people wrote it; the first one wins. */
function namedIn(environment: NodeJS.ProcessEnv): string | undefined {
  const own = environment[names.jobserver]
  if (own) return `${names.jobserver}=${own}`
  for (const name of ['MAKEFLAGS', 'CARGO_MAKEFLAGS']) {
    const { text, flags } = readMakeFlags(environment[name] ?? '')
    const [first] = flags.filter(isAddress)
    if (first) return `${name}: ${text.slice(first.from, first.to)}`
  }
  return undefined
}

async function lookAround(look: string | undefined, environment: NodeJS.ProcessEnv): Promise<Jobserver> {
  const named = namedIn(environment)
  if (look === undefined)
    return named === undefined ? { kind: 'none' } : { kind: 'untried', named, why: 'no launcher to ask' }
  const descriptors = inheritedDescriptors()
  const answer = await runProgram(look, ['jobserver'], { environment, descriptors })
  if (answer.kind === 'failed')
    return named === undefined ? { kind: 'none' } : { kind: 'untried', named, why: answer.why }
  const outcome = readOutcome('jobserver', answer.status, answer.stdout)
  if (outcome?.kind === 'refused')
    return named === undefined
      ? { kind: 'none' }
      : { kind: 'unusable', named, why: outcome.error === 'noJobserver' ? outcome.why : silent }
  const told = outcome && lookIn(outcome.answer)
  if (told === undefined)
    return named === undefined ? { kind: 'none' } : { kind: 'untried', named, why: silent }
  const { jobserver: address, free, ledger, accounts } = told
  const pool = ledgerFacts(address, ledger)
  return {
    kind: 'usable',
    named:
      named ?? (environment[names.outer] ? `${names.outer}, of an adapter above` : 'a jobshim run above'),
    address,
    free,
    ...pool,
    tokens: accounts
      ? { kind: 'uncounted', why: 'this jobserver keeps its own account' }
      : await countTokens(look, address, pool.total, environment),
  }
}

function ledgerFacts(address: string, ledger: string): Pick<Pool, 'total' | 'server'> {
  if (ledger === '') return { total: undefined, server: 'unknown' }
  const fd = openSync(ledger, 'r')
  try {
    return { total: readSize(fd, 'total'), server: serverOf(fd, address) }
  } finally {
    closeSync(fd)
  }
}

// A server's pid is not told, a run's is; another PID namespace's says nothing here.
function serverOf(ledger: number, address: string): Pool['server'] {
  const owner = readOwner(ledger)
  if (owner === undefined || owner.pidNamespace === 0n || owner.pidNamespace !== thisProcess().pidNamespace)
    return 'unknown'
  const path = pathIn(address)
  const lives =
    owner.pid !== 0 ? startTime(owner.pid) === owner.start : path === undefined ? undefined : isServed(path)
  return lives === undefined ? 'unknown' : lives ? 'alive' : 'gone'
}

const silent = "the launcher's answer can't be read"

const pathIn = (address: string): string | undefined => /^fifo:(.+)$/s.exec(address)?.[1]

async function countTokens(
  look: string,
  address: string,
  total: number | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<Pool['tokens']> {
  if (total === undefined) return { kind: 'uncounted', why: 'nobody tells how many there should be' }
  const answer = await runProgram(look, ['lost'], {
    environment: { ...environment, [names.jobserver]: address },
    descriptors: inheritedDescriptors(),
  })
  if (answer.kind === 'failed') return { kind: 'uncounted', why: answer.why }
  const outcome = readOutcome('lost', answer.status, answer.stdout)
  const lost = outcome?.kind === 'answered' ? lostIn(outcome.answer) : undefined
  if (lost?.kind !== 'counted') return { kind: 'uncounted', why: lost?.why ?? silent }
  return lost.tokens > 0 ? { kind: 'lost', count: lost.tokens } : { kind: 'whole' }
}

async function clientProgram(
  name: 'make' | 'ninja',
  shims: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<ClientProgram | undefined> {
  const directories = realDirectories(environment.PATH || usualPath)
  const path = findTool(name, directories)
  if (path === undefined) return undefined
  const answer = await runProgram(path, ['--version'], {
    environment: { PATH: directories.join(':'), LC_ALL: 'C' },
  })
  const [version = ''] = answer.kind === 'ended' ? answer.stdout.split('\n') : []
  const common = { path, version: version.trim() || 'of an unknown version', hasShim: shims.includes(name) }
  if (name === 'make') return { ...common, kind: 'make', style: styleOfVersion(version) }
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? []
  return { ...common, kind: 'ninja', readsFifo: Number(major) * 1000 + Number(minor) >= ninjaReadsFifo }
}

const ninjaReadsFifo = 1013
