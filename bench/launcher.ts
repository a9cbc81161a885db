/**
 * What the launcher costs, beside other wrappers: `npm run bench`, a few minutes. Prints the tables of bench/README.md.
 * `npm run bench -- --rounds N` changes how often each program is started (default 300),
 * `--part wrappers|paths|builds|start` does only that part; it may be repeated.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

type Samples = Map<string, number[]> // a variant's nanoseconds
type Spread = { low: number; middle: number; high: number } // quartiles
type Variant = { name: string; command: readonly string[] }
type Context = { name: string; pool: 'foreign' | 'run' | 'none'; driver: readonly string[] }
type Result = { samples: Samples; memory: string[][] }

const root = resolve(import.meta.dirname, '../..')
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '300' }, part: { type: 'string', multiple: true } },
})
const rounds = Number(values.rounds)
const pairs = Math.max(7, Math.ceil(rounds / 15))
const starts = Math.max(30, Math.ceil(rounds / 5))

const scratch = mkdtempSync(join(tmpdir(), 'jobshim-bench-'))
const inScratch = (name: string): string => join(scratch, name)
const shims = inScratch('shims')
const launcher = join(shims, '.jobshim/launcher')
const spawn = inScratch('spawn')
const jobshim = [process.execPath, join(root, 'bin/jobshim.js')]

const plainPath = `${inScratch('tools')}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`
const shimPath = `${shims}:${plainPath}`
const environment = (path: string): NodeJS.ProcessEnv => ({
  PATH: path,
  HOME: scratch,
  XDG_RUNTIME_DIR: inScratch('state'),
})

function run(command: readonly string[], path = shimPath, cwd = scratch): string {
  const [program = '', ...args] = command
  return execFileSync(program, args, {
    cwd,
    env: environment(path),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

function prepare(): void {
  for (const name of ['tools', 'state', 'dash', 'bash', 'src']) mkdirSync(inScratch(name), { mode: 0o700 })
  writeFileSync(inScratch('tiny-true.c'), 'int main(void) { return 0; }\n')
  writeFileSync(inScratch('tiny.c'), 'int tiny(int n) { return n + 1; }\n')
  run(['cc', '-Os', '-s', '-static', '-o', inScratch('tools/static-true'), 'tiny-true.c'], plainPath)
  run(['cc', '-O2', '-o', spawn, join(root, 'bench/spawn.c')], plainPath)
  run([...jobshim, 'install', '--no-config', '--dir', shims, '--tools', 'gcc,true,static-true'])
}

const whereIs = (tool: string): string => run(['which', tool], plainPath).trim()

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

function spread(numbers: readonly number[]): Spread {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN
  return { low: at(0.25), middle: at(0.5), high: at(0.75) }
}

const milliseconds = ({ low, middle, high }: Spread): string =>
  `${(middle / 1e6).toFixed(2)} (${(low / 1e6).toFixed(2)}-${(high / 1e6).toFixed(2)})`

/** Returns "x1.23": the median of the rounds' ratios, since a round's two programs meet the same machine. */
function ratio(samples: Samples, name: string, base: string): string {
  const bases = samples.get(base) ?? []
  const ratios = (samples.get(name) ?? []).map((time, round) => time / (bases[round] ?? Number.NaN))
  return `x${spread(ratios).middle.toFixed(2)}`
}

const print = (...cells: string[]): void => console.log(`| ${cells.join(' | ')} |`)

function table(title: string, ...heads: string[]): void {
  console.log(`\n${title}\n`)
  print(...heads)
  print(...heads.map(() => '---'))
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

const recipes = {
  'a plain cc': '$(CC) -std=c11 -O2 -c $< -o $@',
  'cc below sh': ': ; $(CC) -std=c11 -O2 -c $< -o $@',
}

function printBuilds(): void {
  const sources = join(root, 'examples/rude-build/src')
  for (const name of readdirSync(sources)) copyFileSync(join(sources, name), inScratch(`src/${name}`))
  table(`\`make -j2\` of examples/rude-build, ${pairs} pairs`, 'recipe', 'bare, ms', 'shims, ms', 'ratio')
  for (const [title, recipe] of Object.entries(recipes)) {
    writeFileSync(
      inScratch('src/Makefile'),
      `CC = cc\nall: $(patsubst %.c,%.o,$(wildcard *.c))\n%.o: %.c\n\t@${recipe}\n`,
    )
    const samples: Samples = new Map([
      ['bare', []],
      ['shim', []],
    ])
    for (let i = 0; i < pairs; i++)
      for (const name of i % 2 === 0 ? ['bare', 'shim'] : ['shim', 'bare']) {
        for (const file of readdirSync(inScratch('src')))
          if (file.endsWith('.o')) rmSync(inScratch(`src/${file}`))
        const began = process.hrtime.bigint()
        run([whereIs('make'), '-j2'], name === 'bare' ? plainPath : shimPath, inScratch('src'))
        samples.get(name)?.push(Number(process.hrtime.bigint() - began))
      }
    const of = (name: string): string => milliseconds(spread(samples.get(name) ?? []))
    print(title, of('bare'), of('shim'), ratio(samples, 'shim', 'bare'))
  }
}

function printStart(): void {
  const context: Context = { name: 'start', pool: 'none', driver: ['plain'] }
  const { samples } = time(
    context,
    [
      { name: 'node', command: [process.execPath, '-e', '0'] },
      { name: 'jobshim', command: [...jobshim, 'run', '-q', '--dir', shims, '--', 'true'] },
    ],
    starts,
  )
  table(
    `Starting \`jobshim run -- true\` and \`node -e 0\`, ${starts} each`,
    'command',
    'ms (quartiles)',
    'ratio',
  )
  for (const [name, numbers] of samples)
    print(name, milliseconds(spread(numbers)), ratio(samples, name, 'node'))
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

const parts: Record<string, () => void> = {
  wrappers: () => {
    printWrappers('static-true', [])
    printWrappers('true', [])
    printWrappers('gcc', compile.slice(1))
  },
  paths: () => printPaths([['static-true'], ['true'], compile]),
  builds: printBuilds,
  start: printStart,
}

try {
  prepare()
  console.log(`${new Date().toISOString().slice(0, 10)}: ${machine()}; medians of ${rounds}`)
  for (const part of values.part ?? Object.keys(parts)) parts[part]?.()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
