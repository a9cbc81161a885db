import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { engineSlots, slotsIn } from '../../src/tools/engine.js'
import { scrubbed } from '../support/jobshim.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

for (const [output, expected] of [
  ['10\n', 10],
  ['1', 1],
  ['0\n', undefined],
  ['', undefined],
  ['10 hosts\n', undefined],
  ['-3\n', undefined],
] as const)
  test(`engine :: slots in ${JSON.stringify(output)}`, () => {
    assert.is(slotsIn(output), expected)
  })

const asked = async (engine: string, hosts: string, path = process.env.PATH) => {
  const directory = join(makeWorkspace(), 'distcc')
  mkdirSync(directory)
  return await engineSlots(engine, scrubbed({ DISTCC_HOSTS: hosts, DISTCC_DIR: directory, PATH: path }))
}

testWith('distcc', 'engine :: distcc sums up its hosts', async () => {
  assert.is(await asked('distcc', '127.0.0.1:3700/4 127.0.0.2:3700/6'), 10)
})

testWith('distcc', 'engine :: distcc without hosts', async () => {
  assert.is(await asked('distcc', ''), undefined)
})

testWith('distcc', 'engine :: not the shim of it', async () => {
  const shims = makeWorkspace()
  writeFiles(shims, { distcc: '#!/bin/sh\necho 99\n', '.jobshim/launcher': '' })
  assert.is(await asked('distcc', 'localhost/3', `${shims}:${process.env.PATH}`), 3)
})

test('engine :: one that is not there, and those that can not tell', async () => {
  assert.is(await asked('distcc', 'localhost/3', '/nowhere'), undefined)
  for (const engine of ['ccache', 'icecc', 'sh']) assert.is(await asked(engine, 'localhost/3'), undefined)
})

test.run()
