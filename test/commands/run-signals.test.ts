import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { tokensIn } from '../support/pool.js'
import { withoutUse } from '../support/summary.js'
import { until } from '../support/until.js'
import { writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { idleSummary, isLookedAfter, runDirectories, runFifo, runLine, summaryLine } from '../yard/runs.js'
import { makeYard } from '../yard/yard.js'

const yard = await makeYard('')
const env = { ...yard.env, HOME: yard.root }

afterEach(() => {
  killStarted()
  assert.equal(runDirectories(yard), [])
})

const startRun = (script: string, around: { env?: Record<string, string>; wanted?: number } = {}): Held =>
  start({
    ...around,
    env: { ...env, ...around.env },
    command: runLine(yard, '-j2', '--', 'sh', '-c', script),
  })

/** A shell that says which signal it got, each time, and ends with the next line of its stdin. */
const listener = (signal: string): string =>
  `trap 'echo got' ${signal.slice(3)}; echo held $$; while ! read -r status; do :; done; exit $status`

const count = (text: string, part: string): number => text.split(part).length - 1

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const)
  test(`run :: ${signal} :: reaches a command that goes on after it, each time`, async () => {
    const held = startRun(listener(signal))
    await held.tools
    for (const times of [1, 2, 3]) {
      held.child.kill(signal)
      await until(`${times} ${signal}`, () => count(held.output.stdout, 'got\n') === times)
    }
    held.child.stdin?.write('6\n')
    const { stdout, ...outcome } = await held.end()
    assert.equal(outcome, { status: 6, signal: null, stderr: idleSummary(2) })
    assert.is(count(stdout, 'got\n'), 3)
  })

for (const signal of ['SIGUSR1', 'SIGUSR2'] as const)
  test(`run :: ${signal} :: ends a command that does not handle it, and us`, async () => {
    const held = startRun('echo held $$; read -r line; exit 1')
    const [shell] = await held.tools
    held.child.kill(signal)
    assert.equal(await held.ended, {
      status: null,
      signal,
      stdout: `held ${shell}\n`,
      stderr: idleSummary(2),
    })
  })

test('run :: SIGWINCH, SIGCONT :: end nobody', async () => {
  const held = startRun('echo held $$; read -r line; exit 6')
  await held.tools
  for (const signal of ['SIGWINCH', 'SIGCONT'] as const) held.child.kill(signal)
  assert.is((await held.end()).status, 6)
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`run :: ${signal} to the whole group :: all die of it, the tools too`, async () => {
    const held = startRun('exec 9<&0; hold <&9 & wait; exit 1')
    const [tool] = await held.tools
    process.kill(-held.pid, signal)
    const { stdout, stderr, ...outcome } = await held.ended
    assert.equal({ ...outcome, stdout }, { status: null, signal, stdout: `held ${tool}\n` })
    assert.match(withoutUse(stderr), summaryLine('1 tool', 1, 2))
    assert.not(existsSync(`/proc/${tool}`))
  })

  test(`run :: ${signal} to the whole group :: a command that handles it decides the status`, async () => {
    const name = signal.slice(3)
    const held = startRun(
      `exec 9<&0; trap 'exit 3' ${name}; { trap '' ${name}; exec hold <&9; } & wait; exit 1`,
    )
    const [tool] = await held.tools
    process.kill(-held.pid, signal)
    await until('the run has ended', () => held.child.exitCode !== null)
    const { stdout, stderr, ...outcome } = await held.end() // the tool ignores it, and lives on until here
    assert.equal({ ...outcome, stdout }, { status: 3, signal: null, stdout: `held ${tool}\n` })
    assert.match(withoutUse(stderr), summaryLine('1 tool', 1, 2))
  })
}

/** A make that doesn't say its version before the gate is opened: the pool is there, the command not yet. */
function slowMake(): { path: string; open: () => void; close: () => void } {
  const gate = join(yard.root, 'gate')
  execFileSync('sh', ['-c', 'test -p "$0" || mkfifo "$0"', gate])
  writeFiles(yard.root, { 'slow/make': `#!/bin/sh\nread -r line <${gate}\necho GNU Make 4.4\n` })
  const fd = openSync(gate, 'r+')
  return {
    path: `${join(yard.root, 'slow')}:${process.env.PATH}`,
    open: () => void writeSync(fd, '\n'), // stays open: make may come to its gate after us
    close: () => closeSync(fd),
  }
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`run :: ${signal} before the command has started :: reaches it then, and nothing is left`, async () => {
    const make = slowMake()
    const held = startRun('echo held $$; read -r line; exit 1', { env: { PATH: make.path } })
    await until('the pool is there', () => runDirectories(yard).length === 1)
    held.child.kill(signal)
    make.open()
    const { stderr, stdout, ...outcome } = await held.ended
    make.close()
    assert.equal(outcome, { status: null, signal })
    assert.match(stdout, /^(held \d+\n)?$/)
    assert.is(stderr, idleSummary(2))
  })

  test(`run :: ${signal} while the tokens are counted :: changes nothing`, async () => {
    // The stolen token is looked for for a while.
    const held = startRun(
      `echo held $$; head -c 1 "\${JOBSHIM_JOBSERVER#fifo:}" >/dev/null; read -r line; exit 4`,
    )
    const [shell] = await held.tools
    held.child.stdin?.end()
    await until('the command is gone', () => !existsSync(`/proc/${shell}`))
    for (let times = 0; times < 3; times++) held.child.kill(signal)
    assert.equal(await held.ended, {
      status: 4,
      signal: null,
      stdout: `held ${shell}\n`,
      stderr: idleSummary(2, '; 1 of 1 token is missing'),
    })
  })
}

test('run :: SIGKILL :: what it left is removed by the next run, and no tool lives on without its launcher', async () => {
  const killed = startRun('exec 9<&0; hold <&9 & hold <&9 & wait', { wanted: 2 })
  await killed.tools
  const [left] = runDirectories(yard)
  assert.is(tokensIn(runFifo(yard)), '')
  process.kill(killed.pid, 'SIGKILL')
  await until('it is dead', () => killed.child.signalCode !== null)
  // Its build ends with its stdin; its pool stays until then.
  await until('its build is gone', () => !isLookedAfter(left ?? ''))
  assert.equal(readdirSync(left ?? '').sort(), ['fifo', 'fifo.ledger'])
  const next = startRun('hold; exit 6')
  await next.tools
  assert.is(runDirectories(yard).length, 1)
  assert.is.not(runDirectories(yard)[0], left)
  const { status, stderr } = await next.end()
  assert.is(status, 6)
  assert.match(withoutUse(stderr), summaryLine('1 tool', 1, 2))
  assert.is((await killed.end()).signal, 'SIGKILL')
})

test.run()
