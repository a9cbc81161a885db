/**
 * How long a build of one tool waits behind one of hundreds in the same pool, in lengths of a tool; and how long it waits if its priority is
 * low. The tool writes down when it starts, so neither the ledger nor the journal has a part in it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { print, spread, table } from './figures.js'
import { inScratch, jobshim, plainPath, run } from './scratch.js'

const toolMs = 500
const slots = 4
const crowd = 200
const lowCrowd = 560 // so many keep the slots busy for longer than a low tool waits

const tool = `#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	const struct timespec length = { ${Math.floor(toolMs / 1000)}, ${(toolMs % 1000) * 1_000_000}L };
	int log = open("${inScratch('ticks')}", O_WRONLY | O_APPEND | O_CREAT, 0600);
	struct timespec now;
	char line[100];
	if (argc != 2 || clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 1;
	snprintf(line, sizeof line, "%.40s %lld\\n", argv[1], now.tv_sec * 1000000000LL + now.tv_nsec);
	return write(log, line, strlen(line)) == (ssize_t)strlen(line) ? nanosleep(&length, NULL) : 1;
}
`

const shims = inScratch('shims of tick')
const fifo = inScratch('fair-fifo')
const log = inScratch('ticks')

/** How a build starts so many tools at once. `tick`: how it names the tool. */
type Way = { name: string; isSandbox?: true; command: (letter: string, tools: number) => readonly string[] }

const script = (tick: string, letter: string, tools: number): string =>
  `for i in $(seq ${tools}); do ${tick} ${letter}$i & done; wait`

const below = (...flags: readonly string[]): readonly string[] => [
  ...jobshim,
  ...['run', '-q', '--no-config', '--dir', shims, '--jobserver', `fifo:${fifo}`],
  ...flags,
  '--',
]

const ways: readonly Way[] = [
  { name: 'launchers', command: (letter, tools) => ['sh', '-c', script('tick', letter, tools)] },
  { name: '`run`', command: (letter, tools) => [...below(), 'sh', '-c', script('tick', letter, tools)] },
  {
    name: 'make, by its adapter',
    command: (letter, tools) => [
      'make',
      '-s',
      '-f',
      inScratch('fair.mk'),
      `TOOLS=${tools}`,
      `NAME=${letter}`,
    ],
  },
  {
    name: '`run --sandbox`',
    command: (letter, tools) => [
      ...below('--sandbox'),
      'sh',
      '-c',
      script(inScratch('tools/tick'), letter, tools),
    ],
  },
]

function start(words: readonly string[], more: NodeJS.ProcessEnv = {}): ChildProcess {
  const [program = '', ...args] = words
  const path = program === 'make' || program === 'sh' ? `${shims}:${plainPath}` : plainPath
  return spawn(program, args, {
    cwd: inScratch('src'),
    env: {
      PATH: path,
      HOME: inScratch(''),
      XDG_RUNTIME_DIR: inScratch('state'),
      JOBSHIM_JOBSERVER: `fifo:${fifo}`,
      MAKEFLAGS: ` -j${slots} --jobserver-auth=fifo:${fifo}`,
      ...more,
    },
    stdio: 'ignore',
    detached: true, // a session of its own, as a terminal's
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const over = once(child, 'exit')
  try {
    process.kill(-(child.pid ?? 0), 'SIGKILL')
  } catch {
    // it has ended just now
  }
  await over
}

const ticks = (): readonly { name: string; at: bigint }[] =>
  existsSync(log)
    ? readFileSync(log, 'utf8')
        .split('\n')
        .filter(line => line !== '')
        .map(line => line.split(' '))
        .map(([name = '', at = '0']) => ({ name, at: BigInt(at) }))
    : []

/** Starts the build of one tool; resolves with the milliseconds until that runs. */
async function waitOf(way: Way, more: NodeJS.ProcessEnv = {}): Promise<number> {
  const began = process.hrtime.bigint()
  const child = start(way.command('b', 1), more)
  await once(child, 'exit')
  const tick = ticks().find(({ name }) => name === 'b1')
  if (tick === undefined) throw new Error(`${way.name}: the tool of the small build did not run`)
  return Number(tick.at - began) / 1e6
}

/** A server for so long, and a large build in it, if `tools` says of how many. */
async function inPool<Result>(way: Way, tools: number, work: () => Promise<Result>): Promise<Result> {
  rmSync(log, { force: true })
  const server = start([...jobshim, 'serve', '--no-config', '--dir', shims, '--fifo', fifo, `-j${slots}`])
  while (!existsSync(fifo)) await sleep(20)
  const large = tools === 0 ? undefined : start(way.command('a', tools))
  while (large !== undefined && ticks().length < 2 * slots) await sleep(20)
  const result = await work()
  if (large !== undefined) await end(large)
  server.kill('SIGTERM')
  await once(server, 'exit')
  return result
}

const lengths = (ms: number): string => (ms / toolMs).toFixed(2)

function prepareTool(): void {
  writeFileSync(inScratch('tick.c'), tool)
  run(['cc', '-O2', '-o', inScratch('tools/tick'), inScratch('tick.c')], plainPath)
  writeFileSync(
    inScratch('fair.mk'),
    'all: $(addprefix $(NAME),$(shell seq $(TOOLS)))\n$(addprefix $(NAME),$(shell seq $(TOOLS))):\n\t+@tick $@\n',
  )
  run([...jobshim, 'install', '--no-config', '--dir', shims, '--tools', 'tick,gcc'], plainPath)
}

async function measure(way: Way, rounds: number): Promise<void> {
  const alone: number[] = []
  const waits: number[] = []
  for (let round = 0; round < rounds; round++) {
    alone.push(await inPool(way, 0, () => waitOf(way)))
    waits.push(await inPool(way, crowd, () => waitOf(way)))
  }
  const start = spread(alone).middle
  const low = await inPool(way, lowCrowd, () => waitOf(way, { JOBSHIM_PRIORITY: 'low' }))
  print(
    way.name,
    start.toFixed(0),
    lengths(spread(waits).middle - start),
    lengths(Math.max(...waits) - start),
    ((low - start) / 1000).toFixed(1),
  )
}

/** Prints the waits of so many rounds of each way to start tools. */
export async function printFairness(rounds: number): Promise<void> {
  prepareTool()
  table(
    `One tool behind ${crowd} of another build, ${slots} tokens, ${toolMs} ms a tool, ${rounds} rounds; of low priority behind ${lowCrowd}, one round`,
    'both builds by',
    'its start alone, ms',
    'it waits, tools: median',
    'longest',
    'low waits, s',
  )
  for (const way of ways) await measure(way, rounds)
}
