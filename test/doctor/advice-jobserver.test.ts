import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { createLedger } from '../../src/jobserver/ledger.js'
import { thisProcess } from '../../src/jobserver/owner.js'
import { findClient } from '../support/clients.js'
import { makeFifo } from '../support/pool.js'
import { test } from '../support/test-with.js'
import { advised, makeShell, type Sick } from './advised.js'

const opened: number[] = []
test.after.each(() => {
  for (const fd of opened.splice(0)) closeSync(fd)
})

/** A shell whose variables name these jobservers, and that knows nothing of them when it starts. */
async function naming(row: string, variables: Record<string, string>): Promise<Sick> {
  const { work, env } = await makeShell()
  const first = Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value}'`)
    .join('\n')
  // A shell of the same session stands above: what begins a session and knows the jobserver may have been started by a killed client.
  return { row, work, env, first, wrap: ['sh', '-c', '"$@"; exit $?', 'sh'] }
}

advised('jobserver-dead', 'a FIFO that has no server, and one that is gone beside another flag', async () => {
  const { root } = await makeShell()
  const fifo = join(root, 'orphan')
  execFileSync('mkfifo', [fifo])
  return await naming('jobserver', {
    JOBSHIM_JOBSERVER: `fifo:${fifo}`,
    MAKEFLAGS: 'k -j4 --jobserver-auth=fifo:/nowhere -- A=1',
    CARGO_MAKEFLAGS: '-j4 --jobserver-auth=fifo:/nowhere',
  })
})
advised(
  'jobserver-dead',
  'a pipe that is closed here',
  async () => await naming('jobserver', { MAKEFLAGS: ' -j4 --jobserver-auth=30,31' }),
)

advised('tokens-lost', 'a client was killed with one', async () => {
  const { root } = await makeShell()
  const pool = makeFifo(root, '++', 'lossy')
  opened.push(pool.fd, createLedger(`${join(root, 'lossy')}.ledger`, 3, thisProcess()))
  return await naming('tokens', { JOBSHIM_JOBSERVER: `fifo:${join(root, 'lossy')}` })
})
advised('server-gone', 'what has made the pool has ended', async () => {
  const { root } = await makeShell()
  const pool = makeFifo(root, '++', 'left')
  const { pid } = spawnSync('true')
  const owner = { ...thisProcess(), pid, start: 1n }
  opened.push(pool.fd, createLedger(`${join(root, 'left')}.ledger`, 2, owner))
  return await naming('jobserver alive', { JOBSHIM_JOBSERVER: `fifo:${join(root, 'left')}` })
})

advised(
  'jobserver-client',
  'a make that can not read the address, and has no shim',
  async directory => {
    const { root, work, env } = await makeShell({
      tools: { make: join(directory, 'make') },
      install: ['--no-adapters'],
    })
    const pool = makeFifo(root, '+', 'pool')
    opened.push(pool.fd)
    return { row: 'make', work, env: { ...env, MAKEFLAGS: `-j2 --jobserver-auth=${pool.auth}` } }
  },
  { needs: 'make43' },
)

advised(
  'ninja-old',
  'another one, first behind the shims',
  async old => {
    const { shims, work, env, behind } = await makeShell()
    const [newer = '', make = ''] = (['ninja113', 'make44'] as const).map(findClient)
    const path = (ninja: string): string => `${shims}:${ninja}:${make}:${behind}`
    return {
      row: 'ninja',
      work,
      env: { ...env, PATH: path(old) },
      byHand: () => ({ env: { ...env, PATH: path(newer) } }),
    }
  },
  { needs: ['ninja111', 'ninja113', 'make44'] },
)

test.run()
