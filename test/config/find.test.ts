import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findConfig, searchDirectories, searchPlaces } from '../../src/config/find.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

test('config :: search :: upward to the home directory', () => {
  assert.equal(searchDirectories('/home/u/a/b', '/home/u'), ['/home/u/a/b', '/home/u/a', '/home/u'])
})

test('config :: search :: upward to the root outside the home directory, which comes last', () => {
  assert.equal(searchDirectories('/srv/a', '/home/u'), ['/srv/a', '/srv', '/', '/home/u'])
  assert.equal(searchDirectories('/', '/home/u'), ['/', '/home/u'])
  assert.equal(searchDirectories('/a', '/'), ['/a', '/'])
  for (const home of [undefined, '', 'u']) assert.equal(searchDirectories('/a', home), ['/a', '/'])
})

test('config :: search :: outside the home directory :: its config counts, if none is nearer', () => {
  const [home, other] = [makeWorkspace(), makeWorkspace()]
  mkdirSync(join(other, 'a'))
  writeFiles(home, { '.jobshimrc.yaml': '' })
  assert.is(findConfig(join(other, 'a'), home), join(home, '.jobshimrc.yaml'))
  writeFiles(other, { '.jobshimrc': '' })
  assert.is(findConfig(join(other, 'a'), home), join(other, '.jobshimrc'))
})

for (const place of searchPlaces) {
  test(`config :: search :: ${place} is found, here and from below`, () => {
    const home = makeWorkspace()
    writeFiles(home, { [place]: place === 'package.json' ? '{"jobshim":{}}' : '{}' })
    mkdirSync(join(home, 'a/b'), { recursive: true })
    assert.is(findConfig(home, home), join(home, place))
    assert.is(findConfig(join(home, 'a/b'), home), join(home, place))
  })
}

test('config :: search :: the nearest wins, and a package.json without the key does not stop it', () => {
  const home = makeWorkspace()
  writeFiles(home, {
    '.jobshimrc': '',
    'a/.jobshimrc.yaml': '',
    'a/b/package.json': '{"name":"b","description":"\\"jobshim\\""}',
    'a/b/c/package.json': '{broken "jobshim"',
  })
  assert.is(findConfig(join(home, 'a/b/c'), home), join(home, 'a/.jobshimrc.yaml'))
})

test('config :: search :: no code, and nothing above the home directory', () => {
  const top = makeWorkspace()
  writeFiles(top, {
    '.jobshimrc': '',
    'home/jobshim.config.js': '',
    'home/.jobshimrc.js': '',
    'home/.jobshimrc.cjs': '',
  })
  assert.is(findConfig(join(top, 'home'), join(top, 'home')), undefined)
})

test.run()
