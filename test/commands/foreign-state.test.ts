import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Outcome, run } from '../support/jobshim.js'
import { asUser, eve, makeDirectoryOf, nobody, testAsOthers, testAsRoot } from '../support/other-user.js'
import { makeWorkspace, openToOthers } from '../support/workspace.js'
import { jobshimRun, runLine } from '../yard/runs.js'
import { makeYard, type Yard } from '../yard/yard.js'

/** Prints where the pool lies. */
const where = ['-q', '-j2', '--', 'sh', '-c', 'echo "$JOBSHIM_JOBSERVER"']

/** The state directory that a run had its pool in. */
const stateOf = (stdout: string): string => dirname(dirname(stdout.trim().replace(/^fifo:/, '')))

const notUsed = (theirs: string): string =>
  `jobshim: XDG_RUNTIME_DIR=${theirs}: ${theirs}: belongs to another user: not used\n`

testAsRoot(
  'foreign state :: root, XDG_RUNTIME_DIR of another user :: run takes /tmp, and says so',
  async () => {
    const yard = await makeYard('')
    const theirs = makeDirectoryOf(eve, join(yard.root, 'theirs'))
    const { stdout, ...rest } = await jobshimRun(yard, where, { env: { XDG_RUNTIME_DIR: theirs } })
    assert.equal(rest, { status: 0, signal: null, stderr: notUsed(theirs) })
    assert.is(stateOf(stdout), '/tmp/jobshim-0')
    assert.equal(readdirSync(theirs), [])
  },
)

testAsRoot('foreign state :: root, in a directory that another user may move :: run takes /tmp', async () => {
  const yard = await makeYard('')
  const theirs = makeDirectoryOf(eve, join(yard.root, 'theirs'), 0o755)
  const runtime = join(theirs, 'run')
  mkdirSync(join(runtime, 'jobshim-0'), { recursive: true, mode: 0o700 })
  const { stdout, ...rest } = await jobshimRun(yard, where, { env: { XDG_RUNTIME_DIR: runtime } })
  const stderr = `jobshim: XDG_RUNTIME_DIR=${runtime}: ${theirs}: belongs to another user: not used\n`
  assert.equal(rest, { status: 0, signal: null, stderr })
  assert.is(stateOf(stdout), '/tmp/jobshim-0')
  assert.equal(readdirSync(join(runtime, 'jobshim-0')), [])
})

testAsRoot(
  'foreign state :: root, XDG_RUNTIME_DIR of another user :: a launcher makes nothing there',
  async () => {
    const yard = await makeYard('A')
    const theirs = makeDirectoryOf(eve, join(yard.root, 'theirs'))
    const env = { ...yard.governed, XDG_RUNTIME_DIR: theirs, JOBSHIM_DEBUG: '1' }
    const { stdout, ...rest } = await run('hold', [], { env, input: '' })
    assert.match(stdout, /^held \d+\n$/)
    assert.equal(rest, { status: 7, signal: null, stderr: '' })
    assert.equal(readdirSync(theirs), [])
    assert.is(yard.pool.count(), 'A')
  },
)

/** A user of whom nothing is in /tmp. */
const fay = 4127
const usual = `/tmp/jobshim-${fay}`

const leftOver = (): string[] =>
  readdirSync('/tmp')
    .filter(name => name.startsWith(`jobshim-${fay}`))
    .map(name => join('/tmp', name))

function asFay({ root, env }: Yard, line: readonly string[], runtime?: string): Promise<Outcome> {
  const [program = '', ...args] = [...asUser(fay), ...line]
  const home = makeDirectoryOf(fay, join(root, 'home'))
  const around = { ...env, HOME: home, XDG_RUNTIME_DIR: runtime, XDG_DATA_HOME: undefined }
  return run(program, args, { cwd: home, env: around })
}

/** What another user may have laid where our state directory would be. */
const traps: Readonly<Record<string, (place: string) => void>> = {
  'a directory': place => mkdirSync(place, { mode: 0o777 }),
  'a symlink to a directory of ours': place =>
    symlinkSync(makeDirectoryOf(fay, `${makeWorkspace()}/ours`), place),
}

for (const [name, lay] of Object.entries(traps))
  testAsOthers(
    `foreign state :: another user has ${name} in /tmp :: run takes another name, twice the same`,
    async () => {
      const yard = await makeYard('A')
      openToOthers(yard.root)
      for (const path of leftOver()) rmSync(path, { recursive: true })
      lay(usual)
      lchownSync(usual, nobody, nobody)
      try {
        const first = await asFay(yard, runLine(yard, ...where))
        assert.equal([first.status, first.stderr], [0, ''])
        const state = stateOf(first.stdout)
        assert.match(state, new RegExp(`^${usual}-[0-9a-f]{16}-\\d+$`))
        const { uid, mode } = statSync(state)
        assert.equal([uid, mode & 0o777], [fay, 0o700])
        const second = await asFay(yard, runLine(yard, ...where))
        assert.equal([second.status, stateOf(second.stdout), second.stderr], [0, state, ''])
        assert.equal(leftOver().sort(), [usual, state].sort())
        // The launcher of a build without a run of ours goes there, too.
        chmodSync(yard.pool.auth.replace('fifo:', ''), 0o666)
        const governed = ['env', `JOBSHIM_JOBSERVER=${yard.pool.auth}`, 'JOBSHIM_DEBUG=1', 'hold']
        const { stdout, ...held } = await asFay(yard, governed)
        assert.match(stdout, /^held \d+\n$/)
        assert.equal(held, { status: 7, signal: null, stderr: '' })
        assert.is(readdirSync(state).filter(entry => entry.startsWith('v1-')).length, 1)
        assert.is(yard.pool.count(), 'A')
      } finally {
        for (const path of leftOver()) rmSync(path, { recursive: true })
      }
    },
  )

testAsOthers(
  'foreign state :: another user has the name in /tmp :: a launcher is the first to take another one',
  async () => {
    const yard = await makeYard('A')
    openToOthers(yard.root)
    const shared = makeDirectoryOf(0, join(yard.root, 'shared'), 0o1777)
    makeDirectoryOf(nobody, join(shared, `jobshim-${fay}`))
    chmodSync(yard.pool.auth.replace('fifo:', ''), 0o666)
    const governed = ['env', `JOBSHIM_JOBSERVER=${yard.pool.auth}`, 'JOBSHIM_DEBUG=1', 'hold']
    const held = await asFay(yard, governed, shared)
    assert.equal([held.status, held.stderr], [7, ''])
    const [, name = '', ...more] = readdirSync(shared).sort()
    assert.match(name, new RegExp(`^jobshim-${fay}-[0-9a-f]{16}-\\d+$`))
    assert.equal(more, [])
    const ran = await asFay(yard, runLine(yard, ...where), shared)
    assert.equal([ran.status, stateOf(ran.stdout), ran.stderr], [0, join(shared, name), ''])
    assert.is(yard.pool.count(), 'A')
  },
)

testAsRoot(
  "foreign state :: root, a journal that is another user's symlink :: not written, nor what it leads to",
  async () => {
    const yard = await makeYard('A')
    const theirs = makeDirectoryOf(eve, join(yard.root, 'theirs'), 0o755)
    const journal = join(theirs, 'journal')
    symlinkSync(join(yard.root, 'precious'), journal)
    lchownSync(journal, eve, eve)
    const ran = await jobshimRun(yard, ['-q', '--journal', journal, '--', 'true'])
    assert.equal(ran, {
      status: 125,
      signal: null,
      stdout: '',
      stderr: `jobshim: ${journal}: another user's symlink\n  name a file for the journal in a directory of yours\n`,
    })
    const env = { ...yard.governed, JOBSHIM_JOURNAL: journal, JOBSHIM_DEBUG: '1' }
    const { stdout, ...held } = await run('hold', [], { env, input: '' })
    assert.match(stdout, /^held \d+\n$/)
    assert.equal(held, {
      status: 7,
      signal: null,
      stderr: `jobshim: ${journal}: no journal: another user's symlink\n`,
    })
    assert.not.ok(existsSync(join(yard.root, 'precious')))
  },
)

test('foreign state :: a journal behind a symlink of ours :: written', async () => {
  const yard = await makeYard('A')
  symlinkSync('real', join(yard.root, 'journal'))
  const env = { ...yard.governed, JOBSHIM_JOURNAL: join(yard.root, 'journal'), JOBSHIM_DEBUG: '1' }
  const held = await run('hold', [], { env, input: '' })
  assert.equal([held.status, held.stderr], [7, ''])
  assert.ok(statSync(join(yard.root, 'real')).size > 0)
})

test.run()
