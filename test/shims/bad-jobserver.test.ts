import { chmodSync, closeSync, openSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { refusals } from '../../src/contract/addresses.js'
import { currentUid } from '../../src/ground/paths.js'
import { boundByModes } from '../support/bound.js'
import { jobshim, type Outcome } from '../support/jobshim.js'
import { makeFifo, makePipe } from '../support/pool.js'
import { withoutUse } from '../support/summary.js'
import { killStarted, start } from '../yard/held.js'
import { holdOnce, ran } from '../yard/hold-once.js'
import { makeYard } from '../yard/yard.js'

const yard = await makeYard('A')
const { root, pool } = yard
const at = (name: string): string => join(root, name)
const file = at('plain')
writeFileSync(file, 'AAAA')
symlinkSync('loop', at('loop'))

const refused = (why: string): Outcome => ({
  status: 125,
  signal: null,
  stdout: '',
  stderr:
    `jobshim: hold: no jobserver: ${why}\n` +
    '  start the build below make -jN or jobshim run, or set JOBSHIM_NO_JOBSERVER=pass\n',
})

type Row = { input: string; auth: string; why: string; fds?: () => number[] }

const notPair = 'neither fifo:PATH nor two file descriptors'
const { closed } = refusals
const negative = 'the file descriptors are negative: make keeps its jobserver from this recipe'

const rows: readonly Row[] = [
  { input: 'no FIFO there', auth: `fifo:${at('none')}`, why: 'its FIFO does not exist' },
  { input: 'no directory there', auth: `fifo:${at('none/fifo')}`, why: 'its FIFO does not exist' },
  {
    input: 'a file where a directory should be',
    auth: `fifo:${file}/fifo`,
    why: "its FIFO can't be reached",
  },
  { input: 'a symlink to itself', auth: `fifo:${at('loop')}`, why: "its FIFO can't be reached" },
  { input: 'a plain file', auth: `fifo:${file}`, why: refusals.plain },
  { input: 'a directory', auth: `fifo:${root}`, why: refusals.directory },
  { input: 'a FIFO without a server', auth: `fifo:${at('orphan')}`, why: 'its FIFO has no server' },
  {
    input: 'a path that is too long',
    auth: `fifo:/${'x'.repeat(5000)}`,
    why: 'the path behind fifo: is too long',
  },
  { input: 'closed fds', auth: '97,98', why: closed },
  {
    input: 'a foreign fd',
    auth: '3,4',
    why: refusals.plain,
    fds: () => [openSync('/etc/passwd', 'r'), openSync(file, 'r')],
  },
  {
    input: 'two different pipes',
    auth: '3,4',
    why: refusals.two,
    fds: () => [makeFifo(root, '', 'one').fd, pool.fd],
  },
  {
    input: 'one end only',
    auth: '3,98',
    why: closed,
    fds: () => [openSync(pool.auth.slice('fifo:'.length), 'r+')],
  },
  { input: 'negative fds', auth: '-2,-2', why: negative },
  { input: 'one negative fd', auth: '3,-1', why: negative },
  { input: 'fds beyond an int', auth: '99999999999,3', why: notPair },
  { input: 'fds beyond a long', auth: '99999999999999999999,3', why: notPair },
  { input: 'nothing', auth: '', why: notPair },
  { input: 'fifo: without a path', auth: 'fifo:', why: notPair },
  { input: 'garbage', auth: 'x%s%n\x01\xff,,', why: notPair },
  { input: 'a pair with garbage behind it', auth: '3,4;5', why: notPair },
  { input: 'a pair with blanks', auth: '+3,4', why: notPair },
  { input: 'as much garbage as one variable holds, 128 KB', auth: '7'.repeat(128 * 1024 - 40), why: notPair },
]

const orphan = makeFifo(root, '', 'orphan')
orphan.close()

for (const { input, auth, why, fds = () => [] } of rows)
  test(`jobserver :: MAKEFLAGS :: ${input} :: as the policy says`, async () => {
    const env = { MAKEFLAGS: ` -j4 --jobserver-auth=${auth}` }
    const open = fds()
    assert.equal(await holdOnce(yard, env, open), ran())
    assert.equal(
      await holdOnce(yard, { ...env, JOBSHIM_DEBUG: '1' }, open),
      ran(`jobshim: hold: not governed: ${why}\n`),
    )
    assert.equal(await holdOnce(yard, { ...env, JOBSHIM_NO_JOBSERVER: 'error' }, open), refused(why))
    for (const fd of open) if (fd !== pool.fd) closeSync(fd)
    rmSync(at('one'), { force: true })
    assert.is(pool.count(), 'A')
  })

test('jobserver :: JOBSHIM_JOBSERVER :: garbage :: is not made up for by MAKEFLAGS', async () => {
  const env = {
    JOBSHIM_JOBSERVER: 'garbage',
    MAKEFLAGS: ` -j2 --jobserver-auth=${pool.auth}`,
    JOBSHIM_DEBUG: '1',
  }
  assert.equal(await holdOnce(yard, env), ran(`jobshim: hold: not governed: ${notPair}\n`))
})

/** Which one is used is told by the token that is out. */
const reached: readonly { name: string; env: Record<string, string>; fds?: () => number[] }[] = [
  {
    name: 'JOBSHIM_JOBSERVER can not be opened, and MAKEFLAGS name another',
    env: { JOBSHIM_JOBSERVER: `fifo:${at('none')}`, MAKEFLAGS: ` -j2 --jobserver-auth=${pool.auth}` },
  },
  {
    name: 'it is hidden, and R,W are open',
    env: { JOBSHIM_JOBSERVER: `fifo:${at('none/fifo')}`, MAKEFLAGS: ' -j2 --jobserver-auth=3,4' },
    fds: () => [pool.fd, pool.fd],
  },
  {
    name: 'the last one in MAKEFLAGS can not be opened',
    env: { MAKEFLAGS: ` -j2 --jobserver-auth=${pool.auth} --jobserver-auth=fifo:${at('none')}` },
  },
  {
    name: 'the one in MAKEFLAGS can not be opened, and CARGO_MAKEFLAGS name another',
    env: {
      MAKEFLAGS: ` -j2 --jobserver-auth=97,98`,
      CARGO_MAKEFLAGS: ` -j2 --jobserver-auth=${pool.auth}`,
    },
  },
]

for (const { name, env, fds = () => [] } of reached)
  test(`jobserver :: ${name} :: the next one is used`, async () => {
    const around = { ...yard.env, ...env }
    const first = start({ env: around, fds: fds() })
    await first.tools
    const second = start({ env: around, fds: fds() })
    await second.tools
    assert.is(pool.count(), '')
    for (const held of [second, first]) {
      const [pid] = await held.tools
      assert.equal(await held.end(), ran('', `held ${pid}\n`))
    }
    assert.is(pool.count(), 'A')
  })

test('jobserver :: none :: as the policy says, and JOBSHIM_DISABLE=1', async () => {
  const why = 'no jobserver in MAKEFLAGS'
  const error = { JOBSHIM_NO_JOBSERVER: 'error' }
  assert.equal(await holdOnce(yard, {}), ran())
  assert.equal(await holdOnce(yard, { JOBSHIM_DEBUG: '1' }), ran(`jobshim: hold: not governed: ${why}\n`))
  assert.equal(await holdOnce(yard, error), refused(why))
  assert.equal(await holdOnce(yard, { ...error, JOBSHIM_DISABLE: '1' }), ran())
})

for (const { mode, why } of [
  { mode: 0o000, why: "its FIFO can't be opened" },
  { mode: 0o400, why: "its FIFO can't be opened" },
  { mode: 0o200, why: "its FIFO can't be opened" },
])
  test(`jobserver :: FIFO of mode ${mode.toString(8).padStart(3, '0')} :: tools run ungoverned`, async () => {
    const denied = makeFifo(root, 'A', `denied-${mode}`)
    chmodSync(denied.auth.slice('fifo:'.length), mode)
    const command = [...boundByModes, 'hold']
    const held = start({ env: { ...yard.env, JOBSHIM_JOBSERVER: denied.auth, JOBSHIM_DEBUG: '1' }, command })
    const [pid] = await held.tools
    assert.equal(await held.end(), ran(`jobshim: hold: not governed: ${why}\n`, `held ${pid}\n`))
    assert.is(denied.count(), 'A')
    denied.close()
  })

test('jobserver :: FIFO and its server gone while a token is held :: tools end as ever', async () => {
  const doomed = makeFifo(root, 'A', 'doomed')
  const env = { ...yard.env, JOBSHIM_JOBSERVER: doomed.auth, JOBSHIM_DEBUG: '1' }
  const first = start({ env })
  await first.tools
  const second = start({ env })
  await second.tools
  assert.is(doomed.count(), '')
  doomed.close()
  rmSync(at('doomed'))
  for (const held of [second, first]) {
    const [pid] = await held.tools
    assert.equal(await held.end(), ran('', `held ${pid}\n`))
  }
})

test('jobserver :: server of a pipe gone while a token is held :: tools end as ever', async () => {
  const doomed = await makePipe('A')
  const env = { ...yard.env, MAKEFLAGS: ' -j2 --jobserver-auth=3,4', JOBSHIM_DEBUG: '1' }
  const first = start({ env, fds: [doomed.fd, doomed.fd] })
  await first.tools
  const second = start({ env, fds: [doomed.fd, doomed.fd] })
  await second.tools
  assert.is(doomed.count(), '')
  doomed.close()
  for (const held of [first, second]) {
    const [pid] = await held.tools
    assert.equal(await held.end(), ran('', `held ${pid}\n`))
  }
})

test("run :: an outer jobserver that can't be used :: is told, and not joined", async () => {
  const { status, stdout, stderr } = await jobshim(['run', '-j2', '--dir', yard.shims, '--', 'hold'], {
    env: { ...yard.env, MAKEFLAGS: ` -j4 --jobserver-auth=fifo:${at('none')}` },
  })
  assert.is(status, 7)
  assert.match(stdout, /^held \d+\n$/)
  assert.match(
    withoutUse(stderr),
    /^jobshim: no jobserver: its FIFO does not exist\n {2}the build gets a pool of its own: -j2\njobshim: 1 tool ran, in their caller's slot\n$/,
  )
  assert.equal(
    readdirSync(join(yard.runtime, `jobshim-${currentUid()}`)).filter(name => name.startsWith('run-')),
    [],
  )
})

test.after.each(killStarted)

test.run()
