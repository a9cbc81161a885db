import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eve, makeDirectoryOf, testAsRoot } from '../support/other-user.js'
import { addTools, makePatient, sandboxFirst, verdicts } from '../support/patient.js'
import { writeFiles } from '../support/workspace.js'

const patient = await makePatient()
const { shims, tools } = patient

test('doctor :: shims :: fine, and none yet', async () => {
  assert.equal(await verdicts(patient, 'shims'), [{ state: 'ok', text: `2 in ${shims}` }])
  const nowhere = join(patient.root, 'nowhere')
  const empty = { env: { JOBSHIM_DIR: nowhere } }
  const fix = 'jobshim run makes them the first time; now: jobshim install'
  assert.equal(await verdicts(patient, 'shims', empty), [
    { state: 'note', text: `none in ${nowhere} yet`, fix },
  ])
  for (const name of ['real tools', 'tools without a shim', 'PATH'])
    assert.equal(await verdicts(patient, name, empty), [{ state: 'note', text: 'no shims' }])
})

test('doctor :: shims :: a program that stands in the place of one', async () => {
  const { shims, ...other } = await makePatient()
  unlinkSync(join(shims, 'gcc'))
  symlinkSync(join(other.tools, 'gcc'), join(shims, 'gcc'))
  assert.equal(await verdicts(other, 'shims'), [
    {
      state: 'broken',
      text: `gcc: no longer jobshim's, in ${shims}`,
      fix: `move away what is there: mkdir -p ${shims}.moved && mv ${shims}/gcc ${shims}.moved && jobshim install`,
    },
  ])
})

test('doctor :: shims :: what is wanted is not written down, or damaged', async () => {
  const { shims, ...other } = await makePatient()
  const wanted = join(shims, '.jobshim/wanted')
  const without = 'what is installed later gets no shim, and may take no slot in a sandbox'
  writeFileSync(wanted, '')
  assert.equal(await verdicts(other, 'shims'), [
    {
      state: 'note',
      text: `2 in ${shims}; ${wanted} is not what jobshim wrote: ${without}`,
      fix: `rm ${wanted} && jobshim install`,
    },
  ])
  rmSync(wanted)
  assert.equal(await verdicts(other, 'shims'), [
    {
      state: 'note',
      text: `2 in ${shims}, made by an older jobshim: ${without}`,
      fix: 'jobshim install',
    },
  ])
})

test('doctor :: shims :: a directory that everybody can write', async () => {
  const { shims, ...other } = await makePatient()
  chmodSync(shims, 0o777)
  assert.equal(await verdicts(other, 'shims'), [
    {
      state: 'broken',
      text: `${shims}: can be written by everybody`,
      fix: 'name a directory of your own with --dir',
    },
  ])
})

test('doctor :: shims :: a manifest that is not ours', async () => {
  const { shims, ...other } = await makePatient()
  writeFileSync(join(shims, '.jobshim/manifest.json'), '{}')
  const [verdict] = await verdicts(other, 'shims')
  assert.is(verdict?.state, 'broken')
  assert.is(verdict?.text, `${shims}/.jobshim/manifest.json: not a manifest of this version`)
})

test('doctor :: real tools :: fine, and one that is gone', async () => {
  const other = await makePatient({ tools: { clang: '#!/bin/sh\n' } })
  assert.equal(await verdicts(other, 'real tools'), [
    { state: 'ok', text: 'each of 3 shims has one on PATH' },
  ])
  rmSync(join(other.tools, 'clang'))
  assert.equal(await verdicts(other, 'real tools'), [
    {
      state: 'broken',
      text: 'clang: no such program on PATH behind the shims',
      fix: 'install the tools, put them on PATH, or remove the shims: jobshim install',
    },
  ])
})

test('doctor :: tools without a shim :: none, some that were installed since, one that the config asks for', async () => {
  assert.equal(await verdicts(patient, 'tools without a shim'), [{ state: 'ok', text: 'none' }])
  addTools(tools, { clang: '#!/bin/sh\n', 'gcc-99': '#!/bin/sh\n' })
  assert.equal(await verdicts(patient, 'tools without a shim'), [
    { state: 'note', text: 'clang, gcc-99: on PATH, and no shim covers them', fix: 'jobshim install' },
  ])
  writeFiles(patient.work, { '.jobshimrc': '{ "tools": ["gcc", "yasm"] }' })
  assert.equal(await verdicts(patient, 'tools without a shim'), [
    {
      state: 'note',
      text: 'yasm: not found on PATH',
      fix: 'install it, or remove it from tools in the config',
    },
  ])
  for (const name of ['clang', 'gcc-99']) rmSync(join(tools, name))
  rmSync(join(patient.work, '.jobshimrc'))
})

test('doctor :: shims :: on PATH in another directory than the default one, and nobody has named one', async () => {
  const other = await makePatient()
  const env = { JOBSHIM_DIR: undefined }
  assert.equal(await verdicts(other, 'shims', { env }), [{ state: 'ok', text: `2 in ${other.shims}` }])
  addTools(other.tools, { 'gcc-99': '#!/bin/sh\n' })
  assert.equal(await verdicts(other, 'tools without a shim', { env }), [
    {
      state: 'note',
      text: 'gcc-99: on PATH, and no shim covers it',
      fix: `jobshim install --dir ${other.shims}`,
    },
  ])
  const elsewhere = join(other.root, 'elsewhere')
  assert.equal(await verdicts(other, 'shims', { env, args: ['--dir', elsewhere] }), [
    {
      state: 'note',
      text: `none in ${elsewhere} yet`,
      fix: `jobshim run makes them the first time; now: jobshim install --dir ${elsewhere}`,
    },
  ])
})

test('doctor :: PATH :: first, though differently written', async () => {
  const link = join(patient.root, 'link')
  symlinkSync(shims, link)
  for (const path of [`${shims}/:${tools}`, `${link}:${tools}`, `/nowhere::${shims}:${tools}`])
    assert.equal(await verdicts(patient, 'PATH', { env: { PATH: path } }), [
      { state: 'ok', text: `each shim is found first, in ${shims}` },
    ])
})

test('doctor :: PATH :: tools before the shims', async () => {
  assert.equal(await verdicts(patient, 'PATH', { env: { PATH: `${tools}:${shims}` } }), [
    {
      state: 'broken',
      text: `found before their shims: ${tools}/cc, ${tools}/gcc`,
      fix: sandboxFirst(`put the shims first: export PATH=${shims}:"$PATH"`),
    },
  ])
})

test('doctor :: PATH :: without the shims', async () => {
  assert.equal(await verdicts(patient, 'PATH', { env: { PATH: tools } }), [
    {
      state: 'note',
      text: `${shims} is not on it: what jobshim run starts is governed, and nothing else`,
      fix: 'jobshim run -- CMD; for all terminals: jobshim setup; for this shell: eval "$(jobshim env)"',
    },
  ])
})

test('doctor :: ccache on PATH :: its links behind the shims, and before them', async () => {
  const links = join(patient.root, 'links')
  addTools(tools, { ccache: '#!/bin/sh\n' })
  addTools(links, { gcc: join(tools, 'ccache') })
  const around = (...path: string[]) => ({ env: { PATH: path.join(':') } })
  assert.equal(await verdicts(patient, 'ccache on PATH', around(shims, links, tools)), [
    { state: 'ok', text: 'no links of it before the shims' },
  ])
  assert.equal(await verdicts(patient, 'ccache on PATH', around(links, shims, tools)), [
    {
      state: 'broken',
      text: `${links}/gcc: before the shims, which ccache takes for the compilers: it may return old objects`,
      fix: sandboxFirst(`put the shims first: export PATH=${shims}:"$PATH"`),
    },
  ])
  // That is all that is wrong with it.
  assert.is((await verdicts(patient, 'PATH', around(links, shims, tools)))[0]?.state, 'ok')
  rmSync(join(tools, 'ccache'))
})

const profile = join(patient.root, 'home/.bash_profile')
const lost = {
  state: 'note',
  text: 'bash -lc sets PATH anew, without the shims: a build that starts one is not governed in it',
  fix: `put it behind what sets PATH: echo 'PATH=${shims}:"$PATH"' >>${profile}`,
}

/** What a profile does, and what becomes of it: where PATH has the shims, and where it has not. */
const profiles: readonly { name: string; text: string; verdict: object; path?: string }[] = [
  {
    name: 'one that puts the shims first',
    text: `PATH=${shims}:${tools}\n`,
    verdict: { state: 'ok', text: 'bash -lc keeps the shims first' },
  },
  {
    name: 'one that talks, and leaves PATH as it is but for a directory without tools',
    text: `echo hello; printf "a\\0b"; echo >&2; PATH=/nowhere:${shims}:$PATH\n`,
    verdict: { state: 'ok', text: 'bash -lc keeps the shims first' },
  },
  {
    name: 'one that sets PATH anew, where the shims are on it',
    text: `PATH=${tools}\n`,
    verdict: lost,
  },
  {
    name: 'one that sets PATH anew, where jobshim run governs',
    text: `PATH=${tools}\n`,
    path: tools,
    verdict: lost,
  },
  {
    name: 'one that puts others first',
    text: `PATH=${tools}:${shims}\n`,
    verdict: {
      ...lost,
      text: `bash -lc puts others before the shims: ${tools}/cc, ${tools}/gcc: a build that starts one is not governed in it`,
    },
  },
  {
    name: 'one that ends the shell',
    text: 'exit 3\n',
    verdict: { state: 'note', text: 'not tried: bash -lc ended with 3' },
  },
  {
    name: 'one that hangs, and leaves processes behind',
    text: 'sleep 600 & (sleep 601 >/dev/null 2>&1 &) ; sleep 602\n',
    verdict: { state: 'note', text: 'not tried: bash -lc: no end after 10 s' },
  },
  {
    name: 'one that leaves a process that keeps stdout',
    text: `sleep 603 &\nPATH=${shims}:${tools}\n`,
    verdict: { state: 'ok', text: 'bash -lc keeps the shims first' },
  },
]

for (const { name, text, verdict, path } of profiles)
  test(`doctor :: login shells :: ${name}`, async () => {
    const home = join(patient.root, 'home')
    mkdirSync(home, { recursive: true })
    writeFiles(home, { '.bash_profile': `export PATH=$PATH:${process.env.PATH}\n${text}` })
    const env = { HOME: home, ...(path === undefined ? {} : { PATH: path }) }
    assert.equal(await verdicts(patient, 'login shells', { env }), [verdict])
  })

testAsRoot('doctor :: login shells :: root, HOME of another user :: their profile is not run', async () => {
  const home = makeDirectoryOf(eve, join(patient.root, 'home-of-eve'), 0o755)
  writeFiles(home, { '.bash_profile': `touch ${home}/was-run\n` })
  const text = `not tried: ${home}: belongs to another user`
  assert.equal(await verdicts(patient, 'login shells', { env: { HOME: home } }), [{ state: 'note', text }])
  assert.not(existsSync(join(home, 'was-run')))
})

test('doctor :: login shells :: no bash', async () => {
  const other = await makePatient()
  rmSync(join(other.tools, 'bash'))
  assert.equal(await verdicts(other, 'login shells'), [{ state: 'note', text: 'not tried: no bash on PATH' }])
})

test.run()
