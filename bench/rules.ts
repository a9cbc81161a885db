/** What rules cost the launcher: none, some that do not match, some that do. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { milliseconds, print, ratio, type Samples, spread, table } from './figures.js'
import { inScratch, jobshim, run, shims, standIn } from './scratch.js'

/** Rules by the name of the shim dir that has them. */
const configs: Readonly<Record<string, object>> = {
  'of others': {
    rules: [
      { tools: ['ghc'], memory: '4G' },
      { kind: 'preprocess', limit: 2 },
      { package: 'a/b', tokens: 2 },
    ],
  },
  limit: { rules: [{ limit: 100 }] },
  load: { load: 1000 },
  'some memory': { rules: [{ memory: '1M' }] },
  'memory, limit': { rules: [{ memory: '1M', limit: 100 }] },
  'load, memory, limit': { load: 1000, rules: [{ memory: '1M', limit: 100 }] },
}

function install(name: string, settings: object): string {
  const directory = inScratch(`rules ${name}`)
  const config = inScratch(`${name}.json`)
  writeFileSync(config, JSON.stringify(settings))
  run([...jobshim, 'install', '--config', config, '--dir', directory, '--tools', 'gcc,true,static-true'])
  return directory
}

/** Prints the launcher's time with rules, beside that without; `before`: an older launcher, to compare with. */
export function printRules(
  tools: readonly (readonly string[])[],
  contexts: readonly string[],
  before: string | undefined,
  time: (context: string, variants: readonly { name: string; command: readonly string[] }[]) => Samples,
): void {
  const directories = new Map<string, string>()
  if (before !== undefined) {
    directories.set('before', install('before', {}))
    standIn(inScratch('rules before'), before)
  }
  directories.set('none', shims)
  for (const [name, settings] of Object.entries(configs)) directories.set(name, install(name, settings))
  table('The shim with rules', 'tool', 'path', 'rules', 'ms (quartiles)', 'of no rules')
  for (const [tool = '', ...args] of tools)
    for (const context of contexts) {
      const samples = time(
        context,
        [...directories].map(([name, directory]) => ({
          name: name.replaceAll(' ', '_'),
          command: [join(directory, tool), ...args],
        })),
      )
      for (const [name, numbers] of samples)
        print(
          tool,
          context,
          name.replaceAll('_', ' '),
          milliseconds(spread(numbers)),
          ratio(samples, name, 'none', 3),
        )
    }
}
