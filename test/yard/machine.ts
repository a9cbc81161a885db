import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { poolAt, tokensIn } from '../support/pool.js'
import { installShims } from '../support/shimdir.js'
import { until } from '../support/until.js'
import { writeFiles } from '../support/workspace.js'
import { type Held, start } from './held.js'
import { holdOnce, ran } from './hold-once.js'
import { isWaiting, recordsIn } from './ledger.js'
import { runLine } from './runs.js'
import { makeYard, type Yard } from './yard.js'

/** A yard whose tools share the machine's pool if they find no jobserver. `env` names none. */
export type MachineYard = Yard & {
  fifo: string
  files(): string[] // of the pool, those that are there
}

/** A tool that says in the file LOG when it begins and when it ends. */
const brief = '#!/bin/sh\necho + >>"$LOG"\nsleep 0.05\necho - >>"$LOG"\n'

/** One that runs another one. */
const around = '#!/bin/sh\n"$@"\n'

/** `tools` have a shim beside `around`, `brief` and `hold`; those with an adapter must be on `path`, directories before PATH. */
export async function makeMachineYard(
  jobs: number,
  {
    path = [],
    tools = [],
    files = {},
  }: { path?: readonly string[]; tools?: readonly string[]; files?: Record<string, string> } = {},
): Promise<MachineYard> {
  const yard = await makeYard('')
  const config = `noJobserver: machine\njobs: ${jobs}\njoin: true\n`
  writeFiles(yard.root, { 'bin/around': around, 'bin/brief': brief, 'machine.yaml': config, ...files })
  const PATH = [join(yard.root, 'bin'), ...path, process.env.PATH].join(':')
  await installShims(yard.shims, {
    args: [
      '--config',
      join(yard.root, 'machine.yaml'),
      '--tools',
      ['around', 'brief', 'hold', ...tools].join(','),
    ],
    env: { PATH },
  })
  const state = join(yard.runtime, `jobshim-${currentUid()}`)
  return {
    ...yard,
    env: { ...yard.env, PATH: `${yard.shims}:${PATH}`, LOG: join(yard.root, 'log') },
    fifo: join(state, 'machine'),
    files: () => (existsSync(state) ? readdirSync(state) : []),
  }
}

/** The command line of a `jobshim run` without -j, by the yard's config; `words` are further options and the command. */
export const machineRun = (yard: MachineYard, ...words: readonly string[]): string[] =>
  runLine(yard, '--config', join(yard.root, 'machine.yaml'), ...words)

/** Resolves once the launcher waits for a token of the machine's pool. */
export const waitsInMachine = ({ fifo }: MachineYard, { pid, output }: Held): Promise<void> =>
  until(`${pid} waits: ${JSON.stringify(output)}`, () =>
    recordsIn(`${fifo}.ledger`).some(record => record.pid === pid && isWaiting(record)),
  )

/** How many of the `brief` tools ran, and how many at most at once. */
export function briefRuns({ env }: MachineYard): { runs: number; peak: number } {
  const { LOG = '' } = env
  const lines = existsSync(LOG) ? readFileSync(LOG, 'utf8').trim().split('\n') : []
  let now = 0
  let peak = 0
  for (const line of lines) {
    now += line === '+' ? 1 : -1
    peak = Math.max(peak, now)
  }
  return { runs: lines.length / 2, peak }
}

const tokenByte = '+'

/** Starts tools that hold all tokens, and one that waits. */
export async function takeAll(yard: MachineYard, tokens: number): Promise<{ holders: Held[]; waiter: Held }> {
  const holders: Held[] = []
  for (let token = 0; token < tokens; token++) {
    const held = start({ env: yard.env })
    holders.push(held)
    await held.tools
  }
  const waiter = start({ env: yard.env })
  await waitsInMachine(yard, waiter)
  assert.is(waiter.output.stdout, '')
  assert.is(tokensIn(yard.fifo), '')
  return { holders, waiter }
}

/** The tool that it holds ends, and so does the launcher. */
export const ended = async (held: Held | undefined): Promise<void> => {
  const [tool] = (await held?.tools) ?? []
  assert.equal(await held?.end(), { status: 7, signal: null, stdout: `held ${tool}\n`, stderr: '' })
}

/** All tokens can be had, not one more, and nothing is left of the pool. */
export async function assertWhole(yard: MachineYard, tokens: number): Promise<void> {
  const { holders, waiter } = await takeAll(yard, tokens)
  const look = poolAt(yard.fifo)
  const [first, ...others] = holders
  for (const held of [first, waiter, ...others]) await ended(held)
  assert.is(look.count(), tokenByte.repeat(tokens))
  assert.equal(recordsIn(`${yard.fifo}.ledger`), [])
  look.close()
  assert.equal(await holdOnce(yard, {}), ran()) // the test had the FIFO open: so the tools left it
  assert.equal(yard.files(), [])
}
