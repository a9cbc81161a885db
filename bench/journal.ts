/** What a journal costs the launcher, on and off. */
import { join } from 'node:path'
import { milliseconds, print, ratio, type Samples, spread, table } from './figures.js'
import { inScratch, installTools, plainPath, root, run, shims, standIn, whereIs } from './scratch.js'

type Time = (context: string, variants: readonly { name: string; command: readonly string[] }[]) => Samples

/** Prints what it costs to stay and wait instead of becoming the tool, without any launcher: a journal can't cost less. */
function printFloor(tools: readonly (readonly string[])[], context: string, time: Time): void {
  const floor = inScratch('floor')
  const compiler = run(['sh', '-c', 'command -v musl-gcc || command -v cc'], plainPath).trim() // as the launcher's
  run([compiler, '-O2', '-s', '-static', '-o', floor, join(root, 'bench/floor.c')], plainPath)
  table('A wrapper that does nothing else', 'tool', 'wrapper', 'ms (quartiles)', 'of becoming')
  for (const [tool = '', ...args] of tools) {
    const command = [whereIs(tool), ...args]
    const samples = time(context, [
      { name: 'becomes', command: [floor, 'become', ...command] },
      { name: 'stays', command: [floor, 'stay', ...command] },
    ])
    for (const [name, numbers] of samples)
      print(tool, name, milliseconds(spread(numbers)), ratio(samples, name, 'becomes', 3))
  }
}

/**
 * Prints the launcher's time with a journal, beside that without. `before`: an older launcher, to compare with. Where the caller
 * holds the slot a launcher without a journal becomes the tool, and one with a journal stays.
 */
export function printJournal(
  tools: readonly (readonly string[])[],
  contexts: readonly string[],
  before: string | undefined,
  time: Time,
): void {
  const older = inScratch('before the journal')
  if (before !== undefined) {
    installTools(older)
    standIn(older, before)
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
  const [callers = ''] = contexts
  printFloor(tools, callers, time)
}
