import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../support/jobshim.js'
import { eve, makeDirectoryOf, testAsRoot } from '../support/other-user.js'
import { makeFifo } from '../support/pool.js'
import { installShims } from '../support/shimdir.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { jobshimRun } from '../yard/runs.js'
import { makeYard } from '../yard/yard.js'

/** Files that the environment names, where another user has them, or can put them there. */

/** A compiler and an engine that say what they are, and a jobserver with a token. */
async function makeCompiler() {
  const root = makeWorkspace()
  writeFiles(root, {
    'bin/gcc': '#!/bin/sh\necho gcc "$@"\n',
    'bin/engine': '#!/bin/sh\necho engine "$@"\n',
    'elsewhere/engine': '#!/bin/sh\necho engine elsewhere "$@"\n',
  })
  const path = `${join(root, 'bin')}:${process.env.PATH}`
  const shims = await installShims(join(root, 'shims'), { args: ['--tools', 'gcc'], env: { PATH: path } })
  const pool = makeFifo(root, 'A')
  const env = { PATH: `${shims}:${path}`, JOBSHIM_JOBSERVER: pool.auth, XDG_RUNTIME_DIR: root }
  return { root, pool, env }
}

const said = (stdout: string, stderr = '') => ({ status: 0, signal: null, stdout, stderr })

for (const { name, named, stdout } of [
  { name: 'by its name', named: 'engine', stdout: 'engine gcc -c a.c\n' },
  { name: 'by its absolute path', named: 'elsewhere/engine', stdout: 'engine elsewhere gcc -c a.c\n' },
  { name: 'by an absolute path with nothing there', named: 'elsewhere/none', stdout: 'gcc -c a.c\n' },
])
  test(`foreign files :: an engine ${name}`, async () => {
    const { root, pool, env } = await makeCompiler()
    const engine = named.includes('/') ? join(root, named) : named
    const told = await run('gcc', ['-c', 'a.c'], { env: { ...env, JOBSHIM_ENGINE: engine } })
    assert.equal(told, said(stdout))
    assert.is(pool.count(), 'A')
    pool.close()
  })

test('foreign files :: an engine by a path from a directory on PATH :: none', async () => {
  const { pool, env } = await makeCompiler()
  const told = await run('gcc', ['-c', 'a.c'], { env: { ...env, JOBSHIM_ENGINE: '../elsewhere/engine' } })
  assert.equal(told, said('gcc -c a.c\n'))
  pool.close()
})

const rules = 'engine=engine\nlimit=9\n'

for (const { name, of, isHeeded } of [
  { name: 'of our own', of: { uid: 0, mode: 0o644 }, isHeeded: true },
  { name: 'that everybody can write', of: { uid: 0, mode: 0o666 }, isHeeded: false },
  { name: 'of another user', of: { uid: eve, mode: 0o644 }, isHeeded: false },
])
  testAsRoot(
    `foreign files :: rules ${name} :: ${isHeeded ? 'name an engine' : 'name no program'}`,
    async () => {
      const { root, pool, env } = await makeCompiler()
      const file = join(root, 'rules')
      writeFileSync(file, rules)
      chownSync(file, of.uid, of.uid)
      chmodSync(file, of.mode)
      const ruled = { ...env, JOBSHIM_RULES: file, JOBSHIM_DEBUG: '1' }
      const stderr = isHeeded ? '' : `jobshim: gcc: no engine: another user can write ${file}\n`
      assert.equal(
        await run('gcc', ['-c', 'a.c'], { env: ruled }),
        said(`${isHeeded ? 'engine ' : ''}gcc -c a.c\n`, stderr),
      )
      assert.is(pool.count(), 'A')
      pool.close()
    },
  )

/** Ways that another user has to have us write elsewhere; each returns the journal's path. */
const ways: Readonly<Record<string, { lay: (theirs: string, precious: string) => string; says: string }>> = {
  'a symlink on the way': {
    lay(theirs, precious) {
      symlinkSync(precious, join(theirs, 'link'))
      lchownSync(join(theirs, 'link'), eve, eve)
      return join(theirs, 'link/new')
    },
    says: "another user's symlink",
  },
  'a symlink on the way to one of ours': {
    lay(theirs, precious) {
      symlinkSync('precious', join(precious, '../ours'))
      symlinkSync('../ours', join(theirs, 'link'))
      lchownSync(join(theirs, 'link'), eve, eve)
      return join(theirs, 'link/file')
    },
    says: "another user's symlink",
  },
  'a second name of a file of ours': {
    lay(theirs, precious) {
      linkSync(join(precious, 'file'), join(theirs, 'journal'))
      return join(theirs, 'journal')
    },
    says: 'a link to another file',
  },
}

for (const [name, { lay, says }] of Object.entries(ways))
  testAsRoot(`foreign files :: a journal by ${name} :: nothing is written`, async () => {
    const yard = await makeYard('A')
    const theirs = makeDirectoryOf(eve, join(yard.root, 'theirs'), 0o755)
    const precious = join(yard.root, 'precious')
    mkdirSync(precious)
    writeFileSync(join(precious, 'file'), 'secret')
    const journal = lay(theirs, precious)
    const env = { ...yard.governed, JOBSHIM_JOURNAL: journal, JOBSHIM_DEBUG: '1' }
    const { stdout, ...rest } = await run('hold', [], { env, input: '' })
    assert.match(stdout, /^held \d+\n$/)
    assert.equal(rest, { status: 7, signal: null, stderr: `jobshim: ${journal}: no journal: ${says}\n` })
    assert.is(yard.pool.count(), 'A')
    const built = await jobshimRun(yard, ['-j2', '--journal', journal, '--', 'true'])
    assert.equal([built.status, built.stdout], [125, ''])
    assert.match(
      built.stderr,
      /^jobshim: \S+: (another user's symlink to what is not theirs|a link to another file)\n/,
    )
    assert.is(readFileSync(join(precious, 'file'), 'utf8'), 'secret')
    assert.not(existsSync(join(precious, 'new')))
  })

testAsRoot(
  "foreign files :: a journal by another user's symlink to their own directory :: is written",
  async () => {
    const yard = await makeYard('A')
    const theirs = makeDirectoryOf(eve, join(yard.root, 'theirs'), 0o755)
    makeDirectoryOf(eve, join(theirs, 'logs'), 0o755)
    symlinkSync('logs', join(theirs, 'link'))
    lchownSync(join(theirs, 'link'), eve, eve)
    const env = { ...yard.governed, JOBSHIM_JOURNAL: join(theirs, 'link/journal') }
    assert.is((await run('hold', [], { env, input: '' })).status, 7)
    const built = await jobshimRun(yard, [
      '-q',
      '-j2',
      '--journal',
      join(theirs, 'link/journal'),
      '--',
      'true',
    ])
    assert.equal(built, { status: 0, signal: null, stdout: '', stderr: '' })
    const events = readFileSync(join(theirs, 'logs/journal'), 'utf8').match(/"event":"(\w+)"/g)
    assert.equal(events, ['"event":"tool"', '"event":"start"', '"event":"end"'])
  },
)

test.run()
