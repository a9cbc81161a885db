import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderColumns } from '../../src/ground/columns.js'
import { Failure, renderFailure } from '../../src/ground/failure.js'
import { visible } from '../../src/ground/visible.js'

for (const [text, shown] of [
  ['gcc-12', 'gcc-12'],
  ['two\nlines', 'two\nlines'],
  ['größer 大', 'größer 大'],
  ['\x1b[31mred\x07\t\r\x7f', '\\x1b[31mred\\x07\\x09\\x0d\\x7f'],
  ['\x9b31m', '\\x9b31m'],
] as const)
  test(`visible :: ${JSON.stringify(text)}`, () => {
    assert.is(visible(text), shown)
  })

test('visible :: in a failure, and in columns', () => {
  assert.is(
    renderFailure(new Failure('\x1b[2J: not there', 'name another')),
    'jobshim: \\x1b[2J: not there\n  name another',
  )
  assert.is(
    renderColumns([
      ['\x1b', 'a'],
      ['b', 'c'],
    ]),
    '\\x1b  a\nb     c\n',
  )
})

test.run()
