/** Programs that look closely at what they start, or hold it themselves, do so in a sandbox as elsewhere. */
import { execFileSync } from 'node:child_process'
import { closeSync, copyFileSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { buildProgram } from '../support/built.js'
import { run } from '../support/jobshim.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { args, atOnce } from './callers.js'
import { makeSandboxPlace, peakOf, type SandboxPlace, waitersAs } from './place.js'

async function assertGoverned(place: SandboxPlace, command: readonly string[]): Promise<void> {
  const { status, stdout, stderr } = await place.run(2, command)
  assert.equal([status, stdout], [0, ''], stderr)
  const { runs, peak } = peakOf(place)
  assert.is(runs, 6)
  assert.ok(peak <= 2, `${peak} at once`)
  const { back, total, past } = JSON.parse(stderr)
  assert.equal([back, past], [total, []], stderr)
}

testWith(
  'strace',
  'sandbox :: inside :: a build below strace -f :: traced as elsewhere, two at once',
  async () => {
    const place = await makeSandboxPlace()
    const script = atOnce(number => `${place.tool} ${args(number)}`)
    await assertGoverned(place, [
      'strace',
      '-f',
      '-qq',
      '-e',
      'trace=execve',
      '-o',
      'trace',
      'sh',
      '-c',
      script,
    ])
    const calls = readFileSync(join(place.root, 'trace'), 'utf8').split('\n')
    const ofTool = calls.filter(call => call.includes(`execve("${place.tool}"`))
    assert.is(ofTool.length, 6)
  },
)

testWith(
  'strace',
  'sandbox :: inside :: strace of each tool alone :: two at once, each with its status',
  async () => {
    const place = await makeSandboxPlace()
    const script = atOnce(number => `strace -o trace-${number} ${place.tool} ${args(number)}`)
    await assertGoverned(place, ['sh', '-c', script])
    for (let number = 0; number < 6; number++)
      assert.match(
        readFileSync(join(place.root, `trace-${number}`), 'utf8'),
        /\+\+\+ exited with 0 \+\+\+\n$/,
      )
  },
)

test('sandbox :: inside :: tools behind a seccomp filter of the build :: two at once, and the filter holds', async () => {
  const place = await makeSandboxPlace()
  buildProgram(join(place.root, 'own-filter'), ['own-filter.c'])
  await assertGoverned(place, [
    './own-filter',
    '/bin/sh',
    '-c',
    atOnce(number => `./own-filter ${place.tool} ${args(number)}`),
  ])
})

testWith('gdb', 'sandbox :: inside :: gdb of each tool alone :: two at once, each with its end', async () => {
  const place = await makeSandboxPlace()
  const gdb = "gdb -batch -nx -ex 'break main' -ex run -ex continue --args"
  const script = atOnce(number => `${gdb} ${place.tool} ${args(number)} >gdb-${number} 2>&1`)
  await assertGoverned(place, ['sh', '-c', script])
  for (let number = 0; number < 6; number++)
    assert.match(
      readFileSync(join(place.root, `gdb-${number}`), 'utf8'),
      /\nBreakpoint 1, .* main \(\)\n\[Inferior 1 \(process \d+\) exited normally\]\n$/,
    )
})

testWith(
  'gdb',
  'sandbox :: inside :: gdb is attached to a tool that waits, and detached :: it keeps waiting',
  async () => {
    const place = await makeSandboxPlace()
    const { root, tool } = place
    copyFileSync('/bin/sh', join(root, 'tools/gcc-9'))
    execFileSync('mkfifo', [join(root, 'gate')])
    const gate = openSync(join(root, 'gate'), 'r+')
    const script = `gcc-9 -c ': >begun; read -r line <gate' &
until [ -e begun ]; do sleep 0.02; done
${tool} ${args(1)}`
    const running = place.run(1, ['sh', '-c', script])
    await until('it waits', () => waitersAs(tool).length === 1)
    const [waiter = 0] = waitersAs(tool)
    const gdb = ['-batch', '-nx', '-p', String(waiter), '-ex', 'info registers', '-ex', 'detach']
    const attached = await run('gdb', gdb)
    assert.is(attached.status, 0, attached.stderr)
    assert.match(attached.stdout, /\[Inferior 1 \(process \d+\) detached\]\n$/)
    await until('it waits again', () => waitersAs(tool)[0] === waiter)
    assert.equal(peakOf(place).peak, 0)
    writeSync(gate, 'go\n')
    const { status, stdout, stderr } = await running
    closeSync(gate)
    assert.equal([status, stdout], [0, ''], stderr)
    assert.equal(peakOf(place), { runs: 1, peak: 1 })
    const { back, total, overdrafts, past } = JSON.parse(stderr)
    assert.equal([back, overdrafts, past], [total, 0, []], stderr)
  },
)

test.run()
