import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { accounted, byNode, longest, longestFirst, rest, sanitized, shareOf } from './plan.js'
import { repository } from './support/workspace.js'

const tests = join(repository, 'test')
const names = readdirSync(tests, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.test.ts'))
  .map(path => path.replace('.test.ts', ''))

test('plan :: what it names is there', () => {
  for (const { file } of [
    rest,
    ...[sanitized, byNode, accounted].flatMap(({ takes, leaves }) => [takes, leaves]),
  ].flat())
    assert.ok(
      names.some(name => (/[/-]$/.test(file) ? name.startsWith(file) : name === file)),
      file,
    )
  for (const name of longest) assert.ok(existsSync(join(tests, `${name}.test.ts`)), name)
})

test('plan :: the rest of a file is what testWith registers: no other test of it may run there again', () => {
  for (const { file } of rest.filter(({ part }) => part)) {
    const text = readFileSync(join(tests, `${file}.test.ts`), 'utf8')
    assert.not.match(text, /^import .*\btest\b.* from 'uvu'$/m, file)
  }
})

test('plan :: each file is run once, as a whole or in two parts', () => {
  for (const name of names) {
    const shares = [shareOf(name, 'plain'), shareOf(name, 'rest')]
    const ways = [
      ['plain', 'none'],
      ['part of a file', 'rest of a file'],
      ['none', 'all'],
    ]
    assert.ok(
      ways.some(way => way.join() === shares.join()),
      `${name}: ${shares}`,
    )
    assert.is(shareOf(name, 'all'), 'all')
  }
})

test('plan :: whose pools a server gives may leave tests out: each is registered by test-with', () => {
  for (const name of names.filter(name => shareOf(name, 'accounted') === 'all'))
    assert.not.match(
      readFileSync(join(tests, `${name}.test.ts`), 'utf8'),
      /^import .*\btest\b.* from 'uvu'$/m,
      name,
    )
})

test('plan :: the longest first, the others by name', () => {
  const [first = '', second = ''] = longest
  assert.equal(longestFirst(['b', second, 'a', first]), [first, second, 'a', 'b'])
})

test.run()
