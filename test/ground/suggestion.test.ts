import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nearestName } from '../../src/ground/suggestion.js'

const known = ['adapters', 'dir', 'jobs', 'noJobserver', 'patience']

for (const [name, nearest] of [
  ['jbos', 'jobs'],
  ['nojobserver', 'noJobserver'],
  ['patience ', 'patience'],
  ['adaptors', 'adapters'],
  ['DIR', 'dir'],
] as const) {
  test(`suggestion :: ${JSON.stringify(name)} means ${nearest}`, () => {
    assert.is(nearestName(name, known), nearest)
  })
}

test('suggestion :: none for what resembles nothing', () => {
  assert.is(nearestName('compilerFlags', known), undefined)
  assert.is(nearestName('jobs', []), undefined)
})

test.run()
