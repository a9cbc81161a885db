import { closeSync, openSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readSize } from '../../src/jobserver/ledger.js'
import { jobshim, type Outcome } from '../support/jobshim.js'
import { processes } from '../support/processes.js'
import { until } from '../support/until.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { overwrite } from '../yard/ledger.js'
import { censusIsTaken, endServer, freeTokens, type Served, serve, sharing } from '../yard/served.js'

const total = 3

const resize = ({ yard, fifo }: Served, jobs: string): Promise<Outcome> =>
  jobshim(['serve', '--no-config', '--dir', yard.shims, '--fifo', fifo, '--resize', jobs], {
    env: { ...yard.env, HOME: yard.root },
  })

for (const jobs of ['61442', '70000', '600000000'])
  test(`serve :: sizes :: --resize ${jobs} is more than a FIFO holds :: refused, and nothing is changed`, async () => {
    const served = await serve(total)
    assert.equal(await resize(served, jobs), {
      status: 1,
      signal: null,
      stdout: '',
      stderr: `jobshim: ${jobs} jobs: more tokens than a FIFO holds\n  ask for fewer jobs; a FIFO holds 61,441 tokens\n`,
    })
    assert.is(freeTokens(served), total)
    await endServer(served)
  })

test('serve :: sizes :: --resize to all that a FIFO holds, and back', async () => {
  const served = await serve(total)
  for (const jobs of [61441, total]) {
    assert.equal(await resize(served, String(jobs)), {
      status: 0,
      signal: null,
      stdout: `${jobs} tokens\n`,
      stderr: '',
    })
    assert.is(freeTokens(served), jobs)
  }
  await endServer(served)
})

function told({ fifo }: Served): number | undefined {
  const ledger = openSync(`${fifo}.ledger`, 'r')
  try {
    return readSize(ledger, 'total')
  } finally {
    closeSync(ledger)
  }
}

/** Two tools, one of them with a token: so the pool is looked at. */
async function hold(served: Served): Promise<Held[]> {
  const env = sharing(served, total + 1)
  const held = [start({ env }), start({ env })]
  for (const one of held) await one.tools
  return held
}

async function assertKeeps(served: Served, held: readonly Held[], tokens = total): Promise<void> {
  await censusIsTaken(served)
  assert.is(freeTokens(served), tokens - 1)
  await until('the ledger tells the number of tokens', () => told(served) === tokens)
  for (const one of held) await one.end()
  await until('all tokens are back', () => freeTokens(served) === tokens)
}

for (const [field, tokens] of [
  ['total', 2_000_000_000],
  ['total', 61_441],
  ['total', 0],
  ['total', -7],
  ['wanted', 2_000_000_000],
  ['wanted', 61_442],
  ['wanted', 0],
  ['wanted', -7],
] as const)
  test(`serve :: sizes :: somebody writes ${tokens} into the ledger's ${field} :: no token is made or lost`, async () => {
    const served = await serve(total)
    const held = await hold(served)
    overwrite(`${served.fifo}.ledger`, field, tokens)
    await assertKeeps(served, held)
    await endServer(served)
  })

test('serve :: sizes :: who looks after a pool of a new size is killed, and the ledger lies :: the next one knows it', async () => {
  const served = await serve(total)
  const held = await hold(served)
  assert.equal(await resize(served, '5'), { status: 0, signal: null, stdout: '5 tokens\n', stderr: '' })
  const caretakers = (): number[] =>
    processes().flatMap(({ pid, parent, command }) =>
      parent === served.server.pid && command.endsWith('/.jobshim/look caretaker') ? [pid] : [],
    )
  const [first = -1] = caretakers()
  process.kill(first, 'SIGSTOP')
  overwrite(`${served.fifo}.ledger`, 'total', 2_000_000_000)
  process.kill(first, 'SIGKILL')
  await until('another one is there', () => caretakers().some(pid => pid !== first))
  await assertKeeps(served, held, 5)
  await endServer(served)
})

test('serve :: sizes :: status of a pool whose ledger lies :: the number is not known', async () => {
  const served = await serve(total)
  overwrite(`${served.fifo}.ledger`, 'total', 2_000_000_000)
  const { status, stdout, stderr } = await jobshim(
    ['status', '--no-config', '--dir', served.yard.shims, '--jobserver', `fifo:${served.fifo}`],
    { env: { ...served.yard.env, HOME: served.yard.root } },
  )
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  assert.match(
    stdout,
    new RegExp(`^${served.fifo}: (${total} slots free|0 of ${total} slots in use), 0 waiting\\n`),
  )
  await endServer(served)
})

test.after.each(killStarted)

test.run()
