/** A run that was interrupted: what still waits for a slot below it is ended, and nothing else. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { withoutUse } from '../support/summary.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { isWaiting, recordsIn, waitersIn } from '../yard/ledger.js'
import { ended, type MachineYard, machineRun, makeMachineYard, waitsInMachine } from '../yard/machine.js'
import { runDirectories, runFifo, runLine, waiters } from '../yard/runs.js'
import { makeGate, makeYard } from '../yard/yard.js'

const yard = await makeYard('')
const env = { ...yard.env, HOME: yard.root }

afterEach(() => {
  killStarted()
  assert.equal(runDirectories(yard), [])
})

/** A run whose tools read the gate: they outlive it. */
type Gated = { held: Held; open: () => void }

function startRun(options: readonly string[], script: string): Gated {
  const { path, open } = makeGate({ ...yard, root: makeWorkspace() })
  const command = runLine(yard, ...options, '--', 'sh', '-c', script)
  return { held: start({ env: { ...env, GATE: path }, command }), open }
}

/** One tool runs, three wait. A shell lets what it starts in the background ignore SIGINT and SIGQUIT. */
const four = 'hold <"$GATE" & hold <"$GATE" & hold <"$GATE" & hold <"$GATE" & wait; exit 1'

const untilThere = (path: string): string => `until [ -e ${path} ]; do sleep 0.02; done`

/** That tool goes on, and none after it runs. */
async function assertRunsAlone({ held, open }: Gated, tool: number | undefined): Promise<void> {
  assert.ok(existsSync(`/proc/${tool}`))
  open()
  await held.ended
  assert.is(held.output.stdout, `held ${tool}\n`)
}

const summary =
  /^jobshim: 1 tool ran, at most 1 at once \(limit 1\)\n {2}3 tools still waited for a slot, and were ended\n$/

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)
  test(`run :: ${signal} :: what waits is ended, and the tool that runs is not`, async () => {
    const gated = startRun(['-j1'], four)
    const { held } = gated
    const [tool] = await held.tools
    await until('three wait', () => waiters(yard) === 3)
    held.child.kill(signal)
    await until('the run has ended', () => held.child.signalCode === signal)
    await assertRunsAlone(gated, tool)
    assert.match(withoutUse(held.output.stderr), summary)
  })

test('run :: ^C :: a command that ends by itself then :: the same, as JSON', async () => {
  const gated = startRun(['-j1', '--json'], `trap 'exit 130' INT; ${four}`)
  const { held } = gated
  const [tool] = await held.tools
  await until('three wait', () => waiters(yard) === 3)
  process.kill(-held.pid, 'SIGINT')
  await until('the run has ended', () => held.child.exitCode === 130)
  await assertRunsAlone(gated, tool)
  const { dismissed, runs, total } = JSON.parse(held.output.stderr)
  assert.equal({ dismissed, runs, total }, { dismissed: 3, runs: 1, total: 0 })
})

test('run :: SIGINT :: a command that goes on and ends well :: what waits has its turn', async () => {
  const { held, open } = startRun(['-j1'], `trap 'echo got' INT; ${four.replace('exit 1', 'wait; exit 0')}`)
  await held.tools
  await until('three wait', () => waiters(yard) === 3)
  held.child.kill('SIGINT')
  await until('the shell has got it', () => held.output.stdout.includes('got\n'))
  open()
  const { status, stdout, stderr } = await held.ended
  assert.is(status, 0, stderr)
  assert.is(stdout.match(/^held /gm)?.length, 4, stdout)
  assert.not.match(stderr, /ended/)
})

test('run :: SIGINT :: what ignores SIGTERM waits on', async () => {
  const go = join(yard.root, 'go')
  const deaf = `(trap '' TERM; ${untilThere(go)}; exec hold <"$GATE") &`
  const { held, open } = startRun(
    ['-j1'],
    `hold <"$GATE" & ${deaf} ${untilThere(go)}; hold <"$GATE" & wait; exit 1`,
  )
  const [tool] = await held.tools
  writeFiles(yard.root, { go: '' })
  await until('two wait', () => waiters(yard) === 2)
  held.child.kill('SIGINT')
  await until('the run has ended', () => held.child.signalCode === 'SIGINT')
  assert.ok(existsSync(`/proc/${tool}`))
  open()
  const { stdout, stderr } = await held.ended
  assert.match(stdout, /^held \d+\nheld \d+\n$/)
  assert.match(stderr, /\n {2}1 tool still waited for a slot, and was ended\n$/)
})

const inMachine = (machine: MachineYard, script: string): Held =>
  start({
    env: { ...machine.env, HOME: machine.root },
    command: machineRun(machine, '--', 'sh', '-c', `exec 9<&0; ${script}`),
    wanted: 0,
  })

test("run :: SIGTERM :: in the machine's pool :: what waits below it is ended, and no other build's", async () => {
  const machine = await makeMachineYard(1)
  const holder = start({ env: machine.env })
  await holder.tools
  const other = start({ env: machine.env })
  await waitsInMachine(machine, other)
  const run = inMachine(machine, 'hold <&9 & hold <&9 & wait; exit 1')
  const beside = inMachine(machine, 'hold <&9 & wait; exit 0')
  await until('four wait', () => waitersIn(`${machine.fifo}.ledger`) === 4)
  run.child.kill('SIGTERM')
  const { stderr, ...outcome } = await run.ended
  assert.equal(outcome, { status: null, signal: 'SIGTERM', stdout: '' })
  assert.is(stderr, 'jobshim: 2 tools still waited for a slot, and were ended\n')
  assert.is(recordsIn(`${machine.fifo}.ledger`).filter(record => record.alive && isWaiting(record)).length, 2)
  const besides = beside.end() // its tool ends in its turn, which may be the next one
  await ended(holder)
  await ended(other)
  const { status, stdout } = await besides
  assert.is(status, 0)
  assert.match(stdout, /^held \d+\n$/)
  assert.equal(machine.files(), [])
})

test('run :: SIGTERM :: below another run :: each ends what waits below itself', async () => {
  const inner = runLine(yard, '--', 'sh', '-c', `'hold <"$GATE" & hold <"$GATE" & wait; exit 1'`).join(' ')
  const { held, open } = startRun(
    ['-j1'],
    `hold <"$GATE" & ${inner} & echo inner $!; hold <"$GATE" & wait; exit 5`,
  )
  const [tool] = await held.tools
  await until('three wait', () => waiters(yard) === 3)
  const [, pid] = /^inner (\d+)$/m.exec(held.output.stdout) ?? []
  process.kill(Number(pid), 'SIGTERM')
  await until('the inner run has ended', () => held.output.stderr.endsWith('\n'))
  assert.is(held.output.stderr, 'jobshim: 2 tools still waited for a slot, and were ended\n')
  assert.is(
    recordsIn(`${runFifo(yard)}.ledger`).filter(record => record.alive && isWaiting(record)).length,
    1,
  )
  assert.ok(existsSync(`/proc/${tool}`))
  open()
  const { status, stdout } = await held.ended
  assert.is(status, 5)
  assert.is(stdout.match(/^held /gm)?.length, 2, stdout)
})

test.run()
