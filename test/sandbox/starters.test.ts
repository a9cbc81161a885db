/** A tool that has a slot starts what takes slots by itself: that runs in the tool's slot, and never waits for it. */
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { buildProgram } from '../support/built.js'
import { jobshim, type Outcome } from '../support/jobshim.js'
import { isRoot } from '../support/other-user.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { writeFiles } from '../support/workspace.js'
import { makeSandboxPlace, peakOf, type SandboxPlace } from './place.js'
import { makeGccPlace } from './real-gcc.js'

const env = { JOBSHIM_PATIENCE: '0' } // whoever waits for a slot that is never given back waits for ever

const fakes = {
  bmake: '20200710',
  cargo: 'cargo 1.80.0',
  cmake: 'cmake version 3.29.0',
  ctest: 'ctest version 3.29.0',
  gmake: 'GNU Make 4.4.1',
  go: 'go version go1.22.0 linux/amd64',
  ninja: '1.13.0',
} as const

/** With a tool that starts others, `gcc-14 COMMAND [exec]`; the real make; and stand-ins for other programs that start tools. */
async function prepare(): Promise<SandboxPlace & { starter: string }> {
  const place = await makeSandboxPlace()
  const { root, tool } = place
  const starter = join(root, 'tools/gcc-14')
  buildProgram(starter, ['starts-others.c'])
  const compile = `${tool} -c 20 -o ${root}/out`
  for (const [name, version] of Object.entries(fakes)) {
    const file = join(root, 'tools', name)
    const script = `case $1 in --version | version | -V) echo '${version}' ;; env) ;; *) ${compile}/${name} ;; esac`
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, 0o755)
  }
  writeFiles(root, {
    Makefile: `all: a b c\na b c:\n\t@${compile}/$@\nd e f:\n\t@${compile}/$@\n`,
  })
  await installShims(place.shims, { args: ['--tools', 'gcc'], env: place.env })
  return { ...place, starter }
}

function assertRan({ status, stdout, stderr }: Outcome, jobs: number, place: SandboxPlace, runs: number) {
  assert.equal([status, stdout], [0, ''], stderr)
  const { back, total, overdrafts } = JSON.parse(stderr)
  assert.equal([back, total, overdrafts], [jobs - 1, jobs - 1, 0], stderr)
  const told = peakOf(place)
  assert.is(told.runs, runs)
  assert.ok(told.peak <= jobs, `${told.peak} at once under -j${jobs}`)
}

// `true` keeps the shell above: what a shell becomes is its process.
for (const name of Object.keys(fakes))
  test(`sandbox :: starters :: a tool starts ${name}, at -j1`, async () => {
    const place = await prepare()
    const outcome = await place.run(1, ['sh', '-c', `${place.starter} ${name}; true`], { env })
    assertRan(outcome, 1, place, 1)
  })

const ways: Readonly<
  Record<
    string,
    { script: (place: { starter: string; shims: string; root: string }) => string; runs: number }
  >
> = {
  'starts make': { script: ({ starter }) => `${starter} 'make -s'; true`, runs: 3 },
  'of the command itself starts make': { script: ({ starter }) => `exec ${starter} 'make -s'`, runs: 3 },
  'becomes make': { script: ({ starter }) => `${starter} 'exec make -s' exec; true`, runs: 3 },
  'that is the command itself becomes make': {
    script: ({ starter }) => `exec ${starter} 'exec make -s' exec`,
    runs: 3,
  },
  'starts make from a row of shells': {
    script: ({ starter }) =>
      `${starter} 'sh -c "sh -c \\"sh -c \\\\\\"make -s; true\\\\\\"; true\\"; true"; true'; true`,
    runs: 3,
  },
  'starts a tool by its shim': {
    script: ({ starter, shims, root }) => `${starter} '${shims}/gcc -c 20 -o ${root}/out/s'; true`,
    runs: 1,
  },
  'starts two tools by their shims': {
    script: ({ starter, shims, root }) =>
      `${starter} '${shims}/gcc -c 20 -o ${root}/out/s & ${shims}/gcc -c 20 -o ${root}/out/t; wait'; true`,
    runs: 2,
  },
  'starts make by its path, which starts a tool by its shim': {
    script: ({ starter, shims, root }) => {
      writeFiles(root, { Other: `all:\n\t@${shims}/gcc -c 20 -o out/s; true\n` })
      return `${starter} '/usr/bin/make -s -f Other'; true`
    },
    runs: 1,
  },
  'starts make below a make': {
    script: ({ starter, root }) => {
      writeFiles(root, { Other: `all:\n\t@${starter} 'make -s'; true\n` })
      return 'make -s -f Other'
    },
    runs: 3,
  },
}

for (const [name, { script, runs }] of Object.entries(ways))
  for (const jobs of [1, 2])
    test(`sandbox :: starters :: a tool ${name}, at -j${jobs}`, async () => {
      const place = await prepare()
      const outcome = await place.run(jobs, ['sh', '-c', script(place)], { env })
      assertRan(outcome, jobs, place, runs)
    })

testWith(
  'bwrap',
  'sandbox :: starters :: a tool starts make in a PID namespace, at -j1',
  async () => {
    const place = await prepare()
    const script = `${place.starter} 'bwrap --dev-bind / / --unshare-pid --proc /proc make -s'; true`
    assertRan(await place.run(1, ['sh', '-c', script], { env }), 1, place, 3)
  },
  { may: () => isRoot },
)

test('sandbox :: starters :: two tools at once start make, at -j2', async () => {
  const place = await prepare()
  const script = `${place.starter} 'make -s a b c' & ${place.starter} 'make -s d e f' & wait`
  assertRan(await place.run(2, ['sh', '-c', script], { env }), 2, place, 6)
})

test('sandbox :: starters :: a program that a rule makes a tool starts make, at -j1', async () => {
  const place = await prepare()
  const { root, shims, starter } = place
  copyFileSync(starter, join(root, 'builder'))
  chmodSync(join(root, 'builder'), 0o755)
  writeFiles(root, { 'config.json': JSON.stringify({ rules: [{ program: '**/builder' }] }) })
  const words = ['--sandbox', '--json', '--config', join(root, 'config.json'), '--dir', shims, '-j1']
  const outcome = await jobshim(['run', ...words, '--', 'sh', '-c', "./builder 'make -s'; true"], {
    cwd: root,
    env: { ...place.env, ...env },
  })
  assertRan(outcome, 1, place, 3)
})

// They are children of what stands between `run` and its command.
for (const [name, before] of [
  ['the command itself', []],
  ['a program below it', ['sh', '-c', '"$@"; true', 'sh']],
] as const)
  test(`sandbox :: starters :: ${name} starts tools by CLONE_PARENT: each takes a slot`, async () => {
    const place = await prepare()
    const { root, tool } = place
    buildProgram(join(root, 'clones'), ['clones-siblings.c'])
    const clones = [join(root, 'clones'), '6', '/bin/sh', '-c', `exec ${tool} -c 100 -o ${root}/out/$$`]
    const outcome = await place.run(2, [...before, ...clones], { env })
    assertRan(outcome, 2, place, 6)
    assert.is(JSON.parse(outcome.stderr).runs, 6)
  })

for (const jobs of [1, 2, 3])
  testWith(
    'gcc',
    `sandbox :: starters :: gcc -flto, whose make optimizes part by part, -j${jobs}`,
    async () => {
      const { root, flag, run, take } = await makeGccPlace()
      const names = ['a', 'b', 'c', 'd']
      writeFiles(root, {
        ...Object.fromEntries(names.map(name => [`${name}.c`, `int ${name}(void) { return 1; }\n`])),
        'main.c': `${names.map(name => `int ${name}(void);`).join('\n')}\nint main(void) { return ${names.map(name => `${name}()`).join(' + ')} - 4; }\n`,
      })
      const objects = names.map(name => `/usr/bin/gcc -O2 -flto -c ${name}.c`).join(' && ')
      const link = `/usr/bin/gcc -O2 -fno-ipa-icf -fno-inline -flto -flto-partition=1to1 ${flag} main.c a.o b.o c.o d.o -o main`
      const outcome = await run(['--sandbox', `-j${jobs}`], ['sh', '-c', `${objects} && ${link} && ./main`], {
        env,
      })
      assert.equal([outcome.status, outcome.stdout], [0, ''], outcome.stderr)
      const { back, total, runs, overdrafts } = JSON.parse(outcome.stderr)
      assert.equal([back, total, runs, overdrafts], [jobs - 1, jobs - 1, 5, 0], outcome.stderr)
      const told = take()
      assert.ok(
        told.runs > 1 && told.peak >= 1 && told.peak <= jobs,
        `${told.runs} runs, ${told.peak} at once under -j${jobs}`,
      )
    },
  )

test.run()
