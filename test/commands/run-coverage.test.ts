import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { journalEvent } from '../../src/timeline/event.js'
import { buildProgram } from '../support/built.js'
import { covered, type KernelRun, length, recordEvents, sum } from '../support/events.js'
import { jobshim } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const halves =
  'for i in 1 2 3 4; do gcc -c $((2500 + i * 330)) in.$B & $T/gcc -c $((2500 + i * 330)) past.$B & done; sleep 2; $STATUS >status; wait'

/**
 * Builds whose tools sleep, and end one after the other. The last argument of each run, CLASS.BUILD, says whether it has a slot: `in`, `past`; `if` one if a
 * launcher has started it; `one1`, `one2`: those of the same number share one; `no`: it is no tool.
 */
const builds = {
  'all by their names': 'for i in 1 2 3; do gcc -c 2000 in.$B & done; wait',
  'half of them by their paths': halves,
  'below a make that joined, by their paths': 'make -s -f by-path',
  'below a make that joined, two in each of its slots': 'make -s -f two-by-path',
  'below a make with a pool of its own, and others':
    'env -u MAKEFLAGS -u MAKELEVEL /usr/bin/make -s -j8 -f own-pool & for i in 4 5 6; do gcc -c $((2500 + i * 330)) in.$B & done; wait',
  'where the pool is hidden':
    'for i in 1 2 3; do bwrap --dev-bind / / --tmpfs $XDG_RUNTIME_DIR gcc -c $((2500 + i * 330)) if.$B & gcc -c $((2500 + i * 330)) in.$B & done; wait',
  'where the ledger can only be read':
    'for i in 1 2 3; do bwrap --dev-bind / / --ro-bind $XDG_RUNTIME_DIR $XDG_RUNTIME_DIR gcc -c 2000 in.$B & done; wait',
  'newer than the shims':
    'mkdir $T/new; cp $T/gcc $T/new/gcc-99; PATH=$PATH:$T/new; for i in 1 2 3 4; do gcc-99 -c $((2500 + i * 330)) past.$B & gcc -c $((2500 + i * 330)) in.$B & done; wait',
  'by names that the kernel cuts':
    'for i in 1 2 3 4; do x86_64-linux-gnu-gcc -c $((2500 + i * 330)) in.$B & $T/x86_64-linux-gnu-gcc -c $((2500 + i * 330)) past.$B & x86_64-linux-gnu-objdump -c $((2500 + i * 330)) no.$B & done; wait',
  'by a wrapper that looks around first':
    'PATH=$PWD/before:$PATH; for i in 1 2 3 4; do gcc -c 60 in.$B; done; gcc -c 2000 in.$B',
  'by a wrapper that goes past the shims, and others':
    'for i in 1 2 3 4; do past/gcc -c $((2500 + i * 330)) past.$B & gcc -c $((2500 + i * 330)) in.$B & done; wait',
  'six in the slot of one script':
    '$LAUNCHER -- sh -c "for i in 1 2 3 4 5 6; do $T/gcc -c 3000 one1.$B & done; wait"',
  'by a name that no tool has':
    'for i in 1 2 3 4; do $T/acme -c $((2500 + i * 330)) past.$B & gcc -c $((2500 + i * 330)) in.$B & done; wait',
  'parts of compilers that are not known':
    'for i in 1 2 3 4; do $T/cc1 -c $((2500 + i * 330)) past.$B & gcc -c $((2500 + i * 330)) in.$B & done; $T/pkg/tool/linux_amd64/compile -c 2500 past.$B; $T/link -c 2500 no.$B; wait',
  'what those who started it have left':
    'for i in 1 2 3 4; do (setsid $T/gcc -c $((2500 + i * 330)) past.$B &); (setsid gcc -c $((2500 + i * 330)) in.$B &); done; sleep 5',
  'by copies of shims that are hidden':
    'cp -L $SHIMS/gcc copy; for i in 1 2 3 4; do bwrap --dev-bind / / --tmpfs $SHIMS ./copy -c $((2500 + i * 330)) in.$B & done; wait',
  'while shims are switched off':
    'for i in 1 2 3 4; do JOBSHIM_DISABLE=1 gcc -c $((2500 + i * 330)) past.$B & gcc -c $((2500 + i * 330)) in.$B & done; wait',
} as const

const root = makeWorkspace()
const tools = join(root, 'tools')

const isLauncher = ({ program }: KernelRun): boolean => program.includes('/.jobshim/')

type Classed = {
  governed: KernelRun[]
  past: KernelRun[]
  shared: KernelRun[][] // by slots: the runs that share one
  brief: KernelRun[] // governed, too: over before it must have been seen
}

/** The tools of one of the builds. What is over at once was not yet the tool: a launcher becomes it. */
function classify(runs: readonly KernelRun[], build: number): Classed {
  const launchers = new Set(runs.filter(isLauncher).map(({ pid }) => pid))
  const its = runs.filter(({ program, last }) => program.startsWith(tools) && last.endsWith(`.${build}`))
  const classed = (name: string): KernelRun[] => its.filter(({ last }) => last === `${name}.${build}`)
  const isLaunched = ({ parent }: KernelRun): boolean => launchers.has(parent)
  const isLong = (run: KernelRun): boolean => length(run) >= 1
  const governed = [...classed('in'), ...classed('if').filter(isLaunched)]
  return {
    governed: governed.filter(isLong),
    past: [...classed('past'), ...classed('if').filter(run => !isLaunched(run))].filter(isLong),
    shared: [classed('one1'), classed('one2')].filter(({ length }) => length > 0),
    brief: governed.filter(run => !isLong(run)),
  }
}

/** Returns the share of the tools' time that ran in a slot, until a moment. */
function countedCoverage(
  { governed, past, shared, brief }: Classed,
  until = Number.POSITIVE_INFINITY,
): number {
  const cut = (runs: readonly KernelRun[]): KernelRun[] =>
    runs
      .filter(({ began }) => began < until)
      .map(run => ({ ...run, ended: run.ended < until ? run.ended : until }))
  const inSlots = sum(cut([...governed, ...brief]).map(length)) + sum(shared.map(runs => covered(cut(runs))))
  return inSlots / sum(cut([...governed, ...brief, ...past, ...shared.flat()]).map(length))
}

/** Each look stands for the time since the one before: two hundredths, if they come every 200 ms; more, as they come later. */
const within = (lateMs: number): number => (0.02 * (200 + lateMs)) / 200

async function prepare(): Promise<void> {
  for (const directory of [tools, join(root, 'run')]) mkdirSync(directory, { mode: 0o700 })
  const gcc = join(tools, 'gcc')
  buildProgram(gcc, ['sleeper.c'])
  mkdirSync(join(tools, 'pkg/tool/linux_amd64'), { recursive: true })
  for (const name of [
    'cc1',
    'link',
    'pkg/tool/linux_amd64/compile',
    'x86_64-linux-gnu-gcc',
    'x86_64-linux-gnu-objdump',
  ])
    copyFileSync(gcc, join(tools, name))
  symlinkSync('gcc', join(tools, 'acme'))
  writeFiles(root, {
    'before/gcc': '#!/bin/sh\nseen=$(sleep 0.5)\nPATH=$T_FIRST\ngcc "$@"\n',
    'past/gcc': '#!/bin/sh\nseen=$(sleep 0.5)\nexec $T/gcc "$@"\n',
    'by-path': 'all: a b c d\na b c d:\n\t$(T)/gcc -c 2000 in.$(B)\n',
    'own-pool': 'all: a b c\na b c:\n\t$(T)/gcc -c 3000 past.$(B)\n',
    'two-by-path': `all: 1 2\n1 2:\n\t${'$(T)/gcc -c 3000 one$@.$(B) & '.repeat(2)}wait\n`,
  })
  await installShims(join(root, 'shims'), {
    args: ['--tools', 'gcc'],
    env: { PATH: `${tools}:/usr/bin:/bin` },
  })
}

/** What `status` tells is what a watch wrote down, a second or a look ago at most: the moments that it may speak of. */
function momentsOfStatus(runs: readonly KernelRun[]): number[] {
  const asked = runs.find(({ program, last }) => program === process.execPath && last === join(root, 'shims'))
  assert.ok(asked, 'status was run')
  const first = asked.began - 1.2
  return Array.from({ length: 20 }, (_, index) => first + ((asked.ended - first) * index) / 19)
}

const jobshimProgram = join(repository, 'bin/jobshim.js')

function runBuild(script: string, build: number) {
  const shims = join(root, 'shims')
  const env = {
    B: String(build),
    HOME: root,
    SHIMS: shims,
    LAUNCHER: join(shims, '.jobshim/launcher'),
    PATH: `${tools}:/usr/bin:/bin`,
    STATUS: `${process.execPath} ${jobshimProgram} status --json --dir ${shims}`,
    T: tools,
    T_FIRST: `${shims}:${tools}:/usr/bin:/bin`,
    XDG_RUNTIME_DIR: join(root, 'run'),
  }
  const words = ['-j16', '--json', '--no-config', '--journal', `journal-${build}`, '--dir', shims]
  return jobshim(['run', ...words, '--', 'sh', '-c', script], { cwd: root, env })
}

type Told = { coverage: number; launchedRuns: number; clientRuns: number; past: { runs: number }[] }

const toldIn = (text: string): Told => JSON.parse(text.split('\n').at(-2) ?? '')

function coverageInJournal(build: number): number | undefined {
  const last =
    readFileSync(join(root, `journal-${build}`), 'utf8')
      .split('\n')
      .at(-2) ?? ''
  const event = journalEvent.parse(JSON.parse(last))
  return event.event === 'end' ? event.coverage : undefined
}

testWith(
  ['bwrap', 'make43'],
  "run :: coverage :: summary, journal and status tell what the kernel's own events tell",
  async () => {
    await prepare()
    const recorder = await recordEvents(join(root, 'events'))
    const outcomes = await Promise.all(Object.values(builds).map(runBuild))
    const { runs, lateMs } = await recorder.end()
    const share = within(lateMs)
    Object.keys(builds).forEach((name, build) => {
      const { status, stdout, stderr } = outcomes[build] ?? {}
      assert.equal([status, stdout], [0, ''], `${name}: ${stderr}`)
      const told = toldIn(stderr ?? '')
      const classed = classify(runs, build)
      const { governed, past, shared, brief } = classed
      // One of those that share a slot is in it at each moment, the others are past it.
      const seen = told.launchedRuns + told.clientRuns - governed.length - shared.length
      assert.ok(seen >= 0 && seen <= brief.length, `${name}: ${seen} governed runs too many\n${stderr}`)
      assert.is(
        sum(told.past.map(({ runs }) => runs)),
        past.length + sum(shared.map(({ length }) => length - 1)),
        `${name}\n${stderr}`,
      )
      const counted = countedCoverage(classed)
      assert.ok(
        Math.abs(told.coverage - counted) <= share,
        `${name}: ${told.coverage} is told, ${counted} counted, up to ${lateMs} ms late\n${stderr}`,
      )
      assert.is(coverageInJournal(build), told.coverage, name)
    })
    const { coverage } = toldIn(readFileSync(join(root, 'status'), 'utf8'))
    const moments = momentsOfStatus(runs).map(until =>
      countedCoverage(classify(runs, Object.values(builds).indexOf(halves)), until),
    )
    assert.ok(
      coverage >= Math.min(...moments) - share && coverage <= Math.max(...moments) + share,
      `status: ${coverage} is told, ${moments.join()} counted, up to ${lateMs} ms late`,
    )
  },
  { may: () => process.getuid?.() === 0 },
)

test.run()
