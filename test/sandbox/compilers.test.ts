import { realpathSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { hashOutputs } from '../support/driver.js'
import { run } from '../support/jobshim.js'
import { sources, writeSources } from '../support/sources.js'
import { test, testWith } from '../support/test-with.js'
import { type GccPlace, makeGccPlace } from './real-gcc.js'

const gcc = '/usr/bin/gcc'

/** How the system's gcc is called. */
const calls = {
  'by its path': () => gcc,
  "by its file's own path": () => realpathSync(gcc),
  'from a cleared environment': () => `env -i ${gcc}`,
} as const

const script = (compiler: string, flags: string): string =>
  `${sources.map(name => `${compiler} ${flags} -c ${name}.c -o ${name}.o &`).join('\n')}\nwait\n`

/** The place, and the objects of a build without jobshim and plugin. */
async function prepare(): Promise<{ place: GccPlace; objects: Record<string, string> }> {
  const place = await makeGccPlace()
  const { root, env } = place
  writeSources(root)
  const plain = await run('sh', ['-c', script(gcc, '')], { cwd: root, env })
  assert.equal([plain.status, plain.stdout, plain.stderr], [0, '', ''])
  const objects = hashOutputs(root, /\.o$/)
  const counted = await run('sh', ['-c', script(gcc, place.flag)], { cwd: root, env })
  assert.equal([counted.status, counted.stdout, counted.stderr], [0, '', ''])
  assert.equal(hashOutputs(root, /\.o$/), objects)
  const { runs, peak } = place.take()
  assert.is(runs, sources.length)
  assert.ok(peak > 3, `without jobshim ${peak} at once`)
  return { place, objects }
}

let prepared: ReturnType<typeof prepare> | undefined

for (const [name, compiler] of Object.entries(calls))
  for (const jobs of [1, 2, 3])
    testWith('gcc', `sandbox :: gcc :: ${name}, -j${jobs}`, async () => {
      prepared ??= prepare()
      const { place, objects } = await prepared
      const outcome = await place.run(
        ['--sandbox', `-j${jobs}`],
        ['sh', '-c', `rm -f *.o\n${script(compiler(), place.flag)}`],
      )
      assert.equal([outcome.status, outcome.stdout], [0, ''], outcome.stderr)
      const { back, total, runs, past } = JSON.parse(outcome.stderr)
      assert.equal([back, total, runs, past], [jobs - 1, jobs - 1, sources.length, []], outcome.stderr)
      const told = place.take()
      assert.is(told.runs, sources.length)
      assert.ok(told.peak <= jobs, `${told.peak} at once under -j${jobs}`)
      assert.equal(hashOutputs(place.root, /\.o$/), objects)
    })

test.run()
