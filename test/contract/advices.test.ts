import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bypassReasons } from '../../src/contract/bypass-reasons.js'
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

/** Reasons whose advice no test of doctor follows, each with why. */
const unfollowed: Readonly<Record<string, string>> = {
  unseen: 'doctor does not tell it: in a sandbox its row is of no matter',
  unseenPart: 'the same',
}

test('advices :: what is to be done for each reason of a bypass is done by a test', () => {
  const tested = texts.flatMap(text =>
    [...text.matchAll(/^past\(\s*'(\w+)',/gm)].map(([, reason = '']) => reason),
  )
  assert.equal(
    Object.keys(bypassReasons).filter(reason => !tested.includes(reason)),
    Object.keys(unfollowed),
  )
})

test.run()
