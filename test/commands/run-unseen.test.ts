import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { hashOutputs } from '../support/driver.js'
import { jobshim, type Outcome, run } from '../support/jobshim.js'
import { killAll, processesOf } from '../support/processes.js'
import { makeRecorder } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { withoutUse } from '../support/summary.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/**
 * What shims can't see is neither free nor does it wait for itself: each build ends in less time than a wait for `patience` would take,
 * with the objects that it has without jobshim, and with no more than one compiler over the limit.
 */
const root = makeWorkspace()
const work = join(root, 'work')
const runtime = join(root, 'runtime')
for (const directory of [work, runtime]) mkdirSync(directory, { mode: 0o700 })
const recorder = makeRecorder(join(root, 'recorder'))
const PATH = `${recorder.bin}:${process.env.PATH}`
const shims = await installShims(join(root, 'shims'), { env: { PATH } })
const marker = `JOBSHIM_TEST_UNSEEN=${process.pid}`

const names = ['f1', 'f2', 'f3', 'f4', 'f5', 'f6']
for (const name of names) writeFiles(work, { [`${name}.c`]: `int ${name};\n` })

/** Each way, put before a command, hides something from what that starts. As an ordinary user it takes a user namespace. */
const own = process.geteuid?.() === 0 ? '-' : '-Ur'
const without = (directory: string): string =>
  `unshare ${own}m sh -c 'mount -t tmpfs none "$0" && exec "$@"' ${directory}`
const ways = {
  '/proc of another PID namespace': `unshare ${own}pf`,
  'a PID namespace with its own /proc': `unshare ${own}pf --mount-proc`,
  'no /proc': without('/proc'),
  'another network namespace': own === '-' ? 'unshare -n' : 'unshare -Urn',
  'another user namespace': 'unshare -Ur',
  'fewer capabilities': 'setpriv --bounding-set=-all --inh-caps=-all',
  'no directory of the pool': without('"$XDG_RUNTIME_DIR"'),
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

const summary =
  /^jobshim: (?:\d+ tool runs?, .*|nothing that has a shim was run.*)(\d+)\/(\d+) tokens? back\n$/

const hangSeconds = 20 // a wait for patience takes longer

async function compare(build: Build, way: string, jobs: number, path: string): Promise<void> {
  const [name = '', value] = marker.split('=')
  const env = { PATH: path, XDG_RUNTIME_DIR: runtime, STAND_IN: recorder.program, [name]: value }
  const files = build.files(way)
  const command = ['sh', '-c', build.command(way)]
  const alone = await see(files, () => run('sh', command.slice(1), { cwd: work, env }))
  assert.is(alone.status, 0, alone.stderr)
  const governed = await see(files, () =>
    jobshim(['run', '--no-config', `-j${jobs}`, '--dir', shims, '--', ...command], {
      cwd: work,
      env: { ...env, HOME: root },
      hangSeconds,
    }),
  )
  assert.is(governed.status, 0, governed.stderr)
  assert.is(governed.stdout, alone.stdout)
  const said = withoutUse(governed.stderr)
  assert.match(said, summary)
  const [, back, total] = summary.exec(said) ?? []
  assert.is(`${back}/${total}`, `${jobs - 1}/${jobs - 1}`)
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
])

for (const [hidden, way] of Object.entries(ways)) {
  const isInstrumented = process.env.JOBSHIM_TEST_LAUNCHER !== undefined // sanitizers read /proc themselves
  const may = (): boolean =>
    !(isInstrumented && hidden === 'no /proc') &&
    spawnSync('sh', ['-c', `${way} true`], { env: { ...process.env, XDG_RUNTIME_DIR: runtime } }).status === 0
  for (const [where, build] of Object.entries(builds))
    for (const jobs of [1, 2, 3])
      testWith(
        'make43',
        `run :: unseen :: ${hidden} :: ${where} :: -j${jobs}`,
        async make => await compare(build, way, jobs, `${recorder.bin}:${make}:${process.env.PATH}`),
        { may, isLong: jobs !== 2 || !usual.has(`${hidden} :: ${where}`) },
      )
}

test.after.each(() => killAll(processesOf(-1, marker)))

test.run()
