/**
 * What gives the tokens in a test file: a FIFO, or a server that keeps an account. run-all.js starts each file that test/accounted.ts
 * lists with the name of each way to account in JOBSHIM_TEST_POOL.
 */
import * as assert from 'uvu/assert'
import { type Accounting, accountingModes, type Mode, startAccounting } from './accounting.js'
import { makeFifo, type Pool } from './pool.js'
import { until } from './until.js'

/** How the server of this file's pools accounts; undefined: they are FIFOs. */
export const accounted: Mode | undefined = modeNamed(process.env.JOBSHIM_TEST_POOL)

function modeNamed(name: string | undefined): Mode | undefined {
  if (name === undefined) return undefined
  const mode = accountingModes.find(mode => mode.name === name)
  if (mode === undefined)
    throw new Error(
      `JOBSHIM_TEST_POOL=${name}: there are none but ${accountingModes.map(({ name }) => name)}`,
    )
  return mode
}

type Account = { server: Accounting; tokens: number }

/** Those of the test that runs. */
let accounts: Account[] = []

/** A server of so many tokens, which `closeAccounts` ends. */
export async function openAccount(tokens: number, mode: Mode): Promise<Accounting> {
  const server = await startAccounting(tokens, mode)
  accounts.push({ server, tokens })
  return server
}

/** A pool with a token for each letter, as `count` has them. */
export async function makePool(directory: string, tokens: string): Promise<Pool> {
  if (accounted === undefined) return makeFifo(directory, tokens)
  const { pool, account } = await openAccount(tokens.length, accounted)
  return { ...pool, count: () => tokens.slice(0, account().free), close: () => {} }
}

/** What make may give back although it never took it: steve tolerates as much. */
const isMakes = (stranger: string): boolean => stranger === 'tolerated make'

/** Nothing is out, never was there a token too many, and no byte came of who owned none, but for make's. */
async function assertSettled({ server, tokens }: Account): Promise<void> {
  await until(`all is back: ${JSON.stringify(server.account())}`, () => server.account().free === tokens)
  const { taken, reserved, reading, peak, refused, strangers } = server.account()
  assert.equal(
    { taken, reserved, reading, refused, strangers: strangers.filter(one => !isMakes(one)) },
    { taken: 0, reserved: 0, reading: 0, refused: 0, strangers: [] },
  )
  assert.ok(peak <= tokens, `${peak} of ${tokens} out at once`)
}

/** Asserts what each server of a test has seen. */
export async function assertAccounts(): Promise<void> {
  for (const account of accounts) await assertSettled(account)
}

/** Ends them. */
export async function closeAccounts(): Promise<void> {
  const ended = accounts
  accounts = []
  for (const { server } of ended) await server.end()
}
