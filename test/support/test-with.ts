/** Tests that need clients, and those beside them that need none: which of them run, test/run-all.ts tells by JOBSHIM_TEST_SCOPE. */
import { test as uvu } from 'uvu'
import { leftOutOf } from '../accounted.js'
import { type ClientKey, findClient, isPlain } from './clients.js'
import { accounted, assertAccounts, closeAccounts } from './pools.js'

type Body = () => void | Promise<void>
type Needs = ClientKey | readonly ClientKey[]

const isRest = process.env.JOBSHIM_TEST_SCOPE === 'rest of a file'
const isPart = isRest || process.env.JOBSHIM_TEST_SCOPE === 'part of a file'

/** What this file leaves out where its pools are those of a server: the rows, and those that a test has met. */
const leftOut = accounted === undefined ? [] : leftOutOf(process.argv[1] ?? '')
const met = new Set<(typeof leftOut)[number]>()

function register(title: string, body: Body): void {
  const row = leftOut.find(({ titles }) => titles.test(title))
  if (row !== undefined) met.add(row)
  else if (accounted === undefined) uvu(title, body)
  else
    uvu(title, async () => {
      try {
        await body()
        await assertAccounts()
      } finally {
        await closeAccounts()
      }
    })
}

/**
 * uvu's, for the tests of a file that test/plan.ts divides: what every machine can run is left out where the rest runs; and for those that
 * test/accounted.ts lists.
 */
export const test = Object.assign(
  (title: string, body: Body): void => {
    if (!isRest) register(title, body)
  },
  {
    skip(title: string, _body?: Body): void {
      if (!isRest) uvu.skip(title)
    },
    before: uvu.before,
    after: uvu.after,
    run(): void {
      for (const row of leftOut)
        if (!met.has(row)) uvu(`accounted.ts :: ${row.titles} :: no test has such a title`, stale)
      uvu.run()
    },
  },
)

function stale(): void {
  throw new Error('take that row out')
}

export type Terms = {
  isLong?: boolean // left to `npm run test:all` although every machine can run it
  may?: () => boolean // whether this machine lets it
}

/**
 * Registers a test that needs clients of the machine's: `body` gets the directory of the first. Skipped where one is
 * missing; left to `npm run test:all` where one is not on every machine.
 */
export function testWith(
  needs: Needs,
  title: string,
  body: (directory: string) => Promise<void>,
  { isLong = false, may = () => true }: Terms = {},
): void {
  const keys = typeof needs === 'string' ? [needs] : needs
  const isForAll = keys.every(isPlain) && !isLong
  if (isPart && isForAll === isRest) return
  const directories = keys.map(findClient)
  if (directories.includes(undefined) || !may()) uvu.skip(title)
  else register(title, () => body(directories[0] ?? ''))
}
