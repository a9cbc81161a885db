import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { type BypassEvent, journalEvent } from '../../src/timeline/event.js'
import { jobshim, run } from '../support/jobshim.js'
import { makeRecorder } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

type Told = {
  coverage?: number
  past: { tool: string; caller: string; why: string; file?: string; fix: string; runs: number }[]
}

const units = ['a', 'b', 'c', 'd', 'e', 'f']
const project = {
  'CMakeLists.txt': `cmake_minimum_required(VERSION 3.13)\nproject(p C)\nadd_library(p STATIC ${units.map(unit => `sub/${unit}.c`).join(' ')})\n`,
  ...Object.fromEntries(units.map(unit => [`sub/${unit}.c`, `int ${unit};\n`])),
  'bin/jobshim': `#!/bin/sh\nexec ${process.execPath} ${repository}/bin/jobshim.js "$@"\n`,
  'run/.keep': '',
}

/** A tree that CMake has configured while there were no shims; then they come. Its compiler takes a second and a half. */
async function makeTree(generator: string) {
  const root = makeWorkspace()
  writeFiles(root, project)
  const recorder = makeRecorder(join(root, 'recorder'), { holdMs: 1500 })
  const PATH = `${join(root, 'bin')}:${recorder.bin}:${process.env.PATH}`
  const runtime = join(root, 'run')
  const env = { PATH, HOME: root, XDG_RUNTIME_DIR: runtime, XDG_DATA_HOME: join(root, 'data') }
  const around = { cwd: root, env }
  const { status, stderr } = await run('cmake', ['-G', generator, '-S', '.', '-B', 'build'], around)
  assert.is(status, 0, stderr)
  await installShims(join(root, 'data/jobshim/shims'), around)
  recorder.take()
  return { root, around, runtime, recorder, compiler: join(root, 'recorder/bin/cc') }
}

/** What the only run has written down for others. */
function seenIn(runtime: string): string {
  const state = join(runtime, `jobshim-${currentUid()}`)
  const [watch = ''] = existsSync(state) ? readdirSync(state).filter(name => name.startsWith('watch-')) : []
  const file = join(state, watch, 'seen')
  return watch !== '' && existsSync(file) ? readFileSync(file, 'utf8') : ''
}

const summary = new RegExp(
  [
    /^jobshim: .* ran.*\n/,
    / {2}\d\.\d of 2 slots used by tools on average.*\n/,
    / {2}slowest: .*\n/,
    / {2}past the shims: (\d+) % of the tools' time was governed\n/,
    / {4}(\S+) by (\S+) \(absolute path in build\/CMakeCache\.txt\): (\d) runs, \d\.\d s\n/,
    / {6}(.*)\n$/,
  ]
    .map(({ source }) => source)
    .join(''),
)

for (const { generator, caller, needs } of [
  { generator: 'Unix Makefiles', caller: /^g?make$/, needs: ['cmake', 'make43'] },
  { generator: 'Ninja', caller: /^ninja$/, needs: ['cmake', 'ninja111'] },
] as const)
  testWith(
    needs,
    `run :: past :: configured by CMake before the shims :: ${generator} :: named by summary, journal and status, mended by what they say`,
    async () => {
      const { root, around, runtime, recorder, compiler } = await makeTree(generator)
      const cache = join(root, 'build/CMakeCache.txt')
      const ofRun = ['run', '-j2', '--no-config', '--journal', 'journal', '--']
      const building = jobshim([...ofRun, 'cmake', '--build', 'build', '-j4'], around)
      await until('the compilers were seen', () => seenIn(runtime).includes(compiler))
      const [status, json] = await Promise.all([
        jobshim(['status'], around),
        jobshim(['status', '--json'], around),
      ])
      const told = JSON.parse(json.stdout) as Told

      const { status: ended, stderr } = await building
      assert.is(ended, 0, stderr)
      assert.ok(recorder.take().peak > 2) // -j2 was not kept
      const words = summary.exec(stderr.replace(/^.*warning: -j.*forced in .*\n/m, ''))
      assert.ok(words, stderr)
      const [, share, tool, by = '', runs, fix = ''] = words
      assert.ok(Number(share) < 100, share)
      assert.equal([tool, runs], [compiler, '6'])
      assert.match(by, caller)
      const launcher = join(root, 'data/jobshim/shims/.jobshim/launcher')
      const settings = ['COMPILER', 'LINKER'].map(what => `-DCMAKE_C_${what}_LAUNCHER=${launcher}`).join(' ')
      assert.is(fix, `put the launcher before it: cmake ${settings} ${join(root, 'build')}`)

      const past = { tool: compiler, caller: by, why: 'absolute path', file: cache, fix }
      assert.equal(
        told.past.map(({ tool, caller, why, file, fix }) => ({ tool, caller, why, file, fix })),
        [past],
      )
      assert.ok(told.coverage !== undefined && told.coverage < 1, `${told.coverage}`)
      assert.match(status.stdout, `\n  ${compiler} by ${by} (absolute path in ${cache}): `)
      assert.match(status.stdout, `\n    ${fix}\n`)

      const events = readFileSync(join(root, 'journal'), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map(line => journalEvent.parse(JSON.parse(line)))
      assert.equal(
        events
          .filter((event): event is BypassEvent => event.event === 'past')
          .map(({ tool, caller, why, file, fix, runs }) => ({ tool, caller, why, file, fix, runs })),
        [{ ...past, runs: 6 }],
      )
      const end = events.at(-1)
      assert.ok(end?.event === 'end' && end.coverage !== undefined && end.coverage < 1)

      const mended = await run('sh', ['-c', fix.slice(fix.lastIndexOf(': ') + 2)], around)
      assert.is(mended.status, 0, mended.stderr)
      recorder.take()
      const again = await jobshim(
        ['run', '-j2', '--no-config', '--json', '--', 'cmake', '--build', 'build', '--clean-first', '-j4'],
        around,
      )
      assert.is(again.status, 0, again.stderr)
      const { coverage, past: left } = JSON.parse(again.stderr.split('\n').at(-2) ?? '') as Told
      assert.equal({ coverage, left }, { coverage: 1, left: [] })
      const governed = recorder.take()
      assert.is(governed.runs, 6)
      assert.is(governed.peak, 2)
    },
  )

test('run :: past :: questions to a compiler take no slot, and go past nothing; a script is named, not its shell', async () => {
  const root = makeWorkspace()
  writeFiles(root, { 'tools/gcc': '#!/bin/sh\nsleep 1\n' })
  const gcc = join(root, 'tools/gcc')
  const shims = await installShims(join(root, 'shims'), { args: ['--tools', 'gcc'] })
  const ran = async (script: string) => {
    const outcome = await jobshim(['run', '-j2', '--json', '--dir', shims, '--', 'sh', '-c', script], {
      cwd: root,
    })
    assert.equal([outcome.status, outcome.stdout], [0, ''], outcome.stderr)
    const { past, coverage } = JSON.parse(outcome.stderr) as Told
    return { past: past.map(({ tool, why, runs }) => ({ tool, why, runs })), coverage }
  }
  const asked = `${gcc} --version; ${gcc} -dumpversion; ${gcc} -v`
  assert.equal(await ran(asked), { past: [], coverage: undefined })
  const compiled = `${gcc} --version; ${gcc} -c a.c; tools/gcc -c b.c; PATH=${root}/tools:/usr/bin:/bin; gcc -c c.c`
  assert.equal(await ran(compiled), {
    past: [
      { tool: gcc, why: 'called by its path', runs: 1 },
      { tool: 'tools/gcc', why: 'called by its path', runs: 1 },
      { tool: gcc, why: 'its PATH is without the shims', runs: 1 },
    ],
    coverage: 0,
  })
})

test('run :: past :: a compiler that starts a shim in its midst :: is one run, and the shim is governed', async () => {
  const root = makeWorkspace()
  writeFiles(root, {
    'tools/as': '#!/bin/sh\nsleep 0.7\n',
    'tools/gcc': '#!/bin/sh\nsleep 0.7\nas -o a.o a.s\nsleep 0.7\n',
  })
  const gcc = join(root, 'tools/gcc')
  const env = { PATH: `${join(root, 'tools')}:${process.env.PATH}` }
  const shims = await installShims(join(root, 'shims'), { args: ['--tools', 'gcc,as'], env })
  const outcome = await jobshim(
    ['run', '-j2', '--json', '--dir', shims, '--', 'sh', '-c', `${gcc} -c a.c; :`],
    { env },
  )
  assert.equal([outcome.status, outcome.stdout], [0, ''], outcome.stderr)
  const { past, coverage = 0 } = JSON.parse(outcome.stderr) as Told
  assert.equal(
    past.map(({ tool, runs }) => ({ tool, runs })),
    [{ tool: gcc, runs: 1 }],
  )
  assert.ok(coverage > 0 && coverage < 1, `${coverage}`)
})

for (const [way, start] of [
  ['becomes a shim after a while', 'exec 3<>"$0.pipe"; read -t 0.7 -u 3; exec gcc "$@"'],
  ['starts a shim and waits', 'gcc "$@"; exit $?'],
] as const)
  test(`run :: past :: a wrapper before the shims that ${way} :: what it starts is governed, and all there is`, async () => {
    const root = makeWorkspace()
    writeFiles(root, {
      'tools/gcc': '#!/bin/sh\nsleep 0.7\n',
      'before/gcc': `#!/bin/bash\nPATH=\${PATH#*:}; ${start}\n`,
    })
    execFileSync('mkfifo', [join(root, 'before/gcc.pipe')])
    const env = { PATH: `${join(root, 'tools')}:${process.env.PATH}` }
    const shims = await installShims(join(root, 'shims'), { args: ['--tools', 'gcc'], env })
    const script = `PATH=${join(root, 'before')}:$PATH; for i in 1 2 3; do gcc -c a.c; done`
    const outcome = await jobshim(['run', '-j2', '--json', '--dir', shims, '--', 'sh', '-c', script], { env })
    assert.equal([outcome.status, outcome.stdout], [0, ''], outcome.stderr)
    const { past, coverage } = JSON.parse(outcome.stderr) as Told
    assert.equal({ past, coverage }, { past: [], coverage: 1 })
  })

const wrapper = (work: string): string => `#include <string.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv)
{
  (void)argc;
  ${work};
  setenv("PATH", strchr(getenv("PATH"), ':') + 1, 1);
  execvp("gcc", argv);
  return 127;
}
`

for (const [title, work, tool] of [
  ['that computes before it becomes one', 'while (clock() < CLOCKS_PER_SEC / 2);', 'sleep 0.7'],
  [
    'that idles, and whose tool runs between two looks',
    'nanosleep(&(struct timespec){ .tv_nsec = 700000000 }, NULL)',
    '',
  ],
] as const)
  test(`run :: past :: a compiled wrapper before the shims ${title} :: the same`, async () => {
    const root = makeWorkspace()
    writeFiles(root, { 'tools/gcc': `#!/bin/sh\n${tool}\n`, 'wrapper.c': wrapper(work) })
    mkdirSync(join(root, 'before'))
    execFileSync('cc', ['-o', join(root, 'before/gcc'), join(root, 'wrapper.c')])
    const env = { PATH: `${join(root, 'tools')}:${process.env.PATH}` }
    const shims = await installShims(join(root, 'shims'), { args: ['--tools', 'gcc'], env })
    const script = `PATH=${join(root, 'before')}:$PATH; for i in 1 2 3; do gcc -c a.c; done`
    const outcome = await jobshim(['run', '-j2', '--json', '--dir', shims, '--', 'sh', '-c', script], { env })
    assert.equal([outcome.status, outcome.stdout], [0, ''], outcome.stderr)
    const { past, coverage } = JSON.parse(outcome.stderr) as Told
    assert.equal(past, [])
    // A quick one may be governed and not seen.
    assert.ok(coverage === 1 || (coverage === undefined && tool === ''), `${coverage}`)
  })

test.run()
