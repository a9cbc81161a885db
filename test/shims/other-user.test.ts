import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createLedger } from '../../src/jobserver/ledger.js'
import { run } from '../support/jobshim.js'
import { openToOthers, writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { censusIsTaken, endServer, freeTokens, look, serve, sharing } from '../yard/served.js'
import { makeYard, type Yard } from '../yard/yard.js'

/** Tests as two users want root, who may become the other one. */
const isRoot = process.geteuid?.() === 0
const other = 65534
const as = ['setpriv', `--reuid=${other}`, `--regid=${other}`, '--clear-groups']

/** Registers a test that only root can do. */
const testAsRoot = (name: string, body: () => Promise<void>): void =>
  isRoot ? test(`other user :: ${name}`, body) : test.skip(`other user :: ${name}`)

testAsRoot("a server's tokens and ledger are its user's", async () => {
  const served = await serve(2)
  const { yard, fifo } = served
  openToOthers(yard.root)
  const env = { ...sharing(served, 3), JOBSHIM_DEBUG: '1' }
  const [program = '', ...args] = as
  const taken = await run(program, [...args, 'hold'], { env, input: '' })
  assert.is(taken.status, 7)
  assert.match(taken.stdout, /^held \d+\n$/)
  assert.is(taken.stderr, "jobshim: hold: not governed: its FIFO can't be opened\n")
  for (const file of [fifo, `${fifo}.ledger`]) {
    const read = await run(program, [...args, 'dd', 'bs=1', 'count=1', 'status=none', `if=${file}`], { env })
    assert.is(read.status, 1)
    assert.match(read.stderr, /Permission denied\n$/)
  }
  assert.is(freeTokens(served), 2)
  await endServer(served)
})

/** As root is in many containers: it can list the descriptors of others, and not look at them. */
const contained = ['setpriv', '--bounding-set=-sys_ptrace', '--inh-caps=-sys_ptrace']

const taker = `exec perl -e 'open F, "+<", shift; sysread F, $_, 1; $| = 1; print "held $$\n"; <STDIN>' "$0"`

testAsRoot('what they may hold is not put back where they can not be looked at', async () => {
  const served = await serve(2, { wrap: contained, args: ['--mode', '666'] })
  openToOthers(served.yard.root)
  const client = start({ env: served.yard.env, command: [...as, 'sh', '-c', taker, served.fifo] })
  await client.tools
  await censusIsTaken(served)
  assert.is(freeTokens(served), 1)
  const [, , why = ''] = look(served, 'census', contained)
  assert.match(why, /^process \d+ \(.+\) can't be looked into$/) // one of root's that may do more comes as handy
  await endServer(served)
  await client.kill()
})

/** What the other user may have laid where our state directory would be; what must be as it was afterwards. */
const traps: Readonly<Record<string, { lay: (place: string, yard: Yard) => void; instead: boolean }>> = {
  'a directory of theirs': {
    lay(place) {
      mkdirSync(place, { mode: 0o777 })
      chownSync(place, other, other)
    },
    instead: true,
  },
  'a symlink of theirs to a directory of ours': {
    lay(place, { root }) {
      mkdirSync(join(root, 'ours'), { mode: 0o700 })
      symlinkSync(join(root, 'ours'), place)
      lchownSync(place, other, other)
    },
    instead: true,
  },
  'a directory of ours that they can write': {
    lay(place) {
      mkdirSync(place)
      chmodSync(place, 0o777)
    },
    instead: false,
  },
  'a file of theirs': {
    lay(place) {
      writeFiles(join(place, '..'), { 'jobshim-0': 'theirs' })
      chownSync(place, other, other)
    },
    instead: true,
  },
}

for (const [name, { lay, instead }] of Object.entries(traps))
  testAsRoot(`the state directory is ${name}: nothing is written there`, async () => {
    const yard = await makeYard('A')
    const shared = join(yard.root, 'tmp')
    mkdirSync(shared)
    chmodSync(shared, 0o1777)
    const place = join(shared, 'jobshim-0')
    lay(place, yard)
    const before = lstatSync(place)
    const result = await run('hold', [], {
      env: { ...yard.governed, XDG_RUNTIME_DIR: shared, JOBSHIM_DEBUG: '1' },
      input: '',
    })
    assert.is(result.status, 7)
    assert.is(
      result.stderr,
      instead
        ? ''
        : 'jobshim: hold: no crash safety: the state directory is not a directory that is only ours\n',
    )
    assert.is(readdirSync(shared).length, instead ? 2 : 1)
    assert.is(yard.pool.count(), 'A')
    const after = lstatSync(place)
    assert.equal([after.ino, after.mtimeMs, after.size], [before.ino, before.mtimeMs, before.size])
    if (after.isDirectory()) assert.equal(readdirSync(place), [])
  })

for (const [name, link] of [
  ['a symlink', symlinkSync],
  ['a hard link', linkSync],
] as const)
  testAsRoot(
    `what they laid as a ledger beside their FIFO is not written: ${name} to one of ours`,
    async () => {
      const yard = await makeYard('A')
      const precious = join(yard.root, 'precious')
      closeSync(createLedger(precious, 1, { pid: 0, start: 0n, pidNamespace: 0n }))
      const before = readFileSync(precious)
      const fifo = yard.pool.auth.replace('fifo:', '')
      chownSync(fifo, other, other)
      link(precious, `${fifo}.ledger`)
      const result = await run('hold', [], { env: yard.governed, input: '' })
      assert.equal([result.status, result.stderr], [7, ''])
      assert.ok(readFileSync(precious).equals(before))
      assert.ok(existsSync(join(yard.runtime, 'jobshim-0')))
    },
  )

test.after.each(killStarted)

test.run()
