/** Several users: each has a pool of its own, or those of a group share one that root's server keeps. */
import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { systemPool } from '../../src/contract/machine-pool.js'
import { readCount } from '../../src/jobserver/ledger.js'
import { afterEach } from '../support/after-each.js'
import { tokensIn } from '../support/pool.js'
import { processes } from '../support/processes.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { repository } from '../support/workspace.js'
import { killStarted } from '../yard/held.js'
import { isWaiting, recordsIn } from '../yard/ledger.js'
import { briefRuns, ended } from '../yard/machine.js'
import { directoryOf, type Machine, makeMachine, testWithUsers, users } from '../yard/several-users.js'

const [first, second] = users.members
const { outsider } = users
const eight = ['sh', '-c', 'for i in 1 2 3 4 5 6 7 8; do brief & done; wait']
const well = { status: 0, signal: null, stdout: '', stderr: '' }

/** What that user's shell says of each line, one after the other: its status. */
async function statuses(machine: Machine, uid: number, lines: readonly string[]): Promise<string[]> {
  const script = lines.map(line => `(${line}) >/dev/null 2>&1; echo "$?: ${line}"`).join('\n')
  const { status, stdout, stderr } = await machine.startAs(uid, { command: ['sh', '-c', script] }).ended
  assert.equal([status, stderr], [0, ''])
  return stdout.trim().split('\n')
}

/** What a user could do to a pool: take of it, fill it, see it, change what is noted, remove it. */
const attempts = (fifo: string): string[] => [
  `head -c 1 <>${fifo}`,
  `echo + >${fifo}`,
  `cat ${fifo}.ledger`,
  `: >>${fifo}.ledger`,
  `rm -f ${fifo}`,
  `mv ${fifo} ${fifo}.moved`,
]

const tell = async (machine: Machine, uid: number): Promise<string> => {
  const program = [process.execPath, join(repository, 'bin/jobshim.js'), 'status', '--json', '--no-config']
  const command = [...program, '--dir', machine.yard.shims]
  const { status, stdout, stderr } = await machine.startAs(uid, { command }).ended
  return status === 0 ? (JSON.parse(stdout) as { jobserver: string }).jobserver : stderr
}

const seesNone =
  "jobshim: no jobserver in the environment, no jobshim run or serve of yours, and nobody in the machine's pool\n  name one with --jobserver fifo:PATH\n"

async function assertKeptOut(machine: Machine, uid: number, fifo: string, holder: number): Promise<void> {
  const lines = [...attempts(fifo), `kill -9 ${holder}`, `kill -STOP ${holder}`]
  const told = await statuses(machine, uid, lines)
  assert.equal(
    told.filter(line => line.startsWith('0:')),
    [],
  )
  assert.is(told.length, lines.length)
}

testWithUsers('machine :: two users :: neither can take, see or stop the pool of the other', async () => {
  const machine = await makeMachine(1)
  const fifo = join(machine.stateOf(first), 'machine')
  const holder = machine.startAs(first, {})
  const [tool = 0] = await holder.tools
  assert.is(tokensIn(fifo), '')
  assert.is(await tell(machine, second), seesNone)
  await assertKeptOut(machine, second, fifo, tool)
  const other = machine.startAs(second, {}) // its own pool has a slot
  await other.tools
  assert.is(await tell(machine, second), `fifo:${join(machine.stateOf(second), 'machine')}`)
  await ended(other)
  await ended(holder)
  for (const uid of [first, second]) assert.equal(readdirSync(machine.stateOf(uid)), [])
})

testWithUsers(
  'machine :: two users without a group :: each builds with as many tools as its own pool has',
  async () => {
    const machine = await makeMachine(1)
    const builds = [first, second].map(uid => machine.startAs(uid, { command: eight }))
    for (const build of builds) assert.equal(await build.ended, well)
    const { runs, peak } = briefRuns(machine.yard)
    assert.is(runs, 16)
    assert.ok(peak <= 2, String(peak))
  },
)

/** The pool is whole, and all is gone with its server. */
async function assertServedWhole(
  machine: Machine,
  server: { kill(signal: NodeJS.Signals): Promise<unknown> },
) {
  await until('all are back', () => tokensIn(machine.fifo) === '++')
  assert.equal(recordsIn(`${machine.fifo}.ledger`), [])
  const told = { status: 0, signal: null, stdout: `--jobserver-auth=fifo:${systemPool.fifo}\n`, stderr: '' }
  assert.equal(await server.kill('SIGTERM'), told)
  assert.not.ok(existsSync(machine.fifo))
  for (const uid of [...users.members, outsider])
    assert.equal(existsSync(machine.stateOf(uid)) ? readdirSync(machine.stateOf(uid)) : [], [], String(uid))
}

testWithUsers('machine :: a group :: its members share as many slots as its server has', async () => {
  const machine = await makeMachine(8)
  const server = await machine.serve(2)
  const builds = [first, second, first, second].map(uid => machine.startAs(uid, { command: eight }))
  for (const build of builds) assert.equal(await build.ended, well)
  assert.equal(briefRuns(machine.yard), { runs: 32, peak: 2 })
  await assertServedWhole(machine, server)
})

testWithUsers('machine :: a group :: make -j8 of two members :: at most as many tools as slots', async () => {
  const machine = await makeMachine(8)
  const server = await machine.serve(2)
  const builds = [first, second].map(uid => {
    const directory = directoryOf(uid, machine, `project-${uid}`)
    const targets = [1, 2, 3, 4, 5, 6, 7, 8].join(' ')
    writeFileSync(join(directory, 'Makefile'), `all: ${targets}\n${targets}:\n\t@brief\n`)
    return machine.startAs(uid, { command: ['make', '-s', '-C', directory, '-j8'] })
  })
  for (const build of builds) assert.equal(await build.ended, well)
  assert.equal(briefRuns(machine.yard), { runs: 16, peak: 2 })
  await assertServedWhole(machine, server)
})

testWithUsers('machine :: a group :: a user who is no member :: goes on in its own pool', async () => {
  const machine = await makeMachine(1)
  const server = await machine.serve(2)
  const holders = []
  for (const uid of [first, second]) {
    const holder = machine.startAs(uid, {})
    await holder.tools
    holders.push(holder)
  }
  assert.is(tokensIn(machine.fifo), '')
  for (const uid of [first, second]) assert.is(await tell(machine, uid), `fifo:${systemPool.fifo}`)
  assert.is(await tell(machine, outsider), seesNone)
  for (const pid of [server.pid, holders[0]?.pid ?? 0])
    await assertKeptOut(machine, outsider, systemPool.fifo, pid)
  const other = machine.startAs(outsider, {})
  await other.tools
  assert.is(tokensIn(join(machine.stateOf(outsider), 'machine')), '')
  await ended(other)
  for (const holder of holders) await ended(holder)
  await assertServedWhole(machine, server)
})

testWithUsers('machine :: a group :: a member takes what another one has :: only root may', async () => {
  const machine = await makeMachine(1)
  const server = await machine.serve(2)
  const holder = machine.startAs(first, {})
  const [tool = 0] = await holder.tools
  const lines = [`kill -9 ${tool}`, `kill -9 ${server.pid}`, ...attempts(systemPool.fifo).slice(4)]
  const told = await statuses(machine, second, lines)
  assert.equal(
    told.filter(line => line.startsWith('0:')),
    [],
  )
  await ended(holder)
  await assertServedWhole(machine, server)
})

testWithUsers('machine :: a group :: a member who is killed :: its slot is back, and once', async () => {
  const machine = await makeMachine(1)
  const server = await machine.serve(2)
  const killed = machine.startAs(first, {})
  const holder = machine.startAs(second, {})
  await killed.tools
  await holder.tools
  const waiter = machine.startAs(second, {})
  await until('it waits', () => recordsIn(`${machine.fifo}.ledger`).length >= 3)
  assert.is(waiter.output.stdout, '')
  await killed.kill('SIGKILL')
  await waiter.tools
  await ended(waiter)
  await ended(holder)
  await assertServedWhole(machine, server)
})

testWithUsers(
  'machine :: a group :: the make of another member has a token :: a waiter does not take it for lost',
  async () => {
    const machine = await makeMachine(1)
    const server = await machine.serve(2)
    const directory = directoryOf(first, machine, 'project')
    // What is no tool is in no record: only that make's descriptors tell of its token, and they are not for the other's eyes.
    writeFileSync(join(directory, 'Makefile'), 'all: 1 2\n1 2:\n\t@echo held $$$$; read line <gate || :\n')
    const gate = join(directory, 'gate')
    execFileSync('mkfifo', ['-m', '666', gate])
    const make = machine.startAs(first, { command: ['make', '-s', '-C', directory, '-j8'], wanted: 2 })
    await make.tools
    assert.is(tokensIn(machine.fifo), '')
    const waiter = machine.startAs(second, {})
    await until('it waits', () => recordsIn(`${machine.fifo}.ledger`).some(isWaiting))
    const ledger = openSync(`${machine.fifo}.ledger`, 'r')
    const enough = readCount(ledger, 'looks') + 20
    await until('the server has looked', () => readCount(ledger, 'looks') >= enough)
    closeSync(ledger)
    assert.is(waiter.output.stdout, '')
    const opened = openSync(gate, 'r+')
    writeSync(opened, '\n\n')
    await waiter.tools
    closeSync(opened)
    assert.is((await make.ended).status, 0)
    await ended(waiter)
    await assertServedWhole(machine, server)
  },
)

testWithUsers(
  'machine :: a group :: its server is killed :: what runs goes on, and the next has its own pool',
  async () => {
    const machine = await makeMachine(1)
    const server = await machine.serve(1)
    const holder = machine.startAs(first, {})
    await holder.tools
    await server.kill('SIGKILL')
    await ended(holder)
    const own = machine.startAs(first, {})
    await own.tools
    assert.is(tokensIn(join(machine.stateOf(first), 'machine')), '')
    await ended(own)
    const next = await machine.serve(2)
    const again = machine.startAs(first, {})
    await again.tools
    assert.is(tokensIn(machine.fifo), '+')
    await ended(again)
    await assertServedWhole(machine, next)
  },
)

afterEach(() => {
  killStarted()
  assert.equal(
    processes().filter(({ command }) => command.includes(systemPool.fifo)),
    [],
  )
})
test.run()
