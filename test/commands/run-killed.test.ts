import { existsSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { processes } from '../support/processes.js'
import { wholeSummary, withoutUse } from '../support/summary.js'
import { until, within } from '../support/until.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { runDirectories, runLine, summaryLine } from '../yard/runs.js'
import { makeGate, makeYard, type Yard } from '../yard/yard.js'

const startRun = (yard: Yard, ...command: string[]): Held =>
  start({ env: yard.env, command: runLine(yard, '-j2', '--', ...command) })

const summary = new RegExp(`^jobshim: \\d+ tools? ran${wholeSummary}$`)

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) {
  test(`run :: ${signal} :: goes to the command, whose death is ours; the directory is removed`, async () => {
    const yard = await makeYard('')
    const gate = makeGate(yard)
    const held = startRun(yard, 'sh', '-c', `hold <${gate.path} & read -r line; exit 1`)
    const [tool = -1] = await held.tools
    assert.is(runDirectories(yard).length, 1)
    const gone = within(
      new Promise(resolve => held.child.once('exit', resolve)),
      () => `after ${signal}: ${JSON.stringify(held.output)}`,
    )
    held.child.kill(signal)
    await gone
    // What the command left behind goes on, as it would without jobshim.
    assert.ok(existsSync(`/proc/${tool}`))
    gate.open()
    const { status, signal: death, stderr } = await held.end()
    assert.equal([status, death], [null, signal])
    assert.match(withoutUse(stderr), summary)
    assert.equal(runDirectories(yard), [])
    await until('the tool is gone', () => !existsSync(`/proc/${tool}`))
  })

  test(`run :: ${signal} :: a command that handles it decides the status`, async () => {
    const yard = await makeYard('')
    // A signal that comes just before a `read` begins would wait for a line.
    const script = `trap 'echo got; exit 3' ${signal.slice(3)}; echo held $$; while :; do sleep 0.05; done`
    const held = startRun(yard, 'sh', '-c', script)
    const [shell] = await held.tools
    held.child.kill(signal)
    const { stderr, ...outcome } = await held.ended
    assert.equal(outcome, { status: 3, signal: null, stdout: `held ${shell}\ngot\n` })
    assert.match(withoutUse(stderr), summary)
    assert.equal(runDirectories(yard), [])
  })
}

test('run :: SIGKILL :: its pool stays while its build goes on; then the next run sweeps it, and no other', async () => {
  const yard = await makeYard('')
  const gate = makeGate(yard)
  const living = startRun(yard, 'hold')
  await living.tools
  const [livingDirectory = ''] = runDirectories(yard)
  const killed = startRun(yard, 'sh', '-c', `hold <${gate.path}; exit 1`)
  await killed.tools
  const [killedDirectory = ''] = runDirectories(yard).filter(name => name !== livingDirectory)
  const caretakers = (): number[] =>
    processes().flatMap(({ pid, parent, command }) =>
      parent === killed.pid && command.endsWith('/.jobshim/look caretaker') ? [pid] : [],
    )
  await until('somebody looks after its pool', () => caretakers().length === 1)
  const [caretaker = -1] = caretakers()
  process.kill(killed.pid, 'SIGKILL')
  await new Promise(resolve => killed.child.once('exit', resolve))
  const again = async (): Promise<void> => {
    const next = startRun(yard, 'hold')
    await next.tools
    const { status, stderr } = await next.end()
    assert.is(status, 7)
    assert.match(withoutUse(stderr), summary)
  }
  await again()
  assert.equal(runDirectories(yard).sort(), [livingDirectory, killedDirectory].sort())
  gate.open()
  await until('nobody looks after it', () => !existsSync(`/proc/${caretaker}`))
  await again()
  assert.equal(runDirectories(yard), [livingDirectory])
  assert.is((await living.end()).status, 7)
  assert.equal(runDirectories(yard), [])
  await killed.end()
})

test('run :: launchers killed, one with a token: the summary counts it as back', async () => {
  const yard = await makeYard('')
  const gate = makeGate(yard)
  const hold = `hold <${gate.path} & pids="$pids $!"`
  const held = start({
    env: yard.env,
    command: runLine(
      yard,
      '-j2',
      '--',
      'sh',
      '-c',
      `${hold}; ${hold}; read -r line; kill -9 $pids; wait; exit 5`,
    ),
    wanted: 2,
  })
  await held.tools
  const { status, stdout, stderr } = await held.end()
  gate.open()
  assert.is(status, 5)
  assert.match(stdout, /^held \d+\nheld \d+\n$/)
  assert.match(withoutUse(stderr), summaryLine('2 tools', 2, 2))
  assert.equal(runDirectories(yard), [])
})

test.after.each(killStarted)

test.run()
