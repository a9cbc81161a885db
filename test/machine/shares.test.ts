/** `jobshim run -jN` has at most N slots of the machine's pool, as many as it uses, and one more that nobody has taken. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { type ClientKey, clients } from '../support/clients.js'
import { tokensIn } from '../support/pool.js'
import { processes } from '../support/processes.js'
import { random, seed } from '../support/random.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { isWaiting, recordsIn, waitersIn } from '../yard/ledger.js'
import {
  assertWhole,
  ended,
  type MachineYard,
  machineRun,
  makeMachineYard,
  waitsInMachine,
} from '../yard/machine.js'
import { runDirectories, runFifo } from '../yard/runs.js'
import { makeGate } from '../yard/yard.js'

const well = { status: 0, signal: null, stdout: '', stderr: '' }

const startRun = (yard: MachineYard, words: readonly string[], wanted = 1, who = ''): Held =>
  start({ env: { ...yard.env, HOME: yard.root, WHO: who }, command: machineRun(yard, ...words), wanted })

const holding = (tools: number): string[] => [
  'sh',
  '-c',
  `exec 9<&0; ${'hold <&9 & '.repeat(tools)}wait; exit 5`,
]

const free = ({ fifo }: MachineYard): number => tokensIn(fifo).length

/** What gives the run its slots. */
const feedersOf = ({ pid }: Held): number[] =>
  processes().flatMap(({ pid: look, parent, command }) =>
    parent === pid && /\/\.jobshim\/look feed /.test(command) ? [look] : [],
  )

/** What still lives of a run, and is not below it. */
const isGone = (pids: readonly number[]): boolean => !pids.some(pid => existsSync(`/proc/${pid}`))

/** A tool that says in the file LOG for whom it begins, and ends. */
const brief = '#!/bin/sh\necho "+ $WHO" >>"$LOG"\nsleep 0.05\necho "- $WHO" >>"$LOG"\n'

type Peaks = { runs: number; peak: number; of: Record<string, number> }

function peaksIn({ env: { LOG = '' } }: MachineYard): Peaks {
  const now: Record<string, number> = {}
  const peaks: Peaks = { runs: 0, peak: 0, of: {} }
  for (const line of readFileSync(LOG, 'utf8').trim().split('\n')) {
    const [sign, who = ''] = line.split(' ')
    if (sign === '+') peaks.runs++
    now[who] = (now[who] ?? 0) + (sign === '+' ? 1 : -1)
    peaks.of[who] = Math.max(peaks.of[who] ?? 0, now[who])
    const all = Object.values(now).reduce((sum, count) => sum + count, 0)
    peaks.peak = Math.max(peaks.peak, all)
  }
  return peaks
}

test('machine :: run -j2 :: has two slots of it, and no more', async () => {
  const yard = await makeMachineYard(4)
  const run = startRun(yard, ['-q', '-j2', '--', ...holding(3)], 2)
  await run.tools
  await until('the third one waits', () => waitersIn(`${runFifo(yard)}.ledger`) === 1)
  await until('it has two', () => free(yard) === 2)
  const [first, second] = [start({ env: yard.env }), start({ env: yard.env })]
  for (const other of [first, second]) await other.tools
  assert.is(free(yard), 0)
  assert.is(run.output.stdout.match(/held/g)?.length, 2)
  for (const other of [first, second]) await ended(other)
  const { status, stderr } = await run.end()
  assert.equal({ status, stderr }, { status: 5, stderr: '' })
  assert.equal(yard.files(), [])
})

test('machine :: run -j8 in a pool of two :: has two slots, and its command is told so', async () => {
  const yard = await makeMachineYard(2)
  const tells = 'echo "$MAKEFLAGS"; '
  const [shell = '', option = '', script = ''] = holding(3)
  const run = startRun(yard, ['-q', '-j8', '--', shell, option, tells + script], 2)
  await run.tools
  await until('the third one waits', () => waitersIn(`${runFifo(yard)}.ledger`) === 1)
  assert.is(free(yard), 0)
  assert.match(run.output.stdout, /^ ?-j2 --jobserver-(auth|fds)=.*\nheld \d+\nheld \d+\n$/)
  assert.is((await run.end()).status, 5)
  assert.equal(yard.files(), [])
})

test('machine :: a run -j4 that does nothing :: others get all slots but one', async () => {
  const yard = await makeMachineYard(3)
  const ready = join(yard.root, 'ready')
  const run = startRun(yard, ['-q', '-j4', '--', 'sh', '-c', `>${ready}; read line`])
  await until('its command runs', () => existsSync(ready))
  const others = [start({ env: yard.env }), start({ env: yard.env })]
  for (const other of others) await other.tools
  const third = start({ env: yard.env })
  await waitsInMachine(yard, third)
  assert.is(third.output.stdout, '')
  for (const other of others) await ended(other)
  await ended(third)
  assert.is((await run.end()).status, 1)
  assert.equal(yard.files(), [])
})

test('machine :: a run -j2 in a full pool :: its second tool waits, and gets the first slot that is free', async () => {
  const yard = await makeMachineYard(2)
  const other = start({ env: yard.env })
  await other.tools
  const run = startRun(yard, ['-q', '-j2', '--', ...holding(2)], 2)
  await until('the second one waits', () => runDirectories(yard).length === 1 && run.output.stdout !== '')
  await until('it is known', () => waitersIn(`${runFifo(yard)}.ledger`) === 1)
  assert.is(run.output.stdout.match(/held/g)?.length, 1)
  await ended(other)
  await run.tools
  assert.is((await run.end()).status, 5)
  assert.equal(yard.files(), [])
})

test('machine :: two runs -j4 in a pool of one :: the second command waits for the first to end', async () => {
  const yard = await makeMachineYard(1)
  const first = startRun(yard, ['-q', '-j4', '--', 'hold'])
  await first.tools
  const second = startRun(yard, ['-q', '-j4', '--', 'hold'])
  await until('it waits', () => waitersIn(`${yard.fifo}.ledger`) === 1)
  assert.is(second.output.stdout, '')
  await ended(first)
  await second.tools
  await ended(second)
  assert.equal(yard.files(), [])
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  test(`machine :: a run -j2 that waits for its first slot, and gets ${signal} :: ends by it, and leaves nothing`, async () => {
    const yard = await makeMachineYard(1)
    const holder = start({ env: yard.env })
    await holder.tools
    const run = startRun(yard, ['-q', '-j2', '--', 'hold'])
    await until('it waits', () => waitersIn(`${yard.fifo}.ledger`) === 1)
    run.child.kill(signal)
    assert.equal(await run.ended, { status: null, signal, stdout: '', stderr: '' })
    assert.is(free(yard), 0)
    await ended(holder)
    assert.equal(yard.files(), [])
  })

test('machine :: a run -j2 that waits for its first slot is killed :: what waits for it ends', async () => {
  const yard = await makeMachineYard(1)
  const holder = start({ env: yard.env })
  await holder.tools
  const run = startRun(yard, ['-q', '-j2', '--', 'hold'])
  await until('it waits', () => waitersIn(`${yard.fifo}.ledger`) === 1)
  const feeders = feedersOf(run)
  assert.is(feeders.length, 1)
  assert.is((await run.kill()).signal, 'SIGKILL')
  await until('it is gone', () => isGone(feeders))
  await ended(holder)
  assert.equal(await startRun(yard, ['-q', '-j2', '--', 'true']).ended, well) // removes what the killed one had made
  await assertWhole(yard, 1)
})

test('machine :: run -j2 :: its files are removed as the run joins it :: it says so, and the command does not run', async () => {
  const yard = await makeMachineYard(4)
  const look = join(yard.shims, '.jobshim/look')
  renameSync(look, `${look}.real`)
  const removes = `#!/bin/sh\n[ "$1" = feed ] && rm ${yard.fifo}\nexec "$0.real" "$@"\n`
  writeFileSync(look, removes, { mode: 0o755 })
  const run = startRun(yard, ['-q', '-j2', '--', 'touch', join(yard.root, 'ran')], 0)
  assert.equal(await run.end(), {
    status: 125,
    signal: null,
    stdout: '',
    stderr:
      "jobshim: the build can't get slots of the machine's pool: its FIFO does not exist\n" +
      '  run it again; if that comes again, set XDG_RUNTIME_DIR to a directory of yours that nothing clears\n',
  })
  assert.is(existsSync(join(yard.root, 'ran')), false)
  renameSync(`${look}.real`, look)
  assert.equal(await startRun(yard, ['-q', '-j2', '--', 'true'], 0).end(), well)
  assert.equal(yard.files(), [])
})

test('machine :: what feeds a run -j3 is killed :: its tools go on, others get its slots, and none is made', async () => {
  const yard = await makeMachineYard(3)
  const gate = makeGate(yard)
  const go = join(yard.root, 'go')
  const later = `until [ -e ${go} ]; do sleep 0.02; done`
  const three = `for i in 1 2 3; do hold <${gate.path} & done; wait; ${later}; hold & hold </dev/null; wait`
  const run = startRun(yard, ['-q', '-j3', '--', 'sh', '-c', three], 3)
  await run.tools
  await until('it has all', () => free(yard) === 0)
  for (const feeder of feedersOf(run)) process.kill(feeder, 'SIGKILL')
  const waiter = start({ env: yard.env })
  await waiter.tools
  gate.open()
  await until('its own pool has no token any more', () => tokensIn(runFifo(yard)) === '')
  writeFiles(yard.root, { go: '' })
  await ended(waiter)
  assert.is((await run.end()).status, 0)
  await assertWhole(yard, 3)
})

test('machine :: a run -j2 is killed :: its command goes on in its slots, and gives them back', async () => {
  const yard = await makeMachineYard(2)
  const gate = makeGate(yard)
  const two = `for i in 1 2; do hold <${gate.path} & done; wait`
  const run = startRun(yard, ['-q', '-j2', '--', 'sh', '-c', two], 2)
  await run.tools
  const feeders = feedersOf(run)
  process.kill(run.pid, 'SIGKILL')
  await new Promise(resolve => run.child.once('exit', resolve))
  const waiter = start({ env: yard.env })
  await waitsInMachine(yard, waiter)
  assert.is(waiter.output.stdout, '')
  gate.open()
  await waiter.tools
  await ended(waiter)
  await until('nothing is left of it', () => isGone(feeders))
  assert.equal(await startRun(yard, ['-q', '-j2', '--', 'true']).ended, well)
  await assertWhole(yard, 2)
})

test('machine :: tools outlive the command of a run -j2 :: they keep their slots until they end', async () => {
  const yard = await makeMachineYard(2)
  const gate = makeGate(yard)
  const outlives = `hold <${gate.path} & hold <${gate.path} & sleep 0.5`
  const run = startRun(yard, ['-q', '-j2', '--', 'sh', '-c', outlives], 2)
  await run.tools
  await new Promise(resolve => run.child.once('exit', resolve))
  const other = start({ env: yard.env })
  await waitsInMachine(yard, other)
  assert.is(other.output.stdout, '')
  gate.open()
  await other.tools
  await ended(other)
  await until('nothing is left', () => yard.files().length === 0)
})

test("machine :: a tool waits behind one that outlives the command of a run -j1 :: the command's slot is kept for it", async () => {
  const yard = await makeMachineYard(1)
  const gate = makeGate(yard)
  const outlives = `hold <${gate.path} & hold <${gate.path} & sleep 0.5`
  const run = startRun(yard, ['-q', '-j1', '--', 'sh', '-c', outlives])
  const [tool = -1] = await run.tools
  const ledger = `${runFifo(yard)}.ledger`
  await until('the other waits', () => waitersIn(ledger) === 1)
  const waiter = recordsIn(ledger).find(isWaiting)?.pid ?? -1
  await new Promise(resolve => run.child.once('exit', resolve))
  const other = start({ env: yard.env })
  await waitsInMachine(yard, other)
  process.kill(waiter, 'SIGSTOP') // so that nobody has the slot once the first has ended
  process.kill(tool, 'SIGKILL')
  await until('it has ended', () => !existsSync(`/proc/${tool}`))
  await new Promise(resolve => setTimeout(resolve, 300)) // fifteen looks at what is left of the run
  assert.is(other.output.stdout, '')
  process.kill(waiter, 'SIGCONT')
  gate.open()
  await other.tools
  await ended(other)
  await until('nothing is left', () => yard.files().length === 0)
})

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const files = {
  'bin/brief': brief,
  Makefile: `all: ${names.join(' ')}\n${names.join(' ')}:\n\t@brief\n.PHONY: all ${names.join(' ')}\n`,
  'build.ninja': `rule brief\n  command = brief\n${names.map(name => `build ${name}: brief\n`).join('')}`,
}

async function runTwice(yard: MachineYard, command: readonly string[], least: number): Promise<void> {
  const builds = ['a', 'b'].map(who =>
    startRun(yard, ['-q', '-j3', '--', 'env', '-C', yard.root, ...command], 1, who),
  )
  for (const build of builds) assert.equal(await build.ended, well)
  const { runs, peak, of } = peaksIn(yard)
  assert.ok(runs >= least, `${runs} runs`)
  assert.ok(peak <= 4, `${peak} at once`)
  for (const who of ['a', 'b']) assert.ok((of[who] ?? 0) >= 1 && (of[who] ?? 0) <= 3, JSON.stringify(of))
  assert.equal(yard.files(), [])
}

test('machine :: a script below two runs -j3 in a pool of four :: three each, four in all', async () => {
  const yard = await makeMachineYard(4, { files })
  await runTwice(yard, ['sh', '-c', `for i in ${names.join(' ')}; do brief & done; wait`], 2 * names.length)
})

const builders: readonly { key: ClientKey; tool: string; command: readonly string[] }[] = [
  { key: 'make43', tool: 'make', command: ['make', '--no-print-directory'] },
  { key: 'make44', tool: 'make', command: ['make', '--no-print-directory', '-j16'] },
  { key: 'ninja113', tool: 'ninja', command: ['ninja', '--quiet'] },
]

for (const { key, tool, command } of builders)
  testWith(
    key,
    `machine :: ${clients[key].name} :: ${command.join(' ')} below two runs -j3 in a pool of four :: three each, four in all`,
    async path => {
      const yard = await makeMachineYard(4, { path: [path], tools: [tool], files })
      await runTwice(yard, command, 2 * names.length)
    },
  )

testWith(
  'cargo',
  'machine :: cargo build below two runs -j3 in a pool of four :: three each, four in all',
  async path => {
    const wrapper =
      '#!/bin/sh\necho "+ $WHO" >>"$LOG"\n"$@"\nstatus=$?\necho "- $WHO" >>"$LOG"\nexit $status\n'
    const yard = await makeMachineYard(4, {
      path: [path],
      tools: ['cargo', 'rustc'],
      files: { 'bin/wrapper': wrapper },
    })
    const crates = names.flatMap(name => [
      [`${name}/Cargo.toml`, `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n`],
      [`${name}/src/lib.rs`, 'pub fn one() -> i32 { 1 }\n'],
    ])
    writeFiles(yard.root, {
      'Cargo.toml': `[workspace]\nresolver = "2"\nmembers = ${JSON.stringify(names)}\n`,
      ...Object.fromEntries(crates),
    })
    const variables = [`RUSTC_WRAPPER=${yard.root}/bin/wrapper`, `HOME=${process.env.HOME}`]
    const build = 'CARGO_TARGET_DIR=target-$WHO exec cargo build --quiet --offline'
    await runTwice(yard, ['env', ...variables, 'sh', '-c', build], 2 * names.length)
  },
)

test('machine :: runs -j3 of which some process is killed at random :: the pool is whole', async () => {
  const next = random(seed)
  for (let round = 0; round < 6; round++) {
    const yard = await makeMachineYard(3, { files })
    const script = `for i in ${names.join(' ')}; do brief & done; wait`
    const [victim, other] = [
      startRun(yard, ['-q', '-j3', '--', 'sh', '-c', script], 1, 'a'),
      startRun(yard, ['-q', '-j3', '--', 'sh', '-c', script], 1, 'b'),
    ]
    await new Promise(resolve => setTimeout(resolve, 150 + next() * 400))
    const pids = processes().filter(({ parent }) => parent === victim.pid)
    const all = [victim.pid, ...pids.map(({ pid }) => pid)]
    const feeders = feedersOf(victim)
    const killed = next() < 0.3 ? all : [all[Math.floor(next() * all.length)] ?? 0]
    for (const pid of killed)
      try {
        process.kill(pid, 'SIGKILL')
      } catch (error) {
        assert.match(String(error), /ESRCH/)
      }
    await victim.ended
    assert.equal(await other.ended, well, `seed ${seed}, round ${round}`)
    // If what feeds it is killed the machine's pool has the slots back at once, and its tools end in theirs.
    const most = killed.some(pid => feeders.includes(pid)) ? 3 + 3 : 3
    const { peak } = peaksIn(yard)
    const who = killed.map(pid => pids.find(process => process.pid === pid)?.command ?? 'run').join('; ')
    assert.ok(peak <= most, `${peak} at once, seed ${seed}, round ${round}, killed: ${who}`)
    assert.equal(await startRun(yard, ['-q', '-j3', '--', 'true']).ended, well)
    await assertWhole(yard, 3)
  }
})

afterEach(killStarted)
test.run()
