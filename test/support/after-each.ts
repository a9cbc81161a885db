import { test } from 'uvu'

/**
 * What is looked at after each test of a file. What it finds fails the file, but is not thrown: uvu forgets why a test failed
 * whose hook throws, too.
 */
export function afterEach(look: () => void | Promise<void>): void {
  test.after.each(async ({ __test__ }) => {
    try {
      await look()
    } catch (error) {
      const told = error instanceof Error ? error.stack : String(error)
      console.error(`\n   FAIL  "${__test__}", looked at afterwards\n    ${told}`)
      process.once('exit', () => {
        process.exitCode = 1
      })
    }
  })
}
