import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bucketOf, costsLayout, percentile, upperBound } from '../../src/contract/costs-layout.js'

const { buckets } = costsLayout

for (const [kib, bucket] of [
  [0, 0],
  [3, 3],
  [4, 4],
  [7, 7],
  [8, 8],
  [9, 8],
  [10, 9],
  [15, 11],
  [16, 12],
  [19, 12],
  [20, 13],
  [1024 - 1, 35],
  [1024, 36],
  [12 * 1024 - 1, 49],
  [1024 ** 2, 76],
  [2 ** 32 - 1, 123],
  [2 ** 32, 124],
  [7 * 2 ** 38 - 1, 158],
  [7 * 2 ** 38, 159],
  [2 ** 41 - 1, 159],
  [2 ** 41, 159], // as all that is more
  [2 ** 52, 159],
] as const)
  test(`costs :: ${kib} KiB are counted in bucket ${bucket}`, () => {
    assert.is(bucketOf(kib), bucket)
  })

test('costs :: buckets :: each ends where the next one begins', () => {
  for (let bucket = 0; bucket < buckets; bucket++) {
    assert.is(bucketOf(upperBound(bucket)), bucket)
    if (bucket < buckets - 1) assert.is(bucketOf(upperBound(bucket) + 1), bucket + 1)
  }
  assert.is(upperBound(buckets - 1), 2 ** 41 - 1)
})

test('costs :: buckets :: an upper bound is at most a quarter too much', () => {
  for (let kib = 4; kib < 2 ** 40; kib = Math.ceil(kib * 1.03)) {
    const bound = upperBound(bucketOf(kib))
    assert.ok(bound >= kib && bound < kib * 1.25, `${kib}: ${bound}`)
  }
})

test('costs :: layout :: 4 kinds of 160 counters of 32 bits', () => {
  assert.equal(costsLayout, { kinds: 4, buckets: 160, counterBytes: 4, fileBytes: 2560 })
})

for (const [title, counters, percent, bucket] of [
  ['none', [0, 0, 0], 50, undefined],
  ['one', [0, 1, 0], 50, 1],
  ['one', [0, 1, 0], 100, 1],
  ['two, the lower median', [1, 1, 0], 50, 0],
  ['19 of 20 below', [19, 0, 1], 95, 0],
  ['18 of 20 below', [18, 0, 2], 95, 2],
  ['95 of 100 below', [95, 0, 5], 95, 0],
  ['94 of 100 below', [94, 0, 6], 95, 2],
  ['285 of 300 below', [285, 15, 0], 95, 0],
  ['full counters', [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], 100, 2],
] as const)
  test(`costs :: percentile ${percent} :: ${title}`, () => {
    assert.is(percentile(counters, percent), bucket)
  })

test.run()
