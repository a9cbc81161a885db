/** One `jobshim run` inside another, at least one of them with a sandbox. */
import { readFileSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { readJournal } from '../../src/timeline/read.js'
import { buildProgram } from '../support/built.js'
import { jobshim, run } from '../support/jobshim.js'
import { testAsRoot } from '../support/other-user.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { atOnce, inner, jobshimLine, summaryOf } from './nested.js'
import { makeSandboxPlace, peakOf, type SandboxPlace, supervisorOf } from './place.js'

const filters = 'grep Seccomp_filters /proc/self/status'
const oneFilter = 'Seccomp_filters:\t1\n'

async function assertTwoAtOnce(place: SandboxPlace, script: string, around = {}): Promise<void> {
  const outcome = await place.run(2, ['sh', '-c', script], around)
  const { runs, peak } = summaryOf(outcome, { printed: oneFilter })
  assert.is(runs, 6)
  assert.ok(peak <= 2, `${peak} at once`)
  const seen = peakOf(place)
  assert.is(seen.runs, 6)
  assert.ok(seen.peak <= 2, `${seen.peak} at once`)
}

for (const [title, flags] of [
  ['--sandbox', '--sandbox'],
  ['--sandbox -j4, which has no effect', '--sandbox -j4'],
  ['--sandbox --json', '--sandbox --json'],
] as const)
  test(`sandbox :: nested :: run ${title} :: the supervisor above serves it`, async () => {
    const place = await makeSandboxPlace()
    await assertTwoAtOnce(place, inner(place, flags, `${filters}; ${atOnce(place, 6, 100)}`))
  })

test('sandbox :: nested :: JOBSHIM_SANDBOX=auto :: the same, and nothing is said', async () => {
  const place = await makeSandboxPlace()
  const script = `JOBSHIM_SANDBOX=auto ${inner(place, '', `${filters}; ${atOnce(place, 6, 100)}`)}`
  await assertTwoAtOnce(place, script)
})

test('sandbox :: nested :: three deep', async () => {
  const place = await makeSandboxPlace()
  const third = inner(place, '--sandbox', `${filters}; ${atOnce(place, 6, 100)}`)
  await assertTwoAtOnce(place, inner(place, '--sandbox', third))
})

test('sandbox :: nested :: three deep, the second by shims', async () => {
  const place = await makeSandboxPlace()
  const third = inner(place, '--sandbox', `${filters}; ${atOnce(place, 6, 100)}`)
  await assertTwoAtOnce(place, inner(place, '', third))
})

test('sandbox :: nested :: the environment is cleared between them', async () => {
  const place = await makeSandboxPlace()
  const script = `cd ${place.root}; ${filters}; ${atOnce(place, 6, 100)}`
  await assertTwoAtOnce(place, `env -i PATH=/usr/bin:/bin HOME=$HOME ${inner(place, '--sandbox', script)}`)
})

test("sandbox :: nested :: both in a recipe of make -j2 :: in make's own pool", async () => {
  const place = await makeSandboxPlace()
  const script = inner(place, '--sandbox', `${filters}; ${atOnce(place, 6, 100)}`)
  writeFileSync(join(place.root, 'Makefile'), `all:\n\t+${inner(place, '--sandbox', script)}\n`)
  const outcome = await run('make', ['-s', '-j2'], { cwd: place.root, env: place.env })
  assert.equal(outcome, { status: 0, signal: null, stdout: oneFilter, stderr: '' })
  const { runs, peak } = peakOf(place)
  assert.is(runs, 6)
  assert.ok(peak <= 2, `${peak} at once`)
})

testAsRoot('sandbox :: nested :: the inner in a PID namespace of its own', async () => {
  const place = await makeSandboxPlace()
  const script = inner(place, '--sandbox', `${filters}; ${atOnce(place, 6, 300)}`)
  await assertTwoAtOnce(place, `unshare -pf --mount-proc ${script}`)
})

test('sandbox :: nested :: -j2 in -j4 has no effect, as without a sandbox', async () => {
  const place = await makeSandboxPlace()
  const { root } = place
  // Each ends once four run: two at a time would wait for ever.
  const four = `cp /bin/sh tools/gcc-9
for n in 1 2 3 4; do tools/gcc-9 -c 'echo + >>out/four; until [ "$(grep -c + out/four)" = 4 ]; do sleep 0.02; done' & done; wait`
  const outcome = await place.run(4, ['sh', '-c', inner(place, '--sandbox -j2', four)])
  const { runs, peak } = summaryOf(outcome)
  assert.equal([runs, peak], [4, 4])
  assert.is(readFileSync(join(root, 'out/four'), 'utf8'), '+\n'.repeat(4))
})

for (const flags of ['', '-j4'])
  test(`sandbox :: nested :: run ${flags} without a sandbox in one :: a tool that comes by its shim takes one slot`, async () => {
    const place = await makeSandboxPlace()
    const byName = `${filters}; for n in 1 2 3; do gcc -c 100 -o "$PWD/out/$n" & done; ${place.tool} -c 100 -o "$PWD/out/4" &
${place.tool} -c 100 -o "$PWD/out/5" & gcc -c 100 -o "$PWD/out/6" & wait`
    await assertTwoAtOnce(place, inner(place, flags, byName))
  })

for (const flags of ['', '-j4'])
  test(`sandbox :: nested :: run --sandbox ${flags} in a run without one :: has its own, in the pool of the outer`, async () => {
    const place = await makeSandboxPlace()
    const { root, shims, env } = place
    const script = inner(place, `--sandbox ${flags}`, `${filters}; ${atOnce(place, 6, 100)}`)
    const outcome = await jobshim(
      ['run', '--json', '--no-config', '--dir', shims, '-j2', '--', 'sh', '-c', script],
      { cwd: root, env },
    )
    const { runs, peak } = summaryOf(outcome, { printed: oneFilter })
    assert.is(runs, 6)
    assert.ok(peak <= 2)
    assert.ok(peakOf(place).peak <= 2)
    await until('the supervisor has ended', () => supervisorOf(place) === undefined)
  })

test('sandbox :: nested :: status inside tells the tools of both', async () => {
  const place = await makeSandboxPlace()
  const waits = 'until test -e go; do sleep 0.05; done'
  const status = `${jobshimLine} status --json --no-config --dir ${place.shims}`
  const script = `tools/gcc-9 -c '${waits}' & tools/gcc-9 -c '${waits}' &
for n in 1 2 3 4 5 6 7 8; do ${status} >status; grep -q '"waiting"' status && break; done
cat status; >go; wait`
  const { stdout } = await place.run(2, [
    'sh',
    '-c',
    `cp /bin/sh tools/gcc-9; tools/gcc-9 -c '${waits}' & ${inner(place, '--sandbox', script)}; wait`,
  ])
  const { rows, counters } = JSON.parse(stdout) as {
    rows: { tool: string; state: string; slot: string }[]
    counters: { runs: number }
  }
  assert.is(counters.runs, 2)
  assert.equal(rows.map(({ tool, state, slot }) => `${tool} ${state} ${slot}`).sort(), [
    'gcc-9 held implicit',
    'gcc-9 held token',
    'gcc-9 waiting none',
  ])
})

/** What a journal has, each tool by its file's last letter; phases are a matter of time. */
function eventsIn(path: string): string[] {
  const { events, skipped } = readJournal(path)
  assert.equal(skipped, { cut: 0, foreign: 0, otherVersion: 0 })
  return events
    .filter(({ event }) => event !== 'phase')
    .map(event => (event.event === 'tool' ? `tool ${event.file.at(-1)}` : event.event))
}

test('sandbox :: nested :: the journal of the outer has the lines of the inner’s tools before that of its end', async () => {
  const place = await makeSandboxPlace()
  const journal = join(place.root, 'journal')
  const one = (name: string): string => `${place.tool} -c 20 -o "$PWD/out/${name}"`
  const script = `${one('1')}; ${inner(place, '--sandbox', one('2'))}; ${one('3')}`
  summaryOf(await place.run(2, ['sh', '-c', script], { env: { JOBSHIM_JOURNAL: journal } }))
  assert.equal(eventsIn(journal), ['start', 'tool 1', 'start', 'tool 2', 'end', 'tool 3', 'end'])
})

test('sandbox :: nested :: --journal of the inner has its tools, and that of the outer the others', async () => {
  const place = await makeSandboxPlace()
  const journal = join(place.root, 'journal')
  const one = (name: string): string => `${place.tool} -c 20 -o "$PWD/out/${name}"`
  const script = `${one('1')}; ${inner(place, '--sandbox --journal own', one('2'))}`
  summaryOf(await place.run(2, ['sh', '-c', script], { env: { JOBSHIM_JOURNAL: journal } }))
  assert.equal(eventsIn(journal), ['start', 'tool 1', 'end'])
  assert.equal(eventsIn(join(place.root, 'own')), ['start', 'tool 2', 'end'])
})

/** What doctor says of the kernel. */
function kernelIn(stdout: string): string {
  const { checks } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
    checks: { name: string; state: string; text: string }[]
  }
  return checks
    .filter(({ name }) => name === 'kernel')
    .map(({ state, text }) => `${state} ${text}`)
    .join()
}

test('sandbox :: nested :: doctor in one :: the kernel has all', async () => {
  const place = await makeSandboxPlace()
  const doctor = `${jobshimLine} doctor --json --no-config --dir ${place.shims}`
  const inside = await place.run(2, ['sh', '-c', doctor])
  assert.is(kernelIn(inside.stdout), `ok Linux ${release()} has all that launchers use`)
})

test("sandbox :: nested :: doctor below another program's listener :: there can be no sandbox", async () => {
  const place = await makeSandboxPlace()
  const program = join(place.root, 'foreign-listener')
  buildProgram(program, ['foreign-listener.c'])
  const [node = '', file = ''] = jobshimLine.split(' ')
  const words = ['plain', node, file, 'doctor', '--json', '--no-config', '--dir', place.shims]
  const { stdout } = await run(program, words, { cwd: place.root, env: place.env })
  assert.is(
    kernelIn(stdout),
    'note seccomp-listener (a program above has a seccomp listener, and there can be one only): jobshim run --sandbox does not work',
  )
})

test.run()
