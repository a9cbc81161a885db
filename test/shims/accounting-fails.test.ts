import * as assert from 'uvu/assert'
import { type Accounting, accountingNeeds, endServers, startAccounting } from '../support/accounting.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { writeFiles } from '../support/workspace.js'
import { accountingTest } from '../yard/accounts.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { holdOnce, ran } from '../yard/hold-once.js'
import { ledgerRecords, waits } from '../yard/ledger.js'
import { ruled } from '../yard/rules.js'
import { runLine } from '../yard/runs.js'
import { assertWhole, takeAll } from '../yard/slots.js'
import { makeYard, type Yard } from '../yard/yard.js'

/** A server that keeps an account fails, or changes: the tool ends as it does by itself, and JOBSHIM_DEBUG tells it in one line. */

/** As any libc has them. */
const errors: Readonly<Record<number, string>> = {
  5: '(I/O|Input/output) error',
  19: 'No such device',
  28: 'No space left on device',
  32: 'Broken pipe',
}

accountingTest('it fails as a token is taken :: ungoverned', 1, async (yard, server) => {
  const [holder] = await takeAll(yard, 1)
  for (const error of Object.keys(errors)) {
    server.control(`fail read ${error}`)
    const outcome = await holdOnce(yard, { ...yard.governed, JOBSHIM_DEBUG: '1' })
    assert.equal(outcome, ran("jobshim: hold: not governed: it can't be read\n"))
    server.control('fail read 0')
  }
  await holder?.end()
  assert.equal(ledgerRecords(yard.runtime), [])
})

accountingTest('it fails while one waits :: ungoverned', 1, async (yard, server) => {
  const [first, second] = await takeAll(yard, 2)
  const waiter = start({ env: { ...yard.governed, JOBSHIM_DEBUG: '1' } })
  await waits(yard, waiter)
  server.control('fail read 19')
  await second?.end()
  await waiter.tools
  server.control('fail read 0')
  const { status, stderr } = await waiter.end()
  assert.equal({ status, stderr }, { status: 7, stderr: "jobshim: hold: not governed: it can't be read\n" })
  await first?.end()
})

accountingTest('it fails as a token is given back :: the tool ends as it does', 1, async (yard, server) => {
  const [first] = await takeAll(yard, 1)
  for (const [error, text] of Object.entries(errors)) {
    const second = start({ env: { ...yard.governed, JOBSHIM_DEBUG: '1' } })
    await second.tools
    server.control(`fail write ${error}`)
    const { status, stderr } = await second.end()
    assert.is(status, 7)
    assert.match(stderr, new RegExp(`^jobshim: a token can't be given back: ${text}\n$`))
    server.control('fail write 0')
    await until('the server has it back', () => server.account().free === 1)
    assert.equal(
      ledgerRecords(yard.runtime).map(({ pid }) => pid),
      [first?.pid],
    )
  }
  await first?.end()
  await assertWhole(yard, '+')
})

type Who = {
  name: string
  tokens: number // that it takes
  status: number
  unreadable: RegExp // what it says where it can take none
  begin(yard: Yard): Promise<Held>
}

const makeStandIn = `#!/bin/sh
if test "$1" = --version; then echo 'GNU Make 4.4.1'; exit; fi
echo held $$
while read -r line; do :; done
exit 3
`

/** Each of those that hold tokens, beside the launcher of one tool. */
const holders: readonly Who[] = [
  {
    name: 'an adapter',
    tokens: 1,
    status: 3,
    unreadable: /^jobshim: make: not governed: it can't be read\n$/,
    async begin({ root, shims, env, pool }) {
      writeFiles(root, { 'bin/make': makeStandIn })
      await installShims(shims, { args: ['--tools', 'hold'], env })
      const MAKEFLAGS = ` -j4 --jobserver-auth=${pool.auth}`
      return start({ env: { ...env, MAKEFLAGS, JOBSHIM_DEBUG: '1' }, command: ['make'] })
    },
  },
  {
    name: 'run --jobserver',
    tokens: 1,
    status: 7,
    unreadable:
      /^jobshim: sh: not governed: it can't be read\njobshim: hold: not governed: it can't be read\n$/,
    async begin(yard) {
      const command = runLine(yard, '--jobserver', yard.pool.auth, '--', 'sh', '-c', 'hold; exit $?')
      return start({ env: { ...yard.env, HOME: yard.root, JOBSHIM_DEBUG: '1' }, command })
    },
  },
  {
    name: 'several slots for one run',
    tokens: 3,
    status: 7,
    unreadable: /^jobshim: hold: not governed: it can't be read\n$/,
    async begin(yard) {
      const env = ruled(yard, 'three', 'rule=1', 'tokens=3')
      return start({ env: { ...env, MAKEFLAGS: ' -j4', JOBSHIM_DEBUG: '1' } })
    },
  },
]

for (const { name, tokens, status, unreadable, begin } of holders) {
  accountingTest(
    `${name} :: it fails as it is given back :: one line, the same end`,
    3,
    async (yard, server) => {
      const [root] = await takeAll(yard, 1)
      for (const [error, text] of Object.entries(errors)) {
        const held = await begin(yard)
        await held.tools
        assert.is(server.account().taken, tokens)
        server.control(`fail write ${error}`)
        const outcome = await held.end()
        server.control('fail write 0')
        assert.is(outcome.status, status)
        assert.match(outcome.stderr, new RegExp(`^jobshim: a token can't be given back: ${text}\n$`))
        await until('the server has them back', () => server.account().free === 3)
      }
      await root?.end()
      await assertWhole(yard, '+++')
    },
  )

  accountingTest(`${name} :: it fails as it is taken :: one line, ungoverned`, 3, async (yard, server) => {
    const [root] = await takeAll(yard, 1)
    for (const error of Object.keys(errors)) {
      server.control(`fail read ${error}`)
      const held = await begin(yard)
      await held.tools
      const outcome = await held.end()
      server.control('fail read 0')
      assert.is(outcome.status, status)
      assert.match(outcome.stderr, unreadable)
      assert.is(server.account().free, 3)
    }
    await root?.end()
    await assertWhole(yard, '+++')
  })
}

accountingTest('it fails while a run gathers :: it has one slot, and says so', 2, async (yard, server) => {
  const [root, other] = await takeAll(yard, 2)
  const three = { ...ruled(yard, 'three', 'rule=1', 'tokens=3'), MAKEFLAGS: ' -j4', JOBSHIM_DEBUG: '1' }
  const held = start({ env: three })
  await until('it has one, and gathers', () => server.account().taken === 2)
  await waits(yard, held)
  server.control('fail read 5')
  await held.tools
  server.control('fail read 0')
  const { status, stderr } = await held.end()
  const why = "the jobserver or the ledger can't be read: run in one slot, not in 3"
  assert.equal({ status, stderr }, { status: 7, stderr: `jobshim: hold: ${why}\n` })
  for (const one of [root, other]) await one?.end()
  await assertWhole(yard, '++')
})

accountingTest('it grows while one waits :: that one gets it', 1, async (yard, server) => {
  const holders = await takeAll(yard, 2)
  const waiter = start({ env: yard.governed })
  await waits(yard, waiter)
  server.control('size 2')
  await waiter.tools
  server.control('size 1')
  assert.is(server.account().free, -1)
  for (const held of [...holders, waiter]) assert.is((await held.end()).status, 7)
  await assertWhole(yard, '+')
})

accountingTest(
  'it shrinks below what is out :: nobody gets one until it has room',
  2,
  async (yard, server) => {
    const [root, first, second] = await takeAll(yard, 3)
    server.control('size 1')
    const waiter = start({ env: yard.governed })
    await waits(yard, waiter)
    assert.is((await first?.end())?.status, 7)
    assert.equal([server.account().free, server.account().taken, waiter.output.stdout], [0, 1, ''])
    assert.is((await second?.end())?.status, 7)
    await waiter.tools
    assert.is(server.account().taken, 1)
    server.control('size 2')
    for (const held of [waiter, root]) assert.is((await held?.end())?.status, 7)
    await assertWhole(yard, '++')
  },
)

const lost =
  /^jobshim: a token can't be given back: (Transport endpoint is not connected|Software caused connection abort|Socket not connected)\n$/

/** With whoever it was in the middle of, each way to account. */
for (const owners of ['process', 'handle'] as const)
  testWith(
    accountingNeeds,
    `accounting :: by ${owners} :: its server is killed :: who holds and who waits ends as it does, and the next ones find none`,
    async () => {
      const server: Accounting = await startAccounting(4, { owners, reserves: false })
      const { pool } = server
      const { pool: fifo, ...made } = await makeYard('')
      fifo.close()
      const yard: Yard = { ...made, pool, governed: { ...made.env, JOBSHIM_JOBSERVER: pool.auth } }
      const debugged = { ...yard.governed, JOBSHIM_DEBUG: '1' }
      const root = start({ env: debugged })
      await root.tools
      const holding: { held: Held; status: number }[] = []
      for (const { begin, status, tokens } of holders) {
        if (tokens > 1) continue
        const held = await begin(yard)
        await held.tools
        holding.push({ held, status })
      }
      for (let more = 0; more < 2; more++) {
        const held = start({ env: debugged })
        await held.tools
        holding.push({ held, status: 7 })
      }
      const waiter = start({ env: debugged })
      await waits(yard, waiter)
      assert.is(server.account().free, 0)
      pool.close()
      process.kill(server.servant(), 'SIGKILL')
      await waiter.tools
      const outcome = await waiter.end()
      assert.equal([outcome.status, outcome.stderr], [7, "jobshim: hold: not governed: it can't be read\n"])
      for (const { held, status } of holding) {
        const ended = await held.end()
        assert.is(ended.status, status)
        assert.match(ended.stderr, lost)
      }
      const { status, stderr } = await root.end()
      assert.equal({ status, stderr }, { status: 7, stderr: '' })
      await server.gone()
      assert.equal(ledgerRecords(yard.runtime), [])
      const next = await holdOnce(yard, debugged)
      assert.equal(next, ran(`jobshim: hold: not governed: its FIFO does not exist\n`))
    },
  )

test.after.each(killStarted)
test.after.each(endServers)

test.run()
