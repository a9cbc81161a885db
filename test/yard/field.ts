/** Builds of many tools that wait for one pool before the first slot of it is free; the recorder says who starts when. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeRecorder, type Recording } from '../support/recording.js'
import { until } from '../support/until.js'
import { type Held, start } from './held.js'
import { ledgersIn, waitersIn } from './ledger.js'
import { takeAll } from './slots.js'
import { makeYard, type Yard } from './yard.js'

export type Field = {
  yard: Yard
  env: Record<string, string>
  holders: readonly Held[] // of all slots
  /** What has run since the last call. */
  take: () => Recording
}

/** A yard with a recorder of `true` behind its shims, each run of which takes so long; all slots are taken. */
export async function makeField(tokens: string, holdMs = 20): Promise<Field> {
  const yard = await makeYard(tokens, { tools: ['true'] })
  const directory = join(yard.root, 'recorded')
  mkdirSync(directory)
  const recorder = makeRecorder(directory, { holdMs, extra: ['true'] })
  const [shims = '', ...path] = (yard.env.PATH ?? '').split(':')
  const env = { ...yard.governed, PATH: [shims, recorder.bin, ...path].join(':') }
  return { yard, env, holders: await takeAll(yard, tokens.length + 1), take: recorder.take }
}

/** The first letters of the names of those that have started, in order. */
export const startsIn = ({ events }: Recording): string =>
  events
    .filter(({ sign }) => sign === '+')
    .map(({ last }) => last[0])
    .join('')

export const waitersOf = ({ yard }: Field): number =>
  ledgersIn(yard.runtime).reduce((sum, path) => sum + waitersIn(path), 0)

/** Starts a build of so many tools, whose names begin with that letter; resolves once all of them wait. */
export async function build(field: Field, letter: string, tools: number, env = field.env): Promise<Held> {
  const before = waitersOf(field)
  const script = `for i in $(seq ${tools}); do true -c ${letter}$i & done; wait`
  const held = start({ env, command: ['sh', '-c', script.replace('true', 'env true')] })
  await until(`all of ${letter} wait`, () => waitersOf(field) === before + tools)
  return held
}

export async function endAll(builds: readonly Held[]): Promise<void> {
  for (const { ended } of builds)
    assert.equal(await ended, { status: 0, signal: null, stdout: '', stderr: '' })
}

/** Ends a holder of a token: the implicit slot's was the first. */
export const freeToken = async ({ holders }: Field): Promise<unknown> => holders[1]?.end()

export const freeAll = async ({ holders }: Field): Promise<void> => {
  for (const holder of holders) await holder.end()
}
