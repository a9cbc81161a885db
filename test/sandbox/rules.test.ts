import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { jobshim } from '../support/jobshim.js'
import { test } from '../support/test-with.js'
import { makeSandboxPlace, peakOf } from './place.js'

const script = (tool: string, count: number): string =>
  `for n in $(seq ${count}); do ${tool} -c 60 -o "$PWD/out/$n" & done; wait`

/** Runs so many at once at -j3, with these rules; what ran at most at once, and the summary. */
async function underRules(rules: readonly object[], count = 6) {
  const place = await makeSandboxPlace()
  const config = join(place.root, 'config.json')
  writeFileSync(config, JSON.stringify({ rules }))
  const { status, stdout, stderr } = await jobshim(
    [
      'run',
      '--sandbox',
      '--json',
      '--config',
      config,
      '--dir',
      place.shims,
      '-j3',
      '--',
      'sh',
      '-c',
      script(place.tool, count),
    ],
    { cwd: place.root, env: place.env },
  )
  assert.equal([status, stdout], [0, ''], stderr)
  assert.is(readdirSync(join(place.root, 'out')).length, count + 1)
  return { peak: peakOf(place), summary: JSON.parse(stderr) }
}

test('sandbox :: rules :: a limit of such runs', async () => {
  const { peak, summary } = await underRules([{ tools: ['gcc'], limit: 1 }])
  assert.equal(peak, { runs: 6, peak: 1 })
  assert.equal([summary.back, summary.runs], [2, 6])
  assert.ok(summary.gatedSeconds.limit > 0)
})

test('sandbox :: rules :: a run that takes two slots', async () => {
  const { peak, summary } = await underRules([{ tools: ['gcc'], tokens: 2 }])
  assert.equal(peak, { runs: 6, peak: 1 })
  assert.equal([summary.back, summary.total], [2, 2])
})

test('sandbox :: rules :: of other tools, or kinds, they are not heeded', async () => {
  const { peak } = await underRules([
    { tools: ['ld'], limit: 1 },
    { kind: 'link', limit: 1 },
  ])
  assert.equal(peak, { runs: 6, peak: 3 })
})

test.run()
