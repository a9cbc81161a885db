import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { jobshim } from '../support/jobshim.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { copyTool, makeSandboxPlace, peakOf, waitersAs } from './place.js'

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

test("sandbox :: rules :: its job's own slot is the one that is missing :: it has that before those that wait for it, and the next such run after them", async () => {
  const place = await makeSandboxPlace()
  const program = copyTool(place, 'program')
  const config = join(place.root, 'config.json')
  writeFileSync(config, JSON.stringify({ rules: [{ program, tokens: 3 }] }))
  // The first one has the job's own slot. The program takes both tokens; the others wait behind it, and one that a gate stops.
  const steps = `${place.tool} -c 600000 -o out/own & : >>out/log; until grep -q own out/log; do sleep 0.01; done
${program} -c 60 -o out/wide & until [ -e next ]; do sleep 0.01; done
${program} -c 60 -o out/next & until [ -e others ]; do sleep 0.01; done
for n in 1 2 3 4; do ${place.tool} -c 20 -o out/$n & done; wait`
  const { root, shims, env } = place
  const outcome = jobshim(
    ['run', '--sandbox', '--json', '--config', config, '--dir', shims, '-j3', '--', 'sh', '-c', steps],
    { cwd: root, env },
  )
  await until('the program gathers', () => waitersAs(program).length === 1)
  writeFileSync(join(root, 'next'), '')
  await until('the next one waits', () => waitersAs(program).length === 2)
  writeFileSync(join(root, 'others'), '')
  await until('the others wait', () => waitersAs(place.tool).length === 4)
  const log = (): string => readFileSync(join(root, 'out/log'), 'utf8')
  process.kill(Number(/^\+ (\d+) own$/m.exec(log())?.[1]), 'SIGTERM')
  const { status, stdout, stderr } = await outcome
  assert.equal([status, stdout], [0, ''], stderr)
  const names = [...log().matchAll(/^([+-]) \d+ (.*)$/gm)].map(([, sign, name]) => `${sign}${name}`)
  assert.equal(names.slice(0, 3), ['+own', '+wide', '-wide'])
  assert.equal(names.slice(-2), ['+next', '-next'])
  assert.is(names.length, 1 + 2 + 2 * 4 + 2)
  const summary = JSON.parse(stderr)
  assert.equal([summary.back, summary.total, summary.runs], [2, 2, 7])
})

test('sandbox :: rules :: of other tools, or kinds, they are not heeded', async () => {
  const { peak } = await underRules([
    { tools: ['ld'], limit: 1 },
    { kind: 'link', limit: 1 },
  ])
  assert.equal(peak, { runs: 6, peak: 3 })
})

test.run()
