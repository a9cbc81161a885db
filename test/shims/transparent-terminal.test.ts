import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sceneEnd, scenesOf } from '../support/terminal.js'
import { assertSame, type Place } from '../support/transparent-calls.js'

const below: readonly Place[] = ['implicit', 'token'] // a shell's child never owns its caller's slot

for (const place of below)
  for (const [name, call] of scenesOf(''))
    test(`transparent :: ${place} :: terminal :: ${name}`, async () => {
      assert.match((await assertSame(place, call)).stdout, sceneEnd)
    })

test.run()
