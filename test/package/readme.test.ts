/** README, followed to the letter: its lines to install, update and uninstall a tarball, in their order, in an empty home. */
import { chmodSync, cpSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as assert from 'uvu/assert'
import { blockOf } from '../support/documents.js'
import { test, testWith } from '../support/test-with.js'
import { writeFiles } from '../support/workspace.js'
import { makeRoot, pack } from './packing.js'

const lines = [
  blockOf('README.md', 'npm install --global ./jobshim-0.1.0.tgz\n'),
  blockOf('README.md', 'npm install --global ./jobshim-0.1.0.tgz && jobshim install'),
  blockOf('README.md', 'jobshim uninstall && npm uninstall'),
].flatMap(block => block.split('\n'))

const compiler = '#!/usr/bin/sh\necho a compiler\n'

const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter(name => !statSync(join(directory, name), { throwIfNoEntry: false })?.isDirectory())
    .sort()

for (const [user, uid] of [
  ['a user', 1000],
  ['root', 0],
] as const)
  testWith(
    ['bwrap', 'musl'],
    `package :: README :: install, update, uninstall, to the letter :: as ${user}`,
    async () => {
      const { tarball } = await pack([])
      const { path, call } = makeRoot(tarball, uid)
      symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(path, 'usr/bin/npm'))
      cpSync(tarball, join(path, 'home/user', basename(tarball)))
      writeFiles(path, { 'home/user/tools/cc': compiler })
      chmodSync(join(path, 'home/user/tools/cc'), 0o755)
      const before = filesIn(path)
      const said: string[] = []
      for (const line of lines) {
        const { status, stdout, stderr } = await call(
          `export npm_config_prefix=/home/user/npm npm_config_offline=true; ${line}`,
        )
        assert.is(status, 0, `${line}: ${stderr}`)
        said.push(stdout)
      }
      assert.is(said[1], 'a compiler\na compiler\n')
      assert.equal(
        filesIn(path).filter(name => !before.includes(name)),
        [],
      )
    },
    { may: () => process.arch === 'x64' },
  )

test.run()
