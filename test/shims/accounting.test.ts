import * as assert from 'uvu/assert'
import { endServers } from '../support/accounting.js'
import { jobshim } from '../support/jobshim.js'
import { killAll, processesOf } from '../support/processes.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { accountingTest } from '../yard/accounts.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { ledgerRecords, waits } from '../yard/ledger.js'
import { ruled } from '../yard/rules.js'
import { jobshimRun } from '../yard/runs.js'
import { assertWhole, takeAll } from '../yard/slots.js'
import type { Yard } from '../yard/yard.js'

/** Launchers on a jobserver whose server knows who took what. */
const dead = ({ runtime }: Yard) => ledgerRecords(runtime).filter(({ alive }) => !alive)

accountingTest('all slots, and no more', 3, async (yard, server) => {
  await assertWhole(yard, '+++')
  const { takes, gives } = server.account()
  assert.is(takes, gives)
  assert.ok(takes === 3 || takes === 4, `${takes} taken`) // who waited may have had one in the end
})

accountingTest('killed while it holds, and nobody waits :: its record goes', 1, async (yard, server) => {
  const [first, victim] = await takeAll(yard, 2)
  await victim?.kill()
  await until('the server has it back', () => server.account().free === 1)
  await first?.end()
  await assertWhole(yard, '+')
  assert.is(server.account().reclaimed, 1)
})

accountingTest('killed while it holds, and another waits :: that one gets it', 1, async (yard, server) => {
  const [first, victim] = await takeAll(yard, 2)
  const waiter = start({ env: yard.governed })
  await waits(yard, waiter)
  await victim?.kill()
  await waiter.tools
  await until('its record is gone', () => dead(yard).length === 0)
  await waiter.end()
  await first?.end()
  const { takes, gives, reclaimed } = server.account()
  assert.equal({ takes, gives, reclaimed }, { takes: 2, gives: 1, reclaimed: 1 })
  await assertWhole(yard, '+')
})

accountingTest('everybody killed at once :: the next ones find all slots', 3, async yard => {
  for (const held of await takeAll(yard, 4)) await held.kill()
  await assertWhole(yard, '+++')
})

accountingTest('killed while it waits :: nothing is kept for it', 1, async yard => {
  const holders = await takeAll(yard, 2)
  const victims: Held[] = []
  for (let i = 0; i < 3; i++) {
    const victim = start({ env: yard.governed })
    victims.push(victim)
    await waits(yard, victim)
  }
  for (const victim of victims) await victim.kill()
  for (const held of holders) await held.end()
  await assertWhole(yard, '+')
})

accountingTest('it waits, and gets the implicit slot :: no token is kept for it', 1, async (yard, server) => {
  const [first, second] = await takeAll(yard, 2)
  const waiter = start({ env: yard.governed })
  await waits(yard, waiter)
  await first?.end()
  await waiter.tools
  await second?.end()
  const { free, taken, reserved } = server.account()
  assert.equal({ free, taken, reserved }, { free: 1, taken: 0, reserved: 0 })
  await waiter.end()
})

accountingTest('several slots for one run, and killed with them', 3, async (yard, server) => {
  const four = ruled(yard, 'four', 'rule=1', 'tokens=4')
  const yes = { ...four, MAKEFLAGS: ` -j4 --jobserver-auth=${yard.pool.auth}` }
  const first = start({ env: yes })
  await first.tools
  assert.is(server.account().taken, 3)
  const second = start({ env: yes })
  await first.kill()
  await second.tools
  assert.is(server.account().taken, 3)
  assert.is((await second.end()).status, 7)
  await assertWhole(yard, '+++')
})

accountingTest('what waits for itself :: goes on after its patience', 0, async yard => {
  const [holder] = await takeAll(yard, 1)
  const waiter = start({ env: { ...yard.governed, JOBSHIM_PATIENCE: '1' }, hangSeconds: 150 }) // on a busy machine
  await waiter.tools
  const { status, stderr } = await waiter.end()
  const why = 'no slot was free for 1 s on an idle machine: run without one'
  assert.equal({ status, stderr }, { status: 7, stderr: `jobshim: hold: ${why}\n` })
  await holder?.end()
})

/** A client that no adapter has started: it has the jobserver open, runs something, and goes on until its stdin ends. */
const unpaid = `import os, subprocess, sys
pool = os.open(sys.argv[1], os.O_RDWR)
subprocess.run(['hold'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
print('held', os.getpid(), flush=True)
sys.stdin.read()`

const isPaid = (client: Held): boolean =>
  processesOf(client.pid).some(({ command }) => command.startsWith('look pay'))

for (const { killed, title } of [
  { killed: false, title: 'who pays for a client :: takes and gives back itself' },
  { killed: true, title: 'who pays for a client is killed :: the server has it back' },
])
  accountingTest(
    title,
    1,
    async (yard, server) => {
      const environment = { ...yard.env, MAKEFLAGS: ` --jobserver-auth=${yard.pool.auth}` }
      const root = start({ env: yard.governed })
      await root.tools // the root slot: the payer needs a token
      const client = start({ env: environment, command: ['python3', '-c', unpaid, server.path] })
      await client.tools
      assert.ok(isPaid(client))
      assert.is(server.account().taken, 1)
      if (killed) {
        killAll(processesOf(client.pid).filter(({ command }) => command.startsWith('look pay')))
        await until('the server has it back', () => server.account().free === 1)
      }
      const { status, stderr } = await client.end()
      assert.equal({ status, stderr }, { status: 0, stderr: '' })
      await root.end()
      await assertWhole(yard, '+')
    },
    ['python'],
  )

accountingTest('R,W :: is opened by its path', 1, async (yard, server) => {
  const environment = { ...yard.env, MAKEFLAGS: ' -j2 --jobserver-auth=3,4' }
  const fds = [server.pool.fd, server.pool.fd]
  const first = start({ env: environment, fds })
  await first.tools // the implicit slot
  const second = start({ env: environment, fds })
  await second.tools
  assert.is(server.account().taken, 1)
  await second.kill()
  await until('the server has it back', () => server.account().free === 1)
  assert.is((await first.end()).status, 7)
  await assertWhole(yard, '+')
})

accountingTest('run --jobserver :: takes one for its command', 2, async (yard, server) => {
  const script = 'exec 9<&0; hold <&9 & hold <&9 & p=$!; read -r line; kill -9 $p; wait $p; exit 5'
  const words = ['--jobserver', server.pool.auth, '--', 'sh', '-c', script]
  const outcome = await jobshimRun(yard, words, { input: 'go\n' })
  assert.is(outcome.status, 5)
  assert.match(outcome.stderr, /^(Killed\n)?$/) // as the shell says it
  await assertWhole(yard, '++')
})

accountingTest('status :: this jobserver keeps its own account', 1, async (yard, server) => {
  const [first, second] = await takeAll(yard, 2)
  const status = (...words: string[]) =>
    jobshim(['status', '--no-config', '--dir', yard.shims, '--jobserver', server.pool.auth, ...words], {
      env: { ...yard.env, HOME: yard.root },
    })
  const told = await status()
  const [head, account, ...rows] = told.stdout.split('\n')
  assert.equal([told.status, told.stderr], [0, ''])
  assert.is(head, `${server.pool.auth.replace('fifo:', '')}: its server does not tell its slots, 0 waiting`)
  assert.is(account, 'this jobserver keeps its own account')
  // Each was started in a session of its own, and nothing above it is a client: two builds.
  assert.match(rows.join('\n'), /^(hold in .*: 1 slot\n {2}hold .* runs .*\n){2}$/)
  const { accounts, blind, free } = JSON.parse((await status('--json')).stdout)
  assert.equal({ accounts, blind, free }, { accounts: true, blind: undefined, free: undefined })
  await first?.end()
  await second?.end()
})

test.after.each(killStarted)
test.after.each(endServers)

test.run()
