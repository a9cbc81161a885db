import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { type ClientKey, clients } from '../support/clients.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { recordsIn } from '../yard/ledger.js'
import { briefRuns, type MachineYard, machineRun, makeMachineYard } from '../yard/machine.js'

const names = ['a', 'b', 'c', 'd', 'e', 'f']
const makefile = `all: ${names.join(' ')}\n${names.join(' ')}:\n\t@brief\n.PHONY: all ${names.join(' ')}\n`
const ninjafile = [
  'rule brief',
  '  command = brief',
  ...names.map(name => `build ${name}: brief`),
  `build all: phony ${names.join(' ')}`,
  '',
].join('\n')

const run = 'jobshim run --'

/** Two terminals in which a line is typed, and nothing is exported. */
async function runTwice(yard: MachineYard, line: string): Promise<void> {
  const typed = line.replace(run, machineRun(yard, '-q', '--').join(' '))
  const terminals = [1, 2].map(() =>
    start({ env: yard.env, command: ['sh', '-c', `cd ${yard.root} && ${typed}`] }),
  )
  for (const terminal of terminals) {
    const { stdout, ...rest } = await terminal.ended
    assert.equal(rest, { status: 0, signal: null, stderr: '' }, stdout)
  }
}

type Typed = { key: ClientKey; line: string; tool: string }

const typed: readonly Typed[] = [
  ...(['make43', 'make44'] as const).flatMap(key => [
    { key, line: 'make -j16', tool: 'make' },
    { key, line: 'MAKEFLAGS="k -j16 -- A=b" make', tool: 'make' },
    { key, line: 'make', tool: 'make' },
    { key, line: 'make -j1', tool: 'make' },
    { key, line: `${run} make`, tool: 'make' },
    { key, line: `${run} make -j16`, tool: 'make' },
  ]),
  { key: 'ninja113', line: 'ninja --quiet', tool: 'ninja' },
  { key: 'ninja113', line: 'ninja --quiet -j16', tool: 'ninja' },
  { key: 'ninja113', line: `${run} ninja --quiet`, tool: 'ninja' },
  { key: 'ninja111', line: 'ninja --quiet -j16', tool: 'ninja' },
]

for (const { key, line, tool } of typed)
  testWith(
    key,
    `machine :: ${clients[key].name} :: ${line} in two terminals :: keeps the limit`,
    async path => {
      const yard = await makeMachineYard(2, { path: [path], tools: [tool] })
      writeFiles(yard.root, { Makefile: makefile, 'build.ninja': ninjafile })
      await runTwice(yard, line)
      const { runs, peak } = briefRuns(yard)
      assert.is(runs, 2 * names.length)
      assert.ok(peak <= 2, `${peak} at once`)
      assert.equal(yard.files(), [])
    },
  )

/** Crates that none waits for; each rustc says when it begins and ends, the one that cargo asks for its version, too. */
for (const above of ['', run])
  testWith(
    'cargo',
    `machine :: ${above && `${above} `}cargo build in two terminals :: keeps the limit`,
    async path => {
      const wrapper = '#!/bin/sh\necho + >>"$LOG"\n"$@"\nstatus=$?\necho - >>"$LOG"\nexit $status\n'
      const yard = await makeMachineYard(2, {
        path: [path],
        tools: ['cargo', 'rustc'],
        files: { 'bin/wrapper': wrapper },
      })
      const crates = names.flatMap(name => [
        [`${name}/Cargo.toml`, `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n`],
        [`${name}/src/lib.rs`, 'pub fn one() -> i32 { 1 }\n'],
      ])
      writeFiles(yard.root, {
        'Cargo.toml': `[workspace]\nresolver = "2"\nmembers = ${JSON.stringify(names)}\n`,
        ...Object.fromEntries(crates),
      })
      const env = { ...yard.env, RUSTC_WRAPPER: `${yard.root}/bin/wrapper`, HOME: process.env.HOME }
      const typed = above && machineRun(yard, '-q', '--').join(' ')
      const builds = [1, 2].map(number =>
        start({
          env: { ...env, CARGO_TARGET_DIR: `${yard.root}/target${number}` },
          command: ['sh', '-c', `cd ${yard.root} && exec ${typed} cargo build --quiet --offline`],
        }),
      )
      for (const build of builds)
        assert.equal(await build.ended, { status: 0, signal: null, stdout: '', stderr: '' })
      const { runs, peak } = briefRuns(yard)
      assert.ok(runs >= 2 * names.length, `${runs} runs`)
      assert.ok(peak <= 2, `${peak} at once`)
      assert.equal(yard.files(), [])
    },
  )

testWith('make43', 'machine :: a make without -j :: does one thing after the other', async path => {
  const yard = await makeMachineYard(4, { path: [path], tools: ['make'] })
  writeFiles(yard.root, { Makefile: makefile })
  const typedOnce = start({ env: yard.env, command: ['make', '-C', yard.root, '--no-print-directory'] })
  assert.equal(await typedOnce.ended, { status: 0, signal: null, stdout: '', stderr: '' })
  assert.equal(briefRuns(yard), { runs: names.length, peak: 1 })
  assert.equal(yard.files(), [])
})

testWith('make43', 'machine :: a make -j that is killed :: its own slot comes back', async path => {
  const yard = await makeMachineYard(1, { path: [path], tools: ['make'] })
  writeFiles(yard.root, { Makefile: 'all:\n\t@hold\n' })
  const make = start({ env: yard.env, command: ['make', '-j4', '-C', yard.root, '--no-print-directory'] })
  const [tool] = await make.tools
  const waiter = start({ env: yard.env })
  assert.equal(await make.kill(), { status: null, signal: 'SIGKILL', stdout: `held ${tool}\n`, stderr: '' })
  await waiter.tools
  assert.is((await waiter.end()).status, 7)
  assert.equal(yard.files(), [])
})

testWith('make44', 'machine :: a payer is the last one :: nothing is left of the pool', async path => {
  const yard = await makeMachineYard(3, { path: [path] })
  writeFiles(yard.root, { Makefile: 'all:\n\t@hold\n' })
  const holder = start({ env: yard.env })
  await holder.tools
  // make has no adapter here: it has come past that, and nobody has paid for it.
  const MAKEFLAGS = ` -j3 --jobserver-auth=fifo:${yard.fifo}`
  const make = start({ env: { ...yard.env, MAKEFLAGS }, command: ['make', '-s', '-C', yard.root] })
  await make.tools
  const payers = recordsIn(`${yard.fifo}.ledger`).filter(({ tool }) => tool === 'make')
  assert.is(payers.length, 1)
  assert.is((await holder.end()).status, 7)
  assert.is((await make.end()).status, 2)
  await until('nothing is left', () => yard.files().length === 0)
})

afterEach(killStarted)
test.run()
