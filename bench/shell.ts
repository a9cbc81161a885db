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

type Variant = { name: string; command: readonly string[] }

const byHand: Variant = { name: 'by hand', command: ['make', '-s', `-j${jobs}`] }

const variants: readonly Variant[] = [
  byHand,
  {
    name: 'run',
    command: [
      ...jobshim,
      'run',
      '-q',
      `-j${jobs}`,
      '--no-config',
      '--dir',
      shims,
      '--',
      'make',
      '-s',
      '-j16',
    ],
  },
]

/** Each `$(shell)` is a compiler that make waits for: twenty, one after the other. */
function makeShells(): string {
  const directory = inScratch('shell')
  const numbers = Array.from({ length: 20 }, (_, index) => index + 1).join(' ')
  mkdirSync(directory)
  writeFileSync(join(directory, 'a.c'), 'int a;\n')
  writeFileSync(
    join(directory, 'Makefile'),
    `A := $(foreach i,${numbers},$(shell gcc -c a.c -o a$i.o))\nall:;@:\n`,
  )
  return directory
}

function timeBuilds({ directory, clean, rounds }: Build): Samples {
  const samples: Samples = new Map(variants.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++)
    for (const { name, command } of variants) {
      run(clean, plainPath, directory, 'ignore')
      const began = process.hrtime.bigint()
      run(command, plainPath, directory, 'ignore')
      samples.get(name)?.push(Number(process.hrtime.bigint() - began))
    }
  return samples
}

/** `busybox`: its source, with a `.config`; it is copied. */
export function printShell(rounds: number, busybox: string | undefined): void {
  const builds: Build[] = [
    {
      name: '20 compilers by `$(shell)`',
      directory: makeShells(),
      clean: ['sh', '-c', 'rm -f *.o'],
      rounds,
    },
  ]
  if (busybox !== undefined) {
    const directory = inScratch('busybox')
    cpSync(busybox, directory, { recursive: true, verbatimSymlinks: true })
    builds.push({ name: 'busybox', directory, clean: ['make', '-s', 'clean'], rounds: Math.min(rounds, 3) })
    run(byHand.command, plainPath, directory, 'ignore') // reads all files once, untimed
  }
  table(
    `\`make -j16\` under \`jobshim run -j${jobs}\` beside \`make -j${jobs}\`; milliseconds, the median of the rounds' ratios, and each`,
    'build',
    'rounds',
    'by hand',
    'run',
    'ratio',
    'round by round',
  )
  for (const build of builds) {
    const samples = timeBuilds(build)
    const hand = samples.get(byHand.name) ?? []
    print(
      build.name,
      String(build.rounds),
      milliseconds(spread(hand)),
      milliseconds(spread(samples.get('run') ?? [])),
      ratio(samples, 'run', byHand.name),
      (samples.get('run') ?? [])
        .map((time, round) => (time / (hand[round] ?? Number.NaN)).toFixed(2))
        .join(' '),
    )
  }
}
