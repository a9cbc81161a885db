import { cpSync, renameSync, rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { hashOutputs } from '../support/driver.js'
import { run } from '../support/jobshim.js'
import { writeSources } from '../support/sources.js'
import { test, testWith } from '../support/test-with.js'
import { writeFiles } from '../support/workspace.js'
import { type GccPlace, makeGccPlace } from './real-gcc.js'
import { type Tree, trees } from './trees.js'

async function configure(tree: Tree, { root, flag, env }: GccPlace): Promise<void> {
  writeSources(root)
  writeFiles(root, tree.files)
  const script = `set -e\n${tree.configure(flag)}\n`
  const { status, stdout, stderr } = await run('sh', ['-c', script], { cwd: root, env })
  assert.is(status, 0, `${stdout}${stderr}`)
}

/** Builds the tree below `run -j2`. Nothing but its own text may come from jobshim: its last line. */
async function build({ build, outputs }: Tree, place: GccPlace, options: readonly string[]) {
  place.take()
  const { status, stdout, stderr } = await place.run([...options, '-j2'], ['sh', '-c', `exec 2>&1; ${build}`])
  assert.is(status, 0, `${stdout}${stderr}`)
  return { summary: JSON.parse(stderr), told: place.take(), files: hashOutputs(place.root, outputs) }
}

for (const tree of trees)
  testWith(tree.needs, `sandbox :: trees :: ${tree.name}`, async () => {
    const place = await makeGccPlace()
    await configure(tree, place)
    const kept = `${place.root}.configured`
    cpSync(place.root, kept, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
    const shims = await build(tree, place, [])
    rmSync(place.root, { recursive: true })
    renameSync(kept, place.root)
    const sandbox = await build(tree, place, ['--sandbox'])

    // By its path no shim of gcc is met; an ld may be, which gcc looks up on PATH as it links.
    assert.is(shims.told.runs, tree.compiles)
    assert.ok(shims.told.peak > 2, `with shims ${shims.told.peak} at once`)
    assert.ok(shims.summary.runs <= tree.links, JSON.stringify(shims.summary))
    assert.is(sandbox.told.runs, tree.compiles)
    assert.ok(sandbox.told.peak <= 2, `${sandbox.told.peak} at once`)
    const { runs, callerRuns, back, past, coverage = 1 } = sandbox.summary
    assert.is(runs + callerRuns, tree.compiles + tree.links)
    assert.equal([back, past, coverage], [1, [], 1])
    assert.equal(sandbox.files, shims.files)
    assert.ok(Object.keys(sandbox.files).length > tree.compiles)
  })

test.run()
