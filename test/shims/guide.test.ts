import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runFifo, runLine, summaryLine, waiters } from '../commands/runs.js'
import { withoutUse } from '../support/summary.js'
import { killStarted, makeGate, makeYard, start, until } from './hold.js'

const way = ['unshare', process.geteuid?.() === 0 ? '-pf' : '-Urpf', '--mount-proc'] as const
const may = spawnSync(way[0], [...way.slice(1), 'true']).status === 0

/** The name of the socket at which the caretaker of the pool answers. */
function guideOf(fifo: string): string {
  const { dev, ino } = statSync(fifo, { bigint: true })
  return `@jobshim-${dev.toString(16)}-${ino.toString(16)}-guide`
}

const register = may ? test : test.skip
register('guide :: a PID namespace of its own :: a tool in it runs in the slot of its job', async () => {
  const yard = await makeYard('')
  const gate = makeGate(yard)
  const script = `exec 9<&0; hold <&9 & read -r nothing <${gate.path}; ${way.join(' ')} hold <&9 & wait`
  const run = start({
    env: { ...yard.env, HOME: yard.root },
    command: runLine(yard, '--no-config', '-j1', '--', 'sh', '-c', script),
    wanted: 1,
  })
  await run.tools
  const name = guideOf(runFifo(yard))
  await until('the caretaker answers', () => readFileSync('/proc/net/unix', 'utf8').includes(name))
  gate.open()
  await until('the second one waits', () => waiters(yard) === 1)
  assert.match(run.output.stdout, /^held \d+\n$/)
  const { status, signal, stdout, stderr } = await run.end()
  assert.equal({ status, signal }, { status: 0, signal: null })
  assert.match(stdout, /^held \d+\nheld \d+\n$/)
  assert.match(withoutUse(stderr), summaryLine('2 tool runs, at most 1 at a time', '0/0'))
})

test.after.each(killStarted)

test.run()
