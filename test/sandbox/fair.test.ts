/** In what order a sandbox and its neighbours have the tokens of one pool: all wait before there are any, and the tools' own log tells. */
import * as assert from 'uvu/assert'
import { test } from '../support/test-with.js'
import { killStarted } from '../yard/held.js'
import { build, inSandbox, makeField, order, type Way, withLaunchers } from './field.js'

const crowd = 50

const beside: readonly [title: string, a: Way, b: Way][] = [
  ['a sandbox beside another one', inSandbox, inSandbox],
  ['launchers behind a sandbox', inSandbox, withLaunchers],
  ['a sandbox behind launchers', withLaunchers, inSandbox],
]

for (const [title, a, b] of beside) {
  test(`sandbox :: fair :: ${title}, at two tokens :: one tool has one of the next slots`, async () => {
    const field = await makeField()
    const builds = [await build(field, a, 'a', crowd), await build(field, b, 'b', 1)]
    const had = await order(field, builds, crowd + 1, 'xy')
    assert.is(had.length, crowd + 1)
    assert.ok(had.indexOf('b') < 4, had)
  })

  test(`sandbox :: fair :: ${title}, both with many tools :: they have the only token by turns`, async () => {
    const field = await makeField()
    const builds = [await build(field, a, 'a', 20), await build(field, b, 'b', 20)]
    const had = (await order(field, builds, 40, 'x')).slice(0, 20)
    const ofB = had.split('b').length - 1
    assert.ok(ofB >= 7 && ofB <= 13, had)
  })
}

test.after.each(killStarted)
test.run()
