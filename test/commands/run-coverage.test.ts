import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { journalEvent } from '../../src/journal/event.js'
import { buildProgram } from '../support/built.js'
import { type KernelRun, recordEvents } from '../support/events.js'
import { jobshim } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

/**
 * Builds whose tools sleep, and end one after the other. The last argument of each run, CLASS.BUILD, says whether it has a slot: `in`, `past`; `if` one if a
 * launcher has started it; `one1`, `one2`: those of the same number share one; `no`: it is no tool.
 */
const builds = {
  'all by their names': 'for i in 1 2 3; do gcc -c 2000 in.$B & done; wait',
  'half of them by their paths':
    'for i in 1 2 3 4; do gcc -c $((2500 + i * 330)) in.$B & $T/gcc -c $((2500 + i * 330)) past.$B & done; sleep 2; $STATUS >status; wait',
  'below a make that joined, by their paths': 'make -s -f by-path',
  'below a make that joined, two in each of its slots': 'make -s -f two-by-path',
  'below a make with a pool of its own, and others':
    'env -u MAKEFLAGS -u MAKELEVEL /usr/bin/make -s -j8 -f own-pool & for i in 4 5 6; do gcc -c $((2500 + i * 330)) in.$B & done; wait',
  'where the pool is hidden':
    'for i in 1 2 3; do bwrap --dev-bind / / --tmpfs $XDG_RUNTIME_DIR gcc -c $((2500 + i * 330)) if.$B & gcc -c $((2500 + i * 330)) in.$B & done; wait',
  'where the ledger can only be read':
    'for i in 1 2 3; do bwrap --dev-bind / / --ro-bind $XDG_RUNTIME_DIR $XDG_RUNTIME_DIR gcc -c 2000 in.$B & done; wait',
  'newer than the shims':
    'for i in 1 2 3 4; do gcc-99 -c $((2500 + i * 330)) past.$B & gcc -c $((2500 + i * 330)) in.$B & done; wait',
  'by names that the kernel cuts':
    'for i in 1 2 3 4; do x86_64-linux-gnu-gcc -c $((2500 + i * 330)) in.$B & $T/x86_64-linux-gnu-gcc -c $((2500 + i * 330)) past.$B & x86_64-linux-gnu-objdump -c $((2500 + i * 330)) no.$B & done; wait',
  'by a wrapper that looks around first':
    'PATH=$PWD/before:$PATH; for i in 1 2 3 4; do gcc -c 60 in.$B; done; gcc -c 2000 in.$B',
  'by a wrapper that goes past the shims, and others':
    'for i in 1 2 3 4; do past/gcc -c $((2500 + i * 330)) past.$B & gcc -c $((2500 + i * 330)) in.$B & done; wait',
  'six in the slot of one script':
    '$LAUNCHER -- sh -c "for i in 1 2 3 4 5 6; do $T/gcc -c 3000 one1.$B & done; wait"',
  'while shims are switched off':
    'for i in 1 2 3 4; do JOBSHIM_DISABLE=1 gcc -c $((2500 + i * 330)) past.$B & gcc -c $((2500 + i * 330)) in.$B & done; wait',
} as const

const isLauncher = ({ program }: KernelRun): boolean => program.includes('/.jobshim/')
const length = ({ began, ended }: KernelRun): number => ended - began
const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0)

/** How long at least one of them ran. */
function covered(runs: readonly KernelRun[]): number {
  let until = 0
  return sum(
    runs.map(({ began, ended }) => {
      const added = Math.max(0, ended - Math.max(began, until))
      until = Math.max(until, ended)
      return added
    }),
  )
}

/** Returns the share of the tools' time that ran in a slot, in one of the builds. */
function countedCoverage(runs: readonly KernelRun[], build: number, tools: string): number {
  const launchers = new Set(runs.filter(isLauncher).map(({ pid }) => pid))
  const its = runs.filter(({ program, last }) => program.startsWith(tools) && last.endsWith(`.${build}`))
  const classed = (name: string): KernelRun[] => its.filter(({ last }) => last === `${name}.${build}`)
  const all = its.filter(({ last }) => last !== `no.${build}`)
  const governed = [...classed('in'), ...classed('if').filter(({ parent }) => launchers.has(parent))]
  return (
    (sum(governed.map(length)) + covered(classed('one1')) + covered(classed('one2'))) / sum(all.map(length))
  )
}

const root = makeWorkspace()
const tools = join(root, 'tools')

async function prepare(): Promise<void> {
  for (const directory of [tools, join(root, 'run')]) mkdirSync(directory, { mode: 0o700 })
  const gcc = join(tools, 'gcc')
  buildProgram(gcc, ['sleeper.c'])
  for (const name of ['x86_64-linux-gnu-gcc', 'x86_64-linux-gnu-objdump'])
    copyFileSync(gcc, join(tools, name))
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
  copyFileSync(gcc, join(tools, 'gcc-99'))
}

const jobshimProgram = join(repository, 'bin/jobshim.js')

function runBuild(script: string, build: number) {
  const shims = join(root, 'shims')
  const env = {
    B: String(build),
    HOME: root,
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

const coverageIn = (text: string): number | undefined =>
  (JSON.parse(text.split('\n').at(-2) ?? '') as { coverage?: number }).coverage

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
    const runs = await recorder.end()
    Object.keys(builds).forEach((name, build) => {
      const { status, stdout, stderr } = outcomes[build] ?? {}
      assert.equal([status, stdout], [0, ''], `${name}: ${stderr}`)
      const told = coverageIn(stderr ?? '') ?? -1
      const counted = countedCoverage(runs, build, tools)
      assert.ok(Math.abs(told - counted) <= 0.02, `${name}: ${told} is told, ${counted} counted\n${stderr}`)
      assert.is(coverageInJournal(build), told, name)
    })
    // The same share at each moment.
    const atStatus = coverageIn(readFileSync(join(root, 'status'), 'utf8')) ?? -1
    assert.ok(Math.abs(atStatus - 0.5) <= 0.02, `status: ${atStatus}`)
  },
  { may: () => process.getuid?.() === 0 },
)

test.run()
