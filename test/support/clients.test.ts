import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Client, clients, findIn, isPlain } from './clients.js'
import { run } from './jobshim.js'
import { makeWorkspace, repository, writeFiles } from './workspace.js'

const rustup = `#!/bin/sh
[ -d "$HOME/.rustup/toolchains" ] && exec echo "\${0##*/} 1.95.0"
echo "error: rustup could not choose a version of \${0##*/} to run" >&2
exit 1
`

/** What other people's machines have. */
const programs = {
  'rustup/cargo': rustup,
  'rustup/rustc': rustup,
  'venv/ebuild': '#!/nowhere/python\n',
  'module/ebuild': `#!/bin/sh\necho "ModuleNotFoundError: No module named 'portage'" >&2\nexit 1\n`,
  'old/make': '#!/bin/sh\necho GNU Make 4.3\n',
  'broken/make': '#!/bin/sh\nexit 127\n',
  'text/ninja': 'no program\n',
  'settled/.rustup/toolchains/stable': '',
}

const root = makeWorkspace()
writeFiles(root, programs)
const at = (...names: string[]): string[] => names.map(name => join(root, name))
const rustupOf = (home: string) => ({ HOME: join(root, home), PATH: `${join(root, 'rustup')}:/usr/bin:/bin` })

const missing = { lacks: 'missing' }
const dead = { lacks: 'does not run' }

for (const [title, client, directories, env, expected] of [
  ['rustup without a toolchain', clients.cargo, at('rustup'), rustupOf('nobody'), dead],
  ['rustup with one', clients.cargo, at('rustup'), rustupOf('settled'), { directory: at('rustup')[0] }],
  ['rustup without one before another cargo', clients.cargo, at('rustup', 'old'), rustupOf('nobody'), dead],
  ['a venv whose Python is gone', clients.portage, at('venv'), {}, dead],
  ['a venv without its module', clients.portage, at('module'), {}, dead],
  ['another version', clients.make44, at('old'), {}, missing],
  [
    'the version behind one that does not run',
    clients.make43,
    at('broken', 'old'),
    {},
    { directory: at('old')[0] },
  ],
  ['a file that is no program', clients.ninja, at('text'), {}, missing],
  ['none', clients.ninja, at('old'), {}, missing],
] as const satisfies readonly (readonly [string, Client, readonly string[], object, object])[])
  test(`clients :: ${title}`, () => {
    assert.equal(findIn(client, directories, env), expected)
  })

test('clients :: one that does not run is not met :: its tests are skipped, none fails', async () => {
  const { status, stdout, stderr } = await run(
    process.execPath,
    [join(repository, 'dist/test/clients/cargo.test.js')],
    { env: { ...rustupOf('nobody'), JOBSHIM_TEST_SCOPE: 'all' } },
  )
  assert.equal([status, stderr], [0, ''])
  assert.match(stdout, /^ {2}Total: +0\n {2}Passed: +0\n {2}Skipped: +13$/m)
})

test('clients :: a file of npm test that asks for what not every machine has fails', async () => {
  assert.not(isPlain('cargo'))
  const { status, stderr } = await run(
    process.execPath,
    [join(repository, 'dist/test/clients/cargo.test.js')],
    { env: { JOBSHIM_TEST_SCOPE: 'plain' } },
  )
  assert.is(status, 1)
  assert.match(
    stderr,
    /^Error: cargo is not on every machine: test\/plan\.ts leaves such a test to test:all$/m,
  )
})

test.run()
