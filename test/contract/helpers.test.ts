/**
 * Where tests take helpers from: `support` (what knows little of jobshim: processes, files, stand-ins for tools), `yard` (a shim dir, its
 * pool and what runs there), and their own folder. `support` needs no `yard`, but for its own tests.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repository } from '../support/workspace.js'

const tests = join(repository, 'test')

/** Folders that a file may import from, as paths in test/. */
function allowed(file: string): string[] {
  const own = dirname(file)
  return own === 'support' && !file.endsWith('.test.ts') ? [own] : [own, 'support', 'yard']
}

test('helpers :: a test takes them out of support, yard and its own folder', () => {
  const wrong = readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && file.includes('/'))
    .flatMap(file => {
      const text = readFileSync(join(tests, file), 'utf8')
      return [...text.matchAll(/ from '(\.[^']+)\.js'$/gm)]
        .map(([, path = '']) => join(dirname(file), path))
        .filter(path => !path.startsWith('../') && !allowed(file).includes(dirname(path)))
        .map(path => `${file} -> ${path}`)
    })
  // test-with leaves out what that lists.
  assert.equal(wrong, ['support/test-with.ts -> accounted'])
})

test.run()
