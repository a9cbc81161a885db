import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fishWord, quotedForFish, quotedForSh, shWord } from '../../src/ground/shell-word.js'

const words = [
  '',
  'a b',
  "it's",
  '"',
  '$HOME',
  '`true`',
  '\\',
  "\\'",
  '*',
  '~',
  '!',
  'line\nbreak',
  '-n',
  'ü',
  '#',
]

test('shell word :: what all shells take as it is stays', () => {
  for (const word of ['gcc', '/usr/bin/c++', 'A=b,c:d@e%f', '--fresh', 'x86_64-linux-gnu-gcc-12.1']) {
    assert.is(shWord(word), word)
    assert.is(fishWord(word), word)
  }
})

test('shell word :: sh reads what was meant', () => {
  for (const word of words)
    for (const quoted of [shWord(word), quotedForSh(word)])
      assert.is(execFileSync('sh', ['-c', `printf %s:%s ${quoted} end`], { encoding: 'utf8' }), `${word}:end`)
})

test('shell word :: fish has its own signs', () => {
  assert.is(quotedForFish('gcc'), "'gcc'")
  assert.is(fishWord("it's \\ $HOME"), "'it\\'s \\\\ $HOME'")
})

test.run()
