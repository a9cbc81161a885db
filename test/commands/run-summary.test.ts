import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { summary } from '../../src/commands/run.js'
import { killStarted, makeYard, start, until } from '../shims/hold.js'
import { tokensIn } from '../support/pool.js'
import { writeFiles } from '../support/workspace.js'
import { idleSummary, jobshimRun, runDirectories, runFifo, runLine, summaryLine, waiters } from './runs.js'

const yard = await makeYard('')
const env = { ...yard.env, HOME: yard.root }

test.after.each(() => {
  killStarted()
  assert.equal(runDirectories(yard), [])
})

const settlement = {
  runs: 24,
  callerRuns: 0,
  peak: 2,
  waitedSeconds: 6.06,
  overdrafts: 0,
  reclaimed: 0,
  restored: 0,
  total: 1,
  back: 1,
  missing: [],
}

const texts: readonly [changes: Partial<Parameters<typeof summary>[0]>, text: string][] = [
  [{}, '24 tool runs, at most 2 at a time, 6.1 s waited, 1/1 tokens back'],
  [{ runs: 1, peak: 1 }, '1 tool run, at most 1 at a time, 6.1 s waited, 1/1 tokens back'],
  [
    { callerRuns: 3 },
    "27 tool runs, 3 in their caller's slot, the others at most 2 at a time, 6.1 s waited, 1/1 tokens back",
  ],
  [{ runs: 0, callerRuns: 3, peak: 0 }, "3 tool runs, in their caller's slot, 6.1 s waited, 1/1 tokens back"],
  [{ overdrafts: 2 }, '24 tool runs, at most 2 at a time, 6.1 s waited, 2 without a slot, 1/1 tokens back'],
  [
    { total: 3, missing: ['cc (7)', 'ld (8)'] },
    '24 tool runs, at most 2 at a time, 6.1 s waited, 1/3 tokens back, still held by cc (7), ld (8)',
  ],
]

for (const [changes, text] of texts)
  test(`run :: summary :: ${text}`, () =>
    assert.is(summary({ ...settlement, ...changes }), `jobshim: ${text}`))

test('run :: summary :: one tool after the other', async () => {
  const script = 'hold; hold; hold; hold; hold; exit 4'
  const { status, stderr } = await jobshimRun(yard, ['-j3', '--', 'sh', '-c', script])
  assert.is(status, 4)
  assert.match(stderr, summaryLine('5 tool runs, at most 1 at a time', '2/2'))
})

/** Three tools at once, each a line of its own in `output`. */
const three = 'exec 9<&0; hold <&9 & hold <&9 & hold <&9 & wait; exit 4'

for (const { jobs, peak } of [
  { jobs: 1, peak: 1 },
  { jobs: 2, peak: 2 },
])
  test(`run :: summary :: --json :: three tools at once under -j${jobs}`, async () => {
    const held = start({
      env,
      command: runLine(yard, `-j${jobs}`, '--json', '--', 'sh', '-c', three),
      wanted: peak,
    })
    await held.tools
    await until('the others wait', () => waiters(yard) === 3 - peak)
    assert.is(tokensIn(runFifo(yard)), '')
    const { status, stdout, stderr } = await held.end()
    assert.is(status, 4)
    assert.is(stdout.match(/^held/gm)?.length, 3)
    assert.match(stderr, /^\{.*\}\n$/)
    const { waitedSeconds, ...rest } = JSON.parse(stderr) as Record<string, unknown>
    assert.equal(rest, {
      runs: 3,
      callerRuns: 0,
      peak,
      overdrafts: 0,
      reclaimed: 0,
      restored: 0,
      total: jobs - 1,
      back: jobs - 1,
      missing: [],
    })
    assert.type(waitedSeconds, 'number')
    assert.ok(Number(waitedSeconds) > 0)
  })

test("run :: summary :: make's own children run in their caller's slot", async () => {
  writeFiles(yard.root, { Makefile: 'all: a b c\na b c:\n\t-@hold\n' })
  const { status, stderr } = await jobshimRun(yard, ['-j2', '--json', '--', 'make', '-s'])
  assert.is(status, 0)
  const line = stderr.trim().split('\n').pop() ?? ''
  const { runs, callerRuns, peak, total, back } = JSON.parse(line) as Record<string, unknown>
  assert.equal(
    { runs, callerRuns, peak, total, back },
    { runs: 0, callerRuns: 3, peak: 0, total: 1, back: 1 },
  )
})

for (const words of [['--quiet'], ['-q'], ['--quiet', '--json']])
  test(`run :: summary :: ${words.join(' ')}`, async () => {
    const result = await jobshimRun(yard, ['-j2', ...words, '--', 'sh', '-c', 'exit 4'])
    assert.equal(result, { status: 4, signal: null, stdout: '', stderr: '' })
  })

test('run :: summary :: quiet by config', async () => {
  writeFiles(yard.root, { 'quiet/.jobshimrc': 'quiet: true\n' })
  const around = { cwd: join(yard.root, 'quiet') }
  const quiet = await jobshimRun(yard, ['-j2', 'true'], around)
  assert.equal(quiet, { status: 0, signal: null, stdout: '', stderr: '' })
  assert.is((await jobshimRun(yard, ['-j2', '--no-config', 'true'], around)).stderr, idleSummary('1/1'))
})

const pool = `pool="\${JOBSHIM_JOBSERVER#fifo:}"`

for (const { name, script, back } of [
  { name: 'one is stolen', script: 'head -c 1 "$pool" >/dev/null', back: '2/3' },
  { name: 'all are stolen', script: 'head -c 3 "$pool" >/dev/null', back: '0/3' },
  { name: 'one too many', script: 'printf + >"$pool"', back: '4/3' },
])
  test(`run :: summary :: tokens :: ${name}`, async () => {
    const result = await jobshimRun(yard, ['-j4', '--', 'sh', '-c', `${pool}; ${script}; exit 4`])
    assert.equal(result, { status: 4, signal: null, stdout: '', stderr: idleSummary(back) })
  })

test('run :: summary :: the FIFO is gone', async () => {
  const result = await jobshimRun(yard, ['-j4', '--', 'sh', '-c', `${pool}; rm -r "\${pool%/*}"`])
  assert.equal(result, { status: 0, signal: null, stdout: '', stderr: idleSummary('3/3') })
})

test('run :: summary :: daemons that were left behind hold slots: who has a token is named, and lives on', async () => {
  const gate = join(yard.root, 'gate')
  execFileSync('mkfifo', [gate])
  const open = openSync(gate, 'r+')
  const script = `hold <${gate} & hold <${gate} & read -r line; exit 4` // one in the job's slot, one with a token
  const held = start({ env, command: runLine(yard, '-j2', '--', 'sh', '-c', script), wanted: 2 })
  const tools = await held.tools
  assert.is(tokensIn(runFifo(yard)), '')
  held.child.stdin?.end()
  await until('the run has ended', () => held.child.exitCode !== null)
  assert.equal(runDirectories(yard), [])
  for (const tool of tools) assert.ok(existsSync(`/proc/${tool}`))
  closeSync(open)
  const { status, stderr } = await held.ended
  assert.is(status, 4)
  assert.match(
    stderr,
    /^jobshim: 2 tool runs, at most 2 at a time, \d+\.\d s waited, 0\/1 tokens back, still held by hold \(\d+\)\n$/,
  )
  await until('the tools have ended', () => tools.every(tool => !existsSync(`/proc/${tool}`)))
})

test.run()
