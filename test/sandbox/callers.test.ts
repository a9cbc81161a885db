import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { isRoot } from '../support/other-user.js'
import { test, testWith } from '../support/test-with.js'
import { writeFiles } from '../support/workspace.js'
import { args, atOnce, type Caller, callers } from './callers.js'
import { copyTool, emptyOut, makeSandboxPlace, peakOf, type SandboxPlace } from './place.js'

/** Makes the place, and what its command needs: once, for all -j. */
async function prepared({ prepare }: Caller): Promise<SandboxPlace> {
  const place = await makeSandboxPlace()
  prepare?.(place)
  return place
}

function assertOutputs({ root }: SandboxPlace, runs: number): void {
  const names = readdirSync(join(root, 'out')).filter(name => name !== 'log')
  assert.equal(
    names.map(Number).sort((a, b) => a - b),
    [...Array(runs).keys()],
  )
  for (const name of names) assert.is(readFileSync(join(root, 'out', name), 'utf8'), 'object\n')
}

for (const caller of callers) {
  let made: Promise<SandboxPlace> | undefined
  for (const jobs of [1, 2, 3]) {
    const isLong = jobs !== 2 && caller.name !== 'by its path'
    testWith(
      caller.needs ?? [],
      `sandbox :: callers :: ${caller.name}, -j${jobs}`,
      async directory => {
        made ??= prepared(caller)
        const place = await made
        emptyOut(place)
        const { status, stdout, stderr } = await place.run(jobs, caller.command(place, directory))
        assert.equal([status, stdout], [0, ''], stderr)
        const { back, total, runs, past } = JSON.parse(stderr)
        assert.equal([back, total, runs, past], [jobs - 1, jobs - 1, caller.runs, []], stderr)
        const told = peakOf(place)
        assert.is(told.runs, caller.runs)
        assert.ok(told.peak <= jobs, `${told.peak} at once under -j${jobs}`)
        assertOutputs(place, caller.runs)
      },
      { isLong, may: () => caller.needs !== 'bwrap' || isRoot },
    )
  }
}

const runs = 6

test('sandbox :: callers :: a static musl program is a tool like any other', async () => {
  const place = await makeSandboxPlace({ flags: ['-static'] })
  const { status, stderr } = await place.run(2, [
    'sh',
    '-c',
    atOnce(number => `${place.tool} ${args(number)}`),
  ])
  assert.is(status, 0, stderr)
  assert.equal(peakOf(place), { runs, peak: 2 })
})

test('sandbox :: callers :: a shim by its path takes one slot, and what its tool starts none', async () => {
  const place = await makeSandboxPlace()
  const shim = join(place.shims, 'gcc')
  const { status, stderr } = await place.run(1, ['sh', '-c', atOnce(number => `${shim} ${args(number)}`)])
  assert.is(status, 0, stderr)
  assert.equal(peakOf(place), { runs, peak: 1 })
  assert.is(JSON.parse(stderr).runs, runs)
})

test('sandbox :: callers :: JOBSHIM_DISABLE=1: it takes none', async () => {
  const place = await makeSandboxPlace()
  const call = (number: number): string => `JOBSHIM_DISABLE=1 ${place.tool} ${args(number)}`
  const { status, stderr } = await place.run(1, ['sh', '-c', atOnce(call)])
  assert.is(status, 0, stderr)
  assert.ok(peakOf(place).peak > 1)
})

for (const name of ['make', 'sh'])
  test(`sandbox :: callers :: tools that ${name} starts, and one below a tool, at -j1`, async () => {
    const place = await makeSandboxPlace()
    const { root, tool } = place
    copyTool(place, 'tools/ld')
    writeFiles(root, {
      Makefile: `all: $(foreach n,1 2 3,out/$(n))\nout/%:\n\t${tool} -c 30 -o $(CURDIR)/$@\n`,
      'build.sh': `for n in 1 2 3; do ${tool} -c 30 -o "$PWD/out/$n" & done; wait`,
    })
    const command = name === 'make' ? ['make', '-s', '-j3'] : ['sh', 'build.sh']
    const { status, stdout, stderr } = await place.run(1, command)
    assert.equal([status, stdout], [0, ''], stderr)
    assert.equal(peakOf(place), { runs: 3, peak: 1 })
  })

test.run()
