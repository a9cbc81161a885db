import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jobshim } from '../support/jobshim.js'
import { makeFifo, poolAt } from '../support/pool.js'
import { processes } from '../support/processes.js'
import { until } from '../support/until.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { endServer, freeTokens, type Served, serve, sharing } from '../yard/served.js'

/** The processes that look after the pool: there is one, once the server has started it. */
const caretakersOf = ({ server }: Served): number[] =>
  processes().flatMap(({ pid, parent, command }) =>
    parent === server.pid && command.endsWith('/.jobshim/look caretaker') ? [pid] : [],
  )

async function caretakerOf(served: Served): Promise<number> {
  await until('somebody looks after the pool', () => caretakersOf(served).length > 0)
  const [caretaker = -1, ...more] = caretakersOf(served)
  assert.equal(more, [])
  return caretaker
}

/** How often a process fell asleep: each time it had woken up (proc_pid_status(5)). */
function sleeps(pid: number): number {
  const [, count] =
    /^voluntary_ctxt_switches:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  assert.ok(count)
  return Number(count)
}

const watchedMs = 1500 // six times as long as it takes between two looks at a pool in use

/** Waits until the caretaker has fallen asleep, and asserts that nothing wakes it. */
async function assertAsleep(pid: number): Promise<void> {
  let before = -1
  await until('it sleeps', () => {
    const now = sleeps(pid)
    const same = now === before
    before = now
    return same && readFileSync(`/proc/${pid}/wchan`, 'utf8') !== '0'
  })
  await sleep(watchedMs / 2) // the last look at a pool that has become full
  before = sleeps(pid)
  await sleep(watchedMs)
  assert.is(sleeps(pid), before)
}

test('serve :: idle :: while all tokens are free nothing wakes who looks after them; one that is taken does', async () => {
  const served = await serve(2)
  const caretaker = await caretakerOf(served)
  await assertAsleep(caretaker)
  const before = sleeps(caretaker)
  const held = [start({ env: sharing(served, 3) }), start({ env: sharing(served, 3) })]
  for (const one of held) await one.tools
  await until('it looks', () => sleeps(caretaker) > before + 2)
  for (const one of held) await one.end()
  assert.is(freeTokens(served), 2)
  await assertAsleep(caretaker)
  await endServer(served)
})

test('serve :: idle :: a new size wakes it', async () => {
  const served = await serve(2)
  await assertAsleep(await caretakerOf(served))
  const { status, stdout, stderr } = await jobshim(['serve', '--fifo', served.fifo, '--resize', '5'])
  assert.equal({ status, stdout, stderr }, { status: 0, stdout: '5 tokens\n', stderr: '' })
  assert.is(freeTokens(served), 5)
  await endServer(served)
})

async function endOf({ server, fifo }: Served): Promise<void> {
  const { status, stderr } = await server.ended
  assert.equal(
    { status, stderr },
    {
      status: 1,
      stderr: `jobshim: ${fifo}: the FIFO is gone; builds that have it open go on without a server\n  start it anew: jobshim serve --fifo PATH -jN\n`,
    },
  )
}

test('serve :: a FIFO that is removed :: it says so and ends', async () => {
  const served = await serve(2)
  await caretakerOf(served)
  rmSync(served.fifo)
  await endOf(served)
  for (const name of [`${served.fifo}.ledger`, `${served.fifo}.lock`]) assert.not(existsSync(name))
})

test('serve :: a FIFO that is moved away, another one in its place :: it ends, and that one stays', async () => {
  const served = await serve(2)
  const away = `${served.fifo}.away`
  const other = makeFifo(served.yard.root, '+', 'other')
  renameSync(served.fifo, away)
  renameSync(`${served.yard.root}/other`, served.fifo)
  await endOf(served)
  assert.is(other.count(), '+')
  assert.ok(existsSync(served.fifo))
  other.close()
})

test('serve :: who looks after the pool is killed :: no token is lost, another one takes over', async () => {
  const served = await serve(2)
  const first = await caretakerOf(served)
  const held: Held[] = [start({ env: sharing(served, 3) }), start({ env: sharing(served, 3) })]
  for (const one of held) await one.tools
  process.kill(first, 'SIGKILL')
  await until('another one is there', () => caretakersOf(served).some(pid => pid !== first))
  for (const one of held) await one.kill()
  const pool = poolAt(served.fifo)
  await until('its token is back', () => pool.count() === '++')
  pool.close()
  await endServer(served)
})

test.after.each(killStarted)

test.run()
