import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Census, type Look, lostTokens, readCensus } from '../../src/jobserver/census.js'

const look = (free: number, held: number, writtenNs = 1n): Look => ({
  writtenNs,
  census: { kind: 'counted', free, held },
})
const other = (census: Census): Look => ({ writtenNs: 1n, census })

const cases: readonly [name: string, total: number, first: Look, second: Look, lost: number][] = [
  ['all free', 4, look(4, 0), look(4, 0), 0],
  ['all held', 4, look(0, 4), look(0, 4), 0],
  ['more may be held than there are', 4, look(0, 9), look(0, 9), 0],
  ['one lost', 4, look(0, 3), look(0, 3), 1],
  ['one lost of an idle pool', 4, look(3, 0), look(3, 0), 1],
  ['all lost', 4, look(0, 0), look(0, 0), 4],
  ['the first look saw more holders', 4, look(0, 4), look(0, 3), 0],
  ['the second look saw more holders', 4, look(0, 3), look(0, 4), 0],
  ['one was given back between them', 4, look(0, 3, 1n), look(0, 3, 2n), 0],
  ['one was taken between them', 4, look(1, 2), look(0, 2), 0],
  ['tokens moved during the first look', 4, other({ kind: 'moving' }), look(0, 0), 0],
  ['the second look was blind', 4, look(0, 0), other({ kind: 'blind', why: 'x' }), 0],
]

for (const [name, total, first, second, lost] of cases)
  test(`census :: lost tokens :: ${name}`, () => assert.is(lostTokens(total, first, second), lost))

test('census :: what the launcher says', () => {
  const said = (...words: string[]) => readCensus(words.map(word => `${word}\0`).join(''))
  assert.equal(said('3', '2', ''), { kind: 'counted', free: 3, held: 2 })
  assert.equal(said('-1', '2', ''), { kind: 'moving' })
  assert.equal(said('-1', '0', 'it is dark'), { kind: 'blind', why: 'it is dark' })
})

test.run()
