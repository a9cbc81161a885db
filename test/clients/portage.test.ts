/** Packages that ignore MAKEOPTS, built by a real Portage; what runs is counted by the recorder. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { canBuild, makeOpenRecorder, makePortage, openClient } from '../support/portage.js'
import { makeWorkspace } from '../support/workspace.js'
import { names, packages } from './misbehaving.js'

const jobs = 3

/** What a phase's image holds, by path and content. */
const imageOf = (directory: string): string[] =>
  readdirSync(join(directory, 'image'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => `${entry.name} ${readFileSync(join(entry.parentPath, entry.name), 'base64')}`)
    .sort()

const cases = ['', 'pid-sandbox userpriv ccache'].flatMap(features =>
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
    assert.is(governed.recording.runs, plain.recording.runs)
    assert.is(governed.recording.unfinished, 0)
    assert.ok(governed.recording.peak <= jobs, `${governed.recording.peak} at once`)
    assert.ok(governed.recording.peak > 1)
  })
}

test.run()
