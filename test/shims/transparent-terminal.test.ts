import * as assert from 'uvu/assert'
import { sceneEnd, scenesOf } from '../support/terminal.js'
import { test, testWith } from '../support/test-with.js'
import { assertSame, callThroughShim, type Place } from '../support/transparent-calls.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

const below: readonly Place[] = ['implicit', 'token'] // a shell's child never owns its caller's slot

for (const place of [...below, 'sandbox'] as const)
  for (const [name, call] of scenesOf(''))
    test(`transparent :: ${place} :: terminal :: ${name}`, async () => {
      assert.match((await assertSame(place, call)).stdout, sceneEnd)
    })

/** A launcher that passes on the SIGCONT of `fg` when the next ^Z has stopped its tool already. */
const late = `#!/bin/sh
exec strace -DDD -qq -o /dev/null -e trace=kill -e inject=kill:delay_enter=50ms -- "$@"
`

for (const place of below) {
  const scene = '^Z and fg, twice, and ^C'
  const title = `transparent :: ${place} :: terminal :: ${scene}, signals come late`
  testWith('strace', title, async () => {
    const behind = makeWorkspace('bin')
    writeFiles(behind, { late })
    const call = scenesOf('late ').get(scene)
    assert.ok(call)
    for (let round = 0; round < 4; round++)
      assert.match((await callThroughShim(place, { ...call, behind })).stdout, sceneEnd)
  })
}

test.run()
