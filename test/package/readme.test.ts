/** README, followed to the letter: its lines to install, update and uninstall a tarball, in their order, in an empty home. */
import { chmodSync, cpSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as assert from 'uvu/assert'
import { test, testWith } from '../support/test-with.js'
import { repository, writeFiles } from '../support/workspace.js'
import { makeRoot, pack } from './packing.js'

/** The lines of README's fenced blocks from that heading on, up to the next one of its level. */
function fencedLines(heading: string): string[] {
  const [, section = ''] = readFileSync(join(repository, 'README.md'), 'utf8').split(`\n## ${heading}\n`)
  const [text = ''] = section.split('\n## ')
  return [...text.matchAll(/^```sh\n(.*?)\n```$/gms)].flatMap(([, block = '']) => block.split('\n'))
}

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
      const lines = fencedLines('Install it')
      assert.is(lines.length, 4, lines.join('\n'))
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
