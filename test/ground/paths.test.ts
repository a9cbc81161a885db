import { chmodSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../../src/ground/failure.js'
import {
  currentUid,
  defaultShimDirectory,
  ensureStateDirectory,
  stateDirectory,
} from '../../src/ground/paths.js'
import { makeWorkspace } from '../support/workspace.js'

test('paths :: shim dir :: XDG_DATA_HOME, else ~/.local/share', () => {
  assert.is(defaultShimDirectory({ XDG_DATA_HOME: '/d', HOME: '/h' }), '/d/jobshim/shims')
  assert.is(defaultShimDirectory({ HOME: '/h' }), '/h/.local/share/jobshim/shims')
  assert.is(defaultShimDirectory({ XDG_DATA_HOME: 'relative', HOME: '/h' }), '/h/.local/share/jobshim/shims')
})

test('paths :: state directory :: XDG_RUNTIME_DIR, else /tmp', () => {
  assert.is(stateDirectory({ XDG_RUNTIME_DIR: '/run/user/7' }, 7), '/run/user/7/jobshim-7')
  assert.is(stateDirectory({}, 7), '/tmp/jobshim-7')
})

test('paths :: state directory :: made for its user alone, and found again', () => {
  const runtime = makeWorkspace()
  const directory = ensureStateDirectory({ XDG_RUNTIME_DIR: runtime })
  assert.is(directory, join(runtime, `jobshim-${currentUid()}`))
  assert.is(lstatSync(directory).mode & 0o777, 0o700)
  assert.is(ensureStateDirectory({ XDG_RUNTIME_DIR: runtime }), directory)
})

const faults: Record<string, (path: string) => void> = {
  'is a symlink, which anybody may have put there': path => {
    mkdirSync(`${path}-elsewhere`, { mode: 0o700 })
    symlinkSync(`${path}-elsewhere`, path)
  },
  'is not a directory': path => writeFileSync(path, '', { mode: 0o600 }),
  'is open to other users': path => {
    mkdirSync(path)
    chmodSync(path, 0o755)
  },
}

for (const [what, put] of Object.entries(faults)) {
  test(`paths :: state directory :: error :: ${what}`, () => {
    const runtime = makeWorkspace()
    const path = stateDirectory({ XDG_RUNTIME_DIR: runtime })
    put(path)
    try {
      ensureStateDirectory({ XDG_RUNTIME_DIR: runtime })
      assert.unreachable('was accepted')
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      assert.is(error.message, `${path}: ${what}`)
      assert.is(error.hint, 'remove it, or set XDG_RUNTIME_DIR to a directory that is yours alone')
    }
  })
}

test('paths :: state directory :: below /tmp where the runtime directory is gone', () => {
  const runtime = join(makeWorkspace(), 'missing')
  const directory = ensureStateDirectory({ XDG_RUNTIME_DIR: runtime })
  assert.is(directory, `/tmp/jobshim-${currentUid()}`)
  assert.is(lstatSync(directory).mode & 0o777, 0o700)
})

test.run()
