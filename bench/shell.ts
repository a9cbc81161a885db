/** Builds whose make starts compilers while it reads its makefiles: under `jobshim run -jN`, beside the right -jN by hand. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { milliseconds, print, ratio, type Samples, spread, table } from './figures.js'
import { inScratch, jobshim, plainPath, run, shims } from './scratch.js'

const jobs = 2

type Build = {
  name: string
  directory: string
  clean: readonly string[] // before each build, not timed
  rounds: number
}

const governed = [...jobshim, 'run', '-q', `-j${jobs}`, '--no-config', '--dir', shims, '--']

const variants: Readonly<Record<'by hand' | 'run' | 'start', readonly string[]>> = {
  'by hand': ['make', '-s', `-j${jobs}`],
  run: [...governed, 'make', '-s', '-j16'],
  start: [...governed, 'true'], // what the build has of `run` whatever it does
}

/** Files for one compiler, which takes 10 ms for the first and 30 for the second. */
const sources = {
  'int a;': 'int a;\n',
  'five headers': `${['stdio', 'stdlib', 'string', 'unistd', 'sys/socket'].map(name => `#include <${name}.h>\n`).join('')}int a;\n`,
} as const

/** Each `$(shell)` is a compiler that make waits for: twenty, one after the other. */
function makeShells(source: keyof typeof sources): string {
  const directory = inScratch(`shell ${source}`)
  const numbers = Array.from({ length: 20 }, (_, index) => index + 1).join(' ')
  mkdirSync(directory)
  writeFileSync(join(directory, 'a.c'), sources[source])
  writeFileSync(
    join(directory, 'Makefile'),
    `A := $(foreach i,${numbers},$(shell gcc -O2 -c a.c -o a$i.o))\nall:;@:\n`,
  )
  return directory
}

function timeBuilds({ directory, clean, rounds }: Build): Samples {
  const samples: Samples = new Map(Object.keys(variants).map(name => [name, []]))
  for (let round = 0; round < rounds; round++)
    for (const [name, command] of Object.entries(variants)) {
      run(clean, plainPath, directory, 'ignore')
      const began = process.hrtime.bigint()
      run(command, plainPath, directory, 'ignore')
      samples.get(name)?.push(Number(process.hrtime.bigint() - began))
    }
  return samples
}

/** `busybox`: its source, with a `.config`; it is copied. */
export function printShell(rounds: number, busybox: string | undefined): void {
  const builds: Build[] = (['int a;', 'five headers'] as const).map(source => ({
    name: `20 compilers by \`$(shell)\`, ${source}`,
    directory: makeShells(source),
    clean: ['sh', '-c', 'rm -f *.o'],
    rounds,
  }))
  if (busybox !== undefined) {
    const directory = inScratch('busybox')
    cpSync(busybox, directory, { recursive: true, verbatimSymlinks: true })
    builds.push({ name: 'busybox', directory, clean: ['make', '-s', 'clean'], rounds: Math.min(rounds, 3) })
    run(variants['by hand'], plainPath, directory, 'ignore') // reads all files once, untimed
  }
  table(
    `\`make -j16\` under \`jobshim run -j${jobs}\` beside \`make -j${jobs}\`; milliseconds, and the medians of the rounds' ratios`,
    'build',
    'rounds',
    'by hand',
    'run',
    '`run -- true`',
    'ratio',
    'less the start',
  )
  for (const build of builds) {
    const samples = timeBuilds(build)
    const starts = samples.get('start') ?? []
    const rest = (samples.get('run') ?? []).map((time, round) => time - (starts[round] ?? Number.NaN))
    print(
      build.name,
      String(build.rounds),
      ...Object.keys(variants).map(name => milliseconds(spread(samples.get(name) ?? []))),
      ratio(samples, 'run', 'by hand'),
      ratio(new Map([...samples, ['rest', rest]]), 'rest', 'by hand'),
    )
  }
}
