import { chmodSync, existsSync, lchownSync, mkdirSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cacheDirectory } from '../../src/ground/cache-directory.js'
import { makeWorkspace } from '../support/workspace.js'

const mode = (path: string): number => statSync(path).mode & 0o7777

test('cache directory :: a home :: .cache/jobshim is made for this user alone', () => {
  const home = makeWorkspace()
  const directory = join(home, '.cache/jobshim')
  assert.is(cacheDirectory({ HOME: home }), directory)
  assert.is(mode(directory), 0o700)
  assert.is(mode(join(home, '.cache')), 0o700)
  assert.is(cacheDirectory({ HOME: home }), directory)
})

test('cache directory :: XDG_CACHE_HOME :: wins over the home, and a relative one is ignored', () => {
  const home = makeWorkspace()
  const cache = makeWorkspace()
  assert.is(cacheDirectory({ HOME: home, XDG_CACHE_HOME: cache }), join(cache, 'jobshim'))
  assert.not.ok(existsSync(join(home, '.cache')))
  assert.is(cacheDirectory({ HOME: home, XDG_CACHE_HOME: 'cache' }), join(home, '.cache/jobshim'))
})

test('cache directory :: no home :: none is made', () => {
  const nowhere = join(makeWorkspace(), 'nowhere')
  assert.is(cacheDirectory({}), undefined)
  assert.is(cacheDirectory({ HOME: 'here' }), undefined)
  assert.is(cacheDirectory({ HOME: nowhere }), undefined)
  assert.is(cacheDirectory({ HOME: nowhere, XDG_CACHE_HOME: nowhere }), undefined)
  assert.not.ok(existsSync(nowhere))
})

for (const bits of [0o770, 0o707, 0o720]) {
  test(`cache directory :: a directory above with mode ${bits.toString(8)} :: none`, () => {
    const home = makeWorkspace()
    mkdirSync(join(home, 'open/home'), { recursive: true })
    chmodSync(join(home, 'open'), bits)
    assert.is(cacheDirectory({ HOME: join(home, 'open/home') }), undefined)
    assert.not.ok(existsSync(join(home, 'open/home/.cache')))
  })
}

test('cache directory :: a directory above that is sticky, as /tmp :: is safe', () => {
  const home = makeWorkspace()
  chmodSync(home, 0o1777)
  assert.is(cacheDirectory({ XDG_CACHE_HOME: home }), join(home, 'jobshim'))
})

for (const bits of [0o750, 0o705, 0o777]) {
  test(`cache directory :: jobshim there with mode ${bits.toString(8)} :: none`, () => {
    const cache = makeWorkspace()
    mkdirSync(join(cache, 'jobshim'))
    chmodSync(join(cache, 'jobshim'), bits)
    assert.is(cacheDirectory({ XDG_CACHE_HOME: cache }), undefined)
  })
}

test('cache directory :: jobshim there is a symlink, to one of ours :: none', () => {
  const cache = makeWorkspace()
  symlinkSync(makeWorkspace(), join(cache, 'jobshim'))
  assert.is(cacheDirectory({ XDG_CACHE_HOME: cache }), undefined)
})

if (process.geteuid?.() === 0) {
  test("cache directory :: another user's home, as sudo keeps it :: none, and nothing is made there", () => {
    const home = makeWorkspace()
    lchownSync(home, 12345, 12345)
    assert.is(cacheDirectory({ HOME: home }), undefined)
    assert.not.ok(existsSync(join(home, '.cache')))
    lchownSync(home, 0, 0)
  })

  test("cache directory :: another user's jobshim in a directory as /tmp :: none", () => {
    const cache = makeWorkspace()
    chmodSync(cache, 0o1777)
    mkdirSync(join(cache, 'jobshim'), { mode: 0o700 })
    lchownSync(join(cache, 'jobshim'), 12345, 12345)
    assert.is(cacheDirectory({ XDG_CACHE_HOME: cache }), undefined)
  })
}

test.run()
