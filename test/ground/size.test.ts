import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseSize, renderSize, sizePattern } from '../../src/ground/size.js'

for (const [text, bytes] of [
  ['1K', 1024],
  ['0.5K', 512],
  ['512M', 512 * 1024 ** 2],
  ['6G', 6 * 1024 ** 3],
  ['1.5G', 1.5 * 1024 ** 3],
  ['2T', 2 * 1024 ** 4],
] as const)
  test(`size :: ${text} is ${bytes} bytes`, () => {
    assert.match(text, sizePattern)
    assert.is(parseSize(text), bytes)
  })

for (const text of [
  '',
  '512',
  'G',
  '1g',
  '1GB',
  '1GiB',
  '1,5G',
  '.5G',
  '1.G',
  '-1G',
  ' 1G',
  '1G\n',
  '1e3M',
  '0x1G',
])
  test(`size :: ${JSON.stringify(text)} is none`, () => {
    assert.not.match(text, sizePattern)
  })

for (const [kib, text] of [
  [0, '0K'],
  [3, '3K'],
  [1023, '1023K'],
  [1024, '1M'],
  [1279, '1.2M'],
  [12 * 1024 - 1, '12M'],
  [1024 ** 2 - 1, '1G'],
  [1.5 * 1024 ** 2 - 1, '1.5G'],
  [9.96 * 1024 ** 2, '10G'],
  [1024 ** 3, '1T'],
  [2 ** 41 - 1, '2048T'],
] as const)
  test(`size :: ${kib} KiB reads ${text}`, () => {
    assert.is(renderSize(kib), text)
  })

test.run()
