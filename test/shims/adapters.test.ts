import { mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'
import { jobshim, type Outcome, run } from '../support/jobshim.js'
import { makeFifo } from '../support/pool.js'
import { installShims } from '../support/shimdir.js'
import { test } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'

/** What an adapter makes of a command line: the programs are stand-ins that tell it. */
type Told = { args: string; makeflags: string; level: string }

const versions: Readonly<Record<string, string>> = {
  bmake: 'none',
  cargo: 'cargo 1.80.1 (376290515 2024-07-16)',
  cmake: 'cmake version 3.25.1',
  ctest: 'ctest version 3.31.2',
  gmake: 'GNU Make 4.4.1',
  'gmake-4.4': 'GNU Make 4.4.1',
  gnumake: 'GNU Make 4.3',
  make: 'GNU Make 4.4.1',
  ninja: '1.13.2',
  'ninja-build': '1.13.2',
  remake: 'GNU Make 4.3',
  samu: '1.9.0',
}

const standIn = (version: string): string => `#!/bin/sh
if test "$1" = --version; then echo '${version}'; exit; fi
echo "args $*"
echo "makeflags $MAKEFLAGS"
echo "level \${CMAKE_BUILD_PARALLEL_LEVEL-none}"
`

/** One that runs until its stdin ends. */
const holding = (version: string): string => `#!/bin/sh
if test "$1" = --version; then echo '${version}'; exit; fi
echo held $$
while read -r line; do :; done
`

async function makePlace(): Promise<{ root: string; shims: string; path: string }> {
  const root = makeWorkspace()
  const shims = join(root, 'shims')
  for (const [name, version] of Object.entries(versions))
    writeFiles(root, { [`bin/${name}`]: standIn(version) })
  writeFiles(root, { 'bin/ninja-1.14': holding('1.14.0') })
  mkdirSync(join(root, 'run'), { mode: 0o700 })
  const path = [join(root, 'bin'), process.env.PATH].join(delimiter)
  await installShims(shims, { args: ['--tools', 'make'], env: { PATH: path } })
  return { root, shims, path }
}

let place: ReturnType<typeof makePlace> | undefined

/** Runs it below `jobshim run -j3`. */
async function tell(
  line: string,
  join: '0' | '1' | undefined,
  env: Record<string, string> = {},
): Promise<Outcome> {
  place ??= makePlace()
  const { root, shims, path } = await place
  const around = { cwd: root, env: { PATH: path, HOME: root, JOBSHIM_JOIN: join, ...env } }
  return jobshim(['run', '-q', '-j3', '--dir', shims, '--no-config', '--', 'sh', '-c', line], around)
}

function read({ stdout }: Pick<Outcome, 'stdout'>): Told {
  const [, args = '', makeflags = '', level = ''] =
    /^args (.*)\nmakeflags (.*)\nlevel (.*)\n$/.exec(stdout) ?? []
  return { args, makeflags, level }
}

/** `line => args`, joined. */
const lines: Readonly<Record<string, string>> = {
  'make -j64': '',
  'make -j': '',
  'make -j 64 all': 'all',
  'make -j all': 'all',
  'make --jobs=64 --jobs --jobs 8 -k': '-k',
  'make -kj64': '-k',
  'make -kj 64 all': '-k all',
  'make all -j4': 'all',
  'make -C -j4 -f -j5 -j6': '-C -j4 -f -j5',
  'make -Otarget -j8 -l8': '-Otarget -l8',
  'make -Ojobs': '-Ojobs',
  'make -j64 -- -j4': '-- -j4',
  'make -j1': '-j1',
  'make -j64 -j1': '-j64 -j1',
  'make -j4x': '-j4x',
  'make -j=4': '-j=4',
  'make -j0': '-j0',
  'make -kj 0 all': '-kj 0 all',
  'make --jobs 0': '--jobs 0',
  'make --jobs=00 -j4': '--jobs=00 -j4',
  'make -j4294967296': '-j4294967296',
  'make -j99999999999999999999': '-j99999999999999999999',
  'make --jobserver-style=fifo': '--jobserver-style=fifo',
  'gmake -j64 x': 'x',
  'gmake-4.4 -j64 x': 'x',
  'gnumake -j64 x': 'x',
  'remake -j64 x': 'x',
  'ninja -j64': '',
  'ninja -j 64 -v': '-v',
  'ninja -vj64': '-v',
  'ninja -C j -j0': '-C j',
  'ninja -k -j4 -j1': '-k -j4 -j1',
  'ninja --status -j4 -j64': '--status -j4',
  'ninja --st -j4 -j64': '--st -j4',
  'ninja --status=-j4 -j64': '--status=-j4',
  'ninja --quiet -j64': '--quiet',
  // It joins whatever its -j, which then counts for nothing; and makes a pool of so many where it finds none.
  'ninja --jobserver-pool -j64': '--jobserver-pool -j64',
  'ninja -j1 --jobserver': '-j1 --jobserver',
  'ninja-build -j64': '',
  'ctest -j64': '-j64',
  'samu -j64': '-j3',
  'samu -j 2': '-j 2',
  'samu -vj64 all': '-j3 -v all',
  'samu -j1': '-j1',
  'samu -j0': '-j3',
  'bmake -j64 all': '-j3 all',
  'bmake -j 2 all': '-j 2 all',
  'bmake -j0 all': '-j0 all',
  'bmake all': 'all',
  'cmake --build . -j64 -v': '--build . -v',
  'cmake --build . -j 64': '--build .',
  'cmake --build . -j': '--build .',
  'cmake --build . -j=64': '--build .',
  'cmake --build . --parallel 64 -t a': '--build . -t a',
  'cmake --build . --parallel=64': '--build .',
  'cmake --build . --parallel64': '--build .',
  'cmake --build . --parallel -t a': '--build . -t a',
  'cmake --build . -- -k -j7 -j 8': '--build . -- -k',
  'cmake --build . -j1': '--build . -j1',
  'cmake --build . -j4x': '--build . -j4x',
  'cmake --build . -j0': '--build . -j0',
  'cmake --build . --parallel 0': '--build . --parallel 0',
  'cmake -S . -B b -j4': '-S . -B b -j4',
  'cmake -E echo -j4': '-E echo -j4',
  'cargo build -j64': 'build -j64',
}

/** What each of some lines came to, all below one run: status, stderr, and what its program told. */
async function tellAll(all: readonly string[], join: '0' | '1' | undefined): Promise<Map<string, string[]>> {
  const calls = all.map(line => `${line} >told 2>said; printf '%s\\0' $? "$(cat said)" "$(cat told)"`)
  const { status, stdout, stderr } = await tell(calls.join('\n'), join)
  assert.equal([status, stderr], [0, ''])
  const fields = stdout.split('\0')
  return new Map(all.map((line, index) => [line, fields.slice(index * 3, index * 3 + 3)]))
}

for (const [how, asked, wanted] of [
  ['join', '1', (line: string) => lines[line]],
  ['no join', undefined, (line: string) => line.replace(/^\S+ /, '')],
] as const) {
  const some = Object.keys(lines).filter(line => how === 'join' || !/^(bmake all|cargo)/.test(line))
  let telling: ReturnType<typeof tellAll> | undefined
  for (const line of some)
    test(`adapters :: ${how} :: ${line}${how === 'join' ? '' : ' stays'}`, async () => {
      telling ??= tellAll(some, asked)
      const [status, stderr, stdout] = (await telling).get(line) ?? []
      assert.equal([status, stderr], ['0', ''])
      assert.is(read({ stdout: `${stdout}\n` }).args, wanted(line))
    })
}

/** `CMAKE_BUILD_PARALLEL_LEVEL line => what is left of it`, joined. */
const levels: readonly (readonly [level: string, line: string, left: string])[] = [
  ['64', 'cmake --build .', 'none'],
  ['', 'cmake --build .', 'none'],
  ['64', 'cmake --build . -j8', 'none'],
  ['1', 'cmake --build .', '1'],
  ['0', 'cmake --build .', '0'],
  ['4x', 'cmake --build .', '4x'],
  ['0', 'cmake --build . -j8', 'none'],
  ['1', 'cmake --build . -j8', 'none'],
  ['64', 'cmake --build . -j1', '64'],
  ['64', 'cmake -S . -B b', '64'],
  ['64', 'make', '64'],
]

for (const [level, line, left] of levels)
  test(`adapters :: join :: CMAKE_BUILD_PARALLEL_LEVEL=${level} ${line}`, async () => {
    assert.is(read(await tell(line, '1', { CMAKE_BUILD_PARALLEL_LEVEL: level })).level, left)
    assert.is(read(await tell(line, '0', { CMAKE_BUILD_PARALLEL_LEVEL: level })).level, level)
  })

test("adapters :: bmake finds nothing of GNU make's jobserver, and all else of MAKEFLAGS", async () => {
  for (const [before, left] of [
    ['', ''],
    [' -k -- A=--jobserver-auth=1,2 -j=4', ' -k -- A=--jobserver-auth=1,2 -j=4'],
  ] as const) {
    const { makeflags } = read(await tell('bmake', '0', { MAKEFLAGS: before }))
    assert.is(makeflags, left)
    assert.match(
      read(await tell('make', '0', { MAKEFLAGS: before })).makeflags,
      / -j3 --jobserver-auth=fifo:/,
    )
  }
})

test("adapters :: a make or cmake with a -jN of its own finds no jobserver of run's, and all else of MAKEFLAGS", async () => {
  for (const line of [
    'make -j8',
    'make -j1',
    'make -k --jobs',
    'make -j0',
    'gmake-4.4 -j8',
    'gnumake -j8',
    'cmake --build . -j8',
  ])
    for (const [before, left] of [
      ['', ''],
      ['k -- A=1', 'k -- A=1'],
    ] as const) {
      const outcome = await tell(line, '0', { MAKEFLAGS: before })
      assert.equal([outcome.status, outcome.stderr], [0, ''])
      assert.equal(read(outcome), { args: line.replace(/^\S+ /, ''), makeflags: left, level: 'none' })
    }
})

test('adapters :: an address that takes the place of another is the only one', async () => {
  const flags =
    'k -l 4 --jobserver-auth=98,99\t--jobserver-auth=-2,-2 --eval=A=1\\ --jobserver-auth=7,8 -- B=1'
  const make = read(await tell(`MAKEFLAGS='${flags}' make`, '0')).makeflags
  assert.match(make, /^k -l 4 --jobserver-auth=\d\d,\d\d --eval=A=1\\ --jobserver-auth=7,8 -- B=1$/)
  const ninja = read(await tell(`MAKEFLAGS='${flags}' ninja`, '0')).makeflags
  assert.match(
    ninja,
    /^k -l 4 --jobserver-auth=fifo:\/\S+\/(fifo|jobserver) --eval=A=1\\ --jobserver-auth=7,8 -- B=1$/,
  )
})

test('adapters :: join :: another pool that MAKEFLAGS name is left alone', async () => {
  for (const line of ['make -j64', 'ninja -j64', 'cmake --build . -j64'])
    for (const auth of ['fifo:/dev/null', '--']) {
      const flags = auth === '--' ? '' : ` -j2 --jobserver-auth=${auth}`
      const outcome = await tell(`MAKEFLAGS='${flags}' ${line}`, '1')
      assert.equal([outcome.status, outcome.stderr], [0, ''])
      assert.equal(read(outcome), { args: line.replace(/^\S+ /, ''), makeflags: flags, level: 'none' })
    }
})

test('adapters :: join :: without a jobserver all stays', async () => {
  place ??= makePlace()
  const { root, shims, path } = await place
  const env = { PATH: `${shims}:${path}`, JOBSHIM_JOIN: '1', CMAKE_BUILD_PARALLEL_LEVEL: '8' }
  for (const line of ['make -j64', 'ninja -j64', 'samu -j64', 'bmake -j64', 'cmake --build . -j64']) {
    const outcome = await run('sh', ['-c', line], { cwd: root, env })
    assert.equal([outcome.status, outcome.stderr], [0, ''])
    assert.equal(read(outcome), { args: line.replace(/^\S+ /, ''), makeflags: '', level: '8' })
  }
})

/** Whether each of two has taken a slot for itself from the jobserver that MAKEFLAGS alone name. */
const paying: readonly (readonly [line: string, pays: boolean])[] = [
  ['ninja-1.14', true],
  ['ninja-1.14 -j8', false], // no client
  ['ninja-1.14 -j8 --jobserver-pool', true],
  ['ninja-1.14 --jobserver-pool -j1', true],
  ['ninja-1.14 --job', true],
  ['ninja-1.14 -j8 --status --jobserver-pool', false], // what it prints
  ['ninja-1.14 -j8 -- --jobserver-pool', false], // a target
]

for (const [line, pays] of paying)
  test(`adapters :: ${line} ${pays ? 'pays for its slot' : 'takes no slot'}`, async () => {
    place ??= makePlace()
    const { root, shims, path } = await place
    const pool = makeFifo(makeWorkspace(), 'ab')
    const env = { PATH: `${shims}:${path}`, HOME: root, MAKEFLAGS: ` -j3 --jobserver-auth=${pool.auth}` }
    const two = [1, 2].map(() => start({ env, command: line.split(' ') }))
    for (const held of two) await held.tools
    assert.is(pool.count().length, pays ? 1 : 2) // the other one has the slot that costs no token
    for (const held of two) {
      const { status, stderr } = await held.end()
      assert.equal([status, stderr], [0, ''])
    }
    assert.is(pool.count(), 'ab')
    pool.close()
  })

test.after.each(killStarted)

test.run()
