import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type ClientKey, clients, findClient } from '../support/clients.js'
import { hashOutputs, jobCounts } from '../support/driver.js'
import { jobshim, type Outcome, run } from '../support/jobshim.js'
import { makeFifo } from '../support/pool.js'
import { killAll, processesOf } from '../support/processes.js'
import { makeRecorder } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { wholeSummary, withoutUse } from '../support/summary.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, openToOthers, writeFiles } from '../support/workspace.js'

/**
 * What shims can't see is neither free nor does it wait for itself: each build ends in less time than a wait for `patience` would take,
 * with the objects that it has without jobshim, and with no more than one compiler over the limit.
 */
const root = makeWorkspace()
const work = join(root, 'work')
const runtime = join(root, 'runtime')
const TMPDIR = join(root, 'tmp') // where a make 4.4 of another user makes its pool
for (const directory of [work, runtime, TMPDIR]) mkdirSync(directory, { mode: 0o700 })
const recorder = makeRecorder(join(root, 'recorder'))
const PATH = `${recorder.bin}:${process.env.PATH}`
const shims = await installShims(join(root, 'shims'), { env: { PATH } })
openToOthers(root)
for (const directory of [work, TMPDIR, join(root, 'recorder')]) chmodSync(directory, 0o777)
const marker = `JOBSHIM_TEST_UNSEEN=${process.pid}`

const names = ['f1', 'f2', 'f3', 'f4', 'f5', 'f6']
for (const name of names) writeFiles(work, { [`${name}.c`]: `int ${name};\n` })

/** Each way, put before a command, hides something from what that starts. As an ordinary user it takes a user namespace. */
const own = process.geteuid?.() === 0 ? '-' : '-Ur'
const without = (directory: string): string =>
  `unshare ${own}m sh -c 'mount -t tmpfs none "$0" && exec "$@"' ${directory}`
const isRoot = own === '-'
const ways = {
  '/proc of another PID namespace': `unshare ${own}pf`,
  'a PID namespace with its own /proc': `unshare ${own}pf --mount-proc`,
  'no /proc': without('/proc'),
  'another network namespace': own === '-' ? 'unshare -n' : 'unshare -Urn',
  'another user namespace': 'unshare -Ur',
  'fewer capabilities': 'setpriv --bounding-set=-all --inh-caps=-all',
  'no directory of the pool': without('"$XDG_RUNTIME_DIR"'),
  'neither /proc nor a directory of the pool': `${without('/proc')} ${without('"$XDG_RUNTIME_DIR"')}`,
  'no way to the pool': `unshare ${own}mpnf --mount-proc sh -c 'mount -t tmpfs none "$0" && exec "$@"' "$XDG_RUNTIME_DIR"`,
  'another user': `setpriv ${isRoot ? '' : '--no-such-thing'} --reuid=65534 --regid=65534 --clear-groups`,
} as const

const makefile = (recipe: string): string =>
  `all: ${names.map(name => `${name}.o`).join(' ')}\n%.o: %.c\n\t@${recipe}\n`
const script = (command: string): string => `${names.map(name => `${command} ${name}.c &`).join(' ')} wait`

type Build = { files: (way: string) => Record<string, string>; command: (way: string) => string }

/** Where in a build it is hidden. */
const builds: Readonly<Record<string, Build>> = {
  'all of make': { files: () => ({ Makefile: makefile('gcc -c $<') }), command: way => `${way} make -s` },
  'all of make, recipes with a shell': {
    files: () => ({ Makefile: makefile('gcc -c $< && test -s $@') }),
    command: way => `${way} make -s`,
  },
  'each compiler of make': {
    files: way => ({ Makefile: makefile(`${way.replaceAll('$', '$$$$')} gcc -c $<`) }),
    command: () => 'make -s; exit $?',
  },
  'a make below make': {
    files: way => ({
      Makefile: `all: a b\na b:\n\t+@${way.replaceAll('$', '$$$$')} $(MAKE) -s -f $@.mk\n`,
      'a.mk': makefile('gcc -c $<').replace(/f[456].o/g, ''),
      'b.mk': makefile('gcc -c $<').replace(/f[123].o/g, ''),
    }),
    command: () => 'make -s; exit $?',
  },
  'all of a make -j8': {
    files: () => ({ Makefile: makefile('gcc -c $<') }),
    command: way => `${way} make -s -j8`,
  },
  'all of make, a script in a recipe': {
    files: () => ({ Makefile: `all:\n\t@${script('gcc -c')}\n` }),
    command: way => `${way} make -s`,
  },
  'each compiler of a script': { files: () => ({}), command: way => script(`${way} gcc -c`) },
}

const clean = (): void => {
  spawnSync('sh', ['-c', 'rm -f *.o *.mk Makefile'], { cwd: work })
  recorder.take()
}

type Seen = Outcome & { peak: number; runs: number; objects: Record<string, string> }

async function see(files: Record<string, string>, start: () => Promise<Outcome>): Promise<Seen> {
  clean()
  writeFiles(work, files)
  const outcome = await start()
  const { peak, runs, unfinished } = recorder.take()
  assert.is(unfinished, 0)
  return { ...outcome, peak, runs, objects: hashOutputs(work, /\.o$/) }
}

/** What could not reach the pool is named, if a look came upon it. */
const past =
  '(?: {2}past the shims: .*\\n(?: {4}.* \\(its shim could not use the jobserver\\).*\\n {6}.*\\n)+)?'
const summary = RegExp(
  `^jobshim: (?:\\d+ tools? ran${wholeSummary}|at least \\d+ tools? ran; (?:(?! tokens? ).)*\\n)${past}$`,
)

const JOBSHIM_PATIENCE = '600' // seconds, longer than any test here may take

/** What there is without jobshim, of each way in each build: the same at each -j. */
const alones = new Map<string, Seen>()

async function seeAlone(
  files: Record<string, string>,
  command: string,
  env: Record<string, string>,
): Promise<Seen> {
  const key = JSON.stringify([files, command])
  const seen = alones.get(key) ?? (await see(files, () => run('sh', ['-c', command], { cwd: work, env })))
  alones.set(key, seen)
  return seen
}

async function compare(build: Build, way: string, jobs: number, path: string): Promise<void> {
  const [name = '', value = ''] = marker.split('=')
  const env = {
    PATH: path,
    TMPDIR,
    XDG_RUNTIME_DIR: runtime,
    JOBSHIM_PATIENCE,
    STAND_IN: recorder.program,
    [name]: value,
  }
  const files = build.files(way)
  const command = build.command(way)
  const alone = await seeAlone(files, command, env)
  assert.is(alone.status, 0, alone.stderr)
  const governed = await see(files, () =>
    jobshim(['run', '--no-config', `-j${jobs}`, '--dir', shims, '--', 'sh', '-c', command], {
      cwd: work,
      env: { ...env, HOME: root },
    }),
  )
  assert.is(governed.status, 0, governed.stderr)
  assert.is(governed.stdout, alone.stdout)
  const said = withoutUse(governed.stderr)
  assert.match(said, summary, governed.stderr)
  assert.equal(governed.objects, alone.objects)
  assert.is(governed.runs, names.length)
  assert.ok(governed.peak <= jobs + 1, `${governed.peak} at once under -j${jobs}`)
  assert.equal(processesOf(-1, marker), [])
}

/** What `npm test` runs of them, at -j2: one of most kinds that went wrong once. */
const usual: ReadonlySet<string> = new Set([
  '/proc of another PID namespace :: each compiler of a script',
  'a PID namespace with its own /proc :: each compiler of a script',
  'no /proc :: all of make, recipes with a shell',
  'another user namespace :: each compiler of make',
  'no directory of the pool :: each compiler of a script',
  'neither /proc nor a directory of the pool :: all of a make -j8',
  'another user :: each compiler of a script',
  'another user :: all of make, a script in a recipe',
])

/** make 4.3 hands on R,W to most that it starts, make 4.4 names a FIFO. */
const makesOf = (hidden: string): readonly ClientKey[] =>
  /pool|another user$/.test(hidden) ? ['make43', 'make44'] : ['make43']

for (const [hidden, way] of Object.entries(ways)) {
  const isInstrumented = process.env.JOBSHIM_TEST_LAUNCHER !== undefined // sanitizers read /proc themselves
  const may = (): boolean =>
    !(isInstrumented && /^(no|neither) .proc/.test(hidden)) &&
    spawnSync('sh', ['-c', `${way} true`], { env: { ...process.env, XDG_RUNTIME_DIR: runtime } }).status === 0
  for (const [where, build] of Object.entries(builds))
    for (const key of makesOf(hidden))
      for (const jobs of jobCounts([1, 2, 3]))
        testWith(
          key,
          `run :: unseen :: ${hidden} :: ${where} :: ${clients[key].name} -j${jobs}`,
          async make => await compare(build, way, jobs, `${recorder.bin}:${make}:${process.env.PATH}`),
          { may, isLong: jobs !== 2 || !usual.has(`${hidden} :: ${where}`) },
        )
}

testWith(
  'make43',
  "run :: unseen :: no /proc :: a make's own pool",
  async make => {
    const way = ways['no /proc'].replaceAll('$', '$$$$')
    const files = { Makefile: `all:\n\t+@${way} sh -c '${script('gcc -c')}'\n` }
    const env = {
      PATH: `${shims}:${recorder.bin}:${make}:${process.env.PATH}`,
      XDG_RUNTIME_DIR: runtime,
      JOBSHIM_PATIENCE,
      STAND_IN: recorder.program,
    }
    const governed = await see(files, () => run('make', ['-s', '-j2'], { cwd: work, env }))
    assert.equal([governed.status, governed.stdout, governed.stderr], [0, '', ''])
    assert.equal([governed.runs, Object.keys(governed.objects).length], [names.length, names.length])
    assert.ok(governed.peak <= 2, `${governed.peak} at once under -j2`)
  },
  {
    may: () =>
      process.env.JOBSHIM_TEST_LAUNCHER === undefined &&
      spawnSync('sh', ['-c', `${ways['no /proc']} true`]).status === 0,
  },
)

for (const hidden of ['another user namespace', 'fewer capabilities'] as const)
  testWith(
    'make43',
    `run :: unseen :: ${hidden} :: each compiler of a make -j8 below a jobserver`,
    async make => {
      const pool = makeFifo(root, 'AA', hidden.replaceAll(' ', '-'))
      const env = {
        PATH: `${shims}:${recorder.bin}:${make}:${process.env.PATH}`,
        XDG_RUNTIME_DIR: runtime,
        JOBSHIM_PATIENCE,
        MAKEFLAGS: ` -j3 --jobserver-auth=${pool.auth}`,
      }
      const files = { Makefile: makefile(`${ways[hidden]} gcc -c $<`) }
      const { status, stderr, runs, peak } = await see(files, () =>
        run('make', ['-s', '-j8'], { cwd: work, env }),
      )
      assert.is(status, 0, stderr)
      assert.is(runs, names.length)
      assert.ok(peak <= 3, `${peak} at once beside two tokens`)
      assert.is(pool.count(), 'AA')
      pool.close()
    },
    { may: () => spawnSync('sh', ['-c', `${ways[hidden]} true`]).status === 0 },
  )

/** Below `jobshim run -j2`; resolves with what it says on stdout. */
async function said(key: ClientKey, files: Record<string, string>, command: string): Promise<string> {
  clean()
  writeFiles(work, files)
  const path = `${join(findClient(key) ?? '')}:${recorder.bin}:${process.env.PATH}`
  const { status, stdout, stderr } = await jobshim(
    ['run', '-q', '--no-config', '-j2', '--dir', shims, '--', 'sh', '-c', command],
    { cwd: work, env: { PATH: path, XDG_RUNTIME_DIR: runtime, JOBSHIM_PATIENCE, HOME: root } },
  )
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  return stdout
}

testWith(
  'make44',
  'run :: unseen :: no way to the pool :: makes in there share a jobserver of their own',
  async () => {
    const files = {
      Makefile: 'all:\n\t+@$(MAKE) -s -f sub.mk\n',
      'sub.mk': 'all:\n\t@echo "$$MAKEFLAGS"\n',
    }
    const flags = await said('make44', files, `${ways['no way to the pool']} make -s -j2`)
    assert.match(flags, / --jobserver-auth=fifo:/)
    assert.not.match(flags, runtime)
  },
  {
    may: () =>
      spawnSync('sh', ['-c', `${ways['no way to the pool']} true`], {
        env: { ...process.env, XDG_RUNTIME_DIR: runtime },
      }).status === 0,
  },
)

for (const key of ['make43', 'make44'] as const)
  testWith(key, `run :: unseen :: what ${clients[key].name} starts is noted as paid`, async () => {
    const files = { Makefile: 'all:\n\t@echo "$$JOBSHIM_TREE"\n' }
    assert.match(await said(key, files, 'make -s'), /^\d+:\d+:\d+:\d+:\d+:paid:0\n$/)
    assert.match(await said(key, files, 'make -s -j8'), /^\d+:\d+:\d+:\d+:\d+:0:0\n$/) // it has a pool of its own
  })

test.after.each(() => killAll(processesOf(-1, marker)))

test.run()
