import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jobsOf } from '../../src/doctor/variables.js'
import { addTools, makePatient, sandboxFirst, verdicts } from '../support/patient.js'
import { writeFiles } from '../support/workspace.js'

const script = '#!/bin/sh\n'
const patient = await makePatient({ tools: { sccache: script, cmake: script, icecc: script } })
const { shims, tools } = patient

type Env = Record<string, string>

/** What a check says of variables. */
type Row = { name: string; env: Env; verdict: object }

const switches: readonly Row[] = [
  { name: 'not set', env: {}, verdict: { state: 'ok', text: 'JOBSHIM_DISABLE is not set' } },
  { name: '0', env: { JOBSHIM_DISABLE: '0' }, verdict: { state: 'ok', text: 'JOBSHIM_DISABLE is not set' } },
  {
    name: '1',
    env: { JOBSHIM_DISABLE: '1' },
    verdict: {
      state: 'broken',
      text: 'JOBSHIM_DISABLE=1: every shim runs its tool without a slot',
      fix: 'unset JOBSHIM_DISABLE',
    },
  },
]

for (const { name, env, verdict } of switches)
  test(`doctor :: shims switched on :: JOBSHIM_DISABLE is ${name}`, async () => {
    assert.equal(await verdicts(patient, 'shims switched on', { env }), [verdict])
  })

const noPool = { state: 'ok', text: 'none opens a pool of its own' }

const jobs: readonly Row[] = [
  { name: 'none', env: {}, verdict: noPool },
  {
    name: '-j1 asks for order',
    env: { CMAKE_BUILD_PARALLEL_LEVEL: '1', MAKEOPTS: '-j1', NINJAFLAGS: '-v -j1' },
    verdict: noPool,
  },
  {
    name: 'CMAKE_BUILD_PARALLEL_LEVEL',
    env: { CMAKE_BUILD_PARALLEL_LEVEL: '8' },
    verdict: {
      state: 'broken',
      text: 'CMAKE_BUILD_PARALLEL_LEVEL="8": opens a pool beside jobshim\'s',
      fix: 'say join: true in the config, or: unset CMAKE_BUILD_PARALLEL_LEVEL',
    },
  },
  {
    name: 'CMAKE_BUILD_PARALLEL_LEVEL with JOBSHIM_JOIN',
    env: { CMAKE_BUILD_PARALLEL_LEVEL: '8', JOBSHIM_JOIN: '1' },
    verdict: noPool,
  },
  {
    name: 'MAKEOPTS and NINJAFLAGS, which only scripts read',
    env: { MAKEOPTS: '-j8 -l4', NINJAFLAGS: '-j 8' },
    verdict: {
      state: 'note',
      text: 'MAKEOPTS="-j8 -l4", NINJAFLAGS="-j 8": a build that passes it on opens a pool of its own',
      fix: 'say join: true in the config, or: unset MAKEOPTS NINJAFLAGS',
    },
  },
  {
    name: 'MAKEFLAGS where there is no pool yet',
    env: { MAKEFLAGS: 'kj8' },
    verdict: { state: 'note', text: 'MAKEFLAGS="kj8": without a pool; jobshim run puts its own there' },
  },
  {
    name: 'MAKEFLAGS with a pool in it',
    env: { MAKEFLAGS: ' -j8 --jobserver-auth=fifo:/nowhere' },
    verdict: noPool,
  },
  {
    name: 'MAKEFLAGS that hides a pool',
    env: { MAKEFLAGS: '-j8', JOBSHIM_JOBSERVER: 'fifo:/nowhere' },
    verdict: {
      state: 'broken',
      text: 'MAKEFLAGS="-j8": opens a pool beside jobshim\'s',
      fix: 'unset MAKEFLAGS',
    },
  },
]

for (const { name, env, verdict } of jobs)
  test(`doctor :: -j in variables :: ${name}`, async () => {
    assert.equal(await verdicts(patient, '-j in variables', { env }), [verdict])
  })

test('doctor :: -j in variables :: with join in the config', async () => {
  writeFiles(patient.work, { 'join.json': '{ "join": true }' })
  const examination = { env: { CMAKE_BUILD_PARALLEL_LEVEL: '8' }, args: ['--config', 'join.json'] }
  assert.equal(await verdicts(patient, '-j in variables', examination), [noPool])
})

for (const [name, value, expected] of [
  ['MAKEFLAGS', '', undefined],
  ['MAKEFLAGS', 'k', undefined],
  ['MAKEFLAGS', 'j', Number.POSITIVE_INFINITY],
  ['MAKEFLAGS', ' -j4', 4],
  ['MAKEFLAGS', 'w -j4 -l2', 4],
  ['MAKEFLAGS', '--jobs=7', 7],
  ['MAKEFLAGS', 'k -- CC=x-j9', undefined],
  ['MAKEOPTS', '-j', Number.POSITIVE_INFINITY],
  ['MAKEOPTS', '--jobs 3 --load-average=2', 3],
  ['MAKEOPTS', '-j2 -j6', 6],
  ['NINJAFLAGS', '-vj3', 3],
  ['NINJAFLAGS', '-d keepdepfile', undefined],
] as const)
  test(`doctor :: -j in variables :: ${name}=${JSON.stringify(value)} asks for ${expected ?? 'none'}`, () => {
    assert.is(jobsOf({ name, readBy: 'make' }, value), expected)
  })

const fineTools = { state: 'ok', text: 'none is named by its path' }

const compilers: readonly Row[] = [
  { name: 'names', env: { CC: 'gcc -m64', CXX: 'ccache g++', RUSTC_WRAPPER: 'sccache' }, verdict: fineTools },
  {
    name: 'a shim, and a launcher',
    env: { CC: `${shims}/gcc`, CMAKE_C_COMPILER_LAUNCHER: `${shims}/.jobshim/launcher;/usr/bin/sccache` },
    verdict: fineTools,
  },
  { name: 'a program that has no shim', env: { CC: '/opt/bin/my-own-compiler' }, verdict: fineTools },
  {
    name: 'CC with a path',
    env: { CC: '/usr/bin/gcc -m64', HOSTCC: '/usr/bin/cc' },
    verdict: {
      state: 'broken',
      text: 'CC="/usr/bin/gcc -m64", HOSTCC="/usr/bin/cc": past the shims',
      fix: sandboxFirst("name it without its directory: export CC='gcc -m64' HOSTCC=cc"),
    },
  },
]

const named = (rows: readonly Row[], check: string): void => {
  for (const { name, env, verdict } of rows)
    test(`doctor :: ${check} :: ${name}`, async () => {
      assert.equal(await verdicts(patient, check, { env }), [verdict])
    })
}

named(compilers, 'tools in variables')

const fineCompany = { state: 'ok', text: 'neither stands before the shims, nor distcc' }
const byName = (command: string): string =>
  `name it without its directory, and let it have a shim (adapters in the config): ${command}`
const links = join(patient.root, 'links')
addTools(links, { gcc: join(tools, 'icecc'), cc: join(tools, 'icecc') })

named(
  [
    {
      name: 'by name, with a shim',
      env: { RUSTC_WRAPPER: 'sccache', CMAKE_C_COMPILER_LAUNCHER: 'sccache' },
      verdict: fineCompany,
    },
    { name: 'links behind the shims', env: { PATH: `${shims}:${links}:${tools}` }, verdict: fineCompany },
    {
      name: 'links before the shims',
      env: { PATH: `${links}:${shims}:${tools}` },
      verdict: {
        state: 'broken',
        text: `${links}/cc (icecc), ${links}/gcc (icecc): before the shims on PATH`,
        fix: `put the shims first: they find it behind themselves, and take its slots: export PATH=${shims}:"$PATH"`,
      },
    },
    {
      name: 'by its path',
      env: { RUSTC_WRAPPER: '/usr/bin/sccache' },
      verdict: {
        state: 'broken',
        text: 'RUSTC_WRAPPER="/usr/bin/sccache": past the shims',
        fix: byName('export RUSTC_WRAPPER=sccache'),
      },
    },
    {
      name: 'by its name, without a shim',
      env: { CMAKE_CXX_COMPILER_LAUNCHER: 'distcc' },
      verdict: {
        state: 'broken',
        text: 'CMAKE_CXX_COMPILER_LAUNCHER="distcc": past the shims',
        fix: byName('export CMAKE_CXX_COMPILER_LAUNCHER=distcc; jobshim install'),
      },
    },
  ],
  'sccache and icecc',
)

test.run()
