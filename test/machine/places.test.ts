/** One user has one pool, whether each terminal was told XDG_RUNTIME_DIR or not (su, cron, some ssh). */
import { spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { test } from '../support/test-with.js'
import { repository, writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { briefRuns, makeMachineYard } from '../yard/machine.js'

/** In a mount namespace, with /run and /tmp of its own, but for the yard in it; the user is root there. */
const apart = (root: string, mode: string, script: string): string[] => [
  ...['unshare', '-rm', 'sh', '-ec'],
  `mount -t tmpfs none /run
mkdir -m 755 /run/user /run/yard
mkdir -m ${mode} /run/user/0
mount --bind ${root} /run/yard
mount -t tmpfs -o mode=1777 none /tmp
mkdir -p ${root}
mount --bind /run/yard ${root}
cd ${root}
${script}`,
]

const mayMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/run']).status === 0
const testApart = mayMount ? test : test.skip

testApart('machine :: XDG_RUNTIME_DIR is set in one of two terminals :: they share one pool', async () => {
  const yard = await makeMachineYard(1)
  const tools = 'brief & brief & brief & wait'
  const script = `(export XDG_RUNTIME_DIR=/run/user/0; ${tools}) & (unset XDG_RUNTIME_DIR; ${tools}) & wait\nls -A /run/user/0/jobshim-0`
  const terminals = start({ env: yard.env, command: apart(yard.root, '700', script) })
  assert.equal(await terminals.ended, { status: 0, signal: null, stdout: '', stderr: '' })
  assert.equal(briefRuns(yard), { runs: 6, peak: 1 })
})

for (const { name, mode, base } of [
  { name: "the user's own", mode: '700', base: '/run/user/0' },
  { name: 'open to others', mode: '755', base: '/tmp' },
])
  testApart(`machine :: /run/user/UID is ${name} :: commands and shims take the same place`, async () => {
    const yard = await makeMachineYard(1)
    // The repository may lie below /tmp.
    cpSync(join(repository, 'dist/src/ground'), join(yard.root, 'ground'), { recursive: true })
    writeFiles(yard.root, { 'package.json': '{"type":"module"}' })
    const script = `unset XDG_RUNTIME_DIR
around ls -A ${base}/jobshim-0
"$NODE" --input-type=module -e "const { ensureStateDirectory } = await import('$PATHS'); console.log(ensureStateDirectory({}))"`
    const env = { ...yard.env, NODE: process.execPath, PATHS: join(yard.root, 'ground/paths.js') }
    const { stdout, ...rest } = await start({ env, command: apart(yard.root, mode, script) }).ended
    assert.equal(rest, { status: 0, signal: null, stderr: '' })
    assert.is(stdout, `machine\nmachine.ledger\nmachine.lock\n${base}/jobshim-0\n`)
  })

afterEach(killStarted)
test.run()
