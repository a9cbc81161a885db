/** What a program and a tool take longer below `run --sandbox`, and what its supervisor uses of a processor. */
import { type ChildProcess, execFileSync, spawn as start } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { milliseconds, print, ratio, type Samples, spread, table } from './figures.js'
import { shells } from './place.js'
import {
  type Door,
  environment,
  inScratch,
  jobshim,
  makeDoor,
  plainPath,
  run,
  shims,
  spawn,
  whereIs,
} from './scratch.js'

const descriptors = 500
const processes = 3000
const waiters = 500
const startsASecond = 1000
const seconds = 10
const calls = 2_000_000
const limitMs = 600_000
const parts = 4

/** An ordinary file of a hundred lines: some headers of the system, and functions that use them. */
const realFile = [
  ...['stdio', 'stdlib', 'string', 'errno', 'unistd', 'sys/stat'].map(name => `#include <${name}.h>`),
  ...Array.from(
    { length: 12 },
    (_, n) => `
int f${n}(const char *path, char *text, size_t size)
{
  struct stat status;
  if (stat(path, &status) < 0) return -errno;
  size_t used = strlen(text);
  for (size_t i = used; i < size && i < (size_t)status.st_size; i++) text[i] = path[i % ${n + 2}];
  return snprintf(text, size, "%d %s", atoi(path) + ${n}, text + used);
}`,
  ),
  '',
].join('\n')

type Situation = {
  name: string
  program: 'plain' | 'tool'
  context: readonly string[] // of who starts it, below the sandbox
  deep?: true
  crowded?: true
  full?: true
  flatAs?: string // that situation, without what is special here
}

const held = ['held', inScratch('tools/static-true')]
const kinds = [
  { name: 'plain program', program: 'plain', context: ['plain'] },
  { name: "tool, its caller's slot", program: 'tool', context: ['client'] },
  { name: 'tool, implicit slot', program: 'tool', context: ['plain'] },
  { name: 'tool, token', program: 'tool', context: held },
] as const satisfies Situation[]

const specials = [
  { what: '40 shells deep', with: { deep: true } },
  { what: `its caller has ${descriptors} descriptors`, with: { full: true } },
  { what: `${processes} other processes`, with: { crowded: true } },
] as const

const situations: readonly Situation[] = [
  ...kinds,
  ...specials.flatMap(special =>
    kinds.map(kind => ({
      ...kind,
      ...special.with,
      name: `${kind.name}, ${special.what}`,
      flatAs: kind.name,
    })),
  ),
]

const below = ({ jobshim, shims }: Door, ...command: readonly string[]): string[] => [
  ...jobshim,
  ...['run', '-q', '-j2', '--sandbox', '--no-config', '--dir', shims, '--'],
  ...command,
]

function begin(command: readonly string[], { shims }: Pick<Door, 'shims'>): ChildProcess {
  const [program = '', ...args] = command
  return start(program, args, {
    cwd: inScratch(''),
    env: { ...environment(plainPath), JOBSHIM_DIR: shims },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/**
 * Starts the same programs outside and below each sandbox in turn. Those outside have a starter of their own, too, which is woken for each as
 * the others are. Returns their times: `outside`, and a door's name.
 */
function timeOnce(
  situation: Situation,
  command: readonly string[],
  rounds: number,
  doors: readonly Door[],
): Samples {
  const full = situation.full ? ['full', String(descriptors)] : []
  const deep = situation.deep ? shells() : [] // once: it writes the script that they read
  const names = ['outside', ...doors.map(({ name }) => name)]
  const calls = names.map((_, i) => inScratch(`calls${i}`))
  for (const fifo of calls)
    run(['sh', '-c', 'rm -f "$1" "$1.answers"; mkfifo "$1" "$1.answers"', 'sh', fifo], plainPath)
  const follow = (at: number, context: readonly string[]): string[] => [
    ...[spawn, 'follow', calls[at] ?? '', ...full, ...context, '::', 'it', ...command],
  ]
  begin(follow(0, ['plain']), { shims }).unref()
  for (const [i, door] of doors.entries())
    begin(below(door, ...deep, ...follow(i + 1, situation.context)), door).unref()
  const words = ['time', String(rounds), ...calls.flatMap(fifo => ['lead', fifo, '1']), 'plain']
  const crowd = situation.crowded ? ['crowd', String(processes), spawn] : []
  const output = execFileSync(spawn, [...crowd, ...words], { encoding: 'utf8', timeout: limitMs })
  const lines = output
    .trim()
    .split('\n')
    .map(line => line.split(' '))
  return new Map(lines.map(([, ...ns], i) => [names[i] ?? '', ns.map(Number)]))
}

/** Several times, since where a process has its pages makes it slower or quicker than another one for all its life. */
function time(
  situation: Situation,
  command: readonly string[],
  rounds: number,
  doors: readonly Door[],
): Samples {
  const samples: Samples = new Map()
  for (let part = 0; part < parts; part++)
    for (const [name, ns] of timeOnce(situation, command, Math.ceil(rounds / parts), doors))
      samples.set(name, [...(samples.get(name) ?? []), ...ns])
  return samples
}

function programs(): Record<Situation['program'], readonly (readonly [string, ...string[]])[]> {
  copyFileSync(whereIs('static-true'), inScratch('static-plain'))
  copyFileSync(whereIs('true'), inScratch('plain'))
  return {
    plain: [[inScratch('static-plain')], [inScratch('plain')]],
    tool: [[whereIs('static-true')], [whereIs('true')]],
  }
}

function printCosts(rounds: number, doors: readonly Door[]): void {
  table(
    'Below a sandbox',
    'program',
    'where',
    'look',
    'outside, ms',
    'below, ms',
    'ratio',
    'of the same, flat',
  )
  const ratios = new Map<string, number>()
  const all = programs()
  const row = (situation: Situation, command: readonly [string, ...string[]], file = ''): void => {
    const samples = time(situation, command, rounds, doors)
    const name = `${command[0].slice(command[0].lastIndexOf('/') + 1)}${file}`
    for (const door of doors) {
      const told = ratio(samples, door.name, 'outside', 3)
      const flat = ratios.get(`${name} ${situation.flatAs} ${door.name}`)
      ratios.set(`${name} ${situation.name} ${door.name}`, Number(told.slice(1)))
      print(
        name,
        situation.name,
        door.name,
        ...['outside', door.name].map(one => milliseconds(spread(samples.get(one) ?? []))),
        told,
        flat === undefined ? '' : `x${(Number(told.slice(1)) / flat).toFixed(2)}`,
      )
    }
  }
  for (const situation of situations) for (const command of all[situation.program]) row(situation, command)
  writeFileSync(inScratch('real.c'), realFile)
  for (const kind of kinds)
    if (kind.program === 'tool')
      for (const [file, option] of [
        ['tiny', '-O0'],
        ['real', '-O2'],
      ])
        row(
          kind,
          [whereIs('gcc'), `${option}`, '-c', inScratch(`${file}.c`), '-o', inScratch('out.o')],
          ` ${option} ${file}.c`,
        )
}

function printCalls(doors: readonly Door[]): void {
  const one = (samples: Samples, name: string): number => spread(samples.get(name) ?? []).middle / calls
  const plain: Situation = { name: '', program: 'plain', context: ['plain'] }
  const command = [spawn, 'calls', String(calls)]
  const samples = time(plain, command, 12, doors.slice(0, 1))
  const filtered = one(time(plain, [...command, 'filtered'], 12, []), 'outside')
  const [outside = Number.NaN, inside = Number.NaN] = ['outside', doors[0]?.name ?? ''].map(name =>
    one(samples, name),
  )
  table('Any other system call (getppid), ns', 'outside', 'below', 'more', 'below a filter that allows all')
  print(
    outside.toFixed(0),
    inside.toFixed(0),
    (inside - outside).toFixed(0),
    `${(filtered - outside).toFixed(0)} more`,
  )
}

/** Nanoseconds of CPU time of the one supervisor. */
function supervisorsCpu({ shims }: Door): number {
  const file = join(shims, '.jobshim/look')
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      if (words[0] === file && words[1] === 'supervise')
        return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0])
    } catch {
      // it has ended
    }
  }
  throw new Error('there is no supervisor')
}

type Load = { name: string; words: readonly string[] }

const loads: readonly Load[] = [
  {
    name: `${startsASecond} plain programs started a second`,
    words: ['each', String(startsASecond), String(2 * seconds), inScratch('static-plain')],
  },
  {
    name: `${waiters} tools wait, none gets a slot`,
    words: ['herd', String(waiters), String(2 * seconds), inScratch('tools/static-true'), 'stay'],
  },
  {
    name: `${waiters} tools wait, each that has a slot ends after 5 ms`,
    words: ['herd', String(waiters), String(2 * seconds), inScratch('tools/static-true'), 'nap'],
  },
]

async function printSupervisor(doors: readonly Door[]): Promise<void> {
  table('The supervisor', 'load', 'look', '% of a core')
  for (const { name, words } of loads)
    for (const door of doors) {
      const child = begin(below(door, spawn, ...words), door)
      const over = once(child, 'exit')
      await sleep((seconds * 1000) / 2)
      const [began, at] = [supervisorsCpu(door), performance.now()]
      await sleep(seconds * 1000)
      const share = (supervisorsCpu(door) - began) / ((performance.now() - at) * 1e6)
      print(name, door.name, (100 * share).toFixed(2))
      await over
    }
}

/** `before`: a launcher from before, with its `look` beside it. */
export async function printSandbox(rounds: number, before: string | undefined): Promise<void> {
  const doors: Door[] = [{ name: 'as built', jobshim, shims }, makeDoor('glibc', { compiler: 'cc -static' })]
  if (before !== undefined) doors.push(makeDoor('older', { built: dirname(before) }))
  printCosts(rounds, doors)
  printCalls(doors)
  await printSupervisor(doors)
}
