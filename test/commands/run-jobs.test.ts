import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { processors } from '../../src/ground/processors.js'
import { afterEach } from '../support/after-each.js'
import { jobshim } from '../support/jobshim.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { idleSummary, jobshimRun, runDirectories } from '../yard/runs.js'
import { makeYard } from '../yard/yard.js'

const yard = await makeYard('')

afterEach(() => assert.equal(runDirectories(yard), []))

const cores = processors()
const jobsShown = 'for word in $MAKEFLAGS; do case $word in -j*) echo "$word";; esac; done'

mkdirSync(join(yard.root, 'configured'))
writeFiles(yard.root, {
  'auto/.jobshimrc': 'jobs: auto\n',
  'configured/.jobshimrc': 'jobs: 5\n',
  'six.json': '{ "jobs": 6 }',
  'wrong.yaml': 'jbos: 5\n',
})

const jobs: readonly {
  name: string
  words: readonly string[]
  cwd?: string
  makeopts?: string
  expected: number
}[] = [
  { name: 'default: the number of cores', words: [], expected: cores },
  { name: '-j1', words: ['-j1'], expected: 1 },
  { name: '-j 3', words: ['-j', '3'], expected: 3 },
  { name: '--jobs=3', words: ['--jobs=3'], expected: 3 },
  { name: '-j4096', words: ['-j4096'], expected: 4096 },
  { name: 'the config', words: [], cwd: 'configured', expected: 5 },
  { name: 'a flag wins over the config', words: ['-j2'], cwd: 'configured', expected: 2 },
  { name: 'MAKEOPTS', words: [], makeopts: '-j7 -l8', expected: 7 },
  { name: 'MAKEOPTS, and auto in the config', words: [], cwd: 'auto', makeopts: '--jobs=7', expected: 7 },
  { name: 'auto in the config', words: [], cwd: 'auto', expected: cores },
  {
    name: 'a number in the config wins over MAKEOPTS',
    words: [],
    cwd: 'configured',
    makeopts: '-j7',
    expected: 5,
  },
  { name: 'a flag wins over MAKEOPTS', words: ['-j2'], makeopts: '-j7', expected: 2 },
  { name: '--no-config', words: ['--no-config'], cwd: 'configured', expected: cores },
  { name: '--config', words: ['--config', '../six.json'], cwd: 'configured', expected: 6 },
]

for (const { name, words, cwd = '.', makeopts, expected } of jobs)
  test(`run :: jobs :: ${name}`, async () => {
    const result = await jobshimRun(yard, [...words, '--', 'sh', '-c', jobsShown], {
      cwd: join(yard.root, cwd),
      env: { MAKEOPTS: makeopts },
    })
    assert.equal(result, {
      status: 0,
      signal: null,
      stdout: `-j${expected}\n`,
      stderr: idleSummary(expected),
    })
  })

const see = 'see jobshim run --help'
const whole = (value: string): string => `run: -j: expected a whole number, 1 or more, got "${value}"`

const tooMany = (jobs: number) => ({
  says: `${jobs} jobs: more tokens than a FIFO holds`,
  does: 'ask for fewer jobs; a FIFO holds 61,441 tokens',
})

const errors: readonly { words: readonly string[]; makeopts?: string; says: string; does: string }[] = [
  { words: ['-j0'], says: whole('0'), does: see },
  { words: ['-jx'], says: whole('x'), does: see },
  { words: ['-j-1'], says: whole('-1'), does: see },
  { words: ['-j', 'true'], says: whole('true'), does: see },
  { words: ['--jobs=1.5'], says: whole('1.5'), does: see },
  { words: ['-j100000'], ...tooMany(100_000) },
  { words: ['-j61442'], ...tooMany(61_442) },
  { words: ['-j70000', '--jobserver', 'fifo:/none'], ...tooMany(70_000) },
  { words: [], makeopts: '-j70000', ...tooMany(70_000) },
  { words: [], makeopts: '-j1000000000', ...tooMany(1_000_000_000) },
  {
    words: ['--config', 'wrong.yaml'],
    says: `${yard.root}/wrong.yaml: unknown key jbos`,
    does: 'did you mean jobs?',
  },
]

for (const { words, makeopts, says, does } of errors)
  test(`run :: error :: ${makeopts === undefined ? '' : `MAKEOPTS=${makeopts} `}${words.join(' ')}`, async () => {
    const around = { env: { MAKEOPTS: makeopts } }
    assert.equal(await jobshimRun(yard, [...words, 'sh', '-c', 'echo ran'], around), {
      status: 125,
      signal: null,
      stdout: '',
      stderr: `jobshim: ${says}\n  ${does}\n`,
    })
  })

/** A HOME without shims. */
function newHome() {
  const home = makeWorkspace('home')
  const env = { HOME: home, XDG_DATA_HOME: undefined, XDG_RUNTIME_DIR: yard.runtime }
  return { home, around: { cwd: home, env }, shims: join(home, '.local/share/jobshim/shims') }
}

test('run :: shims :: the first run installs them and says so, the second does not', async () => {
  const { around, shims } = newHome()
  const script = `echo "\${PATH%%:*}"; command -v cc`
  const stdout = `${shims}\n${shims}/cc\n`
  const first = await jobshim(['run', '-j2', '--', 'sh', '-c', script], around)
  const says = `jobshim: installed the shims in ${shims}\n`
  assert.equal(first, { status: 0, signal: null, stdout, stderr: `${says}${idleSummary(2)}` })
  const second = await jobshim(['run', '-j2', '--', 'sh', '-c', script], around)
  assert.equal(second, { status: 0, signal: null, stdout, stderr: idleSummary(2) })
})

test('run :: shims :: --dir and the tools of the config', async () => {
  const { home, around } = newHome()
  writeFiles(home, { '.jobshimrc': 'tools: [sh]\nadapters: false\n' })
  const { status, stderr } = await jobshim(['run', '-q', '--dir', 'mine', 'true'], around)
  assert.equal([status, stderr], [0, `jobshim: installed the shims in ${home}/mine\n`])
  assert.equal(readdirSync(join(home, 'mine')).sort(), ['.jobshim', 'sh'])
  assert.not(existsSync(join(home, '.local')))
})

test('run :: shims :: a launcher that is gone is put there again', async () => {
  const { home, around } = newHome()
  const words = ['run', '-q', '--dir', 'mine', 'sh', '-c', 'rm -r mine/.jobshim']
  for (let times = 0; times < 2; times++)
    assert.equal(await jobshim(words, around), {
      status: 0,
      signal: null,
      stdout: '',
      stderr: `jobshim: installed the shims in ${home}/mine\n`,
    })
})

test('run :: error :: a file in the way of a shim: nothing is made, the command does not run', async () => {
  const { home, around } = newHome()
  writeFiles(home, { 'mine/make': 'foreign\n' })
  assert.equal(await jobshim(['run', '--dir', 'mine', 'echo', 'ran'], around), {
    status: 125,
    signal: null,
    stdout: '',
    stderr:
      `jobshim: ${home}/mine/make: in the way, and not made by jobshim; nothing was changed\n` +
      '  move it away, or name another place with --dir\n',
  })
  assert.equal(readdirSync(join(home, 'mine')), ['make'])
})

test('run :: error :: a manifest that is not ours', async () => {
  const { home, around } = newHome()
  assert.is((await jobshim(['run', '--dir', 'mine', 'true'], around)).status, 0)
  writeFiles(home, { 'mine/.jobshim/manifest.json': '{}' })
  const { status, stdout, stderr } = await jobshim(['run', '--dir', 'mine', 'echo', 'ran'], around)
  assert.equal([status, stdout], [125, ''])
  assert.match(stderr, /^jobshim: \/.*\/manifest\.json: not a manifest of this version\n {2}remove .*\n$/)
})

test.run()
