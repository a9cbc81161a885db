/** Programs at whose files the supervisor can't look, and files whose names tell another thing than was seen first. */
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Outcome, run } from '../support/jobshim.js'
import { asUser, makeDirectoryOf, nobody, testAsOthers, testAsRoot } from '../support/other-user.js'
import { test } from '../support/test-with.js'
import { openToOthers, repository } from '../support/workspace.js'
import { copyTool, makeSandboxPlace, peakOf, type SandboxPlace } from './place.js'

// As in a container: root, but with no right to look into another user's processes.
const unprivileged = ['setpriv', '--bounding-set=-sys_ptrace,-sys_admin']

/** Runs a command below some others, `run --sandbox` last. */
async function runBelow(
  { root, shims, env }: SandboxPlace,
  [program = '', ...above]: readonly string[],
  command: readonly string[],
  flags: readonly string[] = ['--sandbox', '--json'],
): Promise<Outcome> {
  const words = ['run', ...flags, '--no-config', '--dir', shims, '-j2', '--', ...command]
  return await run(program, [...above, process.execPath, join(repository, 'bin/jobshim.js'), ...words], {
    cwd: root,
    env,
  })
}

async function openPlace(): Promise<SandboxPlace> {
  const place = await makeSandboxPlace()
  openToOthers(place.root)
  makeDirectoryOf(nobody, join(place.root, 'out'))
  return place
}

const six = (start: (number: number) => string): string =>
  `${[1, 2, 3, 4, 5, 6].map(number => `${start(number)} -c 60 -o "$PWD/out/${number}" & `).join('')}wait`

type Told = { runs: number; back: number; total: number; unknown?: { count: number; first: string } }

function assertGoverned(place: SandboxPlace, { status, stdout, stderr }: Outcome): Told {
  assert.equal([status, stdout], [0, ''], stderr)
  const told = JSON.parse(stderr) as Told
  const { runs, peak } = peakOf(place)
  assert.equal([runs, told.runs, told.back], [6, 6, told.total], stderr)
  assert.ok(peak <= 2, `${peak} at once`)
  return told
}

const calls: readonly (readonly [title: string, start: (place: SandboxPlace) => string])[] = [
  ['by its path', ({ tool }) => tool],
  ['by its name', () => 'gcc'],
  ['by a link of another name', ({ root }) => join(root, 'link')],
  ['with another first word', ({ tool }) => `bash -c 'exec -a other ${tool} "$@"' bash`],
]

for (const [title, start] of calls)
  testAsRoot(
    `sandbox :: unseen :: the build becomes another user :: a tool ${title} takes a slot`,
    async () => {
      const place = await openPlace()
      symlinkSync(place.tool, join(place.root, 'link'))
      const script = six(() => start(place))
      const outcome = await runBelow(place, unprivileged, [...asUser(nobody), 'sh', '-c', script])
      const { unknown } = assertGoverned(place, outcome)
      assert.is(unknown?.first, 'sh')
    },
  )

testAsRoot('sandbox :: unseen :: who is known to be a tool by nothing goes on, and is told of', async () => {
  const place = await openPlace()
  const other = copyTool(place, 'other')
  chmodSync(other, 0o755)
  const script = [...asUser(nobody), other, '-c', '1', '-o', join(place.root, 'out/1')]
  const { status, stderr } = await runBelow(place, unprivileged, script)
  assert.is(status, 0, stderr)
  const { runs, unknown } = JSON.parse(stderr)
  assert.equal([runs, unknown], [0, { count: 1, first: 'other' }])
  const plain = await runBelow(
    place,
    unprivileged,
    [...script.slice(0, -1), join(place.root, 'out/2')],
    ['--sandbox'],
  )
  assert.equal(
    [plain.status, plain.stdout, plain.stderr.split('\n').slice(1)],
    [
      0,
      '',
      ['  1 program could not be looked at, the first called other: tools among them took no slot', ''],
    ],
  )
})

testAsRoot('sandbox :: unseen :: with the right to look at all nothing is unknown', async () => {
  const place = await openPlace()
  const outcome = await runBelow(place, ['env'], [...asUser(nobody), 'sh', '-c', six(() => place.tool)])
  assert.is(assertGoverned(place, outcome).unknown, undefined)
})

testAsRoot("sandbox :: unseen :: a script of a tool's name is none", async () => {
  const place = await openPlace()
  const script = join(place.root, 'gcc')
  writeFileSync(script, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  const { status, stderr } = await runBelow(place, unprivileged, [...asUser(nobody), script])
  assert.is(status, 0, stderr)
  const { runs, unknown } = JSON.parse(stderr)
  assert.equal([runs, unknown.count], [0, 1])
})

testAsOthers('sandbox :: unseen :: a tool that may be executed but not be read takes a slot', async () => {
  const place = await openPlace()
  makeDirectoryOf(nobody, join(place.root, 'run'))
  chmodSync(place.tool, 0o711)
  const outcome = await runBelow(place, asUser(nobody), ['sh', '-c', six(() => place.tool)])
  assert.is(assertGoverned(place, outcome).unknown, undefined)
})

const foreignProc = '/proc does not show the processes of this PID namespace (mount -t proc proc /proc)'
const byShims = 'a tool takes a slot if it is looked up on PATH'

testAsRoot('sandbox :: unseen :: /proc is of another PID namespace :: --sandbox refuses', async () => {
  const { status, stdout, stderr } = await runBelow(
    await makeSandboxPlace(),
    ['unshare', '-pf'],
    ['echo', 'ran'],
  )
  assert.equal(
    [status, stdout, stderr],
    [
      125,
      '',
      `jobshim: no job sandbox here: ${foreignProc}\n  run the build without --sandbox: then ${byShims}\n`,
    ],
  )
})

testAsRoot('sandbox :: unseen :: /proc is of another PID namespace :: auto goes on with shims', async () => {
  const place = await makeSandboxPlace()
  const auto = { ...place, env: { ...place.env, JOBSHIM_SANDBOX: 'auto' } }
  const { status, stdout, stderr } = await runBelow(auto, ['unshare', '-pf'], ['echo', 'ran'], ['-q'])
  assert.equal(
    [status, stdout, stderr],
    [0, 'ran\n', `jobshim: no job sandbox here: ${foreignProc}: ${byShims}\n`],
  )
})

testAsRoot('sandbox :: unseen :: /proc is that of the PID namespace :: it is as elsewhere', async () => {
  const place = await makeSandboxPlace()
  const above = ['unshare', '-pf', '--mount-proc']
  const outcome = await runBelow(place, above, ['sh', '-c', six(() => place.tool)])
  assertGoverned(place, outcome)
})

/** A file that ran as `foo`, and then by a tool's name that something gives it. */
async function assertJudgedAnew(
  give: (foo: string, tool: string) => string,
  prepare: (foo: string, tool: string) => void = () => undefined,
): Promise<void> {
  const place = await makeSandboxPlace()
  const foo = copyTool(place, 'foo')
  const named = join(place.root, 'd/gcc')
  mkdirSync(join(place.root, 'd'))
  prepare(foo, named)
  const first = `${foo} -c 1 -o "$PWD/out/0"`
  const script = `${first}; ${first}x; ${give(foo, named)}; ${six(() => named)}`
  const { status, stdout, stderr } = await place.run(2, ['sh', '-c', script])
  assert.equal([status, stdout], [0, ''], stderr)
  const { runs, back, total } = JSON.parse(stderr)
  assert.equal([runs, back], [6, total], stderr)
  const { runs: all, peak } = peakOf(place)
  assert.is(all, 8)
  assert.ok(peak <= 2, `${peak} at once`)
}

test('sandbox :: unseen :: a file that was no tool by one name is one by another', async () => {
  await assertJudgedAnew(() => ':', linkSync) // before: a new link changes the ctime
})

test('sandbox :: unseen :: a file that was no tool before is one once it has been renamed', async () => {
  await assertJudgedAnew((foo, named) => `mv ${foo} ${named}`)
})

testAsRoot(
  'sandbox :: unseen :: a file that was no tool is one where it is mounted by the name of one',
  async () => {
    await assertJudgedAnew(
      (foo, named) =>
        `: >${named}; exec unshare -m sh -c 'mount --bind ${foo} ${named}; ${six(() => named)}'`,
    )
  },
)

test('sandbox :: unseen :: a command line of more words than can be held is that of a tool that works', async () => {
  const place = await makeSandboxPlace()
  const script = `${place.tool} $(yes -- -Wall | head -9000) -c x.c; ${place.tool} --version; true`
  const { status, stdout, stderr } = await place.run(1, ['sh', '-c', script])
  assert.equal([status, stdout], [0, ''], stderr)
  const { runs, back, total } = JSON.parse(stderr)
  assert.equal([runs, back], [1, total], stderr)
})

test('sandbox :: unseen :: so is one of more bytes than can be held', async () => {
  const place = await makeSandboxPlace()
  const long = '-W'.padEnd(100, 'x')
  const script = `${place.tool} $(yes -- ${long} | head -5000) -c x.c; true`
  const { status, stdout, stderr } = await place.run(1, ['sh', '-c', script])
  assert.equal([status, stdout], [0, ''], stderr)
  const { runs, back, total } = JSON.parse(stderr)
  assert.equal([runs, back], [1, total], stderr)
})

test.run()
