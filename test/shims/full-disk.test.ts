import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { killStarted, start } from '../yard/held.js'
import { makeYard, type Yard } from '../yard/yard.js'

/** A mount namespace with a small disk of its own on XDG_RUNTIME_DIR. */
async function mountDisk(
  yard: Yard,
  mount: string,
): Promise<{ inside: (command: string[]) => string[]; end: () => Promise<unknown> }> {
  const script = `set -e; ${mount}; echo held $$; read -r line || true`
  const keeper = start({ env: yard.env, command: ['unshare', '-m', 'sh', '-c', script] })
  await keeper.tools
  return {
    inside: command => ['nsenter', '-t', String(keeper.pid), '-m', ...command],
    end: () => keeper.end(),
  }
}

const tmpfs = 'mount -t tmpfs -o size=400k,mode=700 none "$XDG_RUNTIME_DIR"; cd "$XDG_RUNTIME_DIR"'
const makeLedger =
  'JOBSHIM_JOBSERVER=$POOL hold </dev/null >ran || test $? = 7; test -n "$(find . -name "v1-*")"'
const fill = 'head -c 1000000 /dev/zero >filling 2>/dev/null || test $? = 1'
const noSpace = '! echo x >more 2>/dev/null'

const disks = [
  { name: 'full before there is a ledger', mount: `${tmpfs}; ${fill}; ${noSpace}` },
  { name: 'full when there is a ledger', mount: `${tmpfs}; ${makeLedger}; ${fill}; ${noSpace}` },
  {
    name: 'read-only, no state directory',
    mount: `${tmpfs}; mount -o remount,ro "$XDG_RUNTIME_DIR"; ${noSpace}`,
  },
  {
    name: 'read-only, with a ledger',
    mount: `${tmpfs}; ${makeLedger}; mount -o remount,ro "$XDG_RUNTIME_DIR"; ${noSpace}`,
  },
]

const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0

for (const { name, mount } of disks) {
  const title = `disk :: ${name} :: two at a time, and all tokens come back`
  if (!mayMount) {
    test.skip(title)
    continue
  }
  test(title, async () => {
    const yard = await makeYard('A')
    const disk = await mountDisk({ ...yard, env: { ...yard.env, POOL: yard.pool.auth } }, mount)
    const command = disk.inside(['hold'])
    for (let round = 0; round < 3; round++) {
      const [first, second, third] = [1, 2, 3].map(() => start({ env: yard.governed, command }))
      const held = [first, second, third].filter(one => one !== undefined)
      const got = await Promise.any(held.map(one => one.tools.then(() => one)))
      const rest = held.filter(one => one !== got)
      const next = await Promise.any(rest.map(one => one.tools.then(() => one)))
      const last = rest.find(one => one !== next)
      assert.is(yard.pool.count(), '')
      assert.is(last?.output.stdout, '')
      for (const one of [next, got]) {
        const [tool] = await one.tools
        assert.equal(await one.end(), { status: 7, signal: null, stdout: `held ${tool}\n`, stderr: '' })
      }
      await last?.tools
      await last?.end()
      assert.is(yard.pool.count(), 'A')
    }
    // Whoever is killed where nothing could be noted may lose a token, but never the implicit slot.
    const victim = start({ env: yard.governed, command })
    await victim.tools
    await victim.kill()
    const next = start({ env: yard.governed, command })
    await next.tools
    await next.end()
    assert.is(yard.pool.count(), 'A')
    await disk.end()
  })
}

test.after.each(killStarted)

test.run()
