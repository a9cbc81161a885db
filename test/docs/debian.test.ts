import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { blockOf } from '../support/documents.js'
import { run } from '../support/jobshim.js'
import { makeRecorder } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const units = ['a', 'b', 'c', 'd', 'e', 'f']

/** A package whose rules start all its compilers at once. */
const source = {
  ...Object.fromEntries(units.map(unit => [`p-1/${unit}.c`, `int ${unit};\n`])),
  'p-1/debian/changelog':
    'p (1) unstable; urgency=low\n\n  * New.\n\n -- A B <a@example.org>  Thu, 01 Jan 2026 00:00:00 +0000\n',
  'p-1/debian/control':
    'Source: p\nMaintainer: A B <a@example.org>\nStandards-Version: 4.6.0\n\nPackage: p\nArchitecture: any\nDescription: p\n',
  'p-1/debian/rules': `#!/usr/bin/make -f
build:
	for unit in ${units.join(' ')}; do gcc -c $$unit.c & done; wait
binary:
	mkdir -p debian/p/DEBIAN
	dpkg-gencontrol -pp -Pdebian/p
	dpkg-deb --root-owner-group --build debian/p ..
clean:
	rm -rf debian/p *.o
`,
}

const recipes = [
  blockOf('docs/debian.md', 'jobshim run -j4 -- env'),
  blockOf('docs/debian.md', 'jobshim run -j4 -- debuild'),
]

const keys = { 'dpkg-buildpackage': ['dpkg'], debuild: ['dpkg', 'debuild'] } as const

for (const program of ['dpkg-buildpackage', 'debuild'] as const)
  testWith(
    keys[program],
    `docs :: debian :: the recipe for ${program} :: keeps the limit, and no address gets into .buildinfo`,
    async () => {
      const root = makeWorkspace()
      writeFiles(root, {
        ...source,
        'bin/jobshim': `#!/bin/sh\nexec ${process.execPath} ${repository}/bin/jobshim.js "$@"\n`,
        'run/.keep': '',
      })
      const recorder = makeRecorder(join(root, 'recorder'), { holdMs: 200 })
      const env = {
        HOME: root,
        PATH: `${join(root, 'bin')}:${recorder.bin}:${process.env.PATH}`,
        XDG_DATA_HOME: join(root, 'data'),
        XDG_RUNTIME_DIR: join(root, 'run'),
      }
      await installShims(join(root, 'data/jobshim/shims'), { cwd: root, env })
      const recipe = recipes.find(line => line.includes(` ${program} `)) ?? ''
      const { status, stderr } = await run('sh', ['-c', recipe.replaceAll('-j4', '-j2')], {
        cwd: join(root, 'p-1'),
        env,
      })
      assert.is(status, 0, stderr)
      const { runs, peak } = recorder.take()
      assert.equal([runs, peak], [units.length, 2], stderr)
      const [info = ''] = readdirSync(root).filter(name => name.endsWith('.buildinfo'))
      const text = readFileSync(join(root, info), 'utf8')
      assert.match(text, /\nEnvironment:\n/)
      assert.is(/MAKEFLAGS|jobserver|jobshim/i.exec(text), null, text)
      assert.ok(readdirSync(root).some(name => name.endsWith('.deb')))
    },
  )

test('docs :: debian :: no recipe hands MAKEFLAGS on', () => {
  for (const recipe of recipes) assert.match(recipe, /-u MAKEFLAGS|^(?!.*MAKEFLAGS).*debuild/)
})

test.run()
