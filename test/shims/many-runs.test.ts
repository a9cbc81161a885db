/** Slots for many runs that one process takes at once, beside launchers of the same pool; who runs is what the recorder says. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { buildWithLauncher } from '../support/built.js'
import { makeRecorder, peakOf } from '../support/recording.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { ledgersIn, waitersIn } from '../yard/ledger.js'
import { assertWhole } from '../yard/slots.js'
import { makeYard, type Yard } from '../yard/yard.js'

const many = join(makeWorkspace(), 'many')
buildWithLauncher(many, 'support/many.c')

const crowd = 100

/** A yard with a recorder of `true` behind its shims, which the many start past them; each run lasts `holdMs` at least. */
async function makeField(
  tokens: string,
  holdMs = 3,
): Promise<{
  yard: Yard
  recorder: ReturnType<typeof makeRecorder>
  env: Record<string, string>
  words: (slots: number) => string
}> {
  const yard = await makeYard(tokens, { tools: ['true'] })
  const directory = join(yard.root, 'recorded')
  mkdirSync(directory)
  const recorder = makeRecorder(directory, { holdMs, extra: ['true'] })
  const [bin = ''] = recorder.bin.split(':')
  const [shims = '', ...path] = (yard.env.PATH ?? '').split(':')
  const env = { ...yard.governed, PATH: [shims, recorder.bin, ...path].join(':') }
  return { yard, recorder, env, words: slots => `${many} ${crowd} ${slots} ${join(bin, 'true')} -c` }
}

const launchers = `for i in $(seq ${crowd}); do env true -c l$i & done; wait`

test('many runs of one process :: beside as many launchers :: never more than there are slots', async () => {
  const { yard, recorder, env, words } = await makeField('abc')
  const script = `${words(1)} & ${launchers}; wait $!`
  const { status, stdout, stderr } = await start({ env, command: ['sh', '-c', script] }).ended
  assert.equal({ status, stdout, stderr }, { status: 0, stdout: `${crowd} 0 0 0\n`, stderr: '' })
  const { runs, peak, unfinished } = recorder.take()
  assert.equal({ runs, unfinished }, { runs: 2 * crowd, unfinished: 0 })
  assert.is(peak, 4)
  await assertWhole(yard, 'abc')
})

test('many runs of one process :: below make, beside launchers of another recipe :: its limit holds', async () => {
  const { yard, recorder, env, words } = await makeField('')
  const { JOBSHIM_JOBSERVER: _, ...plain } = env
  const makefile = `all: many launchers\nmany:\n\t@${words(1)}\nlaunchers:\n\t@${launchers.replaceAll('$', () => '$$')}\n`
  writeFiles(yard.root, { Makefile: makefile })
  const command = ['make', '-s', '-j3', '-C', yard.root]
  const { status, stdout, stderr } = await start({ env: plain, command }).ended
  assert.equal({ status, stdout, stderr }, { status: 0, stdout: `${crowd} 0 0 0\n`, stderr: '' })
  const { runs, peak, unfinished } = recorder.take()
  assert.equal({ runs, unfinished }, { runs: 2 * crowd, unfinished: 0 })
  assert.is(peak, 3)
})

test('many runs of one process :: of two slots each, beside launchers :: all or nothing, and all get theirs', async () => {
  const { yard, recorder, env, words } = await makeField('abc')
  const script = `${words(2)} & ${launchers}; wait $!`
  const { status, stdout, stderr } = await start({ env, command: ['sh', '-c', script], hangSeconds: 240 })
    .ended
  assert.equal({ status, stdout, stderr }, { status: 0, stdout: `${crowd} 0 0 0\n`, stderr: '' })
  const { runs, events, unfinished } = recorder.take()
  assert.equal({ runs, unfinished }, { runs: 2 * crowd, unfinished: 0 })
  assert.is(
    peakOf(events, ({ last }) => (last.startsWith('l') ? 1 : 2)),
    4,
  )
  await assertWhole(yard, 'abc')
})

test('many runs of one process :: which is killed in their midst :: its tokens are back', async () => {
  const { yard, recorder, env, words } = await makeField('abc', 100)
  for (let round = 0; round < 5; round++) {
    const victim = start({ env, command: words(1).split(' ') })
    await until('some run, and others wait', () => {
      const [ledger] = ledgersIn(yard.runtime)
      return ledger !== undefined && yard.pool.count() === '' && waitersIn(ledger) > 10
    })
    assert.equal(await victim.kill(), { status: null, signal: 'SIGKILL', stdout: '', stderr: '' })
    recorder.take()
    await assertWhole(yard, 'abc')
  }
})

test.after(killStarted)
test.run()
