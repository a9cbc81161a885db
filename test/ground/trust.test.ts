import { chmodSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Trust, trustOf, type Writers } from '../../src/ground/trust.js'
import { eve, testAsRoot } from '../support/other-user.js'
import { makeWorkspace } from '../support/workspace.js'

/** What is said of a path below the workspace, which it does not name. */
function said(root: string, path: string, writers?: Writers): string {
  const trust: Trust = trustOf(join(root, path), writers)
  const below = (place: string): string => place.slice(root.length)
  switch (trust.kind) {
    case 'trusted':
      return `trusted: ${below(trust.place)}`
    case 'missing':
      return 'missing'
    case 'unreachable':
      return `${trust.code}: ${below(trust.at)}`
    default:
      return `${below(trust.at)}: ${trust.what}`
  }
}

test('trust :: directories of ours, links of ours :: trusted, by the path without links', () => {
  const root = makeWorkspace()
  mkdirSync(join(root, 'a/b'), { recursive: true })
  writeFileSync(join(root, 'a/file'), '')
  symlinkSync('a', join(root, 'relative'))
  symlinkSync(join(root, 'a'), join(root, 'absolute'))
  symlinkSync('../relative/.', join(root, 'a/b/back'))
  assert.is(said(root, 'a/b'), 'trusted: /a/b')
  assert.is(said(root, 'a/./b/../b/'), 'trusted: /a/b')
  assert.is(said(root, 'relative/b'), 'trusted: /a/b')
  assert.is(said(root, 'absolute/b'), 'trusted: /a/b')
  assert.is(said(root, 'a/b/back/../../a/b'), 'missing')
  assert.is(said(root, 'relative/../a'), 'trusted: /a')
  assert.is(said(root, 'a/file'), 'trusted: /a/file')
})

test('trust :: nothing, a file on the way, links in a circle :: each by its name', () => {
  const root = makeWorkspace()
  writeFileSync(join(root, 'file'), '')
  symlinkSync('none', join(root, 'dangling'))
  symlinkSync('circle', join(root, 'circle'))
  assert.is(said(root, 'none/none'), 'missing')
  assert.is(said(root, 'dangling'), 'missing')
  assert.is(said(root, 'file/a'), 'ENOTDIR: /file')
  assert.is(said(root, 'circle/a'), 'ELOOP: /circle')
})

for (const { mode, nobody, group } of [
  { mode: 0o755, nobody: 'trusted: /a/b', group: 'trusted: /a/b' },
  { mode: 0o1777, nobody: 'trusted: /a/b', group: 'trusted: /a/b' },
  { mode: 0o775, nobody: '/a: can be written by its group', group: 'trusted: /a/b' },
  { mode: 0o777, nobody: '/a: can be written by everybody', group: '/a: can be written by everybody' },
])
  test(`trust :: a directory above with mode ${mode.toString(8)} :: by who else may write`, () => {
    const root = makeWorkspace()
    mkdirSync(join(root, 'a/b'), { recursive: true })
    chmodSync(join(root, 'a'), mode)
    assert.is(said(root, 'a/b'), nobody)
    assert.is(said(root, 'a/b', 'group'), group)
  })

testAsRoot("trust :: another user's directory above, at the end, or missing below it :: foreign", () => {
  const root = makeWorkspace()
  mkdirSync(join(root, 'theirs/ours'), { recursive: true })
  lchownSync(join(root, 'theirs'), eve, eve)
  for (const path of ['theirs', 'theirs/ours', 'theirs/none'])
    assert.is(said(root, path, 'group'), '/theirs: belongs to another user')
})

testAsRoot("trust :: another user's symlink in a sticky directory, to ours :: foreign", () => {
  const root = makeWorkspace()
  mkdirSync(join(root, 'ours'))
  mkdirSync(join(root, 'shared'))
  chmodSync(join(root, 'shared'), 0o1777)
  symlinkSync('../ours', join(root, 'shared/link'))
  assert.is(said(root, 'shared/link'), 'trusted: /ours')
  lchownSync(join(root, 'shared/link'), eve, eve)
  assert.is(said(root, 'shared/link'), "/shared/link: another user's symlink")
})

testAsRoot('trust :: a sticky directory of another user, who may move what is in it :: foreign', () => {
  const root = makeWorkspace()
  mkdirSync(join(root, 'shared/ours'), { recursive: true })
  chmodSync(join(root, 'shared'), 0o1777)
  lchownSync(join(root, 'shared'), eve, eve)
  assert.is(said(root, 'shared/ours'), '/shared: belongs to another user')
})

test.run()
