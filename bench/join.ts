/** A build with -j64 written into it, under `jobshim run -j3`, beside the same build with the right -j3 by hand. */
import { copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type ClientKey, findClient } from '../test/support/clients.js'
import { print, ratio, type Samples, spread, table } from './figures.js'
import { inScratch, jobshim, plainPath, root, run, shims } from './scratch.js'

const jobs = 3
const copies = 2 // of each source: a build of some seconds, beside which the start of Node counts for little

type Build = { name: string; key: ClientKey; command: (jobs: number) => string; setup?: string }

const builds: readonly Build[] = [
  { name: 'make 4.3', key: 'make43', command: n => `make -s -j${n}` },
  { name: 'make 4.4', key: 'make44', command: n => `make -s -j${n}` },
  { name: 'ninja 1.11', key: 'ninja111', command: n => `ninja --quiet -j${n}` },
  { name: 'ninja 1.13', key: 'ninja113', command: n => `ninja --quiet -j${n}` },
  {
    name: 'cmake --build, make 4.3',
    key: 'make43',
    command: n => `cmake --build cmake -j${n} >/dev/null`,
    setup: 'rm -rf cmake; cmake -S . -B cmake -G "Unix Makefiles" >/dev/null',
  },
]

const variants = ['by hand', 'no join', 'join'] as const

function lineOf({ command }: Build, variant: (typeof variants)[number]): readonly string[] {
  if (variant === 'by hand') return ['sh', '-c', command(jobs)]
  const governed = [...jobshim, 'run', '-q', `-j${jobs}`, '--no-config', '--dir', shims, '--']
  return [
    'env',
    `JOBSHIM_JOIN=${variant === 'join' ? 1 : 0}`,
    ...governed,
    'sh',
    '-c',
    `${command(64)} 2>/dev/null`,
  ] // make warns of its -j64
}

const cc = 'cc -std=c11 -O2 -c'

function writeProject(directory: string): void {
  const sources = join(root, 'examples/rude-build/src')
  for (const name of readdirSync(sources)) copyFileSync(join(sources, name), join(directory, name))
  const names = readdirSync(sources)
    .filter(name => name.endsWith('.c'))
    .flatMap(name => Array.from({ length: copies }, (_, copy) => `${basename(name, '.c')}-${copy}`))
  for (const name of names)
    copyFileSync(join(sources, `${name.replace(/-\d$/, '')}.c`), join(directory, `${name}.c`))
  const edges = names.map(name => `build ${name}.o: cc ${name}.c\n`).join('')
  writeFileSync(
    join(directory, 'Makefile'),
    `all: ${names.map(name => `${name}.o`).join(' ')}\n%.o: %.c\n\t@${cc} $< -o $@\n`,
  )
  writeFileSync(join(directory, 'build.ninja'), `rule cc\n  command = ${cc} $in -o $out\n${edges}`)
  writeFileSync(
    join(directory, 'CMakeLists.txt'),
    `cmake_minimum_required(VERSION 3.13)\nproject(mill C)\nset(CMAKE_C_FLAGS "-std=c11 -O2")\nadd_library(mill OBJECT ${names.map(name => `${name}.c`).join(' ')})\n`,
  )
}

function removeObjects(directory: string): void {
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.o')) rmSync(join(directory, name))
  for (const name of ['.ninja_log', '.ninja_deps']) rmSync(join(directory, name), { force: true })
}

/** Prints, for each build tool, the time by hand, and the factor of jobshim without and with join; a round has all three. */
export function printJoin(rounds: number): void {
  const directory = inScratch('src')
  writeProject(directory)
  table(
    `-j64 under \`jobshim run -j${jobs}\` beside -j${jobs} by hand, ${rounds} rounds; seconds, ratios of medians of rounds, and all rounds of join`,
    'build',
    'by hand',
    'no join',
    'join',
    'join, round by round',
  )
  for (const build of builds) {
    const bin = findClient(build.key)
    if (bin === undefined) {
      print(build.name, 'not on this machine', '', '', '')
      continue
    }
    const path = `${bin}:${plainPath}`
    if (build.setup !== undefined) run(['sh', '-c', build.setup], path, directory)
    const samples: Samples = new Map(variants.map(name => [name, []]))
    for (let round = 0; round < rounds; round++)
      for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
        removeObjects(directory)
        const began = process.hrtime.bigint()
        run(lineOf(build, variant), path, directory)
        samples.get(variant)?.push(Number(process.hrtime.bigint() - began))
      }
    const hand = samples.get('by hand') ?? []
    const each = (samples.get('join') ?? []).map((time, round) =>
      (time / (hand[round] ?? Number.NaN)).toFixed(2),
    )
    print(
      build.name,
      (spread(hand).middle / 1e9).toFixed(2),
      ratio(samples, 'no join', 'by hand'),
      ratio(samples, 'join', 'by hand'),
      each.join(' '),
    )
  }
}
