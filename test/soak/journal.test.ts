import { linkSync, mkdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { journalEvent, type ToolEvent } from '../../src/timeline/event.js'
import { buildProgram } from '../support/built.js'
import { run } from '../support/jobshim.js'
import { processes } from '../support/processes.js'
import { random, seed } from '../support/random.js'
import { installShims } from '../support/shimdir.js'
import { wholeSummary, withoutUse } from '../support/summary.js'
import { testWith } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

/**
 * JOBSHIM_TEST_JOURNAL=RUNS   how many runs the build has (2000; 20000 in .ci/run); 30 launchers are killed meanwhile
 * JOBSHIM_TEST_SEED=N         which
 */
const runs = Number(process.env.JOBSHIM_TEST_JOURNAL ?? 2000)
const kills = 30
const jobs = 800
const holdMs = 3000 // to twice that: what the clock can not see, the wake-up of the launcher, is a small part of it

/** Half of the units are make's, in its own slots; the others are ninja's and xargs', in slots of their launchers. */
const unit = (index: number): string => `u${index}`
const share = (from: number, to: number): string[] =>
  Array.from({ length: Math.floor(runs * to) - Math.floor(runs * from) }, (_, index) =>
    unit(Math.floor(runs * from) + index),
  )
const [ofMake, ofNinja, ofXargs] = [share(0, 0.5), share(0.5, 0.75), share(0.75, 1)]
const units = [...ofMake, ...ofNinja, ...ofXargs]

const files = {
  Makefile: `all: ${ofMake.map(name => `o/${name}.o`).join(' ')}\no/%.o: %.s\n\t-@as -o $@ $<\n`,
  'build.ninja': `rule as\n command = as -o $out $in\n${ofNinja.map(name => `build o/${name}.o: as ${name}.s\n`).join('')}`,
  list: `${ofXargs.join('\n')}\n`,
  'build.sh': `make -s -i 2>/dev/null &
ninja -k 0 -j ${jobs / 2} --quiet >/dev/null &
xargs -n 1 -P ${jobs / 2} sh -c 'as -o o/$0.o $0.s || exit 1' <list 2>/dev/null &
wait
`,
  'o/.keep': '',
  'u0.s': '.globl x\nx: ret\n',
}

/** Kills launchers of these shims whose tool runs, until the build has ended. Returns the units that they were about. */
async function killSome(shims: string, count: number, isOver: () => boolean): Promise<Set<string>> {
  const launchers = ['as', 'look'].map(name => join(shims, '.jobshim/bin', name)) // the second one has waited
  const chance = random(seed)
  const killed = new Set<string>()
  const pause = (runs * holdMs) / jobs / count / 2 // a look itself takes a while
  while (killed.size < count && !isOver()) {
    await new Promise(resolve => setTimeout(resolve, pause))
    const all = processes()
    const parents = new Set(all.map(({ parent }) => parent))
    const found = all.filter(
      ({ pid, command }) =>
        /(^| )as -o /.test(command) && parents.has(pid) && launchers.includes(programOf(pid)),
    )
    const victim = found[Math.floor(chance() * found.length)]
    if (victim === undefined) continue
    killed.add(basename(victim.command.split(' ').at(-1) ?? '', '.s'))
    try {
      process.kill(victim.pid, 'SIGKILL')
    } catch {
      // it has ended, and its line is there
    }
  }
  return killed
}

function programOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`)
  } catch {
    return ''
  }
}

type Clocked = { name: string; birth: bigint; end: bigint }

/** Puts the clock before the real tool. */
function makeClock(directory: string): { bin: string; take: () => Clocked[] } {
  const bin = join(directory, 'bin')
  mkdirSync(bin, { recursive: true })
  buildProgram(join(directory, 'clocked'), ['clocked.c'], [`-DHOLD_MS=${holdMs}`])
  symlinkSync('../clocked', join(bin, 'as'))
  return {
    bin,
    take: () =>
      readFileSync(join(directory, 'log'), 'utf8')
        .trim()
        .split('\n')
        .map(line => {
          const [birth = '', end = '', last = ''] = line.split(' ')
          return { name: basename(last, '.s'), birth: BigInt(birth), end: BigInt(end) }
        }),
  }
}

/** How many of the runs there were at once. */
function peakOf(clocked: readonly Clocked[]): number {
  const steps = clocked.flatMap(({ birth, end }) => [
    { at: birth, step: 1 },
    { at: end, step: -1 },
  ])
  let now = 0
  let peak = 0
  for (const { step } of steps.sort((a, b) => Number(a.at - b.at) || a.step - b.step)) {
    now += step
    peak = Math.max(peak, now)
  }
  return peak
}

testWith(
  ['make43', 'ninja111'],
  `journal :: ${runs} runs of make, ninja and xargs, ${kills} launchers killed :: a whole line for each that survived, and the time that somebody else has measured`,
  async () => {
    const root = makeWorkspace()
    writeFiles(root, files)
    for (const name of units.slice(1)) linkSync(join(root, 'u0.s'), join(root, `${name}.s`))
    const clock = makeClock(join(root, 'clock'))
    const PATH = `${clock.bin}:${process.env.PATH}`
    const shims = await installShims(join(root, 'shims'), { args: ['--tools', 'as'], env: { PATH } })
    const journal = join(root, 'journal')
    let over = false
    // Above what else the machine does, where we may: a launcher that wakes up late has its slot for longer than the clock sees.
    const building = run(
      'nice',
      [
        ...['-n', '-10', process.execPath],
        join(repository, 'bin/jobshim.js'),
        ...['run', `-j${jobs}`, '--no-config', '--dir', shims, '--journal', journal, '--', 'sh', 'build.sh'],
      ],
      { cwd: root, env: { PATH }, hangSeconds: 600 },
    ).finally(() => {
      over = true
    })
    const killed = await killSome(shims, kills, () => over)
    const { stderr } = await building
    assert.match(
      withoutUse(stderr),
      // The tool of a launcher that was killed has no slot, and is told as what it is if a look sees it.
      new RegExp(
        `^(nice: .*\n)?jobshim: \\d+ tools ran${wholeSummary}( {2}past the shims: \\d+ % .*\n( {4}.*\n)+)?$`,
      ),
      stderr,
    )
    const past = [...stderr.matchAll(/^ {4}as by .*: (\d+) runs?, /gm)].map(([, number]) => Number(number))
    assert.ok(past.reduce((all, one) => all + one, 0) <= kills, stderr)
    assert.is(killed.size, kills)

    const clocked = clock.take()
    assert.ok(peakOf(clocked) <= jobs, `${peakOf(clocked)}`)
    const measured = new Map(clocked.map(({ name, birth, end }) => [name, Number(end - birth) / 1e9]))

    const lines = readFileSync(journal, 'utf8').split('\n')
    assert.is(lines.pop(), '')
    const events = lines.map(line => journalEvent.parse(JSON.parse(line)))
    const told = events.filter((event): event is ToolEvent => event.event === 'tool' && event.tool === 'as')
    const names = told.map(({ file }) => basename(file, '.s'))
    assert.is(new Set(names).size, names.length) // no unit has two
    const survivors = units.filter(name => !killed.has(name))
    const without = (seen: ReadonlySet<string>): string[] => survivors.filter(name => !seen.has(name))
    assert.equal(without(new Set(measured.keys())), [])
    assert.equal(without(new Set(names)), [], `seed ${seed}`)

    const both = told.filter(({ file }) => measured.has(basename(file, '.s')))
    const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
    const ran = sum(both.map(({ ranSeconds }) => ranSeconds))
    const recorded = sum(both.map(({ file }) => measured.get(basename(file, '.s')) ?? 0))
    const slots = Object.fromEntries(
      ['caller', 'implicit', 'token'].map(slot => [slot, told.filter(event => event.slot === slot).length]),
    )
    const figures = {
      seed,
      runs,
      killed: kills,
      lines: told.length,
      slots,
      ran,
      recorded,
      ratio: ran / recorded,
    }
    console.log(`\nmeasured ${JSON.stringify(figures)}`)
    assert.ok(both.length >= runs - kills)
    assert.ok(ran >= recorded && ran / recorded < 1.01, JSON.stringify(figures))
  },
)

test.run()
