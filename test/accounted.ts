/** Which test files run on a jobserver that keeps an account, too, and which of their tests say nothing there. */
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How its server accounts: by the names of support/accounting.ts. */
export const accountedBy: readonly string[] = ['by process', 'by open file']

type LeftOut = { file: string; titles: RegExp; why: string }

const leftOut: readonly LeftOut[] = [
  {
    file: 'shims/nothing-lost',
    titles: /^kill :: the launcher while it holds a token, and nobody waits|^kill :: everybody at once/,
    why: 'until a launcher looks for the dead a FIFO lacks their tokens; shims/accounting has both without that',
  },
]

/** The rows of a test file, by the path of the script that node runs. */
export function leftOutOf(script: string): LeftOut[] {
  const name = relative(fileURLToPath(new URL('.', import.meta.url)), script).replace(/\.test\.js$/, '')
  return leftOut.filter(({ file }) => file === name)
}
