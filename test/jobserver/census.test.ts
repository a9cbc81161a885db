import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readCensus } from '../../src/jobserver/census.js'

test('census :: what the launcher says', () => {
  const said = (...words: string[]) => readCensus(words.map(word => `${word}\0`).join(''))
  assert.equal(said('3', '2', ''), { kind: 'counted', free: 3, held: 2 })
  assert.equal(said('-1', '2', ''), { kind: 'moving' })
  assert.equal(said('-1', '0', 'it is dark'), { kind: 'blind', why: 'it is dark' })
})

test.run()
