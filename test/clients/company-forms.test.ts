import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Settlement } from '../../src/jobserver/pool.js'
import { type ClientKey, clients, findClient } from '../support/clients.js'
import {
  compileAll,
  copyProject,
  distccEnvironment,
  freePort,
  makeMasquerade,
  project,
} from '../support/company.js'
import { hashOutputs } from '../support/driver.js'
import { jobshim, run } from '../support/jobshim.js'
import { openFiles, processesOf } from '../support/processes.js'
import { makeRecorder } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { test } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/** How a build calls its compilers through a companion; SHIMS stands for the shim dir, REAL for the companions'. */
type Form = {
  name: string
  needs: ClientKey
  words: string
  env?: Readonly<Record<string, string>>
  cold: number // runs with a slot for each compile
  warm: number // and where all has been compiled before
}

const forms: readonly Form[] = [
  { name: 'ccache gcc', needs: 'ccache', words: 'ccache gcc', cold: 2, warm: 0 },
  { name: 'ccache by its path', needs: 'ccache', words: 'REAL/ccache gcc', cold: 2, warm: 0 },
  { name: 'ccache SHIMS/gcc', needs: 'ccache', words: 'ccache SHIMS/gcc', cold: 2, warm: 0 },
  { name: 'the launcher before ccache', needs: 'ccache', words: 'LAUNCHER ccache gcc', cold: 2, warm: 0 },
  { name: 'distcc gcc', needs: 'distcc', words: 'distcc gcc', cold: 1, warm: 1 },
  { name: 'distcc SHIMS/gcc', needs: 'distcc', words: 'distcc SHIMS/gcc', cold: 1, warm: 1 },
  { name: 'icecc gcc', needs: 'icecc', words: 'icecc gcc', cold: 1, warm: 1 },
  {
    name: 'CCACHE_PREFIX=distcc',
    needs: 'distcc',
    words: 'ccache gcc',
    env: { CCACHE_PREFIX: 'distcc' },
    cold: 2,
    warm: 0,
  },
  { name: 'sccache gcc', needs: 'sccache', words: 'sccache gcc', cold: 1, warm: 1 }, // its server keeps hits to itself
  { name: 'sccache SHIMS/gcc', needs: 'sccache', words: 'sccache SHIMS/gcc', cold: 1, warm: 1 },
]

const jobs = 3

/**
 * sccache 0.4 starts its server before it binds the socket on which that tells that it is ready. If the server is quicker
 * (5 of 240 starts on a busy machine, no shim near), the start "timed out" after 10 s although the server is there.
 */
const lateStart = 'Timed out waiting for server startup'
const startServer = `sccache --start-server >start 2>&1 || grep -q '${lateStart}' start`

/** A place with a recorder, shims for what is on PATH, and environments of ccache, distcc and sccache. */
async function makePlace(needs: readonly ClientKey[]) {
  const root = makeWorkspace()
  const recorder = makeRecorder(join(root, 'recorder'))
  const path = [recorder.bin, process.env.PATH].join(delimiter)
  const shims = await installShims(join(root, 'shims'), { env: { PATH: path } })
  const env = {
    PATH: path,
    HOME: root,
    CCACHE_DIR: join(root, 'cache'),
    SCCACHE_DIR: join(root, 'sccache'),
    SCCACHE_SERVER_PORT: String(await freePort()),
    SCCACHE_IDLE_TIMEOUT: '0',
    ...distccEnvironment(join(root, 'distcc-state'), 'localhost/8'),
  }
  const sccache = needs.includes('sccache') ? join(findClient('sccache') ?? '', 'sccache') : undefined
  const work = join(root, 'work')
  copyProject(work)
  return {
    root,
    recorder,
    shims,
    env,
    work,
    run: async (command: readonly string[], extra: Readonly<Record<string, string>> = {}) => {
      const outcome = await jobshim(['run', `-j${jobs}`, '--json', '--dir', shims, '--', ...command], {
        cwd: work,
        env: { ...env, ...extra },
      })
      assert.equal([outcome.status, outcome.stdout], [0, ''], outcome.stderr)
      assert.match(outcome.stderr, /^\{.*\}\n$/)
      const settlement = JSON.parse(outcome.stderr) as Settlement
      assert.equal([settlement.overdrafts, settlement.back, settlement.total], [0, jobs - 1, jobs - 1])
      return settlement
    },
    /** Starts sccache's server in a run of its own, if the place has one. */
    async startServer(path = env.PATH) {
      if (sccache === undefined) return
      await this.run(['sh', '-c', startServer], { PATH: path })
    },
    async close() {
      if (sccache === undefined) return
      await run(sccache, ['--stop-server'], { env })
    },
  }
}

for (const { name, needs, words, env: extra = {}, cold, warm } of forms) {
  const title = `company :: ${name}`
  if (findClient(needs) === undefined || findClient('ccache') === undefined) {
    test.skip(title)
    continue
  }
  test(title, async () => {
    const place = await makePlace([needs])
    const { shims, env, work, recorder } = place
    try {
      writeFileSync(join(work, 'build.sh'), compileAll('gcc'), { mode: 0o755 })
      const alone = await run('./build.sh', [], { cwd: work, env })
      assert.equal(alone, { status: 0, signal: null, stdout: '', stderr: '' })
      const objects = hashOutputs(work, /\.o$/)
      assert.ok(recorder.take().peak > jobs)
      const call = words
        .replace('SHIMS', shims)
        .replace('LAUNCHER', join(shims, '.jobshim/launcher'))
        .replace('REAL', findClient(needs) ?? '')
      await place.startServer()
      // The first one alone, so that all others find it in a cache.
      const first = `${call} -c ${project[0]}.c -o ${project[0]}.o\n`
      for (const [state, runs] of [
        ['cold', cold],
        ['warm', warm],
      ] as const) {
        copyProject(work)
        writeFileSync(join(work, 'build.sh'), compileAll(call).replace('\n', `\n${first}`), { mode: 0o755 })
        const settlement = await place.run(['./build.sh'], extra)
        assert.equal(hashOutputs(work, /\.o$/), objects)
        const recording = recorder.take()
        const compiled = recording.runs - recording.preprocessed
        // The first file is compiled twice: with a cache its second time is a hit.
        const hits = warm < cold || needs === 'sccache'
        const times = project.length + 1
        assert.is(compiled, !hits ? times : state === 'warm' ? 0 : project.length, state)
        assert.is(settlement.runs, runs * (project.length + (warm < cold ? 0 : 1)), state)
        assert.is(settlement.callerRuns, 0)
        assert.ok(settlement.peak <= jobs)
        assert.is(recording.unfinished, 0)
        assert.ok(recording.peak <= jobs, `${recording.peak} at once`)
      }
    } finally {
      await place.close()
    }
  })
}

/** The jobserver may be a FIFO or two inherited descriptors; sccache's server is there when the build is over. */
for (const key of ['make43', 'make44'] as const) {
  for (const [way, script] of [
    ['started by a compile', `sccache gcc -c a.c -o a.o 2>log || grep -q '${lateStart}' log`],
    ['started by itself', startServer],
  ] as const) {
    const title = `company :: sccache's server, ${way}, has no jobserver :: ${clients[key].name}`
    if (findClient('sccache') === undefined || findClient(key) === undefined) {
      test.skip(title)
      continue
    }
    test(title, async () => {
      const place = await makePlace(['sccache'])
      try {
        const path = [findClient(key), place.env.PATH].join(delimiter)
        writeFiles(place.work, { 'a.c': 'int a;\n' })
        await place.run(['sh', '-c', `${script} && sccache gcc -c a.c -o a.o`], { PATH: path })
        const servers = processesOf(-1, `SCCACHE_SERVER_PORT=${place.env.SCCACHE_SERVER_PORT}`)
        assert.is(servers.length, 1)
        for (const { pid } of servers) {
          assert.equal(
            openFiles(pid).filter(name => /fifo|jobshim-\d/.test(name)),
            [],
          )
          const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
          assert.not.match(environment, /JOBSHIM_JOBSERVER|MAKEFLAGS/)
        }
      } finally {
        await place.close()
      }
    })
  }
}

/** A compiler that stands on PATH before the real one and is then replaced. */
const compiler = (version: number): string =>
  `#!/bin/sh\n# ${'-'.repeat(version)}\nexec /usr/bin/gcc -DVERSION=${version} "$@"\n`

for (const { name, needs, words, masquerade } of [
  { name: "ccache's links behind the shims", needs: 'ccache', words: 'gcc', masquerade: true },
  { name: 'ccache gcc', needs: 'ccache', words: 'ccache gcc', masquerade: false },
  { name: 'ccache SHIMS/gcc', needs: 'ccache', words: 'ccache SHIMS/gcc', masquerade: false },
  { name: 'sccache gcc', needs: 'sccache', words: 'sccache gcc', masquerade: false },
  { name: 'sccache SHIMS/gcc', needs: 'sccache', words: 'sccache SHIMS/gcc', masquerade: false },
] as const) {
  const title = `company :: a changed compiler is noticed :: ${name}`
  if (findClient(needs) === undefined || !existsSync('/usr/bin/gcc')) {
    test.skip(title)
    continue
  }
  test(title, async () => {
    const place = await makePlace([needs])
    const { root, shims, work, env } = place
    try {
      const bin = join(root, 'compilers')
      const links = masquerade ? [makeMasquerade(root, 'ccache')] : []
      const path = [...links, bin, env.PATH].join(delimiter)
      writeFiles(work, { 'v.c': 'int version = VERSION;\n' })
      const command = [...words.replace('SHIMS', shims).split(' '), '-c', 'v.c', '-o', 'v.o']
      const made: string[] = []
      await place.startServer(path)
      for (const version of [1, 2]) {
        mkdirSync(bin, { recursive: true })
        writeFiles(bin, { gcc: compiler(version) })
        const plain = await run(join(bin, 'gcc'), ['-c', 'v.c', '-o', 'v.o'], { cwd: work, env })
        assert.is(plain.status, 0, plain.stderr)
        const expected = readFileSync(join(work, 'v.o'), 'hex')
        for (const again of ['compiled', 'from the cache']) {
          await place.run(command, { PATH: path })
          assert.is(readFileSync(join(work, 'v.o'), 'hex'), expected, `version ${version}, ${again}`)
        }
        made.push(expected)
        assert.ok(statSync(join(bin, 'gcc')).size > 0)
      }
      assert.is.not(made[0], made[1])
    } finally {
      await place.close()
    }
  })
}

test.run()
