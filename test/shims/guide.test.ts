import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { withoutUse } from '../support/summary.js'
import { until } from '../support/until.js'
import { killStarted, start } from '../yard/held.js'
import { waitersIn } from '../yard/ledger.js'
import { runFifo, runLine, summaryLine, waiters } from '../yard/runs.js'
import { makeGate, makeYard } from '../yard/yard.js'

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
  assert.match(withoutUse(stderr), summaryLine('2 tools', 1, 1))
})

/** Answers whoever asks, in fewer bytes than the caretaker does, that its slot is its caller's. */
const liar = `use Socket; socket my $socket, AF_UNIX, SOCK_DGRAM, 0 or die;
  bind $socket, pack("Sa*", AF_UNIX, "\\0" . shift) or die;
  $| = 1; print "held $$\\n";
  while (defined(my $from = recv $socket, my $question, 8192, 0)) { send $socket, "\\1\\0" . "\\0" x 6 . "\\1" x 7, 0, $from }`

const isInstrumented = process.env.JOBSHIM_TEST_LAUNCHER !== undefined // sanitizers read /proc themselves
const asRoot = may && !isInstrumented && process.geteuid?.() === 0 ? test : test.skip
asRoot(
  'guide :: where another user has the name of the caretaker :: what it says does not count',
  async () => {
    const yard = await makeYard('')
    const fifo = yard.pool.auth.replace('fifo:', '')
    const other = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    const answers = start({ env: yard.env, command: [...other, 'perl', '-e', liar, guideOf(fifo).slice(1)] })
    await answers.tools
    const blind = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /proc && exec hold']
    const first = start({ env: yard.governed, command: blind })
    await first.tools
    const second = start({ env: yard.governed, command: blind })
    const [ledger = ''] = readdirSync(join(yard.runtime, `jobshim-${currentUid()}`))
    await until(
      'the second one waits',
      () => waitersIn(join(yard.runtime, `jobshim-${currentUid()}`, ledger)) === 1,
    )
    assert.is(second.output.stdout, '')
    for (const held of [first, second])
      assert.equal(await held.end(), { status: 7, signal: null, stdout: held.output.stdout, stderr: '' })
    await answers.kill()
  },
)

test.after.each(killStarted)

test.run()
