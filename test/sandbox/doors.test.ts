/** What a tool's own environment says of its limits holds by a shim and in a sandbox alike: that of `run` is another one's. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { jobshim } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { test } from '../support/test-with.js'
import { inner, summaryOf } from './nested.js'
import { makeSandboxPlace, peakOf } from './place.js'

const doors = [
  ['by its shim', '--no-sandbox'],
  ['in the sandbox', '--sandbox'],
] as const

type Summary = {
  runs: number
  callerRuns: number
  back: number
  total: number
  overdrafts: number
  gatedSeconds: Readonly<Record<string, number>>
}

type Order = {
  door: string
  config: object
  script: string
  env?: Readonly<Record<string, string>>
  installed?: object
  jobs?: number
}

/** Runs a script whose tool is `gcc`, and returns the summary. */
async function through({ door, config, script, env = {}, installed, jobs = 4 }: Order) {
  const place = await makeSandboxPlace()
  const { root, shims } = place
  if (installed) {
    writeFileSync(join(root, 'installed.json'), JSON.stringify(installed))
    const args = ['--tools', 'gcc', '--config', join(root, 'installed.json')]
    await installShims(shims, { args, env: place.env })
  }
  writeFileSync(join(root, 'config.json'), JSON.stringify(config))
  const words = ['run', door, '--json', '--config', 'config.json', '--dir', shims, `-j${jobs}`, '--']
  const outcome = await jobshim([...words, 'sh', '-c', script], { cwd: root, env: { ...place.env, ...env } })
  const { status, stdout, stderr } = outcome
  assert.equal([status, stdout], [0, ''], stderr)
  const at = stderr.indexOf('{')
  const summary = JSON.parse(stderr.slice(at)) as Summary
  assert.is(summary.back, summary.total, stderr)
  return { summary, told: stderr.slice(0, at), peak: peakOf(place) }
}

/** Four tools at once, each with that before its name. */
const four = (before: string): string =>
  `for n in 1 2 3 4; do ${before} gcc -c 80 -o "$PWD/out/$n" & done; wait`

const long = (letter: string, count: number): string => `"$(printf '%0${count}d' 0 | tr 0 ${letter})"`

const packageRows: readonly {
  title: string
  before: string
  env?: Record<string, string>
  isHeld: boolean
}[] = [
  { title: "the tool's CATEGORY and PN", before: 'CATEGORY=dev-qt PN=qtbase', isHeld: true },
  { title: "the tool's JOBSHIM_PACKAGE", before: 'JOBSHIM_PACKAGE=dev-qt/qtbase', isHeld: true },
  {
    title: 'JOBSHIM_PACKAGE wins over them',
    before: 'JOBSHIM_PACKAGE=dev-qt/other CATEGORY=dev-qt PN=qtbase',
    isHeld: false,
  },
  {
    title: "those of run's environment, which the tool has not",
    before: 'env -u CATEGORY -u PN',
    env: { CATEGORY: 'dev-qt', PN: 'qtbase' },
    isHeld: false,
  },
  {
    title: "another package's than that of run's environment",
    before: 'JOBSHIM_PACKAGE=dev-qt/qtbase',
    env: { JOBSHIM_PACKAGE: 'dev-qt/other' },
    isHeld: true,
  },
  { title: 'a CATEGORY alone', before: 'CATEGORY=dev-qt/qtbase', isHeld: false },
  { title: 'a CATEGORY that is too long', before: `CATEGORY=${long('c', 300)} PN=qtbase`, isHeld: false },
  {
    title: 'behind 100 KB of another variable',
    before: `A=${long('a', 100_000)} CATEGORY=dev-qt PN=qtbase Z=${long('z', 100_000)}`,
    isHeld: true,
  },
]

for (const [where, door] of doors)
  for (const { title, before, env = {}, isHeld } of packageRows)
    test(`sandbox :: doors :: a rule for a package :: ${title} :: ${where}`, async () => {
      const rules = [{ package: 'dev-qt/qtbase', limit: 1 }]
      const { summary, peak, told } = await through({ door, config: { rules }, script: four(before), env })
      assert.equal([told, peak.runs, summary.overdrafts], ['', 4, 0])
      assert.is(summary.gatedSeconds.limit !== 0, isHeld)
      if (isHeld) assert.is(peak.peak, 1)
    })

/** More than so little load there is while these run. */
const withLoad = (script: string): string =>
  `(while :; do :; done) & one=$!; (while :; do :; done) & two=$!; (${script}); kill $one $two`

for (const [where, door] of doors) {
  test(`sandbox :: doors :: make's -l :: of the tool's MAKEFLAGS :: ${where}`, async () => {
    const script = withLoad(four('MAKEFLAGS="$MAKEFLAGS -l0"'))
    const { summary, peak, told } = await through({ door, config: {}, script })
    assert.equal([told, peak, summary.overdrafts], ['', { runs: 4, peak: 1 }, 0])
    assert.ok((summary.gatedSeconds.load ?? 0) > 0)
  })

  test(`sandbox :: doors :: make's -l :: that of run's MAKEFLAGS is not the tool's :: ${where}`, async () => {
    const script = withLoad(four('env -u MAKEFLAGS'))
    const { summary, peak, told } = await through({ door, config: {}, script, env: { MAKEFLAGS: '-l0' } })
    assert.equal([told, peak.runs, summary.overdrafts], ['', 4, 0])
    assert.is(summary.gatedSeconds.load, 0)
  })
}

/** At -j1 one tool sleeps until the other one, which waits for its slot, has lost its patience. */
const stuck = (before: string): string =>
  `gcc -c 600000 -o out/held & held=$!
until [ -e out/log ]; do sleep 0.02; done
JOBSHIM_JOB=other ${before} gcc -c 1 -o out/other
kill $held; wait; echo "- 0 held" >>out/log`

const patienceRows: readonly (Omit<Order, 'door' | 'script'> & { title: string; before: string })[] = [
  { title: "the tool's own environment", before: 'JOBSHIM_PATIENCE=1', config: { patience: 600 } },
  {
    title: 'what install wrote down, if nobody else says it',
    before: '',
    config: {},
    installed: { patience: 1 },
  },
  {
    title: "run's config over that",
    before: '',
    config: { patience: 1 },
    installed: { patience: 600 },
  },
]

for (const [where, door] of doors)
  for (const { title, before, config, installed } of patienceRows)
    test(`sandbox :: doors :: patience :: ${title} :: ${where}`, async () => {
      const order = { door, config, script: stuck(before), jobs: 1, ...(installed && { installed }) }
      const { summary, peak, told } = await through(order)
      assert.is(told, 'jobshim: gcc: no slot was free for 1 s on an idle machine: run without one\n')
      assert.equal([peak, summary.overdrafts], [{ runs: 2, peak: 2 }, 1])
    })

test('sandbox :: doors :: patience :: of a run in a sandbox, by its own config', async () => {
  const place = await makeSandboxPlace()
  const { root } = place
  writeFileSync(join(root, 'inner.json'), JSON.stringify({ patience: 1 }))
  const line = `gcc -c 600000 -o out/held & held=$!
until [ -e out/log ]; do sleep 0.02; done
${inner(place, '--sandbox --config inner.json', 'JOBSHIM_JOB=other gcc -c 1 -o out/other')}
kill $held; wait; echo "- 0 held" >>out/log`
  const outcome = await place.run(1, ['sh', '-c', line])
  const told = 'jobshim: gcc: no slot was free for 1 s on an idle machine: run without one\n'
  assert.is(summaryOf(outcome, { told }).runs, 2)
  assert.equal(peakOf(place), { runs: 2, peak: 2 })
})

test.run()
