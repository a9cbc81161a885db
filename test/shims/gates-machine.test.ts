import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { buildLauncher } from '../support/built.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { ledgerRecords } from '../yard/ledger.js'
import { gated, holding, ruled } from '../yard/rules.js'
import { assertWhole } from '../yard/slots.js'
import { makeYard } from '../yard/yard.js'

/** The gates that look at the machine: a launcher that is linked with the paths of other files shows what they make of it. */

const kib = 'MemTotal:    16000000 kB\nMemFree:      100000 kB\nMemAvailable: '
const machine = makeWorkspace()
const meminfo = join(machine, 'meminfo')
const loadavg = join(machine, 'loadavg')
const groups = join(machine, 'groups')
const programs = { launcher: join(machine, 'launcher'), look: join(machine, 'look') }
for (const name of ['launcher', 'look'] as const)
  buildLauncher(
    programs[name],
    { instead: { 'rules/kernelfiles.c': 'kernelfiles.c' }, flags: [`-DKERNEL="${machine}"`] },
    name,
  )
const free = (available: number): void => writeFileSync(meminfo, `${kib}${available} kB\n`)

test('memory :: with a fake meminfo :: a promise that does not fit waits for another one to end', async () => {
  const yard = await makeYard('ABCD', programs)
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
  const yard = await makeYard('ABCD', programs)
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
  const yard = await makeYard('ABCD', programs)
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
    const yard = await makeYard('ABCD', programs)
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

test('memory :: with fake cgroups :: that there is no limit is soon looked up again, and at once for what another process starts', async () => {
  for (const by of ['the same process', 'another one'] as const) {
    const yard = await makeYard('ABCD', programs)
    const asks = ruled(yard, 'asks', 'rule=1', 'memory=2000000')
    mkdirSync(join(machine, 'tight'), { recursive: true })
    free(15_000_000)
    for (const [file, bytes] of [
      ['memory.max', 1_000_000 * 1024],
      ['memory.current', 0],
      ['memory.stat', 0],
    ] as const)
      writeFileSync(join(machine, 'tight', file), `${bytes}\n`)
    writeFileSync(groups, '0::/free\n')
    const first = await holding(asks)
    writeFileSync(groups, '0::/tight\n')
    const isGated = (): boolean => ledgerRecords(yard.runtime).some(({ state }) => state === 'gated')
    const command = by === 'another one' ? ['sh', '-c', 'hold; exit $?'] : ['hold']
    const later: Held[] = []
    do {
      const held = start({ env: asks, command })
      later.push(held)
      await until('it holds or is gated', () => isGated() || held.output.stdout !== '')
    } while (by === 'the same process' && !isGated() && (await later.at(-1)?.end()))
    assert.ok(isGated(), by)
    writeFileSync(groups, '0::/free\n')
    await later.at(-1)?.tools
    for (const held of [first, ...later]) assert.is((await held.end()).status, 7)
    writeFileSync(groups, '')
    await assertWhole(yard, 'ABCD')
  }
})

test('load :: with a fake loadavg :: a second run waits until the load is low, the first does not', async () => {
  const yard = await makeYard('ABCD', programs)
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
  const yard = await makeYard('ABCD', programs)
  writeFileSync(loadavg, '3.50 1.00 0.50 2/300 4711\n')
  const env = { ...ruled(yard, 'load', 'load=1.00'), MAKEFLAGS: ' -j5 -l4.5 -- load=-l1' }
  const pair = [await holding(env), await holding(env)]
  const lower = await gated(yard, { ...yard.governed, MAKEFLAGS: 'k -l3' })
  for (const held of pair) assert.is((await held.end()).status, 7)
  await lower.tools
  await lower.end()
  await assertWhole(yard, 'ABCD')
})

const spellings: Readonly<Record<string, 'heeded' | 'none'>> = {
  '-l 3': 'heeded',
  l3: 'heeded',
  'kl 3': 'heeded',
  '-kl3': 'heeded',
  '--max-load=3': 'heeded',
  '--load-average 3': 'heeded',
  '-l0': 'heeded', // one at a time
  '-l9\t-l\t3': 'heeded',
  '-l3 -l': 'none', // taken back
  '-l9 -Il3': 'none',
  '--eval=A=1\\ -l3': 'none',
  'k -- -l3': 'none',
}

test('load :: with a fake loadavg :: each spelling of -l that make reads in MAKEFLAGS, and no other word', async () => {
  const yard = await makeYard('ABCD', programs)
  writeFileSync(loadavg, '3.50 1.00 0.50 2/300 4711\n')
  for (const [flags, expected] of Object.entries(spellings)) {
    const env = { ...yard.governed, MAKEFLAGS: flags }
    const first = await holding(env)
    const second = expected === 'heeded' ? await gated(yard, env) : await holding(env)
    for (const held of [first, second]) assert.is((await held.end()).status, 7, flags)
  }
  await assertWhole(yard, 'ABCD')
})

const psi = (some: string): string =>
  `some avg10=${some} avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n`

for (const [where, own, file, other] of [
  ['a fake /proc/pressure', '', 'pressure/io', undefined],
  ['a fake /proc/pressure, and a cgroup that tells none', '5:io:/\n0::/none\n', 'pressure/io', undefined],
  ['a fake cgroup, which counts before the machine', '5:io:/\n0::/mine\n', 'mine/io.pressure', 'pressure/io'],
] as const)
  test(`pressure :: with ${where} :: a second run waits until it is low`, async () => {
    const yard = await makeYard('ABCD', programs)
    for (const directory of ['pressure', 'mine']) mkdirSync(join(machine, directory), { recursive: true })
    writeFileSync(groups, own)
    writeFileSync(join(machine, file), psi('40.50'))
    if (other !== undefined) writeFileSync(join(machine, other), psi('0.00'))
    const env = ruled(yard, 'pressure', 'pressure-io=40', 'pressure-cpu=1')
    const first = await holding(env)
    const second = await gated(yard, env)
    if (other !== undefined) writeFileSync(join(machine, other), psi('99.00'))
    writeFileSync(join(machine, file), psi('39.99'))
    await second.tools
    for (const held of [first, second]) assert.is((await held.end()).status, 7)
    writeFileSync(groups, '')
    await assertWhole(yard, 'ABCD')
  })

test.after(killStarted)

test.run()
