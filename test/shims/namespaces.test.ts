import { spawnSync } from 'node:child_process'
import * as assert from 'uvu/assert'
import { waitersOf } from '../commands/runs.js'
import { endServer, freeTokens, look, serve, sharing } from '../commands/served.js'
import { test, testWith } from '../support/test-with.js'
import { killStarted, start, until } from './hold.js'

/** Ways into a PID namespace of one's own, with the FIFO's directory in it; its init ends all there when it is killed. */
const ways: Readonly<Record<string, (root: string) => readonly [string, ...string[]]>> = {
  'bwrap --unshare-pid': () => [
    'bwrap',
    ...['--dev-bind', '/', '/', '--unshare-pid', '--proc', '/proc', '--die-with-parent'],
  ],
  // As a container has it: nothing of /tmp and /run is there but the pool, the shims and the tools, and no network.
  'bwrap --unshare-all': root => [
    'bwrap',
    ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp', '--tmpfs', '/run'],
    ...['--bind', root, root, '--unshare-all', '--die-with-parent'],
  ],
  'unshare -Upf': () => ['unshare', '-Upf', '--map-root-user', '--mount-proc', '--kill-child'],
}

const total = 2
const two = 'exec 9<&0; hold <&9 & hold <&9 & wait'

for (const [name, way] of Object.entries(ways)) {
  const title = `namespaces :: ${name} :: one pool inside and outside; killed, its tokens come back`
  const [program, ...options] = way('/var')
  const needs = program === 'bwrap' ? ['bwrap' as const] : []
  testWith(
    needs,
    title,
    async () => {
      const served = await serve(total)
      const env = sharing(served, total + 1)
      const box = way(served.yard.root)
      const inside = start({ env, command: [...box, 'sh', '-c', two], wanted: 2 })
      await inside.tools
      assert.is(freeTokens(served), 1) // one runs in the slot that tools without a client share, in all namespaces
      const outside = start({ env })
      await outside.tools
      assert.is(freeTokens(served), 0)
      const waiter = start({ env, command: [...box, 'sh', '-c', two], wanted: 2 })
      await until('both of the third wait', () => waitersOf(`${served.fifo}.ledger`) === 2)
      assert.is(waiter.output.stdout, '')
      await inside.kill()
      await waiter.tools
      assert.is(freeTokens(served), 0)
      assert.is((await outside.end()).status, 7)
      await waiter.end()
      await until('all tokens are back', () => freeTokens(served) === total)
      assert.equal(look(served, '--census').slice(0, 3), [String(total), '0', ''])
      await endServer(served)
    },
    { may: () => spawnSync(program, [...options, 'true']).status === 0 },
  )
}

test.after.each(killStarted)

test.run()
