import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderColumns } from '../../src/ground/columns.js'

test('columns :: padded to the widest, the last one is not', () => {
  assert.is(
    renderColumns([
      ['a', 'bbb', 'c'],
      ['aaaa', 'b', 'cc'],
    ]),
    'a     bbb  c\naaaa  b    cc\n',
  )
})

test('columns :: no rows, no text', () => {
  assert.is(renderColumns([]), '')
})

test.run()
