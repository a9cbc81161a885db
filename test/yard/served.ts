import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { readCount } from '../../src/jobserver/ledger.js'
import { until } from '../support/until.js'
import { repository } from '../support/workspace.js'
import { type Held, start } from './held.js'
import { makeYard, type Yard } from './yard.js'

/** A `jobshim serve`, and a yard whose tools use it. */
export type Served = { yard: Yard; server: Held; fifo: string }

export type Serve = {
  wrap?: readonly string[] // what starts it
  args?: readonly string[]
  yard?: Yard // default: a new one
}

/** Starts a server with so many tokens and waits until it says that it is ready. */
export async function serve(
  tokens: number,
  { wrap = [], args = [], yard: given }: Serve = {},
): Promise<Served> {
  const yard = given ?? (await makeYard(''))
  const fifo = join(yard.root, 'central')
  const command = [
    ...wrap,
    ...[process.execPath, join(repository, 'bin/jobshim.js'), 'serve', '--no-config', '--dir', yard.shims],
    ...['--fifo', fifo, `-j${tokens}`, ...args],
  ]
  const server = start({ env: { ...yard.env, HOME: yard.root }, command })
  await until('it is ready', () => server.output.stdout.endsWith('\n'))
  return { yard, server, fifo }
}

/** Ends it, and asserts what it has said until then. */
export async function endServer({ server }: Served, said = ''): Promise<void> {
  const { status, stderr } = await server.kill('SIGTERM')
  assert.equal({ status, stderr }, { status: 0, stderr: said })
}

/** Ends the server; it has said of so many tokens, or of any number, at once or bit by bit, that they were lost. */
export async function endRestored({ server }: Served, tokens?: number): Promise<void> {
  const { status, stderr } = await server.kill('SIGTERM')
  const restored = stderr
    .split('\n')
    .slice(0, -1)
    .map(line => {
      const [, count] = /^jobshim: put back (a token|\d+ tokens) lost with killed clients$/.exec(line) ?? []
      assert.ok(count, stderr)
      return count === 'a token' ? 1 : Number.parseInt(count, 10)
    })
  const sum = restored.reduce((sum, one) => sum + one, 0)
  assert.equal({ status, sum }, { status: 0, sum: tokens ?? sum })
}

/** What a look from outside says, word by word; nothing is moved by it. */
export function look(
  { yard, fifo }: Served,
  command: 'jobserver' | 'census',
  wrap: readonly string[] = [],
): string[] {
  const [program = '', ...args] = [...wrap, join(yard.shims, '.jobshim/look'), command]
  const { stdout, stderr, status } = spawnSync(program, args, {
    env: { ...process.env, JOBSHIM_JOBSERVER: `fifo:${fifo}` },
    encoding: 'utf8',
  })
  assert.is(status, 0, stderr)
  return stdout.split('\0')
}

/**
 * Resolves when the census has seen enough to find what is lost by now: one look may have begun before, and it wants two
 * between which nothing moved.
 */
export async function censusIsTaken({ fifo }: Served): Promise<void> {
  const ledger = openSync(`${fifo}.ledger`, 'r')
  const enough = readCount(ledger, 'looks') + 3
  try {
    await until('three looks', () => readCount(ledger, 'looks') >= enough)
  } finally {
    closeSync(ledger)
  }
}

/** How many of its tokens are free. */
export const freeTokens = (served: Served): number => Number(look(served, 'jobserver')[1])

/** The environment of a build that shares it, by MAKEFLAGS alone. */
export const sharing = (
  { yard, fifo }: Pick<Served, 'yard' | 'fifo'>,
  jobs: number,
): Record<string, string> => ({
  ...yard.env,
  MAKEFLAGS: ` -j${jobs} --jobserver-auth=fifo:${fifo}`,
})
