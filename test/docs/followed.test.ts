/** Each block of README and docs that somebody types or copies is taken by a test that does what it says. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Block, readDocuments } from '../support/documents.js'
import { repository } from '../support/workspace.js'

type Place = { page: string; begins: string }

/** What no test can do as it stands, and why. */
const others: readonly (Place & { why: string })[] = [
  { page: 'README.md', begins: 'npm ci && npm test', why: 'it runs the tests: .ci/run begins with it' },
]

/** The calls of blockOf in the tests, as they are written: what a test takes of a page. */
function takenByTests(): Place[] {
  const tests = join(repository, 'test')
  const files = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.test.ts'),
  )
  return files.flatMap(name =>
    [...readFileSync(join(tests, name), 'utf8').matchAll(/\bblockOf\(\s*'([^']+)',\s*'([^']+)',?\s*\)/g)].map(
      ([, page = '', begins = '']) => ({ page, begins: begins.replaceAll('\\n', '\n') }),
    ),
  )
}

/** Without a language it is what a program prints. */
const isFollowed = ({ language }: Block): boolean => language !== ''

const blocks = readDocuments().flatMap(({ path, blocks }) =>
  blocks.filter(isFollowed).map(({ text }) => ({ page: path, text })),
)

const isOf =
  ({ page, text }: { page: string; text: string }) =>
  (place: Place): boolean =>
    place.page === page && text.startsWith(place.begins)

const taken = takenByTests()

test('docs :: followed :: each block is taken by a test, or a row says why not', () => {
  assert.ok(blocks.length > 20)
  for (const block of blocks) {
    const isTaken = taken.some(isOf(block))
    const isOther = others.some(isOf(block))
    assert.ok(isTaken !== isOther, `${block.page}: ${block.text}`)
  }
})

test('docs :: followed :: each row is of a block', () => {
  for (const other of others)
    assert.ok(
      blocks.some(block => isOf(block)(other)),
      other.begins,
    )
})

test('docs :: followed :: .ci/run begins with the tests as README has them', () => {
  const ci = readFileSync(join(repository, '.ci/run'), 'utf8')
  assert.match(ci, "\npass readme bash -c 'npm ci --no-audit && npm test'\n")
})

test.run()
