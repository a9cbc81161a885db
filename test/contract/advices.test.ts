import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type AdviceId, advices } from '../../src/doctor/advice.js'
import { repository } from '../support/workspace.js'

const place = join(repository, 'test/doctor')
const texts = readdirSync(place)
  .filter(name => /^advice-.*\.test\.ts$/.test(name))
  .map(name => readFileSync(join(place, name), 'utf8'))

/** Returns the advices of which no test does what they say. */
function untested(ids: readonly string[]): string[] {
  const tested = new Set(
    texts.flatMap(text =>
      [...text.matchAll(/^ *(?:advised|tree)\(\s*'([\w-]+)',/gm)].map(([, id = '']) => id),
    ),
  )
  return ids.filter(id => !tested.has(id))
}

const ids = Object.keys(advices) as AdviceId[]

test('advices :: each is done to the letter by a test, which then finds the row ok', () => {
  assert.equal(untested(ids), [])
})

test('advices :: one without such a test is noticed', () => {
  assert.equal(untested([...ids, 'planted']), ['planted'])
})

test.run()
