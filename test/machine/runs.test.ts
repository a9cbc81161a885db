import { copyFileSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { afterEach } from '../support/after-each.js'
import { tokensIn } from '../support/pool.js'
import { processes } from '../support/processes.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { waitersIn } from '../yard/ledger.js'
import {
  assertWhole,
  briefRuns,
  ended,
  type MachineYard,
  machineRun,
  makeMachineYard,
  waitsInMachine,
} from '../yard/machine.js'
import { runDirectories, runLine } from '../yard/runs.js'
import { makeGate, makeYard } from '../yard/yard.js'

const well = { status: 0, signal: null, stdout: '', stderr: '' }
const eight = 'for i in 1 2 3 4 5 6 7 8; do brief & done; wait'

const startRun = (yard: MachineYard, words: readonly string[], wanted = 1): Held =>
  start({ env: { ...yard.env, HOME: yard.root }, command: machineRun(yard, ...words), wanted })

const inDirectory = (directory: string, command: readonly string[]): string[] => [
  ...['sh', '-c', 'cd "$0" && exec "$@"', directory],
  ...command,
]

const looksOf = ({ pid }: Held, words: RegExp): number[] =>
  processes().flatMap(({ pid: look, parent, command }) =>
    parent === pid && words.test(command.replace(/^.*\/\.jobshim\/look /, '')) ? [look] : [],
  )

/** What keeps the pool for the run. */
const membersOf = (run: Held): number[] => looksOf(run, /^machine \d+$/)

/** What looks at its tools. */
const caretakersOf = (run: Held): number[] => looksOf(run, /^caretaker$/)

test('machine :: a run without -j :: its command finds the pool, and has no slot for being there', async () => {
  const yard = await makeMachineYard(2)
  const holder = start({ env: yard.env })
  await holder.tools
  const tells = 'env | grep -E "^(CARGO_)?MAKEFLAGS=|^JOBSHIM_JOBSERVER="; '
  const two = 'exec 9<&0; hold <&9 & hold <&9 & wait; exit 5'
  const run = startRun(yard, ['--', 'sh', '-c', tells + two])
  const [tool] = await run.tools
  await until('the other one waits', () => tokensIn(yard.fifo) === '' && membersOf(run).length === 1)
  assert.equal(runDirectories(yard), [])
  await ended(holder)
  const { stdout, ...outcome } = await run.end()
  assert.equal(outcome, { status: 5, signal: null, stderr: '' })
  const lines = stdout.trim().split('\n')
  const [flags = ''] = lines.filter(line => line.startsWith('MAKEFLAGS='))
  assert.match(flags, /^MAKEFLAGS= -j2 --jobserver-(auth|fds)=(fifo:.*\/machine|\d+,\d+)$/)
  assert.ok(lines.includes(`JOBSHIM_JOBSERVER=fifo:${yard.fifo}`), stdout)
  assert.ok(lines.includes(`held ${tool}`), stdout)
  assert.is(lines.length, 4)
  assert.equal(yard.files(), [])
})

test('machine :: two runs and a bare tool :: one slot for all of them', async () => {
  const yard = await makeMachineYard(1)
  const first = startRun(yard, ['--', 'hold'])
  await first.tools
  const bare = start({ env: yard.env })
  await waitsInMachine(yard, bare)
  const second = startRun(yard, ['--', 'hold'])
  await until('all are there', () => membersOf(second).length === 1)
  assert.is(second.output.stdout, '')
  assert.is((await first.end()).status, 7)
  for (const outcome of [bare.end(), second.end()]) {
    const { status, stderr } = await outcome
    assert.equal({ status, stderr }, { status: 7, stderr: '' })
  }
  assert.equal(yard.files(), [])
})

for (const { name, command } of [
  { name: 'its environment is there', command: ['sh', '-c', eight] },
  {
    name: 'its environment was cleared',
    command: ['sh', '-c', `env -i "PATH=$PATH" "LOG=$LOG" sh -c '${eight}'; exit $?`],
  },
])
  test(`machine :: two runs and a script :: ${name} :: two tools at once`, async () => {
    const yard = await makeMachineYard(2)
    const builds = [
      startRun(yard, ['-q', '--', ...command]),
      startRun(yard, ['-q', '--', ...command]),
      start({ env: yard.env, command: ['sh', '-c', eight] }),
    ]
    for (const build of builds) assert.equal(await build.ended, well)
    assert.equal(briefRuns(yard), { runs: 24, peak: 2 })
    assert.equal(yard.files(), [])
  })

for (const { name, config } of [
  { name: 'that says nothing of the machine', config: 'tools: [brief]\n' },
  { name: 'that wants more than the home directory allows', config: 'jobs: 64\n' },
  { name: 'that wants less', config: 'jobs: 1\n' },
])
  test(`machine :: two runs, one in a project with a config ${name} :: two tools at once`, async () => {
    const own = 'noJobserver: machine\njobs: 2\n'
    const files = { 'home/.jobshimrc': own, 'home/p/.jobshimrc.yaml': config, 'home/q/x': '' }
    const yard = await makeMachineYard(2, { files })
    const home = join(yard.root, 'home')
    const builds = ['p', 'q'].map(project =>
      start({
        env: { ...yard.env, HOME: home },
        command: inDirectory(join(home, project), runLine(yard, '-q', '--', 'sh', '-c', eight)),
      }),
    )
    for (const build of builds) assert.equal(await build.ended, well)
    assert.equal(briefRuns(yard), { runs: 16, peak: 2 })
    assert.equal(yard.files(), [])
  })

test('machine :: only the run is told to join :: tools whose environment was cleared find the pool', async () => {
  const { root, shims, runtime, env } = await makeYard('') // its shims are told nothing
  writeFiles(root, { 'machine.yaml': 'noJobserver: machine\njobs: 1\n' })
  const state = join(runtime, `jobshim-${currentUid()}`)
  const line = runLine({ shims }, '--config', join(root, 'machine.yaml'), '-q', '--', 'env', '-i')
  const run = start({ env: { ...env, HOME: root }, command: [...line, `PATH=${env.PATH}`, 'hold'] })
  const [tool] = await run.tools
  assert.is(tokensIn(join(state, 'machine')), '')
  assert.equal(await run.end(), { status: 7, signal: null, stdout: `held ${tool}\n`, stderr: '' })
  assert.equal(readdirSync(state), [])
})

testWith(
  'make43',
  'machine :: two runs, a typed make -j16 and a bare tool :: two tools at once',
  async path => {
    const yard = await makeMachineYard(2, { path: [path], tools: ['make'] })
    writeFiles(yard.root, { Makefile: 'all: a b c d e f\na b c d e f:\n\t@brief\n.PHONY: all a b c d e f\n' })
    const make = ['make', '--no-print-directory', '-C', yard.root]
    const builds = [
      startRun(yard, ['-q', '--', ...make]),
      startRun(yard, ['-q', '--', 'sh', '-c', eight]),
      start({ env: yard.env, command: [...make, '-j16'] }),
      start({ env: yard.env, command: ['brief'] }),
    ]
    for (const build of builds) assert.equal(await build.ended, well)
    const { runs, peak } = briefRuns(yard)
    assert.is(runs, 6 + 8 + 6 + 1)
    assert.ok(peak <= 2, `${peak} at once`)
    assert.equal(yard.files(), [])
  },
)

test('machine :: run --sandbox, a run and a bare tool :: two tools at once', async () => {
  const bin = makeWorkspace('bin')
  const tool = join(bin, 'gcc-9')
  copyFileSync('/bin/sh', tool)
  const yard = await makeMachineYard(2, { path: [bin], tools: ['gcc-9'] })
  const brief = "-c 'echo + >>$LOG; sleep 0.05; echo - >>$LOG'"
  const script = `for i in 1 2 3 4 5 6 7 8; do ${tool} ${brief} & done; wait`
  const builds = [
    startRun(yard, ['-q', '--sandbox', '--', 'sh', '-c', script]),
    startRun(yard, ['-q', '--sandbox', '--', 'sh', '-c', script]),
    startRun(yard, ['-q', '--', 'sh', '-c', eight]),
    start({ env: yard.env, command: ['brief'] }),
  ]
  for (const build of builds) assert.equal(await build.ended, well)
  assert.equal(briefRuns(yard), { runs: 25, peak: 2 })
  assert.equal(yard.files(), [])
})

test('machine :: a run below a run :: joins, and is no user of its own', async () => {
  const yard = await makeMachineYard(1)
  const run = startRun(yard, ['-q', '--', ...machineRun(yard, '-q', '--', 'hold')])
  const [tool] = await run.tools
  assert.is(tokensIn(yard.fifo), '')
  assert.is(
    processes().filter(({ command }) => command === `${yard.shims}/.jobshim/look machine 1`).length,
    1,
  )
  assert.equal(await run.end(), { status: 7, signal: null, stdout: `held ${tool}\n`, stderr: '' })
  assert.equal(yard.files(), [])
})

test('machine :: a run below a jobserver that can not be used :: says so, and joins', async () => {
  const yard = await makeMachineYard(1)
  const run = start({
    env: { ...yard.env, HOME: yard.root, MAKEFLAGS: ` -j4 --jobserver-auth=fifo:${yard.root}/none` },
    command: machineRun(yard, '--', 'hold'),
  })
  const [tool] = await run.tools
  assert.is(tokensIn(yard.fifo), '')
  assert.equal(await run.end(), {
    status: 7,
    signal: null,
    stdout: `held ${tool}\n`,
    stderr: "jobshim: no jobserver: its FIFO does not exist\n  the build joins the machine's pool\n",
  })
  assert.equal(yard.files(), [])
})

test('machine :: run --json :: tells of its tools, and of no slots', async () => {
  const yard = await makeMachineYard(1)
  const run = startRun(yard, ['--json', '--', 'hold'])
  await run.tools
  await until('it is looked at', () => caretakersOf(run).length === 1)
  const { status, stderr } = await run.end()
  assert.is(status, 7)
  const summary = stderr === '' ? {} : JSON.parse(stderr)
  assert.equal(
    ['jobs', 'total', 'back', 'runs', 'peak'].filter(name => name in summary),
    [],
  )
  assert.equal(yard.files(), [])
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  test(`machine :: a run that gets ${signal} :: nothing is left of the pool`, async () => {
    const yard = await makeMachineYard(1)
    const run = startRun(yard, ['-q', '--', 'hold'])
    const [tool] = await run.tools
    run.child.kill(signal)
    assert.equal(await run.ended, { status: null, signal, stdout: `held ${tool}\n`, stderr: '' })
    assert.equal(yard.files(), [])
  })

test('machine :: a run is killed :: its command goes on in the pool, which ends with it', async () => {
  const yard = await makeMachineYard(1)
  const gate = makeGate(yard)
  const go = join(yard.root, 'go')
  const later = `until [ -e ${go} ]; do sleep 0.02; done; hold </dev/null; exit 3`
  const run = startRun(yard, ['-q', '--', 'sh', '-c', `hold <${gate.path}; ${later}`])
  await run.tools
  await until('its tools are looked at', () => caretakersOf(run).length === 1)
  const [[member = -1], [caretaker = -1]] = [membersOf(run), caretakersOf(run)]
  process.kill(run.pid, 'SIGKILL')
  await new Promise(resolve => run.child.once('exit', resolve))
  const waiter = start({ env: yard.env })
  await waitsInMachine(yard, waiter)
  gate.open()
  await waiter.tools
  assert.ok(existsSync(`/proc/${member}`))
  writeFiles(yard.root, { go: '' })
  await ended(waiter)
  assert.match((await run.ended).stdout, /^held \d+\nheld \d+\n$/)
  await until('both are gone', () => ![member, caretaker].some(pid => existsSync(`/proc/${pid}`)))
  assert.equal(await startRun(yard, ['-q', '--', 'true']).ended, well) // removes what it told of its tools
  await assertWhole(yard, 1)
})

test("machine :: a run's member is killed :: the run's tools go on, and limit and pool hold", async () => {
  const yard = await makeMachineYard(1)
  const go = join(yard.root, 'go')
  const ready = join(yard.root, 'ready')
  const later = `>${ready}; until [ -e ${go} ]; do sleep 0.02; done; hold`
  const run = startRun(yard, ['-q', '--', 'sh', '-c', later])
  await until('its command runs', () => existsSync(ready))
  for (const member of membersOf(run)) process.kill(member, 'SIGKILL')
  await until('it is gone', () => membersOf(run).length === 0)
  const holder = start({ env: yard.env })
  await holder.tools
  writeFiles(yard.root, { go: '' })
  await until('its tool waits', () => waitersIn(`${yard.fifo}.ledger`) === 1)
  assert.is(run.output.stdout, '')
  await ended(holder)
  const [tool] = await run.tools
  assert.equal(await run.end(), { status: 7, signal: null, stdout: `held ${tool}\n`, stderr: '' })
  await assertWhole(yard, 1)
})

testWith(
  'python',
  "machine :: the pool's lock is not given back :: a run gets a pool of its own, and says so",
  async () => {
    const yard = await makeMachineYard(1)
    const holder = start({ env: yard.env })
    await holder.tools
    const locks =
      "import fcntl, sys\nf = open(sys.argv[1], 'r+')\nfcntl.lockf(f, fcntl.LOCK_EX)\nprint('held', 0, flush=True)\nsys.stdin.read()\n"
    const locker = start({ env: yard.env, command: ['python3', '-c', locks, `${yard.fifo}.lock`] })
    await locker.tools
    const run = startRun(yard, ['--', 'true'])
    const { stderr, ...outcome } = await run.ended
    assert.equal(outcome, { status: 0, signal: null, stdout: '' })
    const why = "the lock of the machine's pool is not given back"
    assert.match(
      stderr,
      new RegExp(
        `^jobshim: ${why}\\n  the build gets a pool of its own: -j1\\njobshim: 0 tools ran \\(limit 1\\)\\n$`,
      ),
    )
    await locker.end()
    await ended(holder)
    assert.equal(yard.files(), [])
  },
)

afterEach(killStarted)
test.run()
