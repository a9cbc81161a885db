import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { belowShell } from '../support/below-shell.js'
import { clients } from '../support/clients.js'
import { accounted } from '../support/pools.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { recordsIn, waitersIn } from '../yard/ledger.js'
import { jobshimRun, runDirectories, runLine } from '../yard/runs.js'
import { type Shared, share } from '../yard/shared.js'
import { makeGate } from '../yard/yard.js'

const startRun = ({ yard, fifo }: Shared, words: readonly string[], wanted = 1): Held =>
  start({
    env: { ...yard.env, HOME: yard.root },
    command: runLine(yard, '--jobserver', `fifo:${fifo}`, '--', ...words),
    wanted,
  })

test('run :: --jobserver :: takes a token for the command, which is its own slot, and gives it back', async () => {
  const served = await share(2)
  const run = startRun(served, ['sh', '-c', 'exec 9<&0; hold <&9 & hold <&9 & wait; exit 5'], 2)
  await run.tools // one in the command's slot, one with the other token
  assert.is(served.free(), 0)
  assert.equal(runDirectories(served.yard), [])
  const { status, stderr } = await run.end()
  assert.equal({ status, stderr }, { status: 5, stderr: '' })
  assert.is(served.free(), 2)
  await served.end()
})

test('run :: --jobserver :: two builds share it: the second one waits for its slot', async () => {
  const served = await share(1)
  const first = startRun(served, ['hold'])
  await first.tools
  const second = startRun(served, ['hold'])
  await until('it waits', () => waitersIn(served.ledger()) === 1)
  assert.is(second.output.stdout, '')
  assert.is((await first.end()).status, 7)
  await second.tools
  assert.is(served.free(), 0)
  assert.is((await second.end()).status, 7)
  assert.is(served.free(), 1)
  await served.end()
})

test('run :: --jobserver :: what was killed with the command comes back with its end', async () => {
  const served = await share(3)
  const killed = 'exec 9<&0; hold <&9 & hold <&9 & p=$!; read -r line; kill -9 $p; wait $p; exit 3'
  const run = startRun(served, ['sh', '-c', killed], 2)
  await run.tools
  assert.is(served.free(), 1)
  const { status } = await run.end()
  assert.is(status, 3)
  assert.is(served.free(), 3)
  await served.end()
})

test('run :: --jobserver :: a command that has a shim is started by it', async () => {
  const served = await share(1)
  const { yard, fifo } = served
  writeFiles(yard.root, { 'bin/bmake': '#!/bin/sh\necho "$0 $* |$MAKEFLAGS|"\n' })
  await installShims(yard.shims, { args: ['--tools', 'hold'], env: yard.env })
  const words = ['-j3', '--jobserver', `fifo:${fifo}`, '--', 'bmake', '-j8']
  const told = await jobshimRun(yard, words, { env: { JOBSHIM_JOIN: '1' } })
  assert.equal(told, {
    status: 0,
    signal: null,
    stdout: `${yard.root}/bin/bmake ${accounted ? '-j3' : '-j1'} ||\n`,
    stderr: '',
  })
  assert.is(served.free(), 1)
  await served.end()
})

/** What has a slot for what starts tools has passed no gate for them. */
for (const [name, command] of [
  ['the command', []],
  ['a samu -j1 that was joined', ['samu', '-j1']],
] as const)
  test(`run :: --jobserver :: ${name} starts two tools of a rule with limit 1 :: one waits for the other`, async () => {
    const served = await share(3)
    const { yard } = served
    writeFiles(yard.root, {
      'bin/samu': '#!/bin/sh\ntest "$1" = --version && echo 1.9.0 || exec sh both\n',
      both: 'exec 9<&0; hold <&9 & hold <&9 & wait\n',
      rules: 'rule=7\nlimit=1\n',
    })
    await installShims(yard.shims, { args: ['--tools', 'hold'], env: yard.env })
    const run = start({
      env: { ...yard.env, HOME: yard.root, JOBSHIM_JOIN: '1', JOBSHIM_RULES: join(yard.root, 'rules') },
      command: [
        'sh',
        '-c',
        'cd "$0" && exec "$@"',
        yard.root,
        ...runLine(
          yard,
          '--jobserver',
          `fifo:${served.fifo}`,
          '--',
          ...(command.length > 0 ? command : ['sh', 'both']),
        ),
      ],
      wanted: 2,
    })
    await until(
      'one holds and one waits',
      () =>
        run.output.stdout !== '' &&
        existsSync(served.ledger()) &&
        recordsIn(served.ledger()).some(({ state }) => state === 'gated'),
    )
    assert.is(run.output.stdout.match(/^held/gm)?.length, 1)
    assert.is((await run.end()).stderr, '')
    assert.is(run.output.stdout.match(/^held/gm)?.length, 2)
    assert.is(served.free(), 3)
    await served.end()
  })

for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const)
  test(`run :: --jobserver :: ${signal} :: the token is back`, async () => {
    const served = await share(2)
    const run = startRun(served, ['hold'])
    const [tool] = await run.tools
    assert.is(served.free(), 1)
    process.kill(signal === 'SIGKILL' ? -run.pid : run.pid, signal)
    const { signal: died } = await run.ended
    assert.is(died, signal)
    await until('the tool is gone', () => !existsSync(`/proc/${tool}`))
    await until('the token is back', () => served.free() === 2)
    await served.end()
  })

test('run :: --jobserver :: dies of a real-time signal as its command did; the token is back', async () => {
  const served = await share(2)
  const { yard, fifo } = served
  const line = runLine(yard, '--jobserver', `fifo:${fifo}`, '--', 'sh', '-c', 'kill -40 $$')
  const outcome = await belowShell(line, { cwd: yard.root, env: { ...yard.env, HOME: yard.root } })
  assert.equal(outcome, { status: 168, signal: null, stdout: '', stderr: '' })
  assert.is(served.free(), 2)
  await served.end()
})

for (const key of ['make43', 'make44'] as const) {
  const title = `run :: --jobserver :: ${clients[key].name} joins it`
  testWith(key, title, async make => {
    const served = await share(3)
    const directory = makeWorkspace('make')
    const { yard, fifo } = served
    const gate = makeGate(yard)
    writeFiles(directory, { Makefile: `all: a b c\na b c:\n\t-@hold <${gate.path}\n` })
    const run = start({
      env: { ...yard.env, HOME: yard.root, PATH: `${yard.env.PATH}`.replace(/:/, `:${make}:`) },
      command: runLine(yard, '--jobserver', `fifo:${fifo}`, '--', 'make', '-s', '-C', directory),
      wanted: 3,
    })
    await run.tools
    assert.is(served.free(), 0)
    assert.is(run.output.stdout.match(/^held/gm)?.length, 3)
    gate.open()
    const { status, stderr } = await run.end()
    assert.is(status, 0)
    assert.not.match(stderr, /jobserver|INTERNAL|warning/)
    await until('the tokens are back', () => served.free() === 3)
    await served.end()
  })
}

const refused = {
  'fifo:/none':
    'jobshim: /none: no jobserver: its FIFO does not exist\n  check that jobshim serve runs there\n',
  '3,4': 'jobshim: --jobserver 3,4: not fifo:PATH\n  name one: fifo:/run/jobshim/fifo\n',
}

for (const [auth, stderr] of Object.entries(refused))
  test(`run :: --jobserver ${auth} :: refused`, async () => {
    const served = await share(1)
    const result = await jobshimRun(served.yard, ['--jobserver', auth, '--', 'true'])
    assert.equal(result, { status: 125, signal: null, stdout: '', stderr })
    await served.end()
  })

test.after.each(killStarted)

test.run()
