/** Priorities in a sandbox: its low tools beside others of it, and beside launchers in the same pool. The tools' own log says who starts. */
import * as assert from 'uvu/assert'
import { test } from '../support/test-with.js'
import { killStarted } from '../yard/held.js'
import { build, inSandbox, makeField, order, type Way, withLaunchers } from './field.js'

const crowd = 20

const low =
  (way: Way): Way =>
  (field, name, script) =>
    way({ ...field, env: { ...field.env, JOBSHIM_PRIORITY: 'low' } }, name, script)

/** `run --low`, whatever the environment says. */
const lowSandbox: Way = (field, name, script) => inSandbox(field, name, script, '--low')

const beside: readonly [title: string, first: Way, second: Way][] = [
  ['a low sandbox beside another one', lowSandbox, inSandbox],
  ['a low sandbox beside launchers', low(inSandbox), withLaunchers],
  ['low launchers beside a sandbox', low(withLaunchers), inSandbox],
]

for (const [title, first, second] of beside)
  test(`sandbox :: priority :: ${title} :: those that are not low have the tokens first`, async () => {
    const field = await makeField()
    const builds = [await build(field, first, 'l', crowd), await build(field, second, 'n', crowd)]
    const had = await order(field, builds, 2 * crowd, 'x')
    assert.is(had.length, 2 * crowd)
    assert.ok(had.slice(0, crowd).split('n').length - 1 >= crowd * 0.9, had)
  })

test('sandbox :: priority :: low tools before others of one job :: the others have the tokens first', async () => {
  const field = await makeField()
  const builds = [await build(field, inSandbox, 'n', crowd, 'l')]
  const had = await order(field, builds, 2 * crowd, 'x')
  assert.ok(had.slice(0, crowd).split('n').length - 1 >= crowd * 0.9, had)
})

test.after.each(killStarted)
test.run()
