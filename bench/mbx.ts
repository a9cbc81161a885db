/** Two cargo builds at once in two worktrees: plain, with mbx, and with the machine's pool as `jobshim setup` makes it. */
import { execFileSync, spawn as start } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { findClient } from '../test/support/clients.js'
import { writeCrates } from './crates.js'
import { print, ratio, type Samples, spread, table } from './figures.js'
import { inScratch, jobshim, plainPath } from './scratch.js'
import { type Watched, watch } from './watch.js'

const slots = 2
const trees = ['first', 'second'] as const

const variants = {
  plain: 'exec cargo build --quiet --offline',
  mbx: 'exec mbx build --quiet --offline',
  setup: 'exec cargo build --quiet --offline',
  sandbox: 'exec jobshim run -q --sandbox -- cargo build --quiet --offline',
} as const

type Variant = keyof typeof variants

const isVariant = (name: string): name is Variant => name in variants

type Outcome = Watched & { ms: number[] } // of each tree

const home = (variant: Variant): string => inScratch(`home of ${variant}`)

function surroundings(variant: Variant): NodeJS.ProcessEnv {
  const { CARGO_HOME = join(homedir(), '.cargo'), RUSTUP_HOME = join(homedir(), '.rustup') } = process.env
  return {
    HOME: home(variant),
    SHELL: '/bin/bash',
    PATH: plainPath,
    XDG_RUNTIME_DIR: inScratch('state'),
    CARGO_HOME,
    RUSTUP_HOME,
    CARGO_BUILD_JOBS: String(slots),
    CARGO_INCREMENTAL: '0', // mbx has ways of its own for that
    MBX_CACHE_DIR: inScratch('mbx'),
    MBX_SCHEDULER_CPUS: String(slots),
  }
}

/** What a line does in a new terminal of that home. */
const typed = (line: string): [program: string, args: string[]] => ['bash', ['-lc', line]]

/** Runs both builds from nothing. */
async function build(variant: Variant, compiler: string): Promise<Outcome> {
  rmSync(inScratch('mbx'), { recursive: true, force: true })
  for (const tree of trees) rmSync(inScratch(`${tree}/target`), { recursive: true, force: true })
  const mark = `BENCH_BUILD=${randomUUID()}`
  const [name = '', value] = mark.split('=')
  const ends = trees.map(async tree => {
    const began = performance.now()
    const child = start(...typed(variants[variant]), {
      cwd: inScratch(tree),
      env: { ...surroundings(variant), [name]: value, CARGO_TARGET_DIR: inScratch(`${tree}/target`) },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const [status] = await once(child, 'exit')
    if (status !== 0) throw new Error(`${variant}, ${tree}: status ${status}`)
    return performance.now() - began
  })
  const both = Promise.all(ends)
  const watched = await watch(mark, compiler, both)
  return { ...watched, ms: await both }
}

/** A home for each, in which a login shell finds the programs. */
function makeHomes(names: readonly Variant[], directories: readonly string[]): void {
  for (const variant of names) {
    mkdirSync(home(variant))
    writeFileSync(join(home(variant), '.profile'), `PATH='${directories.join(delimiter)}':"$PATH"\n`)
    const governed = variant === 'setup' || variant === 'sandbox'
    const words = ['setup', '--yes', '--shell', 'bash', '--jobs', String(slots)]
    if (governed)
      execFileSync(...typed(`jobshim ${words.join(' ')}`), { env: surroundings(variant), stdio: 'ignore' })
  }
}

/** The file of the rustc that is behind rustup's. */
function findCompiler(): string {
  const [program, args] = typed('rustc --print sysroot')
  return join(
    execFileSync(program, args, { env: surroundings('plain'), encoding: 'utf8' }).trim(),
    'bin/rustc',
  )
}

const middle = (numbers: readonly number[]): number => spread(numbers).middle

/** `mbx`: the directory of that program. */
export async function printMbx(rounds: number, mbx: string | undefined): Promise<void> {
  const cargo = findClient('cargo')
  if (cargo === undefined) return console.log('\ncargo is not on this machine')
  const names = Object.keys(variants)
    .filter(isVariant)
    .filter(name => name !== 'mbx' || mbx !== undefined)
  writeFileSync(inScratch('tools/jobshim'), `#!/bin/sh\nexec ${jobshim.join(' ')} "$@"\n`, { mode: 0o755 })
  for (const [index, tree] of trees.entries()) writeCrates(inScratch(tree), index + 1)
  makeHomes(names, [cargo, ...(mbx === undefined ? [] : [mbx]), inScratch('tools')])
  const outcomes = new Map(names.map(name => [name, [] as Outcome[]]))
  const compiler = findCompiler()
  for (let round = 0; round < rounds; round++)
    for (const name of round % 2 === 0 ? names : names.toReversed())
      outcomes.get(name)?.push(await build(name, compiler))
  table(
    `Two cargo builds at once, ${slots} slots, ${rounds} rounds`,
    'how',
    ...trees.map(tree => `${tree} build, s`),
    'both, s',
    'of plain',
    'of mbx',
    'rustc at once',
    'memory, MB',
    'both, round by round',
  )
  const both: Samples = new Map(
    [...outcomes].map(([name, rows]) => [name, rows.map(({ ms }) => Math.max(...ms))]),
  )
  for (const [name, rows] of outcomes)
    print(
      name,
      ...trees.map((_, at) => (middle(rows.map(({ ms }) => ms[at] ?? Number.NaN)) / 1e3).toFixed(1)),
      (middle(both.get(name) ?? []) / 1e3).toFixed(1),
      ratio(both, name, 'plain'),
      both.has('mbx') ? ratio(both, name, 'mbx') : '',
      String(Math.max(...rows.map(({ peak }) => peak))),
      (middle(rows.map(({ memory }) => memory)) / 2 ** 20).toFixed(0),
      (both.get(name) ?? []).map(ms => (ms / 1e3).toFixed(1)).join(' '),
    )
}
