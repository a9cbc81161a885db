/** Packages that ignore MAKEOPTS, built by a real Portage; what runs is counted by the recorder. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import {
  canBuild,
  imageOf,
  letIn,
  makeOpenRecorder,
  makePortage,
  openClient,
  type Package,
  type Portage,
} from '../support/portage.js'
import { test } from '../support/test-with.js'
import { makeWorkspace } from '../support/workspace.js'
import { names, packages } from './misbehaving.js'

const jobs = 3

/** The objects that a package was compiled to, likewise: what it installs. */
const objectsOf = (directory: string): string[] =>
  readdirSync(join(directory, 'work/source'))
    .filter(name => name.endsWith('.o'))
    .map(name => `${name} ${readFileSync(join(directory, 'work/source', name), 'base64')}`)
    .sort()

/** What jobshim has said in a package's log. */
const wordsOf = (log: string): string[] => log.split('\n').filter(line => line.startsWith('jobshim: '))

const sandboxed = 'pid-sandbox userpriv network-sandbox ipc-sandbox ccache'

/** In sandboxes those that differ there: the others start their compilers as one of these does, and emerge has them there. */
const cases = [
  ...packages.map(made => ({ ...made, features: '' })),
  ...packages
    .filter(({ name }) => !['scons', 'setup', 'absolute'].includes(name))
    .map(made => ({ ...made, features: sandboxed })),
]

/** A Portage without jobshim and one that has opted in, of all packages of the features. */
async function makePlace(features: string) {
  const its = cases.filter(made => made.features === features)
  const recorder = makeOpenRecorder()
  const clients = its.flatMap(({ needs }) => (needs === undefined ? [] : [openClient(needs) ?? '']))
  const path = [recorder.bin, ...clients, process.env.PATH].filter(Boolean).join(delimiter)
  const cache = join(makeWorkspace(), 'ccache')
  letIn(dirname(cache))
  const setting = { path, makeopts: `-j${jobs}`, features, settings: [`CCACHE_DIR="${cache}"`] }
  const [plain, governed] = [makePortage(its, setting), makePortage(its, setting)]
  await governed.optIn()
  return { recorder, cache, plain, governed }
}

const places = new Map<string, ReturnType<typeof makePlace>>()

for (const { needs, features, past, ...made } of cases) {
  const title = `portage :: ${made.name} :: ${features || 'as root'} :: opted in it ${past ? 'goes past the shims, and the log says so' : 'keeps MAKEOPTS'}, and installs the same`
  if (!canBuild(needs, features.includes('userpriv'))) {
    test.skip(title)
    continue
  }
  test(title, async () => {
    const making = places.get(features) ?? makePlace(features)
    places.set(features, making)
    const { recorder, cache, ...portages } = await making
    const build = async (portage: Portage, phase: 'compile' | 'install') => {
      rmSync(cache, { recursive: true, force: true })
      mkdirSync(cache)
      chmodSync(cache, 0o777)
      recorder.take()
      const outcome = await portage.ebuild(made.name, ['clean', phase])
      const log = outcome.stdout + outcome.stderr
      assert.is(outcome.status, 0, log)
      return { directory: portage.buildDirectory(made.name), recording: recorder.take(), log }
    }
    const plain = await build(portages.plain, 'compile')
    const objects = objectsOf(plain.directory)
    assert.is(objects.length, names.length)
    assert.equal(wordsOf(plain.log), [])
    const governed = await build(portages.governed, 'install')
    assert.equal(imageOf(governed.directory), objects)
    if (past !== undefined) {
      assert.match(governed.log, past)
      return
    }
    assert.ok(plain.recording.peak > jobs, `plain: ${plain.recording.peak} at once`)
    assert.equal(wordsOf(governed.log), [])
    const isUsed = readdirSync(cache).some(name => /^[0-9a-f]$/.test(name))
    assert.is(isUsed, features.includes('ccache'))
    assert.is(governed.recording.runs, plain.recording.runs)
    assert.is(governed.recording.unfinished, 0)
    assert.ok(governed.recording.peak <= jobs, `${governed.recording.peak} at once`)
    assert.ok(governed.recording.peak > 1)
  })
}

const testIf = canBuild(undefined, false) ? test : test.skip

testIf(
  'portage :: a package that fails :: it fails in the same way opted in, and the next build is whole',
  async () => {
    const recorder = makeOpenRecorder()
    const path = [recorder.bin, process.env.PATH].join(delimiter)
    const fails: Package = {
      name: 'fails',
      files: { 'a.c': 'int a(void) { return 0; }\n', 'b.c': 'int b(void) { return }\n' },
      phases: {
        src_compile: 'for i in 1 2 3 4 5 6; do gcc -c a.c -o $i.o & done\ngcc -c b.c || die "b.c is broken"',
      },
    }
    const portage = makePortage([fails], { path, makeopts: `-j${jobs}` })
    const build = async () => {
      const { status, stdout, stderr } = await portage.ebuild('fails', ['clean', 'compile'])
      assert.match(stdout + stderr, /b\.c is broken/)
      return status
    }
    const plain = await build()
    await portage.optIn()
    for (let round = 0; round < 2; round++) assert.is(await build(), plain)
    assert.is(plain, 1)
  },
)

/** It tells its MAKEFLAGS in the first phase that builds; a later one would tell the same. */
const asks: Package = {
  name: 'asks',
  files: { empty: '' },
  phases: { src_configure: 'echo "flags:$MAKEFLAGS"' },
}
let asking: Promise<Portage> | undefined

async function makeAsking(): Promise<Portage> {
  const portage = makePortage([asks], { path: process.env.PATH ?? '', makeopts: '-j7' })
  await portage.optIn()
  return portage
}

for (const [makeopts, flags, given = '', variables = ''] of [
  ['-j3', ' -j3 '],
  ['-j3 -l7.5', ' -j3 -l7.5 '],
  ['--jobs 4 --load-average=2', ' -j4 -l2 '],
  ['-j2 -j5 -l', ' -j5 '],
  ['-j3', 'k -j3 ', 'k', ' -- A=1'],
] as const)
  testIf(
    `portage :: MAKEOPTS="${makeopts}", MAKEFLAGS="${given}${variables}" :: MAKEFLAGS say so`,
    async () => {
      asking ??= makeAsking()
      const portage = await asking
      const { status, stdout, stderr } = await portage.ebuild('asks', ['clean', 'configure'], {
        MAKEOPTS: makeopts,
        MAKEFLAGS: `${given}${variables}`,
      })
      assert.is(status, 0, stderr)
      const fifo = join(portage.buildDirectory('asks'), `temp/jobshim-${process.getuid?.()}/fifo`)
      assert.ok(stdout.includes(`flags:${flags}--jobserver-auth=fifo:${fifo}${variables}\n`), stdout)
    },
  )

test.run()
