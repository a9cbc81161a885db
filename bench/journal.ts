/** What a journal costs the launcher, on and off. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { milliseconds, print, ratio, type Samples, spread, table } from './figures.js'
import { inScratch, jobshim, run, shims } from './scratch.js'

/**
 * Prints the launcher's time with a journal, beside that without. `before`: an older launcher, to compare with. Where the caller
 * holds the slot a launcher without a journal becomes the tool, and one with a journal stays.
 */
export function printJournal(
  tools: readonly (readonly string[])[],
  contexts: readonly string[],
  before: string | undefined,
  time: (context: string, variants: readonly { name: string; command: readonly string[] }[]) => Samples,
): void {
  const older = inScratch('before the journal')
  if (before !== undefined) {
    run([...jobshim, 'install', '--no-config', '--dir', older, '--tools', 'gcc,true,static-true'])
    copyFileSync(before, join(older, '.jobshim/launcher'))
  }
  table('The shim with a journal', 'tool', 'path', 'journal', 'ms (quartiles)', 'of none')
  for (const [tool = '', ...args] of tools)
    for (const context of contexts) {
      const command = [join(shims, tool), ...args]
      const samples = time(context, [
        { name: 'none', command },
        { name: 'on', command: [`JOBSHIM_JOURNAL=${inScratch('journal.jsonl')}`, ...command] },
        ...(before === undefined ? [] : [{ name: 'before', command: [join(older, tool), ...args] }]),
      ])
      for (const [name, numbers] of samples)
        print(tool, context, name, milliseconds(spread(numbers)), ratio(samples, name, 'none', 3))
    }
}
