import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { scrubbed } from '../support/jobshim.js'
import { repository } from '../support/workspace.js'
import {
  type Held,
  killStarted,
  ledgerRecords,
  makeYard,
  start,
  until,
  waits,
  within,
  type Yard,
} from './hold.js'

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const seed = Number(process.env.JOBSHIM_TEST_SEED ?? Date.now() % 1_000_000)
console.log(`JOBSHIM_TEST_SEED=${seed}`)
const chance = random(seed)

const sorted = (tokens: string): string => [...tokens].sort().join('')

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it ended by itself meanwhile
  }
}

/** Starts holders until all slots, the implicit one and each token, are taken; fails where one can't be had. */
async function takeAll(yard: Yard, slots: number): Promise<Held[]> {
  const holders: Held[] = []
  for (let slot = 0; slot < slots; slot++) {
    const held = start({ env: yard.governed })
    holders.push(held)
    await held.tools
  }
  return holders
}

/** A FIFO at `path`: who reads it reads on until `open` is called. A pipe to a child won't do, Node closes it at its death. */
function makeGate({ root }: Yard): { path: string; open: () => void } {
  const path = join(root, 'gate')
  execFileSync('mkfifo', [path])
  const fd = openSync(path, 'r+')
  return { path, open: () => closeSync(fd) }
}

/** All slots can be had, not one more, and after it the pool and the ledger are as at the start. */
async function assertWhole(yard: Yard, tokens: string): Promise<void> {
  const holders = await takeAll(yard, tokens.length + 1)
  const waiter = start({ env: yard.governed })
  await waits(yard, waiter)
  assert.is(yard.pool.count(), '')
  assert.is(waiter.output.stdout, '')
  const records = ledgerRecords(yard.runtime)
  assert.equal(
    records.filter(({ alive }) => !alive),
    [],
    'records of the dead',
  )
  for (const held of [...holders, waiter]) assert.is((await held.end()).status, 7)
  assert.is(sorted(yard.pool.count()), tokens)
  assert.equal(ledgerRecords(yard.runtime), [])
}

test('kill :: launcher, while it waits', async () => {
  const yard = await makeYard('A')
  const [first, second] = await takeAll(yard, 2)
  for (let round = 0; round < 5; round++) {
    const victim = start({ env: yard.governed })
    await waits(yard, victim)
    assert.equal(await victim.kill(), { status: null, signal: 'SIGKILL', stdout: '', stderr: '' })
  }
  const waiter = start({ env: yard.governed })
  await waits(yard, waiter)
  await second?.end()
  await waiter.tools
  assert.equal(
    ledgerRecords(yard.runtime)
      .map(({ pid }) => pid)
      .sort(),
    [first?.pid, waiter.pid].sort(),
  )
  await waiter.end()
  await first?.end()
  await assertWhole(yard, 'A')
})

test('kill :: the launcher while it holds a token, and nobody waits: the next that ends gives it back', async () => {
  const yard = await makeYard('A')
  const [first, victim] = await takeAll(yard, 2)
  await victim?.kill()
  assert.is(yard.pool.count(), '')
  await first?.end()
  // It may have been looked through less than a second ago: then it is one that ends a little later.
  await until('the token is back', () => {
    if (yard.pool.count() === 'A') return true
    return spawnSync('hold', { env: scrubbed(yard.governed), stdio: 'ignore' }).status !== 7
  })
  await assertWhole(yard, 'A')
})

test('kill :: launchers below jobshim run are not counted in its summary as if they ran on', async () => {
  const yard = await makeYard('')
  const { path, open } = makeGate(yard)
  const said = join(yard.root, 'said')
  const script = `: >${said}; hold <${path} >${said} & until grep -q held ${said}; do :; done
    kill -9 $!; wait $!; hold </dev/null >${said}; exit 3`
  const command = [
    process.execPath,
    join(repository, 'bin/jobshim.js'),
    'run',
    '-j1',
    '--dir',
    yard.shims,
    '--',
  ]
  const build = start({ env: yard.env, command: [...command, 'sh', '-c', script] })
  const { status, stderr } = await build.ended
  open()
  assert.is(status, 3)
  assert.match(stderr, /^(Killed\n)?jobshim: 2 tool runs, at most 1 at a time, .* 0\/0 tokens back\n$/)
})

test('kill :: the launcher at the head of the queue, others wait behind it', async () => {
  const yard = await makeYard('A')
  const holders = await takeAll(yard, 2)
  const head = start({ env: yard.governed })
  await waits(yard, head)
  const others = [start({ env: yard.governed }), start({ env: yard.governed }), start({ env: yard.governed })]
  for (const other of others) await waits(yard, other)
  await head.kill()
  for (const held of holders) await held.end()
  for (const other of others) assert.is((await other.end()).status, 7)
  await assertWhole(yard, 'A')
})

test('kill :: the launcher while it holds a token: the tool dies, and who waits gets the token', async () => {
  const yard = await makeYard('A')
  const [first, victim] = await takeAll(yard, 2)
  const waiter = start({ env: yard.governed })
  await waits(yard, waiter)
  const [tool = -1] = (await victim?.tools) ?? []
  await victim?.kill()
  await waiter.tools
  await until('the tool is gone', () => !existsSync(`/proc/${tool}`))
  assert.equal(
    ledgerRecords(yard.runtime)
      .map(({ pid, alive }) => ({ pid, alive }))
      .sort((a, b) => a.pid - b.pid),
    [first, waiter]
      .map(held => ({ pid: held?.pid, alive: true }))
      .sort((a, b) => (a.pid ?? 0) - (b.pid ?? 0)),
  )
  assert.is(yard.pool.count(), '')
  await waiter.end()
  assert.is(yard.pool.count(), 'A')
  await first?.end()
  await assertWhole(yard, 'A')
})

test('kill :: the launcher while it holds the implicit slot', async () => {
  const yard = await makeYard('A')
  const [victim, second] = await takeAll(yard, 2)
  const waiter = start({ env: yard.governed })
  await waits(yard, waiter)
  await victim?.kill()
  await waiter.tools
  assert.is(yard.pool.count(), '')
  await waiter.end()
  await second?.end()
  await assertWhole(yard, 'A')
})

test('kill :: the tool: the launcher dies as it did, and gives back', async () => {
  const yard = await makeYard('A')
  const [first, victim] = await takeAll(yard, 2)
  const waiter = start({ env: yard.governed })
  await waits(yard, waiter)
  const [tool = -1] = (await victim?.tools) ?? []
  kill(tool)
  assert.equal(await victim?.ended, { status: null, signal: 'SIGKILL', stdout: `held ${tool}\n`, stderr: '' })
  await waiter.tools
  await waiter.end()
  await first?.end()
  await assertWhole(yard, 'A')
})

test('kill :: the caller: the tool goes on, and the token comes back when it ends', async () => {
  const yard = await makeYard('A')
  const [first] = await takeAll(yard, 1)
  const gate = makeGate(yard)
  const caller = start({ env: yard.governed, command: ['sh', '-c', `hold <${gate.path}; exit 1`] })
  const [tool = -1] = await caller.tools
  kill(caller.pid)
  await new Promise(resolve => caller.child.once('exit', resolve))
  assert.is(yard.pool.count(), '')
  assert.ok(existsSync(`/proc/${tool}`))
  gate.open()
  await caller.end()
  await until('the token is back', () => yard.pool.count() === 'A')
  await first?.end()
  await assertWhole(yard, 'A')
})

test('kill :: the whole process group', async () => {
  const yard = await makeYard('AB')
  const three = 'exec 3<&0; hold <&3 & hold <&3 & hold <&3 & wait'
  const group = start({ env: yard.governed, command: ['sh', '-c', three], wanted: 3 })
  const tools = await group.tools
  assert.is(yard.pool.count(), '')
  const waiter = start({ env: yard.governed })
  await waits(yard, waiter)
  process.kill(-group.pid, 'SIGKILL')
  await waiter.tools
  await until('all tools are gone', () => tools.every(tool => !existsSync(`/proc/${tool}`)))
  await waiter.end()
  await assertWhole(yard, 'AB')
})

test('kill :: everybody at once: the next ones find all slots', async () => {
  const yard = await makeYard('ABC')
  for (const held of await takeAll(yard, 4)) await held.kill()
  assert.is(yard.pool.count(), '')
  await assertWhole(yard, 'ABC')
})

/** What is killed in a round of the loops below, after a random time. */
const victims = {
  launcher: ({ pid }: Held) => kill(pid),
  tool: ({ output }: Held) => {
    const [, tool] = /^held (\d+)$/m.exec(output.stdout) ?? []
    if (tool !== undefined) kill(Number(tool))
  },
  group: ({ pid }: Held) => {
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // it ended by itself meanwhile
    }
  },
} as const

for (const [what, strike] of Object.entries(victims))
  test(`kill :: ${what}, at random times :: seed ${seed}`, async () => {
    const tokens = 'ABC'
    const yard = await makeYard(tokens)
    for (let round = 0; round < 12; round++) {
      const crowd = Array.from({ length: 7 }, () => start({ env: yard.governed }))
      const struck = crowd.filter(() => chance() < 0.4)
      await Promise.all(
        crowd.map(async held => {
          const delays = [chance() * 25, chance() * 8]
          for (const [step, delay] of delays.entries()) {
            await new Promise(resolve => setTimeout(resolve, delay))
            if (step === 0) held.child.stdin?.end()
            else if (struck.includes(held)) strike(held)
          }
          await held.ended
        }),
      )
    }
    await assertWhole(yard, tokens)
  })

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
  const title = `disk :: ${name}`
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

const runDirectories = ({ runtime }: Yard): string[] => {
  const state = join(runtime, `jobshim-${currentUid()}`)
  return existsSync(state) ? readdirSync(state).filter(name => name.startsWith('run-')) : []
}

const run = ({ shims }: Yard): string[] => [
  process.execPath,
  join(repository, 'bin/jobshim.js'),
  'run',
  '-j2',
  '--dir',
  shims,
  '--',
]

const jobshimRun = (yard: Yard, ...command: string[]): Held =>
  start({ env: yard.env, command: [...run(yard), ...command] })

const summary = /^jobshim: \d+ tool runs?, .*, 1\/1 tokens? back\n$/

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) {
  test(`run :: ${signal} :: goes to the command, whose death is ours; the directory is removed`, async () => {
    const yard = await makeYard('')
    const gate = makeGate(yard)
    const held = jobshimRun(yard, 'sh', '-c', `hold <${gate.path} & read -r line; exit 1`)
    const [tool = -1] = await held.tools
    assert.is(runDirectories(yard).length, 1)
    const gone = within(
      new Promise(resolve => held.child.once('exit', resolve)),
      () => `after ${signal}: ${JSON.stringify(held.output)}`,
    )
    held.child.kill(signal)
    await gone
    // What the command left behind goes on, as it would without jobshim.
    assert.ok(existsSync(`/proc/${tool}`))
    gate.open()
    const { status, signal: death, stderr } = await held.end()
    assert.equal([status, death], [null, signal])
    assert.match(stderr, summary)
    assert.equal(runDirectories(yard), [])
    await until('the tool is gone', () => !existsSync(`/proc/${tool}`))
  })

  test(`run :: ${signal} :: a command that handles it decides the status`, async () => {
    const yard = await makeYard('')
    const script = `trap 'echo got; exit 3' ${signal.slice(3)}; echo held $$; while :; do read -r line; done`
    const held = jobshimRun(yard, 'sh', '-c', script)
    const [shell] = await held.tools
    held.child.kill(signal)
    const { stderr, ...outcome } = await held.ended
    assert.equal(outcome, { status: 3, signal: null, stdout: `held ${shell}\ngot\n` })
    assert.match(stderr, summary)
    assert.equal(runDirectories(yard), [])
  })
}

test('run :: SIGKILL :: the next run sweeps its directory, and no other', async () => {
  const yard = await makeYard('')
  const living = jobshimRun(yard, 'hold')
  await living.tools
  const [livingDirectory] = runDirectories(yard)
  const killed = jobshimRun(yard, 'sh', '-c', 'hold <&0; exit 1')
  await killed.tools
  assert.is(runDirectories(yard).length, 2)
  kill(killed.pid)
  await new Promise(resolve => killed.child.once('exit', resolve))
  assert.is(runDirectories(yard).length, 2)
  const next = jobshimRun(yard, 'hold')
  await next.tools
  assert.is(runDirectories(yard).length, 2)
  assert.ok(runDirectories(yard).includes(livingDirectory ?? ''))
  for (const held of [next, living]) {
    const { status, stderr } = await held.end()
    assert.is(status, 7)
    assert.match(stderr, summary)
  }
  assert.equal(runDirectories(yard), [])
  await killed.end()
})

test('run :: launchers killed, one with a token: the summary counts it as back', async () => {
  const yard = await makeYard('')
  const gate = makeGate(yard)
  const hold = `hold <${gate.path} & pids="$pids $!"`
  const held = start({
    env: yard.env,
    command: [...run(yard), 'sh', '-c', `${hold}; ${hold}; read -r line; kill -9 $pids; wait; exit 5`],
    wanted: 2,
  })
  await held.tools
  const { status, stdout, stderr } = await held.end()
  gate.open()
  assert.is(status, 5)
  assert.match(stdout, /^held \d+\nheld \d+\n$/)
  assert.match(stderr, /^jobshim: 2 tool runs, at most 2 at a time, .*, 1\/1 tokens? back\n$/)
  assert.equal(runDirectories(yard), [])
})

test.after.each(killStarted)

test.run()
