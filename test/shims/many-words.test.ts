import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { test } from '../support/test-with.js'
import { writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { waits } from '../yard/ledger.js'
import { assertWhole, takeAll } from '../yard/slots.js'
import { makeYard } from '../yard/yard.js'

/** The kernel lets in 128 KiB of words at least, however small the stack is: here they leave 50 KiB of it, less than their pointers need. */
const count = 11_000
const limited = `ulimit -s 180; exec gcc -c ${'a '.repeat(count)}`
const withSmallStack = ['bash', '-c', limited]
const ok = { status: 0, signal: null, stdout: `${count + 1}\n`, stderr: '' }

for (const [kind, script] of Object.entries({
  'a script': '#!/bin/sh\necho $#\n',
  'one without #!': 'echo $#\n',
})) {
  test(`words :: many, with a small stack :: ${kind} runs, with and without a jobserver`, async () => {
    const yard = await makeYard('A', { tools: ['gcc'] })
    writeFiles(yard.root, { 'bin/gcc': script })
    chmodSync(join(yard.root, 'bin/gcc'), 0o755)
    assert.equal(await start({ env: yard.env, command: withSmallStack }).ended, ok)
    assert.equal(await start({ env: yard.governed, command: withSmallStack }).ended, ok)
    await assertWhole(yard, 'A')
  })
}

test('words :: many, with a small stack :: a tool that must wait does', async () => {
  const yard = await makeYard('', { tools: ['gcc'] })
  const [holder] = await takeAll(yard, 1)
  writeFiles(yard.root, { 'bin/gcc': '#!/bin/sh\necho $#\n' })
  const waiter = start({ env: yard.governed, command: withSmallStack })
  await waits(yard, waiter)
  await holder?.end()
  assert.equal(await waiter.ended, ok)
  await assertWhole(yard, '')
})

test.after.each(killStarted)

test.run()
