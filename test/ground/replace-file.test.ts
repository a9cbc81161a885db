import {
  chmodSync,
  chownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { replaceFile } from '../../src/ground/replace-file.js'
import { eve, testAsRoot } from '../support/other-user.js'
import { makeWorkspace } from '../support/workspace.js'

test('replace file :: what is there is replaced, whatever the umask :: nothing else is left', () => {
  const directory = makeWorkspace()
  const path = join(directory, 'file')
  writeFileSync(path, 'old')
  const before = process.umask(0o077)
  replaceFile(path, { temporary: join(directory, 'new'), content: Buffer.from('new'), mode: 0o664 })
  process.umask(before)
  assert.is(readFileSync(path, 'utf8'), 'new')
  assert.is(statSync(path).mode & 0o777, 0o664)
  assert.equal(readdirSync(directory), ['file'])
})

testAsRoot(
  'replace file :: a link is put in its place before it has an owner :: what that leads to stays',
  () => {
    const directory = makeWorkspace()
    const precious = join(makeWorkspace(), 'precious')
    writeFileSync(precious, 'secret', { mode: 0o600 })
    const temporary = join(directory, 'new')
    // Whoever owns the directory does that between two of our calls.
    const owner = {
      get uid() {
        renameSync(temporary, join(directory, 'moved'))
        symlinkSync(precious, temporary)
        return eve
      },
      gid: eve,
    }
    replaceFile(join(directory, 'file'), { temporary, content: Buffer.from('new'), mode: 0o644, owner })
    const { uid, mode } = lstatSync(precious)
    assert.equal({ uid, mode: mode & 0o777 }, { uid: 0, mode: 0o600 })
    assert.is(readFileSync(precious, 'utf8'), 'secret')
    const moved = lstatSync(join(directory, 'moved'))
    assert.equal({ uid: moved.uid, mode: moved.mode & 0o777 }, { uid: eve, mode: 0o644 })
  },
)

testAsRoot('replace file :: an owner, a mode :: as they were told', () => {
  const directory = makeWorkspace()
  const path = join(directory, 'file')
  writeFileSync(path, 'old')
  chownSync(path, eve, eve)
  chmodSync(path, 0o640)
  replaceFile(path, {
    temporary: join(directory, 'new'),
    content: Buffer.from('new'),
    mode: 0o640,
    owner: { uid: eve, gid: eve },
  })
  const { uid, gid, mode } = lstatSync(path)
  assert.equal({ uid, gid, mode: mode & 0o777 }, { uid: eve, gid: eve, mode: 0o640 })
})

test.run()
