import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bytesOf, hasOddBytes, pathOf, textOf, withoutOddBytes } from '../../src/ground/bytes.js'
import { assignmentsOf } from '../../src/ground/received.js'
import { rawCall } from '../../src/launcher/raw-call.js'
import { random } from '../support/random.js'

const latin = (text: string): Buffer => Buffer.from(text, 'latin1')

for (const [bytes, text] of [
  ['', ''],
  ['plain', 'plain'],
  ['\xc3\xa4\xf0\x9f\x9b\xa0', 'ä🛠'],
  ['caf\xe9.c', 'caf\udce9.c'],
  ['\xef\xbf\xbd', '\ufffd'],
  ['\xed\xb3\xa9', '\udced\udcb3\udca9'], // U+DCE9 written as if it were a character
  ['\xc0\x80', '\udcc0\udc80'], // more bytes than U+0000 takes
  ['\xe2\x82', '\udce2\udc82'],
  ['\xf0\x9f\x9b\xc3\xa4', '\udcf0\udc9f\udc9bä'],
  ['\xff', '\udcff'],
] as const)
  test(`bytes :: ${JSON.stringify(text)} and back`, () => {
    assert.is(textOf(latin(bytes)), text)
    assert.equal(bytesOf(text), latin(bytes))
    assert.is(hasOddBytes(text), /[\udc80-\udcff]/u.test(text))
    assert.equal(pathOf(text), hasOddBytes(text) ? latin(bytes) : text)
  })

test('bytes :: a half of a character that is no byte is written as Node does', () => {
  assert.equal(bytesOf('a\ud800\udce9'.slice(0, 2)), Buffer.from('a\ufffd'))
  assert.is(withoutOddBytes('caf\udce9\ud800'), 'caf\ufffd\ud800')
})

test('bytes :: any bytes come back', () => {
  const next = random(20_261_130)
  const some = [0x41, 0xc3, 0xa4, 0xe2, 0x82, 0xed, 0xb3, 0xff]
  for (let round = 0; round < 2000; round++) {
    const bytes = Buffer.from(Array.from({ length: 12 }, () => some[Math.floor(next() * some.length)] ?? 0))
    assert.equal(bytesOf(textOf(bytes)), bytes)
  }
})

for (const [what, received, wanted, lines] of [
  ['nothing is changed', ['A=1', 'B=2'], { A: '1', B: '2' }, ['A=1', 'B=2']],
  ['a change stays in its place', ['A=1', 'B=2'], { B: '2', A: '3' }, ['A=3', 'B=2']],
  ['what is new comes last', ['A=1'], { N: 'x', A: '1' }, ['A=1', 'N=x']],
  ['what is taken out goes, each of it', ['A=1', 'B=2', 'A=3'], { A: undefined, B: '2' }, ['B=2']],
  ['one that is there twice stays so', ['A=1', 'A=2'], { A: '1' }, ['A=1', 'A=2']],
  ['one that is there twice is there once if it is changed', ['A=1', 'A=2'], { A: '3' }, ['A=3']],
  ['what is no variable stays', ['no', '=x', ''], { '': 'x' }, ['no', '=x', '']],
] as const)
  test(`bytes :: an environment :: ${what}`, () => {
    assert.equal(assignmentsOf(received, wanted), lines)
  })

test('bytes :: look is called as ever if Node hands on all there is', () => {
  const environment = { ...process.env, JOBSHIM_TEST_BYTES: 'x' }
  assert.is(rawCall(['start', 'ä'], environment, 3), undefined)
  const raw = rawCall(['start', 'caf\udce9'], environment, 3)
  const count = Object.keys(environment).length
  assert.equal(raw?.words, ['raw', '3', String(raw?.bytes.length), '2', String(count)])
  assert.ok(raw?.bytes.subarray(0, 11).equals(latin('start\0caf\xe9\0')))
})

test.run()
