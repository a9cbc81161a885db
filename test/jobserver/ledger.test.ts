import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { lockedRecords } from '../../src/jobserver/ledger.js'

const inode = 4711

test('ledger :: lockedRecords :: one record, two records, the last one', () => {
  const locks = [
    '1: OFDLCK ADVISORY  WRITE -1 00:1f:4711 4096 4159',
    '2: OFDLCK ADVISORY  WRITE -1 00:1f:4711 4160 4223',
    '3: OFDLCK ADVISORY  WRITE -1 fe:01:4711 266176 266239',
    '',
  ].join('\n')
  assert.equal([...lockedRecords(inode, locks)], [0, 1, 4095])
})

test('ledger :: lockedRecords :: those side by side that one process has are one part', () => {
  const locks = [
    '1: OFDLCK ADVISORY  WRITE -1 00:1f:4711 0 4223',
    '2: OFDLCK ADVISORY  WRITE -1 00:1f:4711 4288 4479',
    '3: OFDLCK ADVISORY  WRITE -1 00:1f:4711 266176 EOF',
    '',
  ].join('\n')
  assert.equal([...lockedRecords(inode, locks)], [0, 1, 3, 4, 5, 4095])
})

test("ledger :: lockedRecords :: another file's, another kind's, a reader's and a waiter's locks are none", () => {
  const locks = [
    '1: OFDLCK ADVISORY  WRITE -1 00:1f:4712 4096 4159',
    '2: POSIX  ADVISORY  WRITE 471 00:1f:4711 4096 4159',
    '3: FLOCK  ADVISORY  WRITE 471 00:1f:4711 0 EOF',
    '4: OFDLCK ADVISORY  READ  -1 00:1f:4711 4160 4223',
    '5: OFDLCK ADVISORY  WRITE -1 00:1f:4711 4224 4287',
    '5: -> OFDLCK ADVISORY  READ -1 00:1f:4711 4224 4287',
  ].join('\n')
  assert.equal([...lockedRecords(inode, locks)], [2])
})

test('ledger :: lockedRecords :: no locks at all', () => {
  assert.equal([...lockedRecords(inode, '')], [])
})

test.run()
