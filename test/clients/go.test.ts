import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'
import { jobshim, type Outcome, run } from '../support/jobshim.js'
import { makeRecorder, type Recording } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { wholeSummary, withoutUse } from '../support/summary.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

const numbers = [1, 2, 3, 4, 5, 6]
const each = (text: (number: number) => string): string => numbers.map(text).join('\n')
const filesOf = (text: (number: number) => readonly [name: string, content: string]) =>
  Object.fromEntries(numbers.map(text))

/** A program of many packages, and one whose cgo starts a gcc for each of its files. */
const files = {
  'go.mod': 'module x\n\ngo 1.18\n',
  'plain/main.go': `package main\nimport (\n${each(n => `"x/p${n}"`)}\n)\nfunc main() {\n${each(n => `println(p${n}.F())`)}\n}\n`,
  ...filesOf(n => [`p${n}/p.go`, `package p${n}\nfunc F() int { return ${n} }\n`]),
  'cgo/main.go': `package main\nfunc main() {\n${each(n => `println(F${n}())`)}\n}\n`,
  ...filesOf(n => [
    `cgo/f${n}.go`,
    `package main\n// int f(int);\n// static int add(int x) { return f(x) + ${n}; }\nimport "C"\nfunc F${n}() int { return int(C.add(1)) }\n`,
  ]),
  'cgo/f.c': 'int f(int x) { return x; }\n',
}

const tools = ['asm', 'compile', 'link']

type Place = {
  root: string
  path: string
  shims: string
  environment: Record<string, string>
  take: () => Recording
}

/** A GOROOT whose tools are recorded: go starts them by their absolute paths. */
async function prepare(bin: string): Promise<Place> {
  const root = makeWorkspace()
  const real = execFileSync(join(bin, 'go'), ['env', 'GOROOT'], { encoding: 'utf8' }).trim()
  const directory = execFileSync(join(bin, 'go'), ['env', 'GOTOOLDIR'], { encoding: 'utf8' }).trim()
  const recorder = makeRecorder(join(root, 'recorder'), { extra: tools })
  const goroot = join(root, 'goroot')
  const ours = directory.slice(real.length + 1)
  mkdirSync(join(goroot, ours), { recursive: true })
  mkdirSync(join(goroot, 'bin'))
  symlinkSync(join(real, 'bin/go'), join(goroot, 'bin/go'))
  for (const place of ['.', 'pkg'])
    for (const name of readdirSync(join(real, place)).filter(name => !['bin', 'pkg', 'tool'].includes(name)))
      symlinkSync(join(real, place, name), join(goroot, place, name))
  for (const name of readdirSync(directory))
    symlinkSync(tools.includes(name) ? recorder.program : join(directory, name), join(goroot, ours, name))
  writeFiles(join(root, 'module'), files)
  const path = [join(goroot, 'bin'), recorder.bin, directory, process.env.PATH].join(delimiter)
  const shims = await installShims(join(root, 'shims'), { env: { PATH: path } })
  const environment = {
    GOROOT: goroot,
    GOENV: 'off',
    GOMAXPROCS: '8',
    GOTOOLCHAIN: 'local',
    HOME: root,
    CGO_ENABLED: '1',
  }
  // What go itself has, compiled once: the caches of all builds begin with it.
  execFileSync(join(goroot, 'bin/go'), ['build', 'runtime'], {
    cwd: join(root, 'module'),
    env: { ...process.env, ...environment, PATH: path, GOCACHE: join(root, 'primed') },
  })
  recorder.take()
  return { root, path, shims, environment, take: recorder.take }
}

let prepared: Promise<Place> | undefined
const placeOf = (bin: string): Promise<Place> => {
  prepared ??= prepare(bin)
  return prepared
}

type Built = Outcome & { recording: Recording; outputs: string[] }

/** Builds both programs with a cache, under `jobshim run -jN` or without. */
async function build(place: Place, cache: string, jobs?: number): Promise<Built> {
  const { root, path, shims, environment, take } = place
  const cwd = join(root, 'module')
  const env = { ...environment, PATH: path, GOCACHE: join(root, cache), GOFLAGS: undefined }
  const script = 'rm -rf out; mkdir out; go build -o out ./plain && go build -o out ./cgo'
  take()
  const outcome =
    jobs === undefined
      ? await run('sh', ['-c', script], { cwd, env, hangSeconds: 180 })
      : await jobshim(['run', `-j${jobs}`, '--dir', shims, '--no-config', '--', 'sh', '-c', script], {
          cwd,
          env,
          hangSeconds: 180,
        })
  const outputs = ['plain', 'cgo'].map(name => readFileSync(join(cwd, 'out', name)).toString('base64'))
  return { ...outcome, recording: take(), outputs }
}

const cacheOf = (jobs: number | undefined): string => `cache-${jobs}`
const cold = new Map<number | undefined, Promise<Built>>()

/** The same with nothing of ours in the cache, nor of cgo's, once for each -j. */
function buildCold(place: Place, jobs?: number): Promise<Built> {
  const start = (): Promise<Built> => {
    cpSync(join(place.root, 'primed'), join(place.root, cacheOf(jobs)), {
      recursive: true,
      preserveTimestamps: true,
    })
    return build(place, cacheOf(jobs), jobs)
  }
  const building = cold.get(jobs) ?? start()
  cold.set(jobs, building)
  return building
}

const summary = new RegExp(`^jobshim: \\d+ tools ran${wholeSummary}$`)

for (const jobs of [1, 3])
  testWith(
    'go',
    `go :: packages and cgo :: -j${jobs} :: its tools and cgo's gcc keep the limit`,
    async bin => {
      const place = await placeOf(bin)
      const alone = await buildCold(place)
      assert.is(alone.status, 0, alone.stderr)
      assert.ok(alone.recording.peak > 3, `${alone.recording.peak} at once`)
      const governed = await buildCold(place, jobs)
      assert.is(governed.status, 0, governed.stderr)
      assert.match(withoutUse(governed.stderr), summary)
      assert.is(governed.stdout, '')
      assert.equal(governed.outputs, alone.outputs)
      assert.is(governed.recording.unfinished, 0)
      assert.is(governed.recording.runs, alone.recording.runs)
      assert.equal(governed.recording.names, ['asm', 'compile', 'gcc', 'link'])
      assert.ok(governed.recording.peak <= jobs, `${governed.recording.peak} at once under -j${jobs}`)
    },
  )

testWith('go', 'go :: the build cache is the same with and without shims', async bin => {
  const place = await placeOf(bin)
  for (const [first, second] of [
    [undefined, 3],
    [3, undefined],
  ]) {
    const { status, stderr, outputs } = await buildCold(place, first)
    assert.is(status, 0, stderr)
    const again = await build(place, cacheOf(first), second)
    assert.is(again.status, 0, again.stderr)
    assert.equal(again.outputs, outputs)
    assert.not(again.recording.names.includes('compile'))
    assert.not(again.recording.names.includes('asm'))
  }
})

testWith('go', "go :: a -toolexec of the user's own is started by the launcher", async bin => {
  const { root, path, shims, environment } = await placeOf(bin)
  const log = join(root, 'wrapped')
  writeFiles(root, { 'bin/wrap': `#!/bin/sh\necho "$1 \${2##*/}" >>${log}\nshift\nexec "$@"\n` })
  const env = { ...environment, PATH: path, GOCACHE: join(root, 'wrapped-cache') }
  const wrap = `'-toolexec=${join(root, 'bin/wrap')} mark'`
  const command = ['run', '-j2', '--json', '--dir', shims, '--no-config', '--', 'go', 'build', './p1']
  const { status, stderr } = await jobshim(command, {
    cwd: join(root, 'module'),
    env: { ...env, GOFLAGS: `-trimpath ${wrap}` },
  })
  assert.is(status, 0, stderr)
  const { runs } = JSON.parse(stderr) as { runs: number }
  assert.ok(runs > 0)
  assert.ok(readFileSync(log, 'utf8').includes('mark compile\n'))
})

/** A stand-in that tells what it finds; `go env -w` has kept KEPT. */
const standIn = `#!/bin/sh
if test "$1" = env; then echo "$KEPT"; exit; fi
echo "$GOFLAGS"
`

const launcher = 'DIR/.jobshim/launcher'
const flags: Readonly<Record<string, { env?: Record<string, string>; flags: string; dir?: string }>> = {
  'none there': { flags: `-toolexec=${launcher}` },
  'empty, and some that go has kept': {
    env: { GOFLAGS: '', KEPT: '-mod=mod' },
    flags: `-mod=mod -toolexec=${launcher}`,
  },
  'some that go has kept': { env: { KEPT: '-mod=mod -x' }, flags: `-mod=mod -x -toolexec=${launcher}` },
  'some there': { env: { GOFLAGS: '-v', KEPT: '-x' }, flags: `-v -toolexec=${launcher}` },
  'in quotes': { env: { GOFLAGS: `"-ldflags=-s -w"` }, flags: `"-ldflags=-s -w" -toolexec=${launcher}` },
  'a -toolexec': { env: { GOFLAGS: '-x -toolexec=wrap -v' }, flags: `-x '-toolexec=${launcher} -- wrap' -v` },
  'a -toolexec with quotes': {
    env: { GOFLAGS: `"--toolexec=wrap 'a b'"` },
    flags: `"-toolexec=${launcher} -- wrap 'a b'"`,
  },
  'ours already': { env: { GOFLAGS: `-toolexec=${launcher}` }, flags: `-toolexec=${launcher}` },
  'a shim dir with a space': { dir: 'a b', flags: `'-toolexec="${launcher}"'` },
  'a shim dir with a quote': { dir: "a'b", flags: '' },
}

for (const [name, { env = {}, flags: expected, dir = 'shims' }] of Object.entries(flags))
  test(`go :: GOFLAGS :: ${name}`, async () => {
    const root = makeWorkspace()
    writeFiles(root, { 'bin/go': standIn })
    const path = [join(root, 'bin'), process.env.PATH].join(delimiter)
    const shims = await installShims(join(root, dir), { args: ['--tools', 'go'], env: { PATH: path } })
    const named = Object.fromEntries(
      Object.entries(env).map(([key, value]) => [key, value.replaceAll('DIR', shims)]),
    )
    const around = { cwd: root, env: { GOFLAGS: undefined, ...named, PATH: path, HOME: root } }
    const line = ['run', '-q', '-j2', '--dir', shims, '--no-config', '--', 'go', 'build']
    const { status, stdout, stderr } = await jobshim(line, around)
    assert.equal({ status, stderr }, { status: 0, stderr: '' })
    assert.is(stdout, `${expected.replaceAll('DIR', shims)}\n`)
    const without = await run('go', ['build'], {
      ...around,
      env: { ...around.env, PATH: `${shims}:${path}` },
    })
    assert.is(without.stdout, `${named.GOFLAGS ?? ''}\n`) // no jobserver
  })

/** What is in the pool while go runs tells whether it has paid: another tool has the slot of the command. */
const paying: readonly (readonly [line: string, left: string])[] = [
  ['go build', '2'],
  ['go build -toolexec=wrap', '1'],
  ['go build --toolexec wrap', '1'],
  ["go build -toolexec='/x/.jobshim/launcher -- wrap'", '2'],
]

for (const [line, left] of paying)
  test(`go :: ${line} :: it ${left === '2' ? 'takes no slot' : 'takes one for all it starts'}`, async () => {
    const root = makeWorkspace()
    writeFiles(root, {
      'bin/go': `#!/bin/sh\ntest "$1" = env || "$L" jobserver | tr '\\0' ' ' | cut -d ' ' -f 2\n`,
      'bin/gate': '#!/bin/sh\necho >here; read -r line <over\n',
    })
    const path = [join(root, 'bin'), process.env.PATH].join(delimiter)
    const shims = await installShims(join(root, 'shims'), {
      args: ['--tools', 'go,gate'],
      env: { PATH: path },
    })
    const script = `mkfifo here over; gate & read -r line <here; ${line}; echo >over; wait`
    const run = ['run', '-q', '-j3', '--dir', shims, '--no-config', '--', 'sh', '-c', script]
    const env = { PATH: path, HOME: root, GOFLAGS: '-v', L: join(shims, '.jobshim/look') }
    const { status, stdout, stderr } = await jobshim(run, { cwd: root, env })
    assert.equal({ status, stdout, stderr }, { status: 0, stdout: `${left}\n`, stderr: '' })
  })

test.run()
