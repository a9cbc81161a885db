import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { jobshim } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { ledgerRecords } from '../yard/ledger.js'
import { ruled } from '../yard/rules.js'
import { jobshimRun } from '../yard/runs.js'
import { makeYard, type Yard } from '../yard/yard.js'

/** Rules for runs in the slot that make took for them: the launcher becomes the tool, which then has the record. */

const make = execFileSync('sh', ['-c', 'command -v make'], { encoding: 'utf8' }).trim() // its shim is not asked for

/** A yard whose `hold` says whose child it is, and holds until the gate opens; `again` is a script that execs that shim. */
async function makeMakeYard(): Promise<Yard & { open: () => void }> {
  const yard = await makeYard('')
  const gate = join(yard.root, 'gate')
  writeFiles(yard.root, {
    'bin/hold': '#!/bin/sh\necho of $PPID\necho held $$\nuntil [ -e "$1" ]; do sleep 0.01; done\n',
    'bin/again': `#!/bin/sh\nexec ${yard.shims}/hold "$1"\n`,
    Makefile: `one two:\n\t@hold ${gate}\nagain:\n\t@again ${gate}\n`,
  })
  await installShims(yard.shims, { args: ['--tools', 'hold,again'], env: yard.env, cwd: yard.root })
  return { ...yard, open: () => writeFileSync(gate, '') }
}

/** Below make's own jobserver, with `limit: 1`. */
const startMake = (yard: Yard, ...targets: string[]): Held => {
  const { JOBSHIM_RULES } = ruled(yard, 'limit', 'rule=7', 'limit=1')
  const env = { ...yard.env, JOBSHIM_RULES }
  return start({ env, command: [make, '-C', yard.root, '--no-print-directory', '-j4', ...targets] })
}

const pidsIn = (held: Held): number[] =>
  [...held.output.stdout.matchAll(/^held (\d+)$/gm)].map(([, pid]) => Number(pid))

const hasRecord = (yard: Yard, state: 'gated' | 'tool', pid?: number): boolean =>
  ledgerRecords(yard.runtime).some(
    record => record.state === state && (pid === undefined || pid === record.pid),
  )

test("caller's slot :: limit :: the tool is make's child and keeps the record until it ends, or is killed", async () => {
  for (const end of ['ends', 'is killed'] as const) {
    const yard = await makeMakeYard()
    const build = startMake(yard, 'one', 'two')
    const [first = -1] = await build.tools
    await until('the other is gated', () => hasRecord(yard, 'gated'))
    assert.ok(hasRecord(yard, 'tool', first))
    assert.match(build.output.stdout, new RegExp(`^of ${build.pid}$`, 'm'))
    assert.is(pidsIn(build).length, 1)
    if (end === 'ends') yard.open()
    else process.kill(first, 'SIGKILL')
    if (end === 'is killed') {
      await until('the second holds', () => pidsIn(build).length === 2)
      yard.open()
    }
    const { status, stderr } = await build.ended
    assert.is(pidsIn(build).length, 2)
    if (end === 'ends') assert.equal([status, stderr], [0, ''])
    else
      assert.match(
        stderr,
        /^make: \*\*\* \[Makefile:2: (one|two)\] Killed\nmake: .*waiting for unfinished jobs/i,
      )
    // What the dead have left is cleared by whoever comes next.
    const after = startMake(yard, 'one')
    assert.is((await after.ended).status, 0)
  }
})

test("caller's slot :: limit :: a tool that execs another shim has passed the gate", async () => {
  const yard = await makeMakeYard()
  const build = startMake(yard, 'again')
  const [pid = -1] = await build.tools
  assert.equal(
    ledgerRecords(yard.runtime).map(record => [record.pid, record.state]),
    [[pid, 'tool']],
  )
  yard.open()
  assert.equal((await build.ended).status, 0)
})

test("caller's slot :: status names the tool, and the census is not blind for it", async () => {
  const yard = await makeMakeYard()
  const { JOBSHIM_RULES } = ruled(yard, 'memory', 'rule=7', 'memory=1024')
  const ended = jobshimRun(yard, ['-j4', '--', make, '--no-print-directory', 'one'], {
    env: { JOBSHIM_RULES },
  })
  type Picture = { blind?: string; rows: { tool: string; slot: string; state: string; alive: boolean }[] }
  const look = async (): Promise<Picture> => {
    const { status, stdout } = await jobshim(['status', '--json', '--dir', yard.shims], { env: yard.env })
    return status === 0 ? (JSON.parse(stdout) as Picture) : { rows: [] }
  }
  let picture: Picture
  do picture = await look()
  while (!picture.rows.some(({ state }) => state === 'tool'))
  const { stdout } = await jobshim(['status', '--dir', yard.shims], { env: yard.env })
  yard.open()
  assert.is((await ended).status, 0)
  assert.equal(
    picture.rows.map(({ tool, slot, state, alive }) => [tool, slot, state, alive]),
    [['hold', 'implicit', 'tool', true]],
  )
  assert.is(picture.blind, undefined)
  assert.match(
    stdout,
    /^run \d+: 1 of 4 slots in use, 0 waiting\nmake in .*: 1 slot\n {2}make .*\n {2}hold +\d+ +runs +\d/,
  )
})

test.after(killStarted)

test.run()
