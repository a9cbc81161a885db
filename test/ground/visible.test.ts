import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderColumns } from '../../src/ground/columns.js'
import { Failure, renderFailure } from '../../src/ground/failure.js'
import { renderJson } from '../../src/ground/json.js'
import { hidden, visible, visibleLine, visibleLines } from '../../src/ground/visible.js'
import { run } from '../support/jobshim.js'
import { plainLauncher } from '../support/shimdir.js'

for (const [text, shown] of [
  ['gcc-12', 'gcc-12'],
  ['größer 大 🛠', 'größer 大 🛠'],
  ['\x1b[31mred\x07\t\r\x7f', '\\x1b[31mred\\x07\\x09\\x0d\\x7f'],
  ['\x9b31m\x85', '\\x9b31m\\x85'],
  ['a\u202ec.b\u2066\u200e', 'a\\u202ec.b\\u2066\\u200e'],
  ['\u2028\u2029\ufeff\u200b', '\\u2028\\u2029\\ufeff\\u200b'],
  ['\u{e0041}', '\\u{e0041}'],
  ['\ud800a', '\\ud800a'],
] as const)
  test(`visible :: ${JSON.stringify(visibleLine(text))}`, () => {
    assert.is(visible(text), shown)
    assert.is(visibleLine(text), shown)
  })

test('visible :: a newline :: stays between lines of ours, and is shown within one', () => {
  assert.is(visible('two\nlines'), 'two\nlines')
  assert.is(visibleLine('two\nlines'), 'two\\x0alines')
  assert.is(visibleLines(['one', 'a\nb']), 'one\na\\x0ab\n')
})

test('visible :: what turns text around, or has no width, is hidden', () => {
  const isHidden = (code: number): boolean => hidden.some(([from, to]) => code >= from && code <= to)
  for (let code = 0; code <= 0x1ffff; code++) {
    const character = String.fromCodePoint(code)
    if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u.test(character))
      if (!/[\p{Lo}\p{Mn}]/u.test(character)) assert.ok(isHidden(code), code.toString(16)) // fillers and marks are seen
    if (/[\p{L}\p{N}\p{P}\p{S}\p{Zs}]/u.test(character)) assert.not(isHidden(code), code.toString(16))
  }
})

test('visible :: in a failure, and in columns', () => {
  assert.is(
    renderFailure(new Failure('\x1b[2J\njobshim: not there', 'name\nanother')),
    'jobshim: \\x1b[2J\\x0ajobshim: not there\n  name\\x0aanother',
  )
  assert.is(
    renderColumns([
      ['\x1b', 'a\nb'],
      ['b', 'c'],
    ]),
    '\\x1b  a\\x0ab\nb     c\n',
  )
})

test('visible :: in JSON :: the text is whole, and no byte of it moves a cursor', () => {
  const text = '\x1b]0;x\x07\x9b\u202e\n\u{e0041}ö\ud800'
  const json = renderJson({ text })
  assert.is(JSON.parse(json).text, text)
  assert.is(json, '{"jobshim":1,"text":"\\u001b]0;x\\u0007\\u009b\\u202e\\n\\udb40\\udc41ö\\ud800"}')
})

test('visible :: the launcher shows the same', async () => {
  const names = [
    'plain',
    'größer 大 🛠',
    '\x1b]0;x\x07\t\r\n\x7f\x9b\x85',
    '\u202e\u2066\u200e\u2028\ufeff\u{e0041}',
    '%s %n \\x1b',
    'ö'.repeat(1000),
  ]
  for (const name of names) {
    const path = `/none/${name}`
    assert.equal(await run(plainLauncher, ['--', path]), {
      status: 127,
      signal: null,
      stdout: '',
      stderr: `jobshim: ${visibleLine(path)}: not found\n`,
    })
  }
})

test('visible :: the launcher shows bytes that are no UTF-8', async () => {
  // What is no UTF-8: a byte alone, one that is missing, too long a form, a surrogate, beyond Unicode.
  const bytes = [
    '\\233m',
    '\\303',
    '\\300\\212',
    '\\340\\200\\212',
    '\\355\\240\\200',
    '\\364\\220\\200\\200',
    '\\377',
  ]
  const shown = bytes.map(byte =>
    byte.replace(/\\(\d{3})/g, (_, digits) => `\\x${Number.parseInt(digits, 8).toString(16)}`),
  )
  const script = `exec '${plainLauncher}' -- "$(printf '/none/${bytes.join(' ')}')"`
  assert.equal(await run('/bin/sh', ['-c', script]), {
    status: 127,
    signal: null,
    stdout: '',
    stderr: `jobshim: /none/${shown.join(' ')}: not found\n`,
  })
})

test.run()
