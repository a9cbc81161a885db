import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { jobshimRun } from '../commands/runs.js'
import { makeWorkspace } from '../support/workspace.js'
import { killStarted, ledgerRecords, makeGate, makeYard, start, until } from './hold.js'
import { buildLauncher, gated, holding, ruled } from './rules.js'
import { assertWhole } from './slots.js'

/** What a rule makes a run wait for. Each run holds until its stdin ends; those without a rule go on all the time. */

test('limit :: a third run of the rule waits for one of two, others do not', async () => {
  const yard = await makeYard('ABCD')
  const limited = ruled(yard, 'limit', 'rule=7', 'limit=2')
  const [first, second] = [await holding(limited), await holding(limited)]
  const third = await gated(yard, limited)
  const other = await holding(yard.governed)
  const another = await holding(ruled(yard, 'another', 'rule=8', 'limit=2'))
  assert.is(third.output.stdout, '')
  assert.is(yard.pool.count().length, 1, 'a run at a gate has no token')
  await first.end()
  await third.tools
  for (const held of [second, third, other, another]) assert.is((await held.end()).status, 7)
  await assertWhole(yard, 'ABCD')
})

test('limit :: killed runs count no more, neither those that ran nor those that waited', async () => {
  const yard = await makeYard('ABCD')
  const limited = ruled(yard, 'limit', 'rule=7', 'limit=1')
  for (let round = 0; round < 5; round++) {
    const first = await holding(limited)
    const second = await gated(yard, limited)
    const third = await gated(yard, limited)
    await second.kill()
    await first.kill()
    await third.tools
    assert.equal(await third.end(), { status: 7, signal: null, stdout: third.output.stdout, stderr: '' })
  }
  await assertWhole(yard, 'ABCD')
})

test('limit :: who came first goes first', async () => {
  const yard = await makeYard('ABCD')
  const limited = ruled(yard, 'limit', 'rule=7', 'limit=1')
  const queue = [await holding(limited)]
  for (let place = 0; place < 4; place++) queue.push(await gated(yard, limited))
  for (const [place, held] of queue.entries()) {
    await held.tools
    assert.equal(
      queue.map(({ output }) => output.stdout !== ''),
      queue.map((_, other) => other <= place),
    )
    assert.is((await held.end()).status, 7)
  }
  await assertWhole(yard, 'ABCD')
})

test('limit :: below a run of the same rule :: what a tool starts has passed the gate', async () => {
  const yard = await makeYard('A')
  const limited = ruled(yard, 'limit', 'rule=7', 'limit=1')
  const launcher = join(yard.shims, '.jobshim/launcher')
  const nested = start({ env: limited, command: [launcher, 'sh', '-c', `'${launcher}' hold; exit $?`] })
  await nested.tools
  assert.is((await nested.end()).status, 7)
  await assertWhole(yard, 'A')
})

test('rules :: kind, tool and package choose the runs', async () => {
  const yard = await makeYard('ABCD')
  const none = [
    ruled(yard, 'tool', 'rule=1', 'tool=gcc', 'tool=ld', 'limit=1'),
    ruled(yard, 'kind', 'rule=1', 'kind=link', 'limit=1'),
    ruled(yard, 'package', 'rule=1', 'package=dev-qt/qtbase', 'limit=1'),
    ruled(yard, 'half', 'rule=1', 'tool=hold', 'kind=link', 'limit=1'),
    ruled(yard, 'over', 'rule=1', 'limit=1', 'rule=2', 'limit=0'),
  ]
  for (const env of none) {
    const pair = [await holding(env), await holding(env)]
    for (const held of pair) await held.end()
  }
  const each: [Record<string, string>, Record<string, string>][] = [
    [ruled(yard, 'tool', 'rule=1', 'tool=gcc', 'tool=hold', 'limit=1'), {}],
    [ruled(yard, 'kind', 'rule=1', 'kind=other', 'limit=1'), {}],
    [ruled(yard, 'package', 'rule=1', 'package=dev-qt/*', 'limit=1'), { JOBSHIM_PACKAGE: 'dev-qt/qtbase' }],
    [
      ruled(yard, 'ebuild', 'rule=1', 'package=dev-qt/qtbase', 'limit=1'),
      { CATEGORY: 'dev-qt', PN: 'qtbase' },
    ],
    [ruled(yard, 'later', 'rule=1', 'limit=5', 'rule=2', 'tool=hold', 'limit=1'), {}],
  ]
  for (const [env, more] of each) {
    const first = await holding({ ...env, ...more })
    const second = await gated(yard, { ...env, ...more })
    await first.end()
    await second.tools
    await second.end()
  }
  await assertWhole(yard, 'ABCD')
})

test('patience :: a gate that nobody opens, and everything stands still :: it runs all the same, and says so', async () => {
  const yard = await makeYard('ABCD')
  const { path, open } = makeGate(yard)
  const { JOBSHIM_RULES } = ruled(yard, 'limit', 'rule=7', 'limit=1')
  const script = `hold <${path} & until grep -q held said; do :; done 2>/dev/null; exec hold </dev/null`
  const outcome = jobshimRun(yard, ['-j4', '--', 'sh', '-c', `(${script}) >said`], {
    env: { JOBSHIM_RULES, JOBSHIM_PATIENCE: '1' },
  })
  const said = join(yard.root, 'said')
  await until('both ran', () => existsSync(said) && readFileSync(said, 'utf8').split('held').length === 3)
  open()
  const { status, stderr } = await outcome
  assert.is(status, 7)
  assert.match(
    stderr,
    /^jobshim: hold: a rule kept it from running for 1 s on an idle machine: run all the same\njobshim: 2 tool runs, at most 2 at a time, \d+\.\d s waited, 1 without a slot, 3\/3 tokens back\n$/,
  )
})

test('no ledger :: no rule is heeded, and the tool runs', async () => {
  const yard = await makeYard('ABCD')
  const env = ruled(yard, 'limit', 'rule=7', 'limit=1')
  writeFileSync(join(yard.runtime, `jobshim-${currentUid()}`), '')
  const pair = [await holding(env), await holding(env)]
  for (const held of pair) assert.is((await held.end()).stderr, '')
  assert.is(yard.pool.count().length, 4)
})

const kib = 'MemTotal:    16000000 kB\nMemFree:      100000 kB\nMemAvailable: '
const machine = makeWorkspace()
const meminfo = join(machine, 'meminfo')
const loadavg = join(machine, 'loadavg')
const groups = join(machine, 'groups')
const launcher = buildLauncher({
  MEMINFO: meminfo,
  LOADAVG: loadavg,
  PRESSURE: join(machine, 'pressure'),
  CGROUPS: machine,
  OWN_CGROUPS: groups,
})
const free = (available: number): void => writeFileSync(meminfo, `${kib}${available} kB\n`)

test('memory :: with a fake meminfo :: a promise that does not fit waits for another one to end', async () => {
  const yard = await makeYard('ABCD', { launcher })
  free(5_000_000)
  const large = ruled(yard, 'large', 'rule=1', 'memory=3000000')
  const small = ruled(yard, 'small', 'rule=1', 'memory=1000000')
  const first = await holding(large)
  const second = await gated(yard, large)
  const third = await gated(yard, small) // it would fit; but who waits for memory is not overtaken
  const unasked = await holding(yard.governed)
  await first.end()
  await second.tools
  await third.tools
  for (const held of [second, third, unasked]) assert.is((await held.end()).status, 7)
  await assertWhole(yard, 'ABCD')
})

test('memory :: with a fake meminfo :: the only run goes whatever it needs, and a killed one promises nothing', async () => {
  const yard = await makeYard('ABCD', { launcher })
  free(1_000_000)
  const large = ruled(yard, 'large', 'rule=1', 'memory=3000000')
  const first = await holding(large)
  const second = await gated(yard, large)
  await first.kill()
  await second.tools
  assert.is((await second.end()).status, 7)
  await assertWhole(yard, 'ABCD')
})

test('memory :: with a fake meminfo :: no promise is larger than the machine', async () => {
  const yard = await makeYard('ABCD', { launcher })
  free(16_000_000)
  const vast = ruled(yard, 'vast', 'rule=1', 'memory=4000000000')
  const held = await holding(vast)
  const second = await gated(yard, ruled(yard, 'some', 'rule=1', 'memory=100000'))
  free(16_100_000)
  await second.tools
  for (const each of [held, second]) assert.is((await each.end()).status, 7)
  await assertWhole(yard, 'ABCD')
})

for (const [version, line, path, files] of [
  ['2', '0::/build/one', 'build', ['memory.max', 'memory.current', 'inactive_file']],
  [
    '1',
    '5:cpu,memory:/build/one\n0::/',
    'memory/build',
    ['memory.limit_in_bytes', 'memory.usage_in_bytes', 'total_inactive_file'],
  ],
] as const)
  test(`memory :: with fake cgroups :: version ${version}: that of the group above counts, less its cache`, async () => {
    const yard = await makeYard('ABCD', { launcher })
    const [limit, usage, cache] = files
    const group = join(machine, path)
    mkdirSync(join(group, 'one'), { recursive: true })
    free(15_000_000)
    writeFileSync(groups, `${line}\n`)
    writeFileSync(join(group, limit), `${4_000_000 * 1024}\n`)
    writeFileSync(join(group, 'memory.stat'), `anon 1\n${cache} ${1_000_000 * 1024}\n`)
    writeFileSync(join(group, usage), `${2_000_000 * 1024}\n`)
    const asks = ruled(yard, 'asks', 'rule=1', 'memory=2000000')
    const first = await holding(asks)
    const second = await gated(yard, asks)
    writeFileSync(join(group, usage), `${1_000_000 * 1024}\n`)
    await second.tools
    for (const held of [first, second]) assert.is((await held.end()).status, 7)
    writeFileSync(groups, '')
    await assertWhole(yard, 'ABCD')
  })

test('load :: with a fake loadavg :: a second run waits until the load is low, the first does not', async () => {
  const yard = await makeYard('ABCD', { launcher })
  writeFileSync(loadavg, '3.50 1.00 0.50 2/300 4711\n')
  const env = ruled(yard, 'load', 'load=3.00')
  const first = await holding(env)
  const second = await gated(yard, env)
  writeFileSync(loadavg, '1.00 1.00 0.50 9/300 4711\n') // the average is late: nine are ready to run
  const third = await gated(yard, env)
  writeFileSync(loadavg, '2.90 1.00 0.50 3/300 4711\n')
  await second.tools
  await third.tools
  for (const held of [first, second, third]) assert.is((await held.end()).status, 7)
  await assertWhole(yard, 'ABCD')
})

test("load :: with a fake loadavg :: MAKEFLAGS' -l wins over the rule's", async () => {
  const yard = await makeYard('ABCD', { launcher })
  writeFileSync(loadavg, '3.50 1.00 0.50 2/300 4711\n')
  const env = { ...ruled(yard, 'load', 'load=1.00'), MAKEFLAGS: ' -j5 -l4.5 -- load=-l1' }
  const pair = [await holding(env), await holding(env)]
  const lower = await gated(yard, { ...yard.governed, MAKEFLAGS: 'k -l3' })
  for (const held of pair) assert.is((await held.end()).status, 7)
  await lower.tools
  await lower.end()
  await assertWhole(yard, 'ABCD')
})

test('pressure :: with a fake /proc/pressure :: a second run waits until it is low', async () => {
  const yard = await makeYard('ABCD', { launcher })
  const pressure = (some: string): void => {
    mkdirSync(join(machine, 'pressure'), { recursive: true })
    writeFileSync(
      join(machine, 'pressure/io'),
      `some avg10=${some} avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n`,
    )
  }
  pressure('40.50')
  const env = ruled(yard, 'pressure', 'pressure-io=40', 'pressure-cpu=1')
  const first = await holding(env)
  const second = await gated(yard, env)
  pressure('39.99')
  await second.tools
  for (const held of [first, second]) assert.is((await held.end()).status, 7)
  await assertWhole(yard, 'ABCD')
})

test('tokens :: a run takes several slots or none, and gives all of them back', async () => {
  const yard = await makeYard('ABCD')
  const three = ruled(yard, 'three', 'rule=1', 'tokens=3')
  const first = await holding(three) // the implicit slot and two tokens
  assert.is(yard.pool.count().length, 2)
  const second = start({ env: three }) // one token is its first slot; it gathers the other one and waits for a third
  await until('it gathers', () => yard.pool.count() === '')
  assert.is(second.output.stdout, '')
  const third = await gated(yard, three) // one gathers at a time
  await first.end()
  await second.tools
  await second.end()
  await third.tools
  assert.is(yard.pool.count().length, 2)
  assert.is((await third.end()).status, 7)
  await assertWhole(yard, 'ABCD')
})

test('tokens :: killed while it gathers, and with all of them :: whole again', async () => {
  const yard = await makeYard('ABCD')
  const four = ruled(yard, 'four', 'rule=1', 'tokens=4')
  for (let round = 0; round < 5; round++) {
    const first = await holding(four)
    const second = start({ env: four })
    await until('it gathers', () => yard.pool.count() === '')
    await second.kill()
    const third = start({ env: four })
    await until('the next one gathers', () =>
      ledgerRecords(yard.runtime).some(({ pid }) => pid === third.pid),
    )
    await first.kill()
    await third.tools
    assert.is((await third.end()).status, 7)
    await until('the tokens are back', () => {
      if (yard.pool.count().length === 4) return true
      start({ env: yard.governed }).end() // its end looks for dead ones
      return false
    })
  }
  await assertWhole(yard, 'ABCD')
})

test('tokens :: a slot that does not come free, and everything stands still :: it runs in one, and says so', async () => {
  const yard = await makeYard('')
  const { JOBSHIM_RULES } = ruled(yard, 'three', 'rule=7', 'tokens=3')
  const { path, open } = makeGate(yard)
  const said = join(yard.root, 'said')
  const one = `JOBSHIM_RULES= hold <${path} >>said & until grep -q held said; do :; done 2>/dev/null`
  const outcome = jobshimRun(
    yard,
    ['-j3', '--', 'sh', '-c', `${one}; hold </dev/null >>said; s=$?; wait; exit $s`],
    {
      env: { JOBSHIM_RULES, JOBSHIM_PATIENCE: '1' },
    },
  )
  await until('both ran', () => existsSync(said) && readFileSync(said, 'utf8').split('held').length === 3)
  open()
  const { status, stderr } = await outcome
  assert.is(status, 7)
  assert.match(
    stderr,
    /^jobshim: hold: 3 slots were not free together for 1 s on an idle machine: run in one\njobshim: 2 tool runs, at most 2 at a time, \d+\.\d s waited, 2\/2 tokens back\n$/,
  )
})

test('tokens :: as many as the pool has where a rule asks for more', async () => {
  const yard = await makeYard('AB')
  const many = { ...ruled(yard, 'many', 'rule=1', 'tokens=9'), MAKEFLAGS: ' -j3' } // three slots, says make
  const held = await holding(many)
  assert.is(yard.pool.count(), '')
  assert.equal(await held.end(), { status: 7, signal: null, stdout: held.output.stdout, stderr: '' })
  await assertWhole(yard, 'AB')
})

test.after(killStarted)
test.run()
