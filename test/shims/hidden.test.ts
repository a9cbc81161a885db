/** A pool that was named and can't be reached is gone, or hidden: then all that it is hidden from share one slot. */
import { chmodSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { killStarted, start } from '../yard/held.js'
import { makeYard, type Yard } from '../yard/yard.js'

const tree = (): string => {
  const numbers = ['/proc/self/ns/mnt', '/'].map(path => statSync(path, { bigint: true }))
  return [numbers[0]?.ino, numbers[1]?.dev, numbers[1]?.ino].join(':')
}

const gone = (yard: Yard) => `fifo:${join(yard.root, 'gone')}`
const elsewhere = '1:2:3:4:5:0:0'

/** Whether the tool has the slot of those that the pool is hidden from: its launcher stays, and locks the manifest. */
async function hasSharedSlot(yard: Yard, env: Record<string, string>, stays = false): Promise<boolean> {
  const held = start({ env: { ...yard.env, ...env } })
  const [tool] = await held.tools
  const { ino } = statSync(join(yard.shims, '.jobshim/manifest.json'))
  const locked = RegExp(`FLOCK +ADVISORY +WRITE ${held.pid} \\S+:${ino} `).test(
    readFileSync('/proc/locks', 'utf8'),
  )
  const { status, stderr } = await held.end()
  assert.equal([status, stderr, locked], [7, '', !stays && tool !== held.pid])
  return locked
}

const cases: readonly {
  name: string
  env: (yard: Yard) => Record<string, string>
  shares: boolean
  stays?: true
}[] = [
  {
    name: 'named in the tree that we see, and gone: nobody waits',
    env: yard => ({ JOBSHIM_JOBSERVER: gone(yard), JOBSHIM_TREE: `${tree()}:4:5:0:0` }),
    shares: false,
  },
  { name: 'named by nobody knows whom', env: yard => ({ JOBSHIM_JOBSERVER: gone(yard) }), shares: false },
  {
    name: 'named in another tree: one slot for all',
    env: yard => ({ JOBSHIM_JOBSERVER: gone(yard), JOBSHIM_TREE: elsewhere }),
    shares: true,
  },
  {
    name: 'another pool was made where it is hidden: one slot for all',
    env: yard => ({
      JOBSHIM_JOBSERVER: gone(yard),
      MAKEFLAGS: ` -j2 --jobserver-auth=${yard.pool.auth}`,
      JOBSHIM_TREE: elsewhere,
    }),
    shares: true,
  },
  {
    name: 'another pool, and none of run is named: nobody waits',
    env: yard => ({ MAKEFLAGS: ` -j2 --jobserver-auth=${yard.pool.auth}`, JOBSHIM_TREE: elsewhere }),
    shares: false,
    stays: true, // it has a token of that pool
  },
  {
    name: 'below a launcher: in the slot of that one',
    env: yard => ({ JOBSHIM_JOBSERVER: gone(yard), JOBSHIM_TREE: elsewhere, JOBSHIM_HOPS: '1' }),
    shares: false,
  },
  {
    name: 'a launcher above jobshim run: one slot for all',
    env: yard => ({ JOBSHIM_JOBSERVER: gone(yard), JOBSHIM_TREE: '1:2:3:4:5:0:1', JOBSHIM_HOPS: '1' }),
    shares: true,
  },
  {
    name: 'below a client: in what that one has paid for',
    env: yard => ({ JOBSHIM_JOBSERVER: gone(yard), JOBSHIM_TREE: '1:2:3:4:5:paid:0' }),
    shares: false,
  },
  {
    name: 'below a make that was called by its path: in what that one has paid for',
    env: yard => ({
      JOBSHIM_JOBSERVER: gone(yard),
      MAKEFLAGS: ` -j2 --jobserver-auth=${gone(yard)}`,
      MAKELEVEL: '1',
      JOBSHIM_TREE: elsewhere,
    }),
    shares: false,
  },
  {
    name: 'below a make that is above jobshim run: one slot for all',
    env: yard => ({
      JOBSHIM_JOBSERVER: gone(yard),
      MAKEFLAGS: ` -j2 --jobserver-auth=${gone(yard)}`,
      MAKELEVEL: '1',
      JOBSHIM_TREE: '1:2:3:4:5:1:0',
    }),
    shares: true,
  },
]

for (const { name, env, shares, stays } of cases)
  test(`hidden :: ${name}`, async () => {
    const yard = await makeYard('+')
    assert.is(await hasSharedSlot(yard, env(yard), stays), shares)
    assert.is(yard.pool.count(), '+')
    yard.pool.close()
  })

test('hidden :: nobody waits for ever, whoever has locked it', async () => {
  const yard = await makeYard('')
  const env = { ...yard.env, JOBSHIM_JOBSERVER: gone(yard), JOBSHIM_TREE: elsewhere }
  const held = start({ env })
  await held.tools
  const others = [1, 2, 3].map(() => start({ env }))
  for (const other of others) await other.tools
  for (const one of [held, ...others]) assert.is((await one.end()).status, 7)
  yard.pool.close()
})

test('hidden :: no manifest is to be had: nobody waits', async () => {
  const yard = await makeYard('')
  const { mode } = statSync(join(yard.shims, '.jobshim/manifest.json'))
  chmodSync(join(yard.shims, '.jobshim/manifest.json'), 0)
  const env = { JOBSHIM_JOBSERVER: gone(yard), JOBSHIM_TREE: elsewhere }
  assert.is(await hasSharedSlot(yard, env), process.geteuid?.() === 0) // root reads all
  chmodSync(join(yard.shims, '.jobshim/manifest.json'), mode)
  yard.pool.close()
})

test.after.each(killStarted)
test.run()
