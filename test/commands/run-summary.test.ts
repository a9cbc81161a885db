import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderSummary, summaryJson } from '../../src/build/summary.js'
import type { Settlement } from '../../src/jobserver/pool.js'
import { afterEach } from '../support/after-each.js'
import { tokensIn } from '../support/pool.js'
import { withoutUse } from '../support/summary.js'
import { until } from '../support/until.js'
import { writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import {
  idleSummary,
  jobshimRun,
  runDirectories,
  runFifo,
  runLine,
  summaryLine,
  waiters,
  watchFiles,
} from '../yard/runs.js'
import { makeYard } from '../yard/yard.js'

const yard = await makeYard('')
const env = { ...yard.env, HOME: yard.root }

afterEach(() => {
  killStarted()
  assert.equal(runDirectories(yard), [])
})

const ungated = { limit: 0, load: 0, pressure: 0, tokens: 0, memory: 0 }

const settlement = {
  runs: 24,
  callerRuns: 0,
  peak: 2,
  waitedSeconds: 6.06,
  longestWaitSeconds: 1.11,
  gatedSeconds: ungated,
  overdrafts: 0,
  reclaimed: 0,
  restored: 0,
  total: 1,
  back: 1,
  missing: [],
}

const texts: readonly [changes: Partial<Settlement>, text: string][] = [
  [{}, '24 tools ran, at most 2 at once (limit 2); the longest waited 1.1 s'],
  [{ longestWaitSeconds: 0.049 }, '24 tools ran, at most 2 at once (limit 2)'],
  [{ runs: 1, peak: 1 }, '1 tool ran, at most 1 at once (limit 2); the longest waited 1.1 s'],
  [
    { callerRuns: 3 },
    "27 tools ran, 3 of them in their caller's slot, the others at most 2 at once (limit 2); the longest waited 1.1 s",
  ],
  [{ runs: 0, callerRuns: 3, peak: 0 }, "3 tools ran, in their caller's slot; the longest waited 1.1 s"],
  [
    { overdrafts: 2 },
    '24 tools ran, at most 2 at once (limit 2); the longest waited 1.1 s; 2 ran without a slot',
  ],
  [
    { removed: '/run/x' },
    '24 tools ran, at most 2 at once (limit 2); the longest waited 1.1 s\n' +
      '  /run/x: was removed while the build ran; tools that found no other way to the pool ran without a slot, and without rules\n' +
      '    set XDG_RUNTIME_DIR to a directory of yours that nothing clears before the build ends',
  ],
  [
    { total: 3, missing: ['cc (7)', 'ld (8)'] },
    '24 tools ran, at most 2 at once (limit 2); the longest waited 1.1 s; 2 of 3 tokens are missing, held by cc (7), ld (8)',
  ],
]

for (const [changes, text] of texts)
  test(`run :: summary :: ${text}`, () =>
    assert.is(
      renderSummary({
        jobs: 2,
        settlement: { ...settlement, ...changes },
        toolUse: undefined,
        bypasses: [],
      }),
      `jobshim: ${text}`,
    ))

const toolUse = {
  jobserver: 'fifo:/f',
  watchedSeconds: 10,
  governedSeconds: 12,
  bypassingSeconds: 4,
  launchedRuns: 24,
  clientRuns: 0,
  bypassing: [],
  phases: [],
  slowest: [
    { tool: 'g++', file: 'src/a.cc', seconds: 3.24 },
    { tool: 'ld', file: '', seconds: 2 },
  ],
}
const bypasses = [
  {
    tool: '/usr/bin/cc',
    caller: 'make',
    why: 'absolute path',
    file: join(process.cwd(), 'build/CMakeCache.txt'),
    fix: 'configure it anew',
    runs: 1,
    seconds: 3.96,
  },
  { tool: '/x/gcc', caller: 'env', why: 'its PATH is without the shims', fix: 'set it', runs: 2, seconds: 0 },
]
const passed = `past the shims: 75 % of the tools' time was governed
    /usr/bin/cc by make (absolute path in build/CMakeCache.txt): 1 run, 4.0 s
      configure it anew
    /x/gcc by env (its PATH is without the shims): 2 runs, 0.0 s
      set it`
const counted = {
  ...settlement,
  waitedSeconds: 6.06,
  gatedSeconds: { ...ungated, memory: 2, load: 1.01, tokens: 0.04 },
}

test('run :: summary :: of a build that took a while', () =>
  assert.is(
    renderSummary({ jobs: 4, settlement: counted, toolUse, bypasses }),
    `jobshim: 24 tools ran, at most 2 at once (limit 4); the longest waited 1.1 s
  1.2 of 4 slots used by tools on average; some waited for less load, memory
  slowest: g++ src/a.cc 3.2 s, ld 2.0 s
  ${passed}`,
  ))

test('run :: summary :: the sample says more than all slots :: no more than all are told', () => {
  const report = { jobs: 3, settlement, toolUse: { ...toolUse, governedSeconds: 35 }, bypasses: [] }
  assert.match(renderSummary(report), /\n {2}3\.0 of 3 slots used by tools on average[;\n]/)
  assert.is(JSON.parse(summaryJson(report)).slotsUsed, 3)
})

test('run :: summary :: of a short build :: one line, and what went past the shims', () =>
  assert.is(
    renderSummary({ jobs: 4, settlement, toolUse: { ...toolUse, watchedSeconds: 0.9 }, bypasses }),
    `jobshim: 24 tools ran, at most 2 at once (limit 4); the longest waited 1.1 s\n  ${passed}`,
  ))

test("run :: summary :: in somebody else's pool :: what went past the shims alone", () => {
  assert.is(renderSummary({ jobs: undefined, settlement: undefined, toolUse, bypasses: [] }), '')
  assert.is(
    renderSummary({ jobs: undefined, settlement: undefined, toolUse, bypasses }),
    `jobshim: ${passed.replaceAll('\n  ', '\n')}`,
  )
})

test('run :: summary :: one tool after the other', async () => {
  const script = 'hold; hold; hold; hold; hold; exit 4'
  const { status, stderr } = await jobshimRun(yard, ['-j3', '--', 'sh', '-c', script])
  assert.is(status, 4)
  assert.match(withoutUse(stderr), summaryLine('5 tools', 1, 3))
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
    await until('the tools were looked at', () => watchFiles(yard).length === 1)
    const { status, stdout, stderr } = await held.end()
    assert.is(status, 4)
    assert.is(stdout.match(/^held/gm)?.length, 3)
    assert.match(stderr, /^\{.*\}\n$/)
    const { waitedSeconds, longestWaitSeconds, watchedSeconds, slotsUsed, launchedRuns, slowest, ...rest } =
      JSON.parse(stderr) as Record<string, unknown>
    for (const figure of [watchedSeconds, slotsUsed, launchedRuns]) assert.type(figure, 'number')
    assert.ok(Array.isArray(slowest))
    assert.equal(rest, {
      jobshim: 1,
      gatedSeconds: ungated,
      jobs,
      coverage: 1,
      clientRuns: 0,
      past: [],
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
    assert.ok(Number(longestWaitSeconds) > 0 && Number(longestWaitSeconds) <= Number(waitedSeconds))
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
  assert.is((await jobshimRun(yard, ['-j2', '--no-config', 'true'], around)).stderr, idleSummary(2))
})

const pool = `pool="\${JOBSHIM_JOBSERVER#fifo:}"`

for (const { name, script, told } of [
  { name: 'one is stolen', script: 'head -c 1 "$pool" >/dev/null', told: '; 1 of 3 tokens is missing' },
  { name: 'all are stolen', script: 'head -c 3 "$pool" >/dev/null', told: '; 3 of 3 tokens are missing' },
  { name: 'one too many', script: 'printf + >"$pool"', told: '; 4 tokens are back, of 3 that there were' },
])
  test(`run :: summary :: tokens :: ${name}`, async () => {
    const result = await jobshimRun(yard, ['-j4', '--', 'sh', '-c', `${pool}; ${script}; exit 4`])
    assert.equal(result, { status: 4, signal: null, stdout: '', stderr: idleSummary(4, told) })
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
    withoutUse(stderr),
    /^jobshim: 2 tools ran, at most 2 at once \(limit 2\); 1 of 1 token is missing, held by hold \(\d+\)\n$/,
  )
  await until('the tools have ended', () => tools.every(tool => !existsSync(`/proc/${tool}`)))
})

test.run()
