import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scenesOf, shellEnvironment } from '../support/terminal.js'
import { assertSame, type Place } from '../support/transparent-calls.js'

const below: readonly Place[] = ['implicit', 'token'] // a shell's child never owns its caller's slot

for (const place of below)
  for (const [name, dialog] of scenesOf(''))
    test(`transparent :: ${place} :: terminal :: ${name}`, async () => {
      const { stdout } = await assertSame(place, {
        setup: ['terminal'],
        tool: ['sh', '-i'],
        dialog,
        env: shellEnvironment,
      })
      assert.match(stdout, /^status 900$/m)
    })

test.run()
