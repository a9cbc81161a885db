/**
 * Eight links that take four slots each among forty compiles, at -j4. What runs is counted by the recorder, which knows
 * nothing of jobshim: a link weighs four.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readlinkSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'
import type { ClientKey } from '../support/clients.js'
import { jobshim } from '../support/jobshim.js'
import { processes } from '../support/processes.js'
import { random, seed } from '../support/random.js'
import { makeRecorder, peakOf, type RecordedEvent } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { wholeSummary, withoutUse } from '../support/summary.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { summaryLine } from '../yard/runs.js'

const slots = 4
const links = Array.from({ length: 8 }, (_, index) => `link${index}`)
const compiles = Array.from({ length: 40 }, (_, index) => `compile${index}.o`)
const linkLine = (name: string): string => `g++ base.o -o ${name}`
const compileLine = (name: string): string => `gcc -c base.c -o ${name}`
const lineOf = (name: string): string => (name.startsWith('link') ? linkLine(name) : compileLine(name))
// A link among five compiles, so that both are always wanted.
const mixed = links.flatMap((name, index) => [...compiles.slice(index * 5, index * 5 + 5), name])

const recipes = (wrap: (line: string) => string): string =>
  [`all: ${mixed.join(' ')}`, ...mixed.map(name => `${name}:\n\t@${wrap(lineOf(name))}`), ''].join('\n')

const drivers: readonly {
  name: string
  needs: readonly ClientKey[]
  files: Record<string, string>
  command: string[]
}[] = [
  {
    name: 'a script that starts them all at once',
    needs: [],
    files: {
      'build.sh': `#!/bin/sh\n${[...links, ...compiles].map(name => `${lineOf(name)} &\n`).join('')}wait\n`,
    },
    command: ['./build.sh'],
  },
  ...(['make43', 'make44'] as const).flatMap(key => [
    {
      name: `${key}, which starts them itself`,
      needs: [key],
      files: { Makefile: recipes(line => line) },
      command: ['make'],
    },
    {
      name: `${key}, below a shell`,
      needs: [key],
      files: { Makefile: recipes(line => `${line} && test -s $@`) },
      command: ['make'],
    },
  ]),
  ...(['ninja111', 'ninja113'] as const).map(key => ({
    name: key,
    needs: [key],
    files: {
      'build.ninja': [
        'rule run',
        '  command = $line',
        ...mixed.map(name => `build ${name}: run\n  line = ${lineOf(name)}`),
        '',
      ].join('\n'),
    },
    command: ['ninja', ...(key === 'ninja111' ? ['-j48'] : [])],
  })),
]

const recorder = makeRecorder(makeWorkspace('recorder'))

/** A directory with what is linked and compiled, and a g++ that takes its time. */
async function makeSite(files: Record<string, string>, client: string) {
  const root = makeWorkspace()
  const directory = join(root, 'work')
  mkdirSync(directory)
  writeFiles(directory, {
    ...files,
    'base.c': 'int main(void) { return 0; }\n',
    '.jobshimrc': JSON.stringify({ rules: [{ kind: 'link', tokens: slots }] }),
  })
  execFileSync('gcc', ['-c', 'base.c', '-o', 'base.o'], { cwd: directory })
  writeFiles(root, { 'slow/g++': '#!/bin/sh\nsleep 0.2\nexec /usr/bin/g++ "$@"\n' })
  const behind = [recorder.bin, join(root, 'slow'), client, process.env.PATH].filter(Boolean).join(delimiter)
  const shims = await installShims(join(root, 'shims'), { env: { PATH: behind }, cwd: directory })
  return { directory, shims, path: [shims, behind].join(delimiter) }
}

const weight = ({ name }: RecordedEvent): number => (name === 'g++' ? slots : 1)

// Before the shims, which `run` puts first on PATH.
const askedFor = ['sh', '-c', `PATH=${recorder.asks}:$PATH; exec "$0" "$@"`]

/** How many links started while a compile waited, the most of all compiles. */
function linksAhead(events: readonly RecordedEvent[]): number {
  const indexOf = (sign: string, file: string): number =>
    events.findIndex(event => event.sign === sign && event.last === file)
  return Math.max(
    ...compiles.map(
      file =>
        events
          .slice(indexOf('?', file), indexOf('+', file))
          .filter(({ sign, name }) => sign === '+' && name === 'g++').length,
    ),
  )
}

for (const { name, needs, files, command } of drivers) {
  const title = `links of four slots :: ${name} :: never more than four at once, all run, none keeps compiles waiting for another`
  testWith(needs, title, async client => {
    const { directory, shims, path } = await makeSite(files, client)
    recorder.take()
    const outcome = await jobshim(['run', `-j${slots}`, '--dir', shims, '--', ...askedFor, ...command], {
      cwd: directory,
      env: { PATH: path },
    })
    const { events, runs, unfinished } = recorder.take()
    assert.is(outcome.status, 0, outcome.stdout + outcome.stderr)
    assert.is(runs, links.length + compiles.length)
    assert.is(unfinished, 0)
    assert.ok(peakOf(events, weight) <= slots, `${peakOf(events, weight)} slots at once`)
    assert.ok(linksAhead(events) <= 1, `a compile waited for ${linksAhead(events)} links`)
    // Nobody ran without a slot or with fewer: that is what happens when all wait for each other.
    assert.match(
      withoutUse(outcome.stderr),
      new RegExp(`^jobshim: \\d+ tools ran${wholeSummary}$`),
      outcome.stderr,
    )
    assert.not.match(outcome.stderr, /without a slot/)
  })
}

/** ninja 1.13 keeps the slot it was started in for what it starts next, and nobody can take it. */
testWith(
  'ninja113',
  'links of four slots :: ninja113 :: its own slot is not waited for, what runs in it is',
  async client => {
    const files = {
      'build.ninja': [
        'rule run',
        '  command = $line',
        'build other: run',
        '  line = sleep 3 && touch other',
        ...['link0', 'link1'].map(name => `build ${name}: run\n  line = ${linkLine(name)}`),
        '',
      ].join('\n'),
    }
    const { directory, shims, path } = await makeSite(files, client)
    writeFiles(directory, {
      '../slow/g++': '#!/bin/sh\n[ -e other ] || echo early\nexec /usr/bin/g++ "$@"\n',
    })
    recorder.take()
    const outcome = await jobshim(['run', `-j${slots}`, '--dir', shims, '--', 'ninja', '--quiet'], {
      cwd: directory,
      env: { PATH: path },
    })
    assert.equal([outcome.status, outcome.stdout], [0, ''])
    assert.match(withoutUse(outcome.stderr), summaryLine('2 tools', 1, slots))
    assert.ok(peakOf(recorder.take().events, weight) <= slots)
  },
)

/** The launchers and tools that run in a directory. */
const toolsIn = (directory: string): number[] =>
  processes()
    .filter(({ command, state }) => state !== 'Z' && / base\.[co] .*-o |-o .* base\.[co]/.test(command))
    .map(({ pid }) => pid)
    .filter(pid => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === directory
      } catch {
        return false // gone meanwhile
      }
    })

function strike(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // gone meanwhile
  }
}

test(`links of four slots :: any process killed at any time :: whole again :: seed ${seed}`, async () => {
  const chance = random(seed)
  const [script] = drivers
  const { directory, shims, path } = await makeSite(script?.files ?? {}, '')
  for (let round = 0; round < 5; round++) {
    const build = jobshim(['run', `-j${slots}`, '--dir', shims, '--', './build.sh'], {
      cwd: directory,
      env: { PATH: path, TMPDIR: directory },
    })
    let over = false
    build.finally(() => {
      over = true
    })
    for (let kills = 0; kills < 12 && !over; kills++) {
      await new Promise(resolve => setTimeout(resolve, chance() * 150))
      const victims = toolsIn(directory)
      const victim = victims[Math.floor(chance() * victims.length)]
      if (victim !== undefined) strike(victim)
    }
    const { stderr } = await build
    // What the recorder started may outlive it: then it has no slot, and says after our summary that its collect2 was killed.
    const said = stderr
      .replace(/^(gcc|g\+\+): fatal error: .*\n|^compilation terminated\.\n/gm, '')
      .replace(/^ {2}past the shims: .*\n(?: {4}.*\n)*/m, '')
    assert.match(withoutUse(said), new RegExp(`(^|\n)jobshim: \\d+ tools? ran${wholeSummary}$`), stderr)
    for (const file of [...links, ...compiles]) rmSync(join(directory, file), { force: true })
  }
})

console.log(`JOBSHIM_TEST_SEED=${seed}`)

test.run()
