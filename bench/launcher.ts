/**
 * What the launcher costs, beside other wrappers: `npm run bench`, a few minutes. Prints the tables of bench/README.md.
 * `npm run bench -- --rounds N` changes how often each program is started (default 300),
 * `--part wrappers|paths|rules|journal|builds|start|herd|idle|join|shell|timeline` does only that part; it may be repeated. `--before FILE`
 * puts an older launcher beside this one, in the parts `rules` and `journal`. `--busybox DIR`: busybox's source with a `.config`, for `shell`.
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { printBuilds } from './builds.js'
import { milliseconds, print, ratio, type Samples, spread, table } from './figures.js'
import { printHerd } from './herd.js'
import { printIdle } from './idle.js'
import { printJoin } from './join.js'
import { printJournal } from './journal.js'
import { printRules } from './rules.js'
import {
  inScratch,
  jobshim,
  launcher,
  plainPath,
  prepare,
  remove,
  run,
  shims,
  spawn,
  whereIs,
} from './scratch.js'
import { printShell } from './shell.js'
import { printStart } from './start.js'
import { printTimeline } from './timeline.js'

type Variant = { name: string; command: readonly string[] }
type Context = { name: string; pool: 'foreign' | 'run' | 'none'; driver: readonly string[] }
type Result = { samples: Samples; memory: string[][] }

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '300' },
    part: { type: 'string', multiple: true },
    before: { type: 'string' },
    busybox: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const pairs = Math.max(7, Math.ceil(rounds / 15))
const starts = Math.max(30, Math.ceil(rounds / 5))

/** The same tool bare, below each wrapper and below our shim. */
function variantsOf(tool: string, args: readonly string[], wrappers: boolean): Variant[] {
  const path = whereIs(tool)
  const script = (shell: string): string => {
    const file = inScratch(`${shell}/${tool}`)
    writeFileSync(file, `#!${whereIs(shell)}\nexec ${path} "$@"\n`)
    chmodSync(file, 0o755)
    return file
  }
  const others = wrappers
    ? [
        { name: 'flock', command: [whereIs('flock'), inScratch('lock'), path, ...args] },
        { name: 'timeout', command: [whereIs('timeout'), '60', path, ...args] },
        { name: 'dash', command: [script('dash'), ...args] },
        { name: 'bash', command: [script('bash'), ...args] },
      ]
    : []
  return [
    { name: 'bare', command: [path, ...args] },
    { name: 'shim', command: [join(shims, tool), ...args] },
    ...others,
  ]
}

const contexts: Context[] = [
  { name: 'caller holds the slot', pool: 'foreign', driver: ['client'] },
  { name: 'implicit slot', pool: 'foreign', driver: ['plain'] },
  { name: 'token', pool: 'foreign', driver: ['busy', launcher] },
  { name: 'caller holds the slot', pool: 'run', driver: ['client'] },
  { name: 'implicit slot', pool: 'run', driver: ['plain'] },
  { name: 'token', pool: 'run', driver: ['busy', launcher] },
  { name: 'no jobserver', pool: 'none', driver: ['plain'] },
]

const poolOf = {
  foreign: [spawn, 'serve', inScratch('fifo')],
  run: [...jobshim, 'run', '-q', '-j2', '--no-config', '--dir', shims, '--'],
  none: [],
} as const

function time(context: Context, variants: readonly Variant[], times: number): Result {
  const words = variants.flatMap(({ name, command }) => ['::', name, ...command])
  const output = run([...poolOf[context.pool], spawn, 'time', String(times), ...context.driver, ...words])
  const lines = output
    .trim()
    .split('\n')
    .map(line => line.split(' '))
  return {
    samples: new Map(
      lines.filter(([name]) => name !== 'memory').map(([name = '', ...ns]) => [name, ns.map(Number)]),
    ),
    memory: lines.filter(([name]) => name === 'memory'),
  }
}

function printWrappers(tool: string, args: readonly string[]): void {
  const [context] = contexts
  if (!context) return
  const variants = variantsOf(tool, args, true)
  const { samples } = time(context, variants, rounds)
  table(
    `\`${[tool, ...args].join(' ')}\`, side by side; the shim's caller holds the slot`,
    'wrapper',
    'ms (quartiles)',
    'ratio',
  )
  for (const { name } of variants)
    print(name, milliseconds(spread(samples.get(name) ?? [])), ratio(samples, name, 'bare'))
}

function printPaths(tools: readonly (readonly [string, ...string[]])[]): void {
  const memory: string[][] = []
  table('The shim, path by path', 'tool', 'pool', 'path', 'bare, ms', 'shim, ms', 'ratio')
  for (const [tool, ...args] of tools)
    for (const context of contexts) {
      const result = time(context, variantsOf(tool, args, false), rounds)
      const of = (name: string): string => milliseconds(spread(result.samples.get(name) ?? []))
      print(tool, context.pool, context.name, of('bare'), of('shim'), ratio(result.samples, 'shim', 'bare'))
      memory.push(...result.memory.map(([, ...cells]) => [context.pool, ...cells]))
    }
  table(
    'A launcher whose tool runs, resident KB',
    'pool',
    'slot',
    'in all',
    'its own (anonymous)',
    'file',
    'shared',
  )
  for (const cells of memory.filter(
    (cells, i) => memory.findIndex(other => other[0] === cells[0] && other[1] === cells[1]) === i,
  ))
    print(...cells)
}

function machine(): string {
  const libc = readFileSync(launcher).includes('ld-linux') ? 'dynamic' : 'static'
  const size = readFileSync(launcher).length
  const compiler = run(
    ['sh', '-c', 'command -v musl-gcc >/dev/null && echo musl || echo the system libc'],
    plainPath,
  )
  return `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Linux ${release()}, Node ${process.version}, launcher ${libc}, ${compiler.trim()}, ${size} bytes`
}

const compile = ['gcc', '-c', 'tiny.c', '-o', 'tiny.o'] as const

const tools = [['static-true'], ['true'], compile] as const

const belowRun = contexts.filter(({ pool }) => pool === 'run').map(({ name }) => name)

function timeBelowRun(name: string, variants: readonly Variant[]): Samples {
  const context = contexts.find(row => row.pool === 'run' && row.name === name)
  return context === undefined ? new Map() : time(context, variants, rounds).samples
}

const parts: Record<string, () => void | Promise<void>> = {
  wrappers: () => {
    printWrappers('static-true', [])
    printWrappers('true', [])
    printWrappers('gcc', compile.slice(1))
  },
  paths: () => printPaths(tools),
  rules: () => printRules(tools, belowRun, values.before, timeBelowRun),
  journal: () => printJournal(tools, belowRun, values.before, timeBelowRun),
  builds: () => printBuilds(pairs),
  start: () => printStart(starts),
  herd: () => printHerd(Math.max(1, Math.round(rounds / 100))),
  idle: () => printIdle(Math.max(5, Math.round(rounds / 15))),
  join: () => printJoin(Math.max(5, Math.round(rounds / 30))),
  shell: () => printShell(Math.max(5, Math.round(rounds / 30)), values.busybox),
  timeline: () => printTimeline(Math.max(3, Math.round(rounds / 30))),
}

try {
  prepare()
  console.log(`${new Date().toISOString().slice(0, 10)}: ${machine()}; medians of ${rounds}`)
  for (const part of values.part ?? Object.keys(parts)) await parts[part]?.()
} finally {
  remove()
}
