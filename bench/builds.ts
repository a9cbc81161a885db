/** Whole builds below make's own jobserver, the shim dir merely first on PATH: bare and with shims in turn. */
import { copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ClientKey, findClient } from '../test/support/clients.js'
import { print, ratio, type Samples, spread, table } from './figures.js'
import { inScratch, plainPath, root, run, shims } from './scratch.js'

const callers: readonly { name: string; key: ClientKey; args: readonly string[] }[] = [
  { name: 'make 4.3, pipe', key: 'make43', args: [] },
  { name: 'make 4.4, fifo', key: 'make44', args: ['--jobserver-style=fifo'] },
  { name: 'make 4.4, pipe', key: 'make44', args: ['--jobserver-style=pipe'] },
]

const compile = '$(CC) -std=c11 -O2 -c $< -o $@'

/** Recipes that keep make's limit by themselves; the others take longer on purpose, once they obey it. */
const recipes = [
  { name: 'cc', recipe: compile, all: ': objects' },
  { name: 'sh -c', recipe: `: ; ${compile}`, all: ': objects' },
  { name: '+cc', recipe: `+${compile}`, all: ': objects' },
  { name: '$(MAKE)', recipe: compile, all: ':\n\t@$(MAKE) --no-print-directory objects' },
] as const

const jobCounts = [1, 2, 3, 4, 5, 6, 7, 8]

function removeObjects(directory: string): void {
  for (const file of readdirSync(directory)) if (file.endsWith('.o')) rmSync(join(directory, file))
}

/** Returns the nanoseconds of each build, bare and with shims, each pair beginning with the other one. */
function timeBuilds(command: readonly string[], path: string, pairs: number): Samples {
  const directory = inScratch('src')
  const samples: Samples = new Map([
    ['bare', []],
    ['shim', []],
  ])
  for (let i = 0; i < pairs; i++)
    for (const name of i % 2 === 0 ? ['bare', 'shim'] : ['shim', 'bare']) {
      removeObjects(directory)
      const began = process.hrtime.bigint()
      run(command, name === 'bare' ? path : `${shims}:${path}`, directory)
      samples.get(name)?.push(Number(process.hrtime.bigint() - began))
    }
  return samples
}

const seconds = (samples: Samples, name: string): string =>
  (spread(samples.get(name) ?? []).middle / 1e9).toFixed(2)

/** Prints the factor that shims cost a build, recipe by recipe, for each make, style and -j. */
export function printBuilds(pairs: number): void {
  const sources = join(root, 'examples/rude-build/src')
  for (const name of readdirSync(sources)) copyFileSync(join(sources, name), inScratch(`src/${name}`))
  table(
    `\`make\` of examples/rude-build, ${pairs} pairs each; bare in seconds, and the ratio with shims`,
    'make',
    '-j',
    ...recipes.map(({ name }) => name),
  )
  for (const { name, key, args } of callers) {
    const directory = findClient(key)
    if (directory === undefined) {
      print(name, 'not on this machine', ...recipes.map(() => ''))
      continue
    }
    for (const jobs of jobCounts) {
      const cells = recipes.map(({ recipe, all }) => {
        writeFileSync(
          inScratch('src/Makefile'),
          `CC = cc\nall${all}\nobjects: $(patsubst %.c,%.o,$(wildcard *.c))\n%.o: %.c\n\t@${recipe}\n`,
        )
        const samples = timeBuilds(['make', `-j${jobs}`, ...args], `${directory}:${plainPath}`, pairs)
        return `${seconds(samples, 'bare')} ${ratio(samples, 'shim', 'bare')}`
      })
      print(name, String(jobs), ...cells)
    }
  }
}
