import { test } from 'uvu'
import { type ClientKey, findClient } from './clients.js'

/** Registers a test that needs clients of the machine's: `body` gets the directory of the first. Skipped where one is missing. */
export function testWith(
  needs: ClientKey | readonly [ClientKey, ...ClientKey[]],
  title: string,
  body: (directory: string) => Promise<void>,
): void {
  const keys = typeof needs === 'string' ? [needs] : needs
  const [directory, ...others] = keys.map(findClient)
  if (directory === undefined || others.includes(undefined)) test.skip(title)
  else test(title, () => body(directory))
}
