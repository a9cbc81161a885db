import { closeSync, openSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { ledgerLayout } from '../../src/contract/ledger-layout.js'
import { readCount, readCounters } from '../../src/jobserver/ledger.js'
import { afterEach } from '../support/after-each.js'
import { test, testWith } from '../support/test-with.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { ledgersIn } from '../yard/ledger.js'
import { assertWhole, takeAll } from '../yard/slots.js'
import { makeYard, type Yard } from '../yard/yard.js'

/**
 * The most tools at once, as a summary tells it, while launchers are killed. The kernel drops the lock on the implicit slot before that
 * on the record, in which the dead run counts until then. A program that has the second lock makes that moment last.
 */
const keep = `import fcntl, struct, sys
ledger = open(sys.argv[1], 'r+b')
fcntl.fcntl(ledger, fcntl.F_OFD_SETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, int(sys.argv[2]), int(sys.argv[3]), 0))
print('held', 0, flush=True)
sys.stdin.read()
`

const { headerBytes, recordBytes, recordCount } = ledgerLayout

const ledgerOf = ({ runtime }: Yard): string => ledgersIn(runtime)[0] ?? ''

/** How many tools count as running, and as the most at once. */
function countsOf(yard: Yard): { running: number; peak: number } {
  const fd = openSync(ledgerOf(yard), 'r')
  try {
    return { running: readCount(fd, 'running'), peak: readCounters(fd).peak }
  } finally {
    closeSync(fd)
  }
}

/** Kills the launcher; its record seems to be a living one's until what is returned ends. */
async function killInPart(yard: Yard, victim: Held): Promise<Held> {
  await victim.kill()
  const at = headerBytes + (victim.pid % recordCount) * recordBytes
  const words = [ledgerOf(yard), at, recordBytes].map(String)
  const keeper = start({ env: yard.env, command: ['python3', '-c', keep, ...words] })
  await keeper.tools
  return keeper
}

async function take(yard: Yard): Promise<Held> {
  const held = start({ env: yard.governed })
  await held.tools
  return held
}

async function endAll(yard: Yard, all: readonly (Held | undefined)[], tokens: string): Promise<void> {
  for (const held of all) await held?.end()
  await assertWhole(yard, tokens)
  assert.is(countsOf(yard).running, 0)
}

testWith('python', 'peak :: a killed run still counts :: not beside the next one in its slot', async () => {
  const yard = await makeYard('A')
  const [victim, second] = await takeAll(yard, 2)
  const keeper = await killInPart(yard, victim as Held)
  const next = await take(yard)
  assert.equal(countsOf(yard), { running: 3, peak: 2 })
  await endAll(yard, [keeper, next, second], 'A')
  assert.is(countsOf(yard).peak, 2)
})

testWith(
  'python',
  'peak :: a killed run still counts :: not beside one that takes a token later',
  async () => {
    const yard = await makeYard('A')
    const [victim, second] = await takeAll(yard, 2)
    await second?.end()
    const keeper = await killInPart(yard, victim as Held)
    const next = await take(yard)
    assert.equal(countsOf(yard), { running: 2, peak: 2 })
    const last = await take(yard)
    assert.equal(countsOf(yard), { running: 3, peak: 2 })
    await endAll(yard, [keeper, next, last], 'A')
  },
)

testWith(
  'python',
  'peak :: a killed run still counts :: a new peak is the number of those that live',
  async () => {
    const yard = await makeYard('AB')
    const [victim, second] = await takeAll(yard, 2)
    const keeper = await killInPart(yard, victim as Held)
    const next = await take(yard)
    const last = await take(yard)
    assert.equal(countsOf(yard), { running: 4, peak: 3 })
    await endAll(yard, [keeper, second, next, last], 'AB')
  },
)

/** Has two tokens, of which it tells its child. */
const client = `import os, subprocess, sys
pool = os.open(sys.argv[1], os.O_RDWR | os.O_NONBLOCK)
tokens = os.read(pool, 2)
subprocess.call(sys.argv[2:], env=dict(os.environ, PARALLELISM='3'))
os.write(pool, tokens)
`

testWith('python', 'peak :: slots that a client has for its child :: each counts', async () => {
  const yard = await makeYard('AB')
  const path = yard.pool.auth.replace('fifo:', '')
  const three = start({
    env: { ...yard.governed, MAKEFLAGS: ` -j3 --jobserver-auth=${yard.pool.auth}` },
    command: [
      'python3',
      '-c',
      client,
      path,
      'sh',
      '-c',
      'exec 3<&0; for i in 1 2 3; do hold <&3 & done; wait',
    ],
    wanted: 3,
  })
  await three.tools
  assert.equal(countsOf(yard), { running: 3, peak: 3 })
  await endAll(yard, [three], 'AB')
})

afterEach(killStarted)
test.run()
