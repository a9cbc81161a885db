/** Packages that ignore MAKEOPTS, built by a real Portage; what runs is counted by the recorder. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  canBuild,
  letIn,
  makeOpenRecorder,
  makePortage,
  openClient,
  type Package,
} from '../support/portage.js'
import { makeWorkspace } from '../support/workspace.js'
import { names, packages } from './misbehaving.js'

const jobs = 3

/** What a phase's image holds, by path and content. */
const imageOf = (directory: string): string[] =>
  readdirSync(join(directory, 'image'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => `${entry.name} ${readFileSync(join(entry.parentPath, entry.name), 'base64')}`)
    .sort()

const cases = ['', 'pid-sandbox userpriv network-sandbox ipc-sandbox ccache'].flatMap(features =>
  packages.map(made => ({ ...made, features })),
)

for (const { needs, features, past, ...made } of cases) {
  const title = `portage :: ${made.name} :: ${features || 'as root'} :: opted in it ${past ? 'goes past the shims, and the log says so' : 'keeps MAKEOPTS'}, and installs the same`
  if (!canBuild(needs, features.includes('userpriv'))) {
    test.skip(title)
    continue
  }
  test(title, async () => {
    const recorder = makeOpenRecorder()
    const client = needs === undefined ? [] : [openClient(needs) ?? '']
    const path = [recorder.bin, ...client, process.env.PATH].join(delimiter)
    const cache = join(makeWorkspace(), 'ccache')
    letIn(dirname(cache))
    const settings = [`CCACHE_DIR="${cache}"`]
    const portage = makePortage([made], { path, makeopts: `-j${jobs}`, features, settings })
    const build = async () => {
      rmSync(cache, { recursive: true, force: true })
      mkdirSync(cache)
      chmodSync(cache, 0o777)
      const outcome = await portage.ebuild(made.name, ['manifest', 'clean', 'install'])
      const log = outcome.stdout + outcome.stderr
      assert.is(outcome.status, 0, log)
      return { image: imageOf(portage.buildDirectory(made.name)), recording: recorder.take(), log }
    }
    const plain = await build()
    assert.is(plain.image.length, names.length)
    assert.not.match(plain.log, /^jobshim: /m)
    await portage.optIn()
    const governed = await build()
    assert.equal(governed.image, plain.image)
    if (past !== undefined) {
      assert.match(governed.log, past)
      return
    }
    assert.ok(plain.recording.peak > jobs, `plain: ${plain.recording.peak} at once`)
    assert.not.match(governed.log, /^jobshim: /m)
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
      const { status, stdout, stderr } = await portage.ebuild('fails', ['manifest', 'clean', 'compile'])
      assert.match(stdout + stderr, /b\.c is broken/)
      return status
    }
    const plain = await build()
    await portage.optIn()
    for (let round = 0; round < 2; round++) assert.is(await build(), plain)
    assert.is(plain, 1)
  },
)

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
      const asks: Package = {
        name: 'asks',
        files: { empty: '' },
        phases: { src_compile: 'echo "flags:$MAKEFLAGS"' },
      }
      const portage = makePortage([asks], { path: process.env.PATH ?? '', makeopts })
      await portage.optIn()
      const { status, stdout, stderr } = await portage.ebuild('asks', ['manifest', 'clean', 'compile'], {
        MAKEFLAGS: `${given}${variables}`,
      })
      assert.is(status, 0, stderr)
      const fifo = join(portage.buildDirectory('asks'), 'temp/jobshim-fifo')
      assert.ok(stdout.includes(`flags:${flags}--jobserver-auth=fifo:${fifo}${variables}\n`), stdout)
    },
  )

test.run()
