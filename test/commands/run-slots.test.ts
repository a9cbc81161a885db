import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { buildProgram } from '../support/built.js'
import { jobshim, type Outcome, run } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

type Told = {
  coverage?: number
  launchedRuns: number
  clientRuns: number
  runs: number
  past: { tool: string; caller: string; why: string; fix: string; runs: number }[]
}

/** Tools that sleep (NAME -c MILLISECONDS FILE), and shims for those of them that are on PATH, if `tools` has their family. `later`: these are not. */
async function makePlace(
  names: readonly string[],
  { later: laterNames = [], tools: wanted = ['--tools', 'gcc'] }: { later?: string[]; tools?: string[] } = {},
) {
  const root = makeWorkspace()
  const [tools, later] = [join(root, 'tools'), join(root, 'later')]
  for (const directory of [tools, later, join(root, 'run')]) mkdirSync(directory, { mode: 0o700 })
  buildProgram(join(root, 'sleeper'), ['sleeper.c'])
  for (const name of names) copyFileSync(join(root, 'sleeper'), join(tools, name))
  for (const name of laterNames) copyFileSync(join(root, 'sleeper'), join(later, name))
  const shims = join(root, 'shims')
  const env = {
    HOME: root,
    LATER: later,
    PATH: `${tools}:/usr/bin:/bin`,
    T: tools,
    XDG_RUNTIME_DIR: join(root, 'run'),
  }
  await installShims(shims, { args: wanted, env })
  const build = (jobs: number, script: string, form: readonly string[] = ['--json']): Promise<Outcome> =>
    jobshim(['run', `-j${jobs}`, ...form, '--no-config', '--dir', shims, '--', 'sh', '-c', script], {
      cwd: root,
      env: { ...env, LAUNCHER: join(shims, '.jobshim/launcher') },
    })
  return { root, tools, later, shims, env, build }
}

type Place = Awaited<ReturnType<typeof makePlace>>

/** What a build's summary tells. */
async function told({ build }: Place, jobs: number, script: string): Promise<Told> {
  const { status, stdout, stderr } = await build(jobs, script)
  assert.equal([status, stdout], [0, ''], stderr)
  return JSON.parse(stderr.split('\n').at(-2) ?? '') as Told
}

/** Those of a build don't start and end at the same moment: then one is alone. */
const assertNear = (coverage: number | undefined, right: number): void =>
  assert.ok(Math.abs((coverage ?? 0) - right) < 0.15, `${coverage}`)

const kinds = ({ past }: Told) => past.map(({ tool, why, runs }) => ({ tool, why, runs }))

const gcc = await makePlace(['gcc'])

test('run :: slots :: a compiler by its path below a make that joined :: is in the slot of make, and said to be', async () => {
  writeFiles(gcc.root, { 'by-path': 'all: a b c\na b c:\n\t$(T)/gcc -c 700 $@\n' })
  const seen = await told(gcc, 4, 'make -s -f by-path')
  assert.equal([kinds(seen), seen.coverage, seen.clientRuns, seen.launchedRuns], [[], 1, 3, 0])
  const { stderr } = await gcc.build(4, 'make -s -f by-path', [])
  assert.match(
    stderr,
    /^jobshim: 0 tools ran \(limit 4\); 3 more seen past the shims, in the slots of make or the like\n/,
  )
})

test('run :: slots :: an ld whose gcc was killed :: is no run of its own that could not write the ledger', async () => {
  const place = await makePlace(['gcc', 'ld'], { tools: ['--tools', 'gcc,ld'] })
  const gcc = `#!/bin/sh\n${place.tools}/ld -c 3000 b &\necho $! > ld\necho $$ > gcc\nwait\n`
  writeFiles(place.root, { 'tools/gcc': gcc })
  const end =
    'until [ -s gcc ]; do sleep 0.01; done; sleep 0.5; kill -9 $(cat gcc); while kill -0 $(cat ld); do sleep 0.1; done; true'
  const script = `rm -f gcc ld; gcc a 2>/dev/null & { ${end}; } 2>/dev/null`
  const { runs, launchedRuns } = await told(place, 2, script)
  assert.ok(launchedRuns <= runs, `${launchedRuns} seen, ${runs} counted`)
  const { status, stdout, stderr } = await place.build(2, script, [])
  assert.equal([status, stdout], [0, ''])
  assert.match(stderr, /^jobshim: 1 tool ran, at most 1 at once \(limit 2\)\n/)
})

test('run :: slots :: two compilers by their paths in one recipe :: have one slot between them', async () => {
  writeFiles(gcc.root, { two: 'all:\n\t$(T)/gcc -c 900 a & $(T)/gcc -c 900 b & wait\n' })
  const seen = await told(gcc, 4, 'make -s -f two')
  assert.equal(kinds(seen), [{ tool: `${gcc.tools}/gcc`, why: 'called by its path', runs: 1 }])
  assertNear(seen.coverage, 0.5)
})

test('run :: slots :: a compiler by its path beside one by its name in a recipe :: has no slot, whichever came first', async () => {
  const line = { shim: 'gcc -c 900 a', path: '$(T)/gcc -c 900 a' }
  const recipe = (first: string, second: string) => `\t${first} & sleep 0.05; ${second} & wait\n`
  const mixed = `all:\n${recipe(line.shim, line.path)}${recipe(line.path, line.shim)}`
  writeFiles(gcc.root, { mixed })
  const seen = await told(gcc, 4, 'make -s -f mixed')
  assert.equal(kinds(seen), [{ tool: `${gcc.tools}/gcc`, why: 'called by its path', runs: 2 }])
  assertNear(seen.coverage, 0.5)
})

test('run :: slots :: a script in one slot starts three compilers by their paths :: two have none', async () => {
  const seen = await told(gcc, 4, '$LAUNCHER -- sh -c "for i in 1 2 3; do $T/gcc -c 900 a & done; wait"')
  assert.equal(kinds(seen), [{ tool: `${gcc.tools}/gcc`, why: 'called by its path', runs: 2 }])
  assertNear(seen.coverage, 1 / 3)
})

test('run :: slots :: the command itself is a tool that is called by its path :: it has the slot of the build', async () => {
  const { status, stderr } = await jobshim(
    [
      ...['run', '-j2', '--json', '--no-config', '--dir', gcc.shims, '--'],
      ...[join(gcc.tools, 'gcc'), '-c', '700', 'a'],
    ],
    { env: gcc.env },
  )
  assert.is(status, 0)
  const seen = JSON.parse(stderr) as Told
  assert.equal([kinds(seen), seen.coverage], [[], 1])
})

test('run :: slots :: JOBSHIM_HOPS in the environment is no slot :: shims that are switched off', async () => {
  const seen = await told(gcc, 2, 'export JOBSHIM_DISABLE=1; for i in 1 2 3; do gcc -c 700 a & done; wait')
  assert.equal(kinds(seen), [{ tool: `${gcc.tools}/gcc`, why: 'JOBSHIM_DISABLE is set', runs: 3 }])
  assert.is(seen.coverage, 0)
})

test('run :: slots :: JOBSHIM_HOPS in the environment is no slot :: a shim that found no slot for too long', async () => {
  const script = 'export JOBSHIM_PATIENCE=1; gcc -c 2500 a & gcc -c 2500 b & wait'
  const seen = await told(gcc, 1, script)
  assert.equal(kinds(seen), [
    { tool: `${gcc.tools}/gcc`, why: 'its shim waited too long for a slot', runs: 1 },
  ])
  assert.ok((seen.coverage ?? 1) < 1)
})

testWith(
  'bwrap',
  'run :: slots :: the directory of the pool is hidden :: more at once than there are slots are named',
  async () => {
    const hidden =
      'bwrap --dev-bind / / --unshare-pid --proc /proc --tmpfs $XDG_RUNTIME_DIR env -i PATH=$PATH $S/gcc -c 900 a'
    const script = `S=${gcc.shims}; for i in 1 2 3; do ${hidden} & done; wait`
    const seen = await told(gcc, 2, script)
    assert.equal(kinds(seen), [
      { tool: `${gcc.tools}/gcc`, why: 'its shim could not use the jobserver', runs: 3 },
    ])
    assert.is(seen.coverage, 0)
  },
)

testWith(
  'bwrap',
  'run :: slots :: launchers that can only read the ledger :: that they were not counted is said',
  async () => {
    const runtime = gcc.env.XDG_RUNTIME_DIR
    const script = `for i in 1 2 3; do bwrap --dev-bind / / --ro-bind ${runtime} ${runtime} gcc -c 500 a & done; wait`
    const seen = await told(gcc, 2, script)
    assert.equal([kinds(seen), seen.coverage, seen.runs], [[], 1, 0])
    assert.ok(seen.launchedRuns > 0)
    const { stderr } = await gcc.build(2, script, [])
    assert.match(
      stderr,
      /^jobshim: at least [1-3] tools? ran; none could write the ledger, so how many ran at once is not known\n/,
    )
  },
)

test('run :: slots :: a tool of a wanted family that was on no PATH when the shims were made :: is named, with what mends it', async () => {
  const names = ['aarch64-foo-gcc', 'aarch64-linux-gnu-g++', 'gcc-99', 'ghc-99']
  const place = await makePlace(['gcc'], { later: names, tools: [] })
  const script = `PATH=$PATH:$LATER; ${names.map(name => `${name} -c 700 a`).join(' & ')} & gcc-99 --version; wait`
  const seen = await told(place, 2, script)
  assert.equal(
    kinds(seen).sort((a, b) => (a.tool < b.tool ? -1 : 1)),
    names.map(name => ({
      tool: `${place.later}/${name}`,
      why: 'the shim dir has no shim for it',
      runs: 1,
    })),
  )
  const [{ fix } = { fix: '' }] = seen.past
  assert.is(fix, `with its directory on PATH, make one: jobshim install --dir ${place.shims}`)
  const install = fix.slice(fix.indexOf('install')).split(' ')
  const mended = await run(process.execPath, [join(repository, 'bin/jobshim.js'), ...install], {
    cwd: place.root,
    env: { ...place.env, PATH: `${place.env.PATH}:${place.later}` },
  })
  assert.is(mended.status, 0, mended.stderr)
  const again = await told(place, 2, script)
  assert.equal([kinds(again), again.coverage, again.runs], [[], 1, 4])
})

test('run :: slots :: of --tools the families are wanted, and no others: a tool of theirs is none', async () => {
  const place = await makePlace(['gcc'], { later: ['clang-99', 'gcc-99', 'ghc-99'] })
  const seen = await told(
    place,
    2,
    '$LATER/clang-99 -c 700 a & $LATER/gcc-99 -c 700 a & $LATER/ghc-99 -c 700 a & wait',
  )
  const only = { tool: `${place.later}/gcc-99`, why: 'the shim dir has no shim for it', runs: 1 }
  assert.equal([kinds(seen), seen.coverage], [[only], 0])
})

test('run :: slots :: it is not known what is wanted :: of a default family those are that are newer than the shims', async () => {
  const place = await makePlace(['gcc'], { later: ['ghc-98'] })
  rmSync(join(place.shims, '.jobshim/wanted'))
  copyFileSync(join(place.root, 'sleeper'), join(place.later, 'ghc-99'))
  const seen = await told(place, 2, '$LATER/ghc-98 -c 700 a & $LATER/ghc-99 -c 700 a & wait')
  assert.equal(kinds(seen), [
    { tool: `${place.later}/ghc-99`, why: 'the shim dir has no shim for it', runs: 1 },
  ])
})

test('run :: slots :: names that the kernel cuts :: a tool is told from another one of the same first 15 characters', async () => {
  const triple = 'x86_64-linux-gnu'
  const place = await makePlace([`${triple}-gcc`, `${triple}-objdump`])
  const script = `${triple}-objdump -c 700 a & $T/${triple}-ranlib -c 700 a & ${triple}-gcc -c 700 a & wait`
  copyFileSync(join(place.root, 'sleeper'), join(place.tools, `${triple}-ranlib`))
  const seen = await told(place, 2, script)
  assert.equal([kinds(seen), seen.coverage], [[], 1])
  writeFiles(place.root, { [`tools/${triple}-make-it`]: `#!/bin/sh\n$T/${triple}-gcc -c 700 a; exit $?\n` })
  const { past } = await told(place, 2, `${triple}-make-it`)
  assert.equal(
    past.map(({ tool, caller, why }) => ({ tool, caller, why })),
    [{ tool: `${place.tools}/${triple}-gcc`, caller: `${triple}-make-it`, why: 'called by its path' }],
  )
})

test('status :: a name that is longer than the place for it in the ledger is told whole', async () => {
  const name = 'x86_64-linux-gnu-gcc-13.2.0.1'
  const place = await makePlace([name])
  const status = `${process.execPath} ${join(repository, 'bin/jobshim.js')} status --json --dir ${place.shims}`
  const script = `${name} -c 3000 a & for i in 1 2 3 4 5; do ${status} | grep gcc-13 && break; done; wait`
  const { status: ended, stdout, stderr } = await place.build(2, script)
  assert.is(ended, 0, stderr)
  const { rows } = JSON.parse(stdout) as { rows: { tool: string }[] }
  assert.equal(
    rows.map(({ tool }) => tool),
    [name],
  )
})

test('run :: slots :: a wrapper that looks around for long before a short run of a shim :: is no bypass', async () => {
  const ways = ['gcc "$@"', 'exec gcc "$@"', 'said=$(gcc "$@"); printf %s "$said"']
  const looked = ways.map(async (start, way) => {
    const before = `before-${way}`
    writeFiles(gcc.root, { [`${before}/gcc`]: `#!/bin/sh\nseen=$(sleep 1.5)\nPATH=\${PATH#*:}\n${start}\n` })
    const seen = await told(gcc, 2, `PATH=${gcc.root}/${before}:$PATH; gcc -c 10 a; gcc -c 10 a`)
    assert.equal([kinds(seen), seen.runs], [[], 2], start)
    assert.ok(seen.coverage === undefined || seen.coverage === 1, `${start}: ${seen.coverage}`)
  })
  await Promise.all(looked)
})

test('run :: slots :: a wrapper that becomes a compiler past the shims :: is named', async () => {
  writeFiles(gcc.root, { 'past/gcc': '#!/bin/sh\nseen=$(sleep 0.5)\nexec $T/gcc "$@"\n' })
  const seen = await told(gcc, 2, 'past/gcc -c 700 a; exit $?')
  assert.is(seen.coverage, 0)
  assert.equal(
    seen.past.map(({ runs }) => runs),
    [1],
  )
})

test.run()
