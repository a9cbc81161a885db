import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { withoutUse } from '../support/summary.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { killStarted, start } from '../yard/held.js'
import { gated, holding, ruled } from '../yard/rules.js'
import { jobshimRun } from '../yard/runs.js'
import { assertWhole } from '../yard/slots.js'
import { makeGate, makeYard } from '../yard/yard.js'

/** What a rule makes a run wait for. Each run holds until its stdin ends; those without a rule go on all the time. */

test('limit :: a third run of the rule waits for one of two, others do not', async () => {
  const yard = await makeYard('ABCD')
  const limited = ruled(yard, 'limit', 'rule=7', 'limit=2')
  const [first, second] = [await holding(limited), await holding(limited)]
  const third = await gated(yard, limited)
  const other = await holding(yard.governed)
  const another = await holding(ruled(yard, 'another', 'rule=8', 'limit=2'))
  assert.is(third.output.stdout, '')
  assert.is(yard.pool.count().length, 1, 'a run at a gate has no token')
  await first.end()
  await third.tools
  for (const held of [second, third, other, another]) assert.is((await held.end()).status, 7)
  await assertWhole(yard, 'ABCD')
})

test('limit :: killed runs count no more, neither those that ran nor those that waited', async () => {
  const yard = await makeYard('ABCD')
  const limited = ruled(yard, 'limit', 'rule=7', 'limit=1')
  for (let round = 0; round < 5; round++) {
    const first = await holding(limited)
    const second = await gated(yard, limited)
    const third = await gated(yard, limited)
    await second.kill()
    await first.kill()
    await third.tools
    assert.equal(await third.end(), { status: 7, signal: null, stdout: third.output.stdout, stderr: '' })
  }
  await assertWhole(yard, 'ABCD')
})

test('limit :: who came first goes first', async () => {
  const yard = await makeYard('ABCD')
  const limited = ruled(yard, 'limit', 'rule=7', 'limit=1')
  const queue = [await holding(limited)]
  for (let place = 0; place < 4; place++) queue.push(await gated(yard, limited))
  for (const [place, held] of queue.entries()) {
    await held.tools
    assert.equal(
      queue.map(({ output }) => output.stdout !== ''),
      queue.map((_, other) => other <= place),
    )
    assert.is((await held.end()).status, 7)
  }
  await assertWhole(yard, 'ABCD')
})

test('limit :: below a run of the same rule :: what a tool starts has passed the gate', async () => {
  const yard = await makeYard('A')
  const limited = ruled(yard, 'limit', 'rule=7', 'limit=1')
  const launcher = join(yard.shims, '.jobshim/launcher')
  const nested = start({ env: limited, command: [launcher, '--', 'sh', '-c', `'${launcher}' hold; exit $?`] })
  await nested.tools
  assert.is((await nested.end()).status, 7)
  await assertWhole(yard, 'A')
})

test('rules :: kind, tool and package choose the runs', async () => {
  const yard = await makeYard('ABCD')
  const none = [
    ruled(yard, 'tool', 'rule=1', 'tool=gcc', 'tool=ld', 'limit=1'),
    ruled(yard, 'kind', 'rule=1', 'kind=link', 'limit=1'),
    ruled(yard, 'package', 'rule=1', 'package=dev-qt/qtbase', 'limit=1'),
    ruled(yard, 'half', 'rule=1', 'tool=hold', 'kind=link', 'limit=1'),
    ruled(yard, 'over', 'rule=1', 'limit=1', 'rule=2', 'limit=0'),
  ]
  for (const env of none) {
    const pair = [await holding(env), await holding(env)]
    for (const held of pair) await held.end()
  }
  const each: [Record<string, string>, Record<string, string>][] = [
    [ruled(yard, 'tool', 'rule=1', 'tool=gcc', 'tool=hold', 'limit=1'), {}],
    [ruled(yard, 'kind', 'rule=1', 'kind=other', 'limit=1'), {}],
    [ruled(yard, 'package', 'rule=1', 'package=dev-qt/*', 'limit=1'), { JOBSHIM_PACKAGE: 'dev-qt/qtbase' }],
    [
      ruled(yard, 'ebuild', 'rule=1', 'package=dev-qt/qtbase', 'limit=1'),
      { CATEGORY: 'dev-qt', PN: 'qtbase' },
    ],
    [ruled(yard, 'later', 'rule=1', 'limit=5', 'rule=2', 'tool=hold', 'limit=1'), {}],
  ]
  for (const [env, more] of each) {
    const first = await holding({ ...env, ...more })
    const second = await gated(yard, { ...env, ...more })
    await first.end()
    await second.tools
    await second.end()
  }
  await assertWhole(yard, 'ABCD')
})

test('patience :: a gate that nobody opens, and everything stands still :: it runs all the same, and says so', async () => {
  const yard = await makeYard('ABCD')
  const { path, open } = makeGate(yard)
  const { JOBSHIM_RULES } = ruled(yard, 'limit', 'rule=7', 'limit=1')
  const script = `hold <${path} & until grep -q held said; do :; done 2>/dev/null; exec hold </dev/null`
  const outcome = jobshimRun(yard, ['-j4', '--', 'sh', '-c', `(${script}) >said`], {
    env: { JOBSHIM_RULES, JOBSHIM_PATIENCE: '1' },
  })
  const said = join(yard.root, 'said')
  await until('both ran', () => existsSync(said) && readFileSync(said, 'utf8').split('held').length === 3)
  open()
  const { status, stderr } = await outcome
  assert.is(status, 7)
  assert.match(
    withoutUse(stderr),
    /^jobshim: hold: a rule kept it from running for 1 s on an idle machine: run all the same\njobshim: 2 tools ran, at most 2 at once \(limit 4\); the longest waited \d+\.\d s; 1 ran without a slot\n$/,
  )
})

for (const [what, make] of Object.entries({
  'a FIFO that nobody writes': (path: string) => execFileSync('mkfifo', [path]),
  'a directory': (path: string) => mkdirSync(path),
  'a device': (path: string) => symlinkSync('/dev/zero', path),
}))
  test(`rules :: ${what} :: none is heeded, and the tool runs`, async () => {
    const yard = await makeYard('ABCD')
    const rules = join(yard.root, 'rules')
    make(rules)
    const held = await holding({ ...yard.governed, JOBSHIM_RULES: rules, JOBSHIM_DEBUG: '1' })
    assert.equal(await held.end(), {
      status: 7,
      signal: null,
      stdout: held.output.stdout,
      stderr: `jobshim: hold: no rules: ${rules} is not a regular file\n`,
    })
    await assertWhole(yard, 'ABCD')
  })

test('no ledger :: no rule is heeded, and the tool runs', async () => {
  const yard = await makeYard('ABCD')
  const env = ruled(yard, 'limit', 'rule=7', 'limit=1')
  writeFileSync(join(yard.runtime, `jobshim-${currentUid()}`), '')
  const pair = [await holding(env), await holding(env)]
  for (const held of pair) assert.is((await held.end()).stderr, '')
  assert.is(yard.pool.count().length, 4)
})

test.after(killStarted)

test.run()
