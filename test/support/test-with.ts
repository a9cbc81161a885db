/** Tests that need clients, and those beside them that need none: which of them run, test/run-all.ts tells by JOBSHIM_TEST_SCOPE. */
import { test as uvu } from 'uvu'
import { type ClientKey, findClient, isPlain } from './clients.js'

type Body = () => void | Promise<void>
type Needs = ClientKey | readonly ClientKey[]

const isRest = process.env.JOBSHIM_TEST_SCOPE === 'rest of a file'
const isPart = isRest || process.env.JOBSHIM_TEST_SCOPE === 'part of a file'

/** uvu's, for the tests of a file that test/plan.ts divides: what every machine can run is left out where the rest runs. */
export const test = Object.assign(
  (title: string, body: Body): void => {
    if (!isRest) uvu(title, body)
  },
  {
    skip(title: string): void {
      if (!isRest) uvu.skip(title)
    },
    before: uvu.before,
    after: uvu.after,
    run: uvu.run,
  },
)

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
  else uvu(title, () => body(directories[0] ?? ''))
}
