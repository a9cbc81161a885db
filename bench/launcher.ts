/**
 * What the launcher costs, beside other wrappers: `npm run bench`, a few minutes. Prints the tables of bench/README.md.
 * `npm run bench -- --rounds N` changes how often each program is started (default 300),
 * `--part wrappers|paths|rules|journal|builds|start|fairness|herd|idle|join|shell|sandbox|mbx|timeline|packed` does only that part; it may be repeated. `--before FILE`
 * puts an older launcher beside this one, in the parts `paths`, `rules`, `journal` and `sandbox` (there the `look` beside it), `--before-glibc FILE` one that was built without
 * musl, in `paths`. `--busybox DIR`: busybox's source with a `.config`, for `shell`.
 * `--mbx DIR`: where the program mbx is, for `mbx`.
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { printBuilds } from './builds.js'
import { printFairness } from './fairness.js'
import { milliseconds, print, ratio, type Samples, spread, table } from './figures.js'
import { printHerd } from './herd.js'
import { printIdle } from './idle.js'
import { printJoin } from './join.js'
import { printJournal } from './journal.js'
import { printMbx } from './mbx.js'
import { printPacked } from './packed.js'
import { printPaths } from './paths.js'
import { places, time, type Variant } from './place.js'
import { printRules } from './rules.js'
import { printSandbox } from './sandbox.js'
import { inScratch, launcher, plainPath, prepare, remove, run, shims, whereIs } from './scratch.js'
import { printShell } from './shell.js'
import { printStart } from './start.js'
import { printTimeline } from './timeline.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '300' },
    part: { type: 'string', multiple: true },
    before: { type: 'string' },
    'before-glibc': { type: 'string' },
    busybox: { type: 'string' },
    mbx: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const pairs = Math.max(7, Math.ceil(rounds / 15))
const starts = Math.max(30, Math.ceil(rounds / 5))

/** The same tool bare, below our shim and below each other wrapper. */
function variantsOf(tool: string, args: readonly string[]): Variant[] {
  const path = whereIs(tool)
  const script = (shell: string): string => {
    const file = inScratch(`${shell}/${tool}`)
    writeFileSync(file, `#!${whereIs(shell)}\nexec ${path} "$@"\n`)
    chmodSync(file, 0o755)
    return file
  }
  return [
    { name: 'bare', command: [path, ...args] },
    { name: 'shim', command: [join(shims, tool), ...args] },
    { name: 'flock', command: [whereIs('flock'), inScratch('lock'), path, ...args] },
    { name: 'timeout', command: [whereIs('timeout'), '60', path, ...args] },
    { name: 'dash', command: [script('dash'), ...args] },
    { name: 'bash', command: [script('bash'), ...args] },
  ]
}

function printWrappers(tool: string, args: readonly string[]): void {
  const [callers] = places
  if (!callers) return
  const variants = variantsOf(tool, args)
  const samples = time(callers, variants, rounds)
  table(
    `\`${[tool, ...args].join(' ')}\`, side by side; the shim's caller holds the slot`,
    'wrapper',
    'ms (quartiles)',
    'ratio',
  )
  for (const { name } of variants)
    print(name, milliseconds(spread(samples.get(name) ?? [])), ratio(samples, name, 'bare'))
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

const belowRun = places.filter(({ pool }) => pool === 'run').map(({ name }) => name)

function timeBelowRun(name: string, variants: readonly Variant[]): Samples {
  const place = places.find(row => row.pool === 'run' && row.name === name)
  return place === undefined ? new Map() : time(place, variants, rounds)
}

const parts: Record<string, () => void | Promise<void>> = {
  wrappers: () => {
    printWrappers('static-true', [])
    printWrappers('true', [])
    printWrappers('gcc', compile.slice(1))
  },
  paths: () =>
    printPaths(tools, ['static-true', 'true'], rounds, {
      before: values.before,
      beforeGlibc: values['before-glibc'],
    }),
  rules: () => printRules(tools, belowRun, values.before, timeBelowRun),
  journal: () => printJournal(tools, belowRun, values.before, timeBelowRun),
  builds: () => printBuilds(pairs),
  start: () => printStart(starts),
  fairness: () => printFairness(Math.max(3, Math.round(rounds / 30))),
  herd: () => printHerd(Math.max(1, Math.round(rounds / 100))),
  idle: () => printIdle(Math.max(5, Math.round(rounds / 15))),
  join: () => printJoin(Math.max(5, Math.round(rounds / 30))),
  shell: () => printShell(Math.max(5, Math.round(rounds / 30)), values.busybox),
  sandbox: () => printSandbox(rounds, values.before),
  mbx: () => printMbx(Math.max(1, Math.round(rounds / 100)), values.mbx),
  timeline: () => printTimeline(Math.max(3, Math.round(rounds / 30))),
  packed: () => printPacked(rounds),
}

try {
  prepare()
  console.log(`${new Date().toISOString().slice(0, 10)}: ${machine()}; medians of ${rounds}`)
  for (const part of values.part ?? Object.keys(parts)) await parts[part]?.()
} finally {
  remove()
}
