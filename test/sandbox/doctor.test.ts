import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Check } from '../../src/doctor/verdict.js'
import { buildProgram } from '../support/built.js'
import { run } from '../support/jobshim.js'
import { asUser, isRoot, makeDirectoryOf, nobody, testAsOthers } from '../support/other-user.js'
import { sandboxFirst, type Words, wordsOf } from '../support/patient.js'
import { test } from '../support/test-with.js'
import { openToOthers, repository, writeFiles } from '../support/workspace.js'
import { makeSandboxPlace, type SandboxPlace } from './place.js'

const program = join(repository, 'bin/jobshim.js')

/** The rows that only shims need, of which one is broken in a place whose shims stand nowhere, and whose CC is a path. */
const forShims = ['PATH', 'ccache on PATH', 'login shells', 'tools in variables', 'configured trees']

type Told = Record<string, Words>

/** Runs doctor behind those words, and returns the rows that depend on a sandbox. */
async function doctored(
  place: SandboxPlace,
  words: readonly string[],
  config = ['--no-config'],
): Promise<Told> {
  const line = [...words, process.execPath, program, 'doctor', '--json', '--dir', place.shims]
  const [first = '', ...rest] = [...line, ...config]
  const env = { ...place.env, CC: place.tool }
  const { stdout, stderr } = await run(first, rest, { cwd: place.root, env })
  assert.is(stderr, '')
  const { checks } = JSON.parse(stdout) as { checks: Check[] }
  return Object.fromEntries(
    checks
      .filter(({ name }) => name === 'sandbox' || forShims.includes(name))
      .map(check => [check.name, wordsOf(check)]),
  )
}

const sandboxed = ({ shims }: SandboxPlace, ...more: string[]): string[] => [
  process.execPath,
  program,
  'run',
  '--sandbox',
  '-q',
  '--no-config',
  '--dir',
  shims,
  ...more,
  '--',
]

const ofNoMatter = Object.fromEntries(
  forShims.map(name => [name, { state: 'ok', text: 'of no matter in a sandbox' }]),
)

const fixOf = (verdict: Words | undefined): string | undefined => verdict?.fix

test('doctor :: sandbox :: can be had :: it is the first advice for what goes past the shims', async () => {
  const place = await makeSandboxPlace()
  const told = await doctored(place, [])
  const privileges = isRoot ? '' : '; a set-uid program in it, such as sudo, runs as an ordinary one'
  assert.equal(told.sandbox, { state: 'ok', text: `jobshim run --sandbox works${privileges}` })
  assert.is(fixOf(told['tools in variables']), sandboxFirst('name it without its directory: export CC=gcc'))
})

testAsOthers('doctor :: sandbox :: of an ordinary user :: it tells of no_new_privs', async () => {
  const place = await makeSandboxPlace()
  openToOthers(place.root)
  makeDirectoryOf(nobody, join(place.root, 'run'))
  assert.equal((await doctored(place, asUser(nobody))).sandbox, {
    state: 'ok',
    text: 'jobshim run --sandbox works; a set-uid program in it, such as sudo, runs as an ordinary one',
  })
  const already = [...asUser(nobody), '--no-new-privs']
  assert.is((await doctored(place, already)).sandbox?.text, 'jobshim run --sandbox works')
})

test('doctor :: sandbox :: in one :: what only shims need is of no matter', async () => {
  const place = await makeSandboxPlace()
  const sandbox = { state: 'ok', text: 'this is in one: a tool takes a slot, however it is called' }
  assert.equal(await doctored(place, sandboxed(place)), { sandbox, ...ofNoMatter })
})

test('doctor :: sandbox :: in one of other rules :: it says so', async () => {
  const place = await makeSandboxPlace()
  writeFiles(place.root, { 'rules.json': '{"rules":[{"tools":["gcc"],"limit":1}]}' })
  const told = await doctored(place, sandboxed(place, '-j2'), ['--config', join(place.root, 'rules.json')])
  const why = 'the sandbox that it is in has other rules, and there can be one only'
  const text = `this is in one, but no jobshim run --sandbox can be started here: ${why}`
  assert.equal(told, { sandbox: { state: 'note', text }, ...ofNoMatter })
})

test("doctor :: sandbox :: below another program's listener :: none, and shims are what there is", async () => {
  const place = await makeSandboxPlace()
  const other = join(place.root, 'foreign-listener')
  buildProgram(other, ['foreign-listener.c'])
  const told = await doctored(place, [other, 'plain'])
  assert.equal(told.sandbox, {
    state: 'note',
    text: 'none can be had: a program above has a seccomp listener, and there can be one only; jobshim run goes by shims',
  })
  assert.is(fixOf(told['tools in variables']), 'name it without its directory: export CC=gcc')
})

test.run()
