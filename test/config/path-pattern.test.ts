import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isPathPattern, supervisorPattern } from '../../src/config/path-pattern.js'

for (const [text, is] of [
  ['/usr/bin/protoc', true],
  ['**/target/*/deps/*', true],
  ['/opt/my tools/**/b2', true],
  ['/opt/x/**', true],
  ['**/é-*-test', true],
  ['/', false],
  ['', false],
  ['protoc', false],
  ['target/*/deps/*', false],
  ['*/protoc', false],
  ['**', false],
  ['/usr//bin/protoc', false],
  ['/usr/bin/', false],
  ['/usr/**bin/protoc', false],
  ['/usr/bin/protoc?', false],
  ['/usr/bin/{a,b}', false],
  ['/usr/bin/[ab]', false],
  ['!/usr/bin/a', false],
  ['/usr/bin/a\nb', false],
  ['/usr/bin/a\\b', false],
] as const)
  test(`config :: path pattern :: ${JSON.stringify(text)} is ${is ? 'one' : 'none'}`, () => {
    assert.is(isPathPattern(text), is)
  })

test('config :: path pattern :: all that is below a directory, for the supervisor', () => {
  assert.equal(['/opt/x/**', '**/a/*'].map(supervisorPattern), ['/opt/x/**/*', '**/a/*'])
})

test.run()
