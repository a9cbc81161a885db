import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { command } from '../../src/commands/command.js'
import { parseArguments } from '../../src/commands/parser.js'
import { Failure } from '../../src/ground/failure.js'

const probe = command({
  name: 'probe',
  summary: 'a command for this test',
  operands: '-- CMD...',
  options: [
    { name: 'jobs', letter: 'j', kind: 'number', value: 'N', text: 'a number' },
    { name: 'dir', kind: 'text', value: 'D', text: 'a text' },
    { name: 'tools', kind: 'names', value: 'F,F', text: 'names' },
    { name: 'json', kind: 'switch', text: 'a switch' },
    { name: 'config', kind: 'text', value: 'F', text: 'a text that can be switched off' },
    { name: 'no-config', kind: 'switch', text: 'switches it off' },
    { name: 'no-adapters', kind: 'switch', text: 'switches off what has no other option' },
  ],
  examples: [],
  run: async () => 0,
})

const parsed: [words: string, flags: object, operands: string[]][] = [
  ['', {}, []],
  ['-j8 -- make -j4 --help', { jobs: 8 }, ['make', '-j4', '--help']],
  ['-j8 make -j4 --help', { jobs: 8 }, ['make', '-j4', '--help']],
  ['-j 8 make --json', { jobs: 8 }, ['make', '--json']],
  ['--jobs=8 -- -x', { jobs: 8 }, ['-x']],
  ['make -- -j4', {}, ['make', '--', '-j4']],
  ['-- make -- -j4', {}, ['make', '--', '-j4']],
  ['-- --', {}, ['--']],
  ['--json --dir a/b -- x', { json: true, dir: 'a/b' }, ['x']],
  ['--dir=-x y', { dir: '-x' }, ['y']],
  ['--tools gcc,ld --tools yasm,', { tools: ['gcc', 'ld', 'yasm'] }, []],
  ['--config f x', { config: 'f' }, ['x']],
  ['--no-config x', { noConfig: true }, ['x']],
  ['--no-adapters x', { noAdapters: true }, ['x']],
]

for (const [words, flags, operands] of parsed) {
  test(`parser :: ${words || '(nothing)'}`, () => {
    assert.equal(parseArguments(probe, words.split(' ').filter(Boolean)), { kind: 'call', flags, operands })
  })
}

test('parser :: an empty operand is one', () => {
  assert.equal(parseArguments(probe, ['--', '', 'a b']), { kind: 'call', flags: {}, operands: ['', 'a b'] })
})

for (const value of ['0', '-1', '1.5', 'x', '', '1e3', '0x8', '99999999999', ' 8']) {
  test(`parser :: error :: -j ${JSON.stringify(value)}`, () => {
    try {
      parseArguments(probe, [`--jobs=${value}`, 'x'])
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      const { message, hint, code } = error
      assert.is(message, `probe: -j: expected a whole number, 1 or more, got ${JSON.stringify(value)}`)
      assert.is(hint, 'see jobshim probe --help')
      assert.is(code, 2)
      return
    }
    assert.unreachable('was accepted')
  })
}

test.run()
