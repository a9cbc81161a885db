import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Settlement } from '../../src/jobserver/pool.js'
import { findClient } from '../support/clients.js'
import { copyProject, type Distccd, distccEnvironment, project, startDistccd } from '../support/company.js'
import { hashOutputs } from '../support/driver.js'
import { jobshim, run } from '../support/jobshim.js'
import { makeRecorder, peakOf } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { idleSummary } from '../yard/runs.js'

/** Each file of the project three times over: twenty-four compiles, started at once; then a link, and what only preprocesses. */
const compiles = ['O0', 'O1', 'O2'].flatMap(level =>
  project.map(name => ({
    object: `${name}.${level}.o`,
    words: `gcc -${level} -c ${name}.c -o ${name}.${level}.o`,
  })),
)
const script = [
  '#!/bin/sh',
  ...compiles.map(({ words }) => `${words} &`),
  'wait',
  `gcc -r -nostdlib -o all.out ${project.map(name => `${name}.O1.o`).join(' ')}`,
  ...project.slice(0, 4).map(name => `gcc -E ${name}.c -o ${name}.i &`),
  'wait\n',
].join('\n')

const jobs = 4
let daemons: readonly Distccd[] = []

test.after(async () => {
  for (const daemon of daemons) await daemon.stop()
})

async function makePlace() {
  const root = makeWorkspace()
  const recorder = makeRecorder(join(root, 'recorder'))
  const path = [recorder.bin, process.env.PATH].join(delimiter)
  const shims = await installShims(join(root, 'shims'), { env: { PATH: path } })
  const work = join(root, 'work')
  copyProject(work)
  writeFileSync(join(work, 'build.sh'), script, { mode: 0o755 })
  const alone = await run('./build.sh', [], { cwd: work, env: { PATH: path } })
  assert.equal(alone, { status: 0, signal: null, stdout: '', stderr: '' })
  const outputs = hashOutputs(work, /\.(o|i|out)$/)
  recorder.take()
  copyProject(work)
  writeFileSync(join(work, 'build.sh'), script, { mode: 0o755 })
  const build = async (command: readonly string[], env: Readonly<Record<string, string>>) => {
    const { status, stdout, stderr } = await jobshim(
      ['run', `-j${jobs}`, '--json', '--dir', shims, '--', ...command],
      { cwd: work, env: { PATH: path, HOME: root, ...env } },
    )
    assert.equal([status, stdout], [0, ''], stderr)
    const settlement = JSON.parse(stderr) as Settlement
    assert.equal([settlement.overdrafts, settlement.back, settlement.total], [0, jobs - 1, jobs - 1])
    assert.ok(settlement.peak <= jobs)
    return settlement
  }
  return { root, shims, work, recorder, outputs, path, build }
}

const needs = (keys: readonly ('distcc' | 'distccd' | 'ccache')[]) =>
  keys.every(key => findClient(key) !== undefined) ? test : test.skip

const ways = [
  { by: 'JOBSHIM_ENGINE', variables: { JOBSHIM_ENGINE: 'distcc' }, config: {}, preprocessing: jobs },
  {
    by: 'the config, with a limit for what only preprocesses',
    variables: {},
    config: {
      engine: 'distcc',
      rules: [
        { kind: 'link', engine: false, limit: 2 },
        { kind: 'preprocess', engine: false, limit: 1 },
      ],
    },
    preprocessing: 1,
  },
]

for (const { by, variables, config, preprocessing } of ways)
  needs(['distcc', 'distccd'])(
    `company :: engine distcc :: two machines, twenty-four compiles :: by ${by}`,
    async () => {
      const { root, work, recorder, outputs, build } = await makePlace()
      writeFiles(work, { '.jobshimrc': JSON.stringify(config) })
      daemons = [await startDistccd('127.0.0.1'), await startDistccd('127.0.0.2')]
      const hosts = daemons.map(({ host }) => host).join(' ')
      const env = { ...distccEnvironment(join(root, 'distcc-state'), hosts), ...variables }
      const settlement = await build(['./build.sh'], env)
      assert.equal(hashOutputs(work, /\.(o|i|out)$/), outputs)
      const counts = (): number[] => daemons.map(daemon => daemon.compiled())
      const all = (): number => counts().reduce((total, count) => total + count, 0)
      await until('both have written down all', () => all() >= compiles.length) // they answer first
      assert.is(all(), compiles.length)
      assert.ok(
        counts().every(count => count > 0),
        counts().join(),
      )
      assert.is(settlement.runs + settlement.callerRuns, compiles.length + 5)
      // Here there were the preprocessors of all, the link, and those that only preprocess.
      const recording = recorder.take()
      assert.is(recording.runs, compiles.length + 5)
      assert.is(recording.preprocessed, compiles.length + 4)
      assert.ok(recording.peak <= jobs, `${recording.peak} at once`)
      const only = peakOf(recording.events, ({ last }) => (last.endsWith('.i') ? 1 : 0))
      assert.ok(only >= 1 && only <= preprocessing, `${only} only preprocessed at once`)
      for (const daemon of daemons) await daemon.stop()
      daemons = []
    },
  )

test('company :: jobs: auto :: is what the engine says', async () => {
  const root = makeWorkspace()
  writeFiles(root, {
    'bin/distcc': '#!/bin/sh\ntest "$*" = -j && echo 23\n',
    '.jobshimrc': 'engine: distcc\n',
  })
  const path = [join(root, 'bin'), process.env.PATH].join(delimiter)
  const shims = await installShims(join(root, 'shims'), { env: { PATH: path }, cwd: root })
  const outcome = await jobshim(['run', '--dir', shims, '--', 'sh', '-c', 'echo $MAKEFLAGS'], {
    cwd: root,
    env: { PATH: path, HOME: root, MAKEOPTS: '-j7' },
  })
  assert.match(outcome.stdout, /^-j23 /)
  assert.is(outcome.stderr, idleSummary(23))
})

needs(['ccache'])('company :: engine ccache :: a hit takes no slot', async () => {
  const { root, work, recorder, outputs, build } = await makePlace()
  const env = { CCACHE_DIR: join(root, 'cache'), JOBSHIM_ENGINE: 'ccache' }
  for (const { compiled, runs } of [
    { compiled: compiles.length, runs: compiles.length * 2 + 5 },
    { compiled: 0, runs: 5 },
  ]) {
    const settlement = await build(['./build.sh'], env)
    assert.equal(hashOutputs(work, /\.(o|i|out)$/), outputs)
    assert.is(settlement.runs + settlement.callerRuns, runs)
    const recording = recorder.take()
    assert.is(recording.runs - recording.preprocessed - 1, compiled)
    assert.ok(recording.peak <= jobs, `${recording.peak} at once`)
  }
})

/** An engine that says what it was told to run. */
needs(['distcc'])('company :: engine distcc :: what it is told', async () => {
  const { root, shims, work, path, build } = await makePlace()
  const bin = join(root, 'engines')
  writeFiles(bin, { distcc: `#!/bin/sh\necho "$@" >>${root}/told\nexec "$@"\n` })
  const other = join(root, 'other')
  writeFiles(other, { gcc: '#!/bin/sh\nexit 1\n' })
  const compile = '-c arena.c -o arena.o'
  const cases: readonly { line: string; told: string; env?: Readonly<Record<string, string>> }[] = [
    { line: `gcc ${compile}`, told: `gcc ${compile}\n` },
    { line: `${shims}/gcc ${compile}`, told: `gcc ${compile}\n` },
    // Where the plain name would lead to another one: by its path.
    {
      line: `PATH=${other}:${shims}:${bin}:/usr/bin:/bin ${shims}/gcc ${compile}`,
      told: `/usr/bin/gcc ${compile}\n`,
    },
    { line: `distcc gcc ${compile}`, told: `gcc ${compile}\n` }, // not twice
    { line: `${shims}/.jobshim/launcher gcc ${compile}`, told: '' }, // who names the tool has chosen
    { line: 'gcc --version >version', told: '' },
    { line: 'ld -r -o b.o arena.o', told: '' }, // no compiler
    { line: `gcc ${compile}`, told: '', env: { JOBSHIM_ENGINE: '' } },
    { line: `gcc ${compile}`, told: '', env: { JOBSHIM_ENGINE: 'nosuchengine' } },
    { line: `gcc ${compile}`, told: '', env: { JOBSHIM_DISABLE: '1' } },
  ]
  for (const { line, told, env = {} } of cases) {
    writeFileSync(join(root, 'told'), '')
    rmSync(join(work, 'b.o'), { force: true })
    await build(['sh', '-c', line], { PATH: [bin, path].join(delimiter), JOBSHIM_ENGINE: 'distcc', ...env })
    assert.is(readFileSync(join(root, 'told'), 'utf8'), told, line)
  }
  writeFileSync(join(root, 'told'), '')
  const free = await run('sh', ['-c', `gcc ${compile}`], {
    cwd: work,
    env: { PATH: [shims, bin, path].join(delimiter), JOBSHIM_ENGINE: 'distcc' },
  })
  assert.equal(free, { status: 0, signal: null, stdout: '', stderr: '' })
  assert.is(readFileSync(join(root, 'told'), 'utf8'), '', 'without a jobserver')
})

test.run()
