/**
 * What jobshim uses of a processor while nothing moves, and how long a build that waits for itself waits. Both are told by the
 * kernel's own counts and by a clock beside it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { print, spread, table } from './figures.js'
import { inScratch, jobshim, launcher, plainPath, root, run, shims } from './scratch.js'

const settleMs = 3000 // Node has started and collected its garbage by then
const watchedMs = 20_000

const runJobshim = (args: readonly string[]): readonly string[] => [
  ...jobshim,
  args[0] ?? '',
  '--no-config',
  '--dir',
  shims,
  ...args.slice(1),
]

function start(words: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess {
  const [program = '', ...args] = words
  return spawn(program, args, {
    cwd: inScratch('src'),
    env: { PATH: plainPath, HOME: inScratch(''), XDG_RUNTIME_DIR: inScratch('state'), ...environment },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const over = once(child, 'exit')
    child.kill('SIGTERM')
    await over
  }
}

/** Nanoseconds of CPU time that the process, its threads and all below it have used. proc(5): schedstat; cutime is of those that ended. */
function cpuBelow(pid: number): number {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`)
    const own = tasks.map(task =>
      Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
    )
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ended = (Number(fields[13]) + Number(fields[14])) * 1e7 // ticks of 10 ms
    const children = tasks.flatMap(task =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
    return [...own, ended, ...children.map(cpuBelow)].reduce((sum, one) => sum + one, 0)
  } catch {
    return 0 // it has ended meanwhile
  }
}

/** Returns the share of a core, in percent, that is used below the process from now on. */
async function shareOf(pid: number): Promise<number> {
  await sleep(settleMs)
  const [began, at] = [cpuBelow(pid), performance.now()]
  await sleep(watchedMs)
  return ((cpuBelow(pid) - began) / ((performance.now() - at) * 1e6)) * 100
}

const fifo = (): string => inScratch('central')

async function serve(jobs: number): Promise<ChildProcess> {
  const server = start(runJobshim(['serve', '--fifo', fifo(), `-j${jobs}`]), {})
  if (server.stdout) await once(server.stdout, 'data')
  return server
}

/** Two recipes that last: at -j2 a client holds a token, and the pool is empty. */
const holders = 'all: a b\na b:\n\t@sleep 60\n'

async function printShares(): Promise<void> {
  writeFileSync(inScratch('src/holders'), holders)
  const server = await serve(2)
  const watched: [name: string, child: ChildProcess][] = [
    ['serve -j2', server],
    ['run -j2 -- sleep', start(runJobshim(['run', '-j2', '-q', '--', 'sleep', '60']), {})],
    [
      'run -j2 -- make, whose jobs sleep: the census is at work',
      start(runJobshim(['run', '-j2', '-q', '--', 'make', '-s', '-f', 'holders']), {}),
    ],
  ]
  table('CPU while nothing moves, over 20 s, less the start', 'what', '% of a core')
  const shares = await Promise.all(watched.map(([, { pid = 0 }]) => shareOf(pid)))
  for (const [index, [name]] of watched.entries()) print(name, (shares[index] ?? Number.NaN).toFixed(3))
  for (const [, child] of watched) await end(child)
  const held = await serve(1)
  const client = start(['make', '-s', '-j2', '-f', 'holders'], {
    MAKEFLAGS: `--jobserver-auth=fifo:${fifo()}`,
    PATH: `${shims}:${plainPath}`,
  })
  print('serve -j1, a client holds: the census is at work', (await shareOf(held.pid ?? 0)).toFixed(3))
  process.kill(-(client.pid ?? 0), 'SIGKILL')
  await end(held)
}

type Place = {
  name: string
  words: readonly string[]
  environment: Readonly<Record<string, string>>
  served?: true
}

const patience = 2 // seconds
const pipes = {
  two: 'cc -E f1.c | cc -x c -c - -o p.o',
  three: 'cc -E f1.c | cc -E -x c - | cc -x c -c - -o p.o',
} as const
const withShims = `${shims}:${plainPath}`

const placesOf = (pipe: string): readonly Place[] => [
  { name: 'run -j1', words: runJobshim(['run', '-j1', '-q', '--', 'sh', '-c', pipe]), environment: {} },
  {
    name: 'serve -j1',
    words: ['sh', '-c', pipe],
    environment: { PATH: withShims, MAKEFLAGS: `--jobserver-auth=fifo:${fifo()}` },
    served: true,
  },
  { name: 'make -j2', words: ['make', '-s', '-j2', '-f', 'pipe'], environment: { PATH: withShims } },
]

/** The pipeline alone, below no limit: what the compiler itself takes at this load. */
const plain = (pipe: string): Place => ({ name: 'plain', words: ['sh', '-c', pipe], environment: {} })
const plainTimes = 5

/** Returns the seconds that each run took. */
async function timePipes({ words, environment }: Place, times: number): Promise<number[]> {
  const seconds: number[] = []
  for (let time = 0; time < times; time++) {
    rmSync(inScratch('src/p.o'), { force: true })
    const began = performance.now()
    const [status] = await once(start(words, { JOBSHIM_PATIENCE: String(patience), ...environment }), 'exit')
    seconds.push((performance.now() - began) / 1000)
    if (status !== 0 || !existsSync(inScratch('src/p.o'))) throw new Error(`${words.join(' ')}: ${status}`)
  }
  return seconds
}

function putLauncher(file: string): void {
  copyFileSync(file, `${launcher}.new`)
  renameSync(`${launcher}.new`, launcher)
  run([join(dirname(launcher), 'look'), 'freshen'])
}

async function printPipes(times: number): Promise<void> {
  const functions = Array.from({ length: 4000 }, (_, n) => `int f${n}(int a) { return a * ${n} + 1; }\n`)
  writeFileSync(inScratch('src/f1.c'), functions.join(''))
  const glibc = inScratch('launcher-glibc')
  run(['make', '-s', '-C', join(root, 'shims'), `OUT=${glibc}`, 'COMPILERS="cc -static"', glibc], plainPath)
  const musl = join(root, 'shims/build/launcher')
  table(
    `A pipeline that waits for itself, patience ${patience} s, ${times} runs each`,
    'below',
    'stages',
    'launcher',
    'busy loops',
    'plain s',
    'median s',
    'longest s',
    'longest, less plain',
  )
  for (const load of [0, 4]) {
    const busy = Array.from({ length: load }, () =>
      spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }),
    )
    for (const [name, file] of [
      ['musl', musl],
      ['glibc', glibc],
    ] as const) {
      putLauncher(file)
      for (const [stages, pipe] of Object.entries(pipes)) {
        writeFileSync(inScratch('src/pipe'), `all:\n\t@${pipe}\n`)
        const alone = spread(await timePipes(plain(pipe), plainTimes)).middle
        for (const place of placesOf(pipe)) {
          const server = place.served ? await serve(1) : undefined
          const seconds = await timePipes(place, times)
          if (server) await end(server)
          print(
            place.name,
            stages,
            name,
            String(load),
            alone.toFixed(2),
            spread(seconds).middle.toFixed(2),
            Math.max(...seconds).toFixed(2),
            (Math.max(...seconds) - alone).toFixed(2),
          )
        }
      }
    }
    for (const loop of busy) loop.kill('SIGKILL')
  }
  putLauncher(musl)
}

/** Prints both. `times`: how often each pipeline is run. */
export async function printIdle(times: number): Promise<void> {
  const { stdout } = spawnSync('cat', ['/proc/loadavg'], { encoding: 'utf8' })
  console.log(`\nload before: ${stdout.trim()}, ${availableParallelism()} cores`)
  await printShares()
  await printPipes(times)
}
