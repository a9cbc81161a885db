import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Outcome, run } from '../support/jobshim.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { repository, writeFiles } from '../support/workspace.js'
import { makeSandboxPlace, peakOf, type SandboxPlace, waitersAs } from './place.js'

/** So few descriptors that the supervisor can't watch the ends of all tools that wait. */
const descriptors = 64

/** The same as the place's run, where nobody may have more than a few descriptors, and nobody loses patience. */
async function runWithFew(
  { root, shims, env }: SandboxPlace,
  jobs: number,
  script: string,
): Promise<Outcome> {
  const own = [process.execPath, join(repository, 'bin/jobshim.js'), 'run', '--sandbox', '--json']
  const words = [...own, '--no-config', '--dir', shims, `-j${jobs}`, '--', 'sh', '-c', script]
  return await run('sh', ['-c', `ulimit -n ${descriptors}; exec "$@"`, 'sh', ...words], {
    cwd: root,
    env: { ...env, JOBSHIM_PATIENCE: '0' },
  })
}

const atOnce = (count: number, line: string): string => `for n in $(seq ${count}); do ${line} & done; wait`

test('sandbox :: room :: more tools than the supervisor can watch :: none runs beyond the limit, and all run', async () => {
  const place = await makeSandboxPlace()
  const { status, stdout, stderr } = await runWithFew(
    place,
    2,
    atOnce(100, `${place.tool} -c 5 -o "$PWD/out/$n"`),
  )
  assert.equal([status, stdout], [0, ''], stderr)
  assert.equal(peakOf(place), { runs: 100, peak: 2 })
  const { runs, peak, overdrafts, back, total, past } = JSON.parse(stderr)
  assert.equal([runs, peak, overdrafts, back, total, past], [100, 2, 0, 1, 1, []])
})

test('sandbox :: room :: there is none any more :: what a tool starts, and what is no tool, goes on', async () => {
  const place = await makeSandboxPlace()
  copyFileSync('/bin/sh', join(place.root, 'tools/gcc-9'))
  // The first one goes on only when sixty others stand still, and then starts programs, and a tool.
  const first = `tools/gcc-9 -c 'until [ $(ls started | wc -l) = 60 ]; do sleep 0.02; done; ls >/dev/null; ${place.tool} -c 5 -o "$PWD/out/0"; :'`
  const others = atOnce(60, `sh -c ': >started/$0; exec ${place.tool} -c 5 -o "$PWD/out/$0"' $n`)
  const { status, stdout, stderr } = await runWithFew(place, 1, `mkdir started; ${first} & ${others}`)
  assert.equal([status, stdout], [0, ''], stderr)
  assert.equal(peakOf(place), { runs: 61, peak: 1 })
  const { runs, back, total } = JSON.parse(stderr)
  assert.equal([runs, back, total], [61, 0, 0])
})

test('sandbox :: room :: there is none any more :: the tools of a make go on in its slots', async () => {
  const place = await makeSandboxPlace()
  const { root, tool } = place
  writeFiles(root, {
    Makefile: `all: 1 2 3 4 5 6\n1 2 3 4 5 6:\n\tuntil [ -e full ]; do sleep 0.02; done\n\t${tool} -c 5 -o "$(CURDIR)/out/m$@"; :\n`,
  })
  const others = `for n in $(seq 60); do ${tool} -c 5 -o "$PWD/out/$n" & done; : >full; wait`
  const { status, stderr } = await runWithFew(place, 3, `make -s -j3 & ${others}`)
  assert.is(status, 0, stderr)
  const { runs, peak } = peakOf(place)
  assert.is(runs, 66)
  assert.ok(peak <= 3, `${peak}`)
  const { overdrafts, back, total } = JSON.parse(stderr.slice(stderr.indexOf('{')))
  assert.equal([overdrafts, back, total], [0, 2, 2])
})

test('sandbox :: room :: some that there is none for are killed, or stopped and continued :: the others go on', async () => {
  const place = await makeSandboxPlace()
  const { root, tool } = place
  copyFileSync('/bin/sh', join(root, 'tools/gcc-9'))
  const first = "tools/gcc-9 -c 'echo >begun; until [ -e go ]; do sleep 0.02; done'"
  const others = atOnce(50, `${tool} -c 2 -o "$PWD/out/$n"`)
  const building = runWithFew(place, 1, `${first} & until [ -e begun ]; do sleep 0.02; done; ${others}`)
  await until('all others stand still', () => waitersAs(tool).length === 50)
  const waiters = waitersAs(tool)
  const stopped = waiters.filter((_, row) => row % 3 === 0)
  const killed = waiters.filter((_, row) => row % 5 === 1)
  for (const pid of stopped) process.kill(pid, 'SIGSTOP')
  for (const pid of killed) process.kill(pid, 'SIGKILL')
  for (const pid of stopped) if (!killed.includes(pid)) process.kill(pid, 'SIGCONT')
  writeFiles(root, { go: '' })
  const { status, stderr } = await building
  assert.is(status, 0, stderr)
  assert.equal(peakOf(place), { runs: 40, peak: 1 })
  const { runs, back, total } = JSON.parse(stderr.slice(stderr.indexOf('{')))
  assert.equal([runs, back, total], [41, 0, 0])
})

test.run()
