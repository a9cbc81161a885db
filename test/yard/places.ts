import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildProgram } from '../support/built.js'
import { type Call, type Injector, startInjector } from '../support/injecting.js'
import { makeFifo } from '../support/pool.js'
import { plainLauncher } from '../support/shimdir.js'
import { repository } from '../support/workspace.js'
import { makeYard, type Yard } from './yard.js'

/** Where a tool stands below a jobserver, and so which calls its launcher makes; see inject.c. */
export type Place = {
  name: string
  tokens: string
  options: readonly string[]
  own?: true // JOBSHIM_JOBSERVER names the jobserver, not MAKEFLAGS
  run?: true // below `jobshim run`, whose pool it is
  rules?: string // that ask something of the run
  journal?: true // it has one
  says?: RegExp // on stderr, whatever becomes of the call
  args?: readonly string[] // of the shim dir, and then words; default: a tool
}

/** Below a client and not its child. */
const held = ['below', 'held']

export const places: readonly Place[] = [
  { name: "the caller's slot", tokens: 'AB', options: ['client'] },
  {
    name: "the caller's slot, past the gates",
    tokens: 'AB',
    options: ['client'],
    rules: 'load=1000.00\nrule=1\nmemory=1024\nlimit=9\n',
  },
  { name: 'the implicit slot', tokens: 'AB', options: ['below'], own: true },
  { name: 'a token', tokens: 'AB', options: held, own: true },
  {
    name: 'the slot of all that the pool is hidden from',
    tokens: 'AB',
    options: ['hidden'],
    own: true,
    says: /^jobshim: hold: not governed: its FIFO (?:does not exist|can't be reached)\n/,
  },
  { name: "the caller's slot, with a journal", tokens: 'AB', options: ['client'], journal: true },
  { name: 'a token, with a journal', tokens: 'AB', options: held, own: true, journal: true },
  { name: 'a token, stdin closed', tokens: 'AB', options: [...held, 'closed'] },
  { name: 'a token that comes later', tokens: '', options: [...held, 'later'] },
  { name: 'a token, from behind another', tokens: '', options: [...held, 'later', 'queued'] },
  { name: 'a token, no ledger yet', tokens: 'A', options: [...held, 'fresh'] },
  { name: 'a token of run', tokens: '', options: ['held'], run: true },
  {
    name: 'two slots, past the gates',
    tokens: 'AB',
    options: ['below'],
    own: true,
    rules: 'load=1000.00\npressure-io=99\nrule=1\ntokens=2\nmemory=1024\nlimit=9\n',
  },
]

/** Nobody has paid for the client. The first starts the payer; the second is one. */
export const unpaid: readonly Place[] = [
  {
    name: 'the slot of a client that nobody has paid for',
    tokens: 'AB',
    options: ['below', 'unpaid'],
    own: true,
  },
  {
    name: 'who pays for a client',
    tokens: 'AB',
    options: ['payer'],
    own: true,
    args: ['.jobshim/bin/look', 'pay'],
  },
]

const injector = 'ninja' // the name of a client

let _yard: Promise<Yard> | undefined

/** With a `hold` that starts quickly. */
async function prepare(): Promise<Yard> {
  const yard = await makeYard('', { launcher: plainLauncher })
  const tool = join(yard.root, 'bin/hold')
  buildProgram(join(yard.root, injector), ['inject.c'])
  rmSync(tool)
  copyFileSync(join(yard.root, injector), tool)
  execFileSync(join(yard.shims, '.jobshim/look'), ['freshen']) // else the first run does it
  return yard
}

export const yardOfPlaces = (): Promise<Yard> => {
  _yard ??= prepare()
  return _yard
}

let placed = 0

/** Starts an injector of launchers that stand there; `laterMs`: when the token comes. */
export async function startPlace(
  { tokens, options, own, run, rules = '', journal, args = ['hold'] }: Place,
  { env = {}, laterMs }: { env?: Readonly<Record<string, string>>; laterMs?: number } = {},
): Promise<Injector> {
  const yard = await yardOfPlaces()
  const directory = join(yard.root, `place-${placed++}`)
  const runtime = join(directory, 'run')
  mkdirSync(runtime, { recursive: true, mode: 0o700 })
  writeFileSync(join(directory, 'rules'), rules)
  const ruled = rules === '' ? {} : { JOBSHIM_RULES: join(directory, 'rules') }
  const around = {
    ...env,
    ...ruled,
    ...(journal ? { JOBSHIM_JOURNAL: join(directory, 'journal') } : {}),
    PATH: [yard.shims, join(yard.root, 'bin')].join(':'),
    XDG_RUNTIME_DIR: runtime,
  }
  const words = options.map(option => {
    if (option === 'fresh') return `fresh=${runtime}/jobshim-${process.geteuid?.()}`
    return option === 'later' && laterMs !== undefined ? `later=${laterMs}` : option
  })
  const [program = '', ...rest] = args
  const command = [join(yard.root, injector), yard.root, ...words, '--', join(yard.shims, program), ...rest]
  if (run) {
    const jobshim = [process.execPath, join(repository, 'bin/jobshim.js'), 'run', '-q', '-j2']
    return startInjector([...jobshim, '--dir', yard.shims, '--', 'env', `PATH=${around.PATH}`, ...command], {
      ...around,
      PATH: process.env.PATH,
    })
  }
  const { auth } = makeFifo(directory, tokens)
  return startInjector(command, {
    ...around,
    ...(own ? { JOBSHIM_JOBSERVER: auth } : { MAKEFLAGS: ` -j3 --jobserver-auth=${auth}` }),
  })
}

const commands: Readonly<Record<string, string>> = {
  1: 'F_GETFD',
  2: 'F_SETFD',
  3: 'F_GETFL',
  4: 'F_SETFL',
  5: 'F_GETLK',
  6: 'F_SETLK',
  8: 'F_SETOWN',
  36: 'F_OFD_GETLK',
  37: 'F_OFD_SETLK',
  1030: 'F_DUPFD_CLOEXEC',
}

/** A call's name, with fcntl's command; and the end of the labels of all such calls. */
export function kindOf({ name, label }: Call): { kind: string; end: string } {
  if (name !== 'fcntl') return { kind: name, end: '' }
  const command = label.split(' ').at(-1) ?? ''
  return { kind: `fcntl ${commands[command] ?? command}`, end: ` ${command}` }
}

/** What every launcher that stands there does, whether or not it is time to look for dead ones. */
export async function usualCalls(injector: Injector): Promise<Call[]> {
  const first = await injector.list()
  const left = (await injector.list()).map(call => JSON.stringify(call))
  return first.filter(call => {
    const at = left.indexOf(JSON.stringify(call))
    if (at >= 0) left.splice(at, 1)
    return at >= 0
  })
}

/** Runs these two at a time, in order. */
export function inTwoLanes<Result>(tasks: readonly (() => Promise<Result>)[]): Promise<Result>[] {
  const begun: Promise<Result>[] = []
  for (const [index, task] of tasks.entries()) {
    const before = begun[index - 2] ?? Promise.resolve()
    const result = before.then(task, task)
    result.catch(() => {}) // the test that waits for it tells
    begun.push(result)
  }
  return begun
}
