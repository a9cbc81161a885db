import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ledgerLayout } from '../../src/contract/ledger-layout.js'
import { currentUid } from '../../src/ground/paths.js'
import { killStarted, start } from '../yard/held.js'
import { holdOnce, ran } from '../yard/hold-once.js'
import { overwrite, waits } from '../yard/ledger.js'
import { makeYard } from '../yard/yard.js'

const yard = await makeYard('A')
const { root, pool } = yard
const at = (name: string): string => join(root, name)
const stateDirectory = join(yard.runtime, `jobshim-${currentUid()}`)

/** The pool's ledger, new. */
async function ledgerFile(): Promise<string> {
  rmSync(stateDirectory, { recursive: true, force: true })
  assert.equal(await holdOnce(yard, { JOBSHIM_JOBSERVER: pool.auth }), ran())
  const names = readdirSync(stateDirectory).filter(name => name.startsWith('v1-'))
  assert.is(names.length, 1, names.join())
  return join(stateDirectory, names[0] ?? '')
}

const otherVersion = 'the ledger is from another version'
const wrongSize = 'the ledger is cut or from another version'
const notOurs = 'the ledger is not a file of ours'
const notOpened = "the ledger can't be opened"

const ledgers: readonly { input: string; spoil: (ledger: string) => void; why: string }[] = [
  { input: 'empty', spoil: ledger => truncateSync(ledger, 0), why: wrongSize },
  { input: 'truncated', spoil: ledger => truncateSync(ledger, 5000), why: wrongSize },
  { input: 'longer', spoil: ledger => truncateSync(ledger, 1_000_000), why: wrongSize },
  {
    input: 'of the next version',
    spoil: ledger => overwrite(ledger, 'version', ledgerLayout.version + 1),
    why: otherVersion,
  },
  {
    input: 'without our magic',
    spoil: ledger => overwrite(ledger, 'magic', 'GARBAGE'),
    why: otherVersion,
  },
  {
    input: 'with another number of records',
    spoil: ledger => overwrite(ledger, 'recordCount', -1),
    why: otherVersion,
  },
  { input: 'writable for all', spoil: ledger => chmodSync(ledger, 0o666), why: notOurs },
  {
    input: 'a symlink',
    spoil: ledger => {
      copyFileSync(ledger, at('elsewhere'))
      rmSync(ledger)
      symlinkSync(at('elsewhere'), ledger)
    },
    why: notOpened,
  },
  {
    input: 'a directory',
    spoil: ledger => {
      rmSync(ledger)
      mkdirSync(ledger)
    },
    why: notOpened,
  },
  {
    input: 'a FIFO',
    spoil: ledger => {
      rmSync(ledger)
      execFileSync('mkfifo', [ledger])
    },
    why: notOurs,
  },
]

/** Two at once, one of them with the token, as without a ledger; and all is given back. */
async function assertRunsUnsafely(why: string): Promise<void> {
  const env = { ...yard.governed, JOBSHIM_DEBUG: '1' }
  const first = start({ env })
  await first.tools
  const second = start({ env })
  await second.tools
  assert.is(pool.count(), '')
  for (const held of [first, second]) {
    const [pid] = await held.tools
    assert.equal(await held.end(), ran(`jobshim: hold: no crash safety: ${why}\n`, `held ${pid}\n`))
  }
  assert.is(pool.count(), 'A')
}

for (const { input, spoil, why } of ledgers)
  test(`ledger :: ${input} :: tools run without crash safety`, async () => {
    const ledger = await ledgerFile()
    spoil(ledger)
    await assertRunsUnsafely(why)
    rmSync(stateDirectory, { recursive: true })
  })

if (currentUid() === 0)
  test("ledger :: another user's :: tools run without crash safety", async () => {
    const ledger = await ledgerFile()
    chownSync(ledger, 65534, 65534)
    await assertRunsUnsafely(notOurs)
    rmSync(stateDirectory, { recursive: true })
  })

test('ledger :: truncated while a token is held :: all tokens come back', async () => {
  const ledger = await ledgerFile()
  const env = { ...yard.governed, JOBSHIM_DEBUG: '1' }
  const first = start({ env })
  await first.tools
  const second = start({ env })
  await second.tools
  const waiter = start({ env })
  await waits(yard, waiter)
  truncateSync(ledger, 0)
  for (const held of [second, waiter, first]) {
    const [pid] = await held.tools
    assert.equal(await held.end(), ran('', `held ${pid}\n`))
  }
  assert.is(pool.count(), 'A')
  assert.is(statSync(ledger).size, 0)
  rmSync(stateDirectory, { recursive: true })
})

/** As a launcher in another time namespace writes it, whose clock is ahead of ours. */
test('ledger :: a slot was taken at a moment that is yet to come :: a wait in vain ends after patience', async () => {
  const ledger = await ledgerFile()
  const env = { ...yard.governed, JOBSHIM_PATIENCE: '1' }
  const holders = [start({ env }), start({ env })]
  for (const held of holders) await held.tools
  overwrite(ledger, 'progress', '\0\0\0\0\0\0\0\x40')
  const waiter = start({ env })
  const [pid] = await waiter.tools
  assert.equal(
    await waiter.end(),
    ran('jobshim: hold: no slot was free for 1 s on an idle machine: run without one\n', `held ${pid}\n`),
  )
  for (const held of holders) assert.is((await held.end()).status, 7)
  assert.is(pool.count(), 'A')
  rmSync(stateDirectory, { recursive: true })
})

const notOnlyOurs = 'the state directory is not a directory that is only ours'

const stateDirectories: readonly { input: string; make: () => void; why: string }[] = [
  { input: 'open to others', make: () => mkdirSync(stateDirectory, { mode: 0o755 }), why: notOnlyOurs },
  { input: 'a file', make: () => writeFileSync(stateDirectory, ''), why: notOnlyOurs },
  {
    input: 'a symlink',
    make: () => {
      mkdirSync(at('other-state'), { mode: 0o700 })
      symlinkSync(at('other-state'), stateDirectory)
    },
    why: notOnlyOurs,
  },
]

for (const { input, make, why } of stateDirectories)
  test(`state directory :: ${input} :: tools run without crash safety`, async () => {
    rmSync(stateDirectory, { recursive: true, force: true })
    make()
    await assertRunsUnsafely(why)
    rmSync(stateDirectory, { recursive: true })
  })

test('state directory :: where XDG_RUNTIME_DIR does not exist :: tools run without crash safety', async () => {
  assert.equal(
    await holdOnce(yard, { ...yard.governed, XDG_RUNTIME_DIR: at('none'), JOBSHIM_DEBUG: '1' }),
    ran("jobshim: hold: no crash safety: the state directory can't be made\n"),
  )
})

test.after.each(killStarted)

test.run()
