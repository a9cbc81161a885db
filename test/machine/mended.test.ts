/** Tokens of clients that were killed come back to who waits for them in the machine's pool: no server is there. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { type ClientKey, clients, findClient } from '../support/clients.js'
import { tokensIn } from '../support/pool.js'
import { killAll, killUntilNone, processesOf, signalAll } from '../support/processes.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { type MachineYard, makeMachineYard, waitsInMachine } from '../yard/machine.js'

const total = 8
const ofClient = 6 // tokens that a client has: its own, which its adapter took, and the others for its jobs
const unseen = 2 // so many more a make may have for all that can be told: these are back at its end

const jobs = (count: number): string[] => Array.from({ length: count }, (_, index) => `job${index}`)
const job = 'exec sleep 1000'

const makefile = (count: number): string =>
  `all: ${jobs(count).join(' ')}\n${jobs(count).join(' ')}:\n\t@${job}\n`
const ninjafile = (count: number): string =>
  `rule job\n  command = ${job}\n${jobs(count)
    .map(name => `build ${name}: job\n`)
    .join('')}`

type Victim = { key: ClientKey; tool: string; command: readonly string[] }

const victims: readonly Victim[] = [
  { key: 'make44', tool: 'make', command: ['make', '-s', '-j8'] },
  { key: 'ninja113', tool: 'ninja', command: ['ninja', '--quiet'] },
]

/** How many of its jobs run. */
const started = ({ pid }: Held): number =>
  processesOf(pid).filter(({ command }) => command === 'sleep 1000').length

const patient = { JOBSHIM_PATIENCE: '0' } // nothing else than the census helps who waits

const free = ({ fifo }: MachineYard): number => tokensIn(fifo).length

/** Starts it in a directory with so many jobs, each of which lasts until it is killed. */
function startClient(yard: MachineYard, { command }: Victim, count: number): Held {
  const directory = join(yard.root, command.join('-') + count)
  writeFiles(directory, { Makefile: makefile(count), 'build.ninja': ninjafile(count) })
  return start({ env: { ...yard.env, ...patient }, command: ['env', '-C', directory, ...command] })
}

async function startVictim(yard: MachineYard, victim: Victim): Promise<Held> {
  const client = startClient(yard, victim, ofClient)
  await until(`${victim.tool} has its tokens`, () => started(client) === ofClient)
  return client
}

/** Kills all of it at once. */
async function killWhole(client: Held): Promise<void> {
  process.kill(client.pid, 'SIGKILL') // the kernel kills what its launcher has started
  killUntilNone(() => processesOf(client.pid))
  assert.is((await client.ended).signal, 'SIGKILL')
}

/** The launcher that takes the census, by the lock that it has (shims/wait/mending.c). */
function censusTaker({ fifo }: MachineYard): number | undefined {
  if (!existsSync(fifo)) return undefined
  const { ino } = statSync(fifo)
  const lock = readFileSync('/proc/locks', 'utf8').match(
    new RegExp(`POSIX\\s+ADVISORY\\s+WRITE\\s+(\\d+)\\s+\\S+:${ino}\\s+${2n ** 59n}\\s`),
  )
  return lock?.[1] === undefined ? undefined : Number(lock[1])
}

async function endHolders(holders: readonly Held[]): Promise<void> {
  for (const holder of holders) assert.is((await holder.end()).status, 7)
}

for (const victim of victims)
  testWith(
    victim.key,
    `mended :: ${clients[victim.key].name} is killed with its jobs :: its tokens are those of tools that wait`,
    async path => {
      const yard = await makeMachineYard(total, { path: [path], tools: [victim.tool] })
      const [first, second] = jobs(2).map(() => start({ env: { ...yard.env, ...patient } }))
      assert.ok(first && second)
      for (const one of [first, second]) await one.tools
      const client = await startVictim(yard, victim)
      const others = jobs(ofClient).map(() => start({ env: { ...yard.env, ...patient } }))
      for (const other of others) await waitsInMachine(yard, other)
      await killWhole(client)
      for (const other of others) await other.tools
      const last = start({ env: { ...yard.env, ...patient } })
      await waitsInMachine(yard, last)
      assert.is(last.output.stdout, '')
      assert.is(free(yard), 0)
      await endHolders([first, second, ...others, last])
      assert.equal(yard.files(), [])
    },
  )

for (const victim of victims)
  testWith(
    ['make44', victim.key],
    `mended :: ${clients[victim.key].name} is killed with its jobs :: a make -j that waits by itself gets its tokens`,
    async path => {
      const yard = await makeMachineYard(total, {
        path: [path, findClient(victim.key) ?? ''],
        tools: ['make', victim.tool],
      })
      const client = await startVictim(yard, victim)
      const make = startClient(
        yard,
        { key: 'make44', tool: 'make', command: ['make', '-s', '-j16'] },
        total + 2,
      )
      await until('the make has what is free', () => started(make) === total - ofClient)
      assert.is(free(yard), 0)
      await killWhole(client)
      await until('the make has them', () => started(make) === total - unseen)
      assert.is(free(yard), 0)
      await killWhole(make)
    },
  )

testWith(
  'make44',
  'mended :: a make is killed alone :: what its jobs may have stays out until they have ended',
  async path => {
    const yard = await makeMachineYard(total, { path: [path], tools: ['make'] })
    const [victim] = victims
    assert.ok(victim)
    const client = await startVictim(yard, victim)
    const [first, second, ...others] = jobs(3).map(() => start({ env: { ...yard.env, ...patient } }))
    assert.ok(first && second)
    for (const one of [first, second]) await one.tools
    const make = processesOf(client.pid).find(({ parent }) => parent === client.pid)
    assert.ok(make)
    process.kill(make.pid, 'SIGKILL')
    // Its adapter's own comes back.
    for (const other of others) await other.tools
    const waiters = jobs(ofClient - 1).map(() => start({ env: { ...yard.env, ...patient } }))
    for (const waiter of waiters) await waitsInMachine(yard, waiter)
    killAll(processesOf(client.pid))
    await client.ended
    for (const waiter of waiters) await waiter.tools
    assert.is(free(yard), 0)
    await endHolders([first, second, ...others, ...waiters])
    assert.equal(yard.files(), [])
  },
)

testWith(
  'make44',
  'mended :: who takes the census is stopped :: another user of the pool stands in for it',
  async path => {
    const yard = await makeMachineYard(total, { path: [path], tools: ['make'] })
    const [victim] = victims
    assert.ok(victim)
    const taker = startClient(yard, victim, 1)
    await until('it takes the census', () => censusTaker(yard) === taker.pid)
    const client = await startVictim(yard, victim)
    const make = startClient(yard, victim, total)
    await until('the make has what is free', () => started(make) === 1)
    signalAll(processesOf(taker.pid), 'SIGSTOP')
    await killWhole(client)
    await until('the make has them', () => started(make) === total - 1 - 2 * unseen)
    assert.is(free(yard), 0)
    await killWhole(make)
    await killWhole(taker)
  },
)

afterEach(killStarted)
test.run()
