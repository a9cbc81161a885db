/** A client is found whatever else it has open: few descriptors are listed, many are tried by their numbers. */
import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildWithLauncher } from '../support/built.js'
import { testAsRoot } from '../support/other-user.js'
import { makeFifo } from '../support/pool.js'
import { makeWorkspace } from '../support/workspace.js'

/** `COUNT:STEP:PLACE:KIND`, as test/support/client.c has it, and what the launcher makes of it. */
type Case = readonly [words: string, answer: string]

function look(cases: readonly Case[]): void {
  const directory = makeWorkspace()
  const program = join(directory, 'client')
  const pool = makeFifo(directory, '')
  buildWithLauncher(program, 'support/client.c')
  chmodSync(directory, 0o755) // of another user, too
  const { status, stdout, stderr } = spawnSync(
    program,
    [join(directory, 'fifo'), ...cases.map(([words]) => words)],
    {
      encoding: 'utf8',
      timeout: 60_000,
    },
  )
  assert.equal(
    [status, stdout, stderr],
    [0, cases.map(([words, answer]) => `${words} ${answer}\n`).join(''), ''],
  )
  pool.close()
}

const counts = [5, 55, 56, 63, 64, 65, 72, 73, 500]
const placesOf = (count: number): number[] => [0, 1, Math.floor(count / 2), count - 2, count - 1]

for (const count of counts)
  test(`descriptors :: the FIFO is the first, the last, or one between of ${count}`, () => {
    look(placesOf(count).map(place => [`${count}:1:${place}:own`, 'yes']))
  })

for (const count of [5, 63, 64, 300])
  test(`descriptors :: two free numbers behind each of ${count}`, () => {
    look(placesOf(count).map(place => [`${count}:3:${place}:own`, 'yes']))
  })

test('descriptors :: without the FIFO there is no client', () => {
  look(counts.map(count => [`${count}:1:0:none`, 'no']))
})

test('descriptors :: a FIFO without O_CLOEXEC makes no client', () => {
  look(
    [5, 64, 500].flatMap(count =>
      placesOf(count).map(place => [`${count}:1:${place}:inherited`, 'no'] as const),
    ),
  )
})

test('descriptors :: others are opened and closed meanwhile', () => {
  look(
    [5, 64, 500].flatMap(count =>
      placesOf(count).map(place => [`${count}:1:${place}:churn`, 'yes'] as const),
    ),
  )
})

testAsRoot("descriptors :: another user's can't be looked at", () => {
  look([5, 64, 500].map(count => [`${count}:1:0:hidden`, 'hidden']))
})

test.run()
