/** `jobshim run -jN` whose slots a server gives that keeps an account: `run --jobserver`, which tells nothing of a pool that is not its own. */
import { closeSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { renderSummary } from '../../src/build/summary.js'
import { readCounters } from '../../src/jobserver/ledger.js'
import type { Settlement } from '../../src/jobserver/pool.js'
import type { Accounting } from './accounting.js'
import { type Outcome, ownJobshim, type Surroundings } from './jobshim.js'
import { accounted, openAccount } from './pools.js'
import { until } from './until.js'
import { makeWorkspace } from './workspace.js'

type Call = { jobs: number; options: readonly string[]; command: readonly string[] }

/** A `run -jN` that names no jobserver. */
function readCall([name, ...words]: readonly string[]): Call | undefined {
  const end = words.indexOf('--')
  const options = words.slice(0, end)
  const jobs = Number(options.map(word => /^-j(\d+)$/.exec(word)?.[1]).find(Boolean))
  if (name !== 'run' || end < 0 || !(jobs > 0) || options.includes('--jobserver')) return undefined
  return { jobs, options, command: words.slice(end) }
}

/** The ledgers of foreign jobservers. */
const ledgersIn = (runtime: string): string[] =>
  readdirSync(runtime, { recursive: true, encoding: 'utf8' }).filter(name => /\/v1-[^/.]*$/.test(name))

/** What the ledger tells of the runs, and the server of the tokens. */
async function settle(server: Accounting, jobs: number, ledger: string | undefined): Promise<Settlement> {
  await until(`all is back: ${JSON.stringify(server.account())}`, () => server.account().free === jobs)
  const fd = openSync(ledger ?? '/dev/zero', 'r') // runs in their caller's slot need none
  try {
    return { ...readCounters(fd), total: jobs - 1, back: server.account().free - 1, missing: [] }
  } finally {
    closeSync(fd)
  }
}

/**
 * Runs it, and tells of it what `run -jN` would tell of its own pool: one of the N tokens is the command's own slot. All other calls are
 * left as they are.
 */
export async function runOnAccount(args: readonly string[], around: Surroundings): Promise<Outcome> {
  const call = readCall(args)
  if (call === undefined || accounted === undefined) return ownJobshim(args, around)
  const { jobs, options, command } = call
  const server = await openAccount(jobs, accounted)
  const given = around.env?.XDG_RUNTIME_DIR
  // The file's own may have the ledger of an earlier server: one that was mounted later may have its device's number.
  const runtime =
    given === undefined || given === process.env.XDG_RUNTIME_DIR ? makeWorkspace('runtime') : given
  const before = ledgersIn(runtime)
  const outcome = await ownJobshim(['run', ...options, '--jobserver', server.pool.auth, ...command], {
    ...around,
    env: { ...around.env, XDG_RUNTIME_DIR: runtime },
  })
  const [ledger] = ledgersIn(runtime).filter(name => !before.includes(name))
  if (options.some(option => option === '-q' || option === '--quiet')) return outcome
  const settlement = await settle(server, jobs, ledger && join(runtime, ledger))
  if (!options.includes('--json'))
    return {
      ...outcome,
      stderr: `${outcome.stderr}${renderSummary({ jobs, settlement, toolUse: undefined, bypasses: [] })}\n`,
    }
  const lines = outcome.stderr.split(/(?<=\n)/)
  const told = /^\{.*\}\n$/.test(lines.at(-1) ?? '') ? JSON.parse(lines.pop() ?? '{}') : {}
  return { ...outcome, stderr: `${lines.join('')}${JSON.stringify({ ...told, ...settlement, jobs })}\n` }
}
