import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { headerOffsets } from '../../src/jobserver/ledger-layout.js'
import { boundByModes } from '../support/bound.js'
import { jobshim, type Outcome, run } from '../support/jobshim.js'
import { makeFifo, makePipe } from '../support/pool.js'
import { writeFiles } from '../support/workspace.js'
import { killStarted, makeYard, start, waits } from './hold.js'

const yard = await makeYard('A')
const { root, pool } = yard
const at = (name: string): string => join(root, name)
const file = at('plain')
writeFileSync(file, 'AAAA')
symlinkSync('loop', at('loop'))

/** The tool runs at once, since its stdin is empty; `status` 7 is its own. */
async function holdOnce(env: Record<string, string>, fds: readonly number[] = []): Promise<Outcome> {
  const outcome = await run('hold', [], { env: { ...yard.env, ...env }, fds, hangSeconds: 20 })
  return { ...outcome, stdout: outcome.stdout.replace(/^held \d+$/gm, 'held PID') }
}

const ran = (stderr = ''): Outcome => ({ status: 7, signal: null, stdout: 'held PID\n', stderr })
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
const closed = 'its pipe is closed here, and no ancestor has it'
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
  { input: 'a plain file', auth: `fifo:${file}`, why: 'it is neither a FIFO nor a character device' },
  { input: 'a directory', auth: `fifo:${root}`, why: 'it is neither a FIFO nor a character device' },
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
    why: closed,
    fds: () => [openSync('/etc/passwd', 'r'), openSync(file, 'r')],
  },
  {
    input: 'two different pipes',
    auth: '3,4',
    why: closed,
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
  test(`jobserver :: MAKEFLAGS :: ${input}`, async () => {
    const env = { MAKEFLAGS: ` -j4 --jobserver-auth=${auth}` }
    const open = fds()
    assert.equal(await holdOnce(env, open), ran())
    assert.equal(
      await holdOnce({ ...env, JOBSHIM_DEBUG: '1' }, open),
      ran(`jobshim: hold: not governed: ${why}\n`),
    )
    assert.equal(await holdOnce({ ...env, JOBSHIM_NO_JOBSERVER: 'error' }, open), refused(why))
    for (const fd of open) if (fd !== pool.fd) closeSync(fd)
    rmSync(at('one'), { force: true })
    assert.is(pool.count(), 'A')
  })

test('jobserver :: JOBSHIM_JOBSERVER :: garbage is not made up for by MAKEFLAGS', async () => {
  const env = {
    JOBSHIM_JOBSERVER: 'garbage',
    MAKEFLAGS: ` -j2 --jobserver-auth=${pool.auth}`,
    JOBSHIM_DEBUG: '1',
  }
  assert.equal(await holdOnce(env), ran(`jobshim: hold: not governed: ${notPair}\n`))
})

test('jobserver :: none :: policy pass, policy error, JOBSHIM_DISABLE=1', async () => {
  const why = 'no jobserver in MAKEFLAGS'
  const error = { JOBSHIM_NO_JOBSERVER: 'error' }
  assert.equal(await holdOnce({}), ran())
  assert.equal(await holdOnce({ JOBSHIM_DEBUG: '1' }), ran(`jobshim: hold: not governed: ${why}\n`))
  assert.equal(await holdOnce(error), refused(why))
  assert.equal(await holdOnce({ ...error, JOBSHIM_DISABLE: '1' }), ran())
})

for (const { mode, why } of [
  { mode: 0o000, why: "its FIFO can't be opened" },
  { mode: 0o400, why: "its FIFO can't be opened" },
  { mode: 0o200, why: "its FIFO can't be opened" },
])
  test(`jobserver :: permissions :: mode ${mode.toString(8).padStart(3, '0')}`, async () => {
    const denied = makeFifo(root, 'A', `denied-${mode}`)
    chmodSync(denied.auth.slice('fifo:'.length), mode)
    const command = [...boundByModes, 'hold']
    const held = start({ env: { ...yard.env, JOBSHIM_JOBSERVER: denied.auth, JOBSHIM_DEBUG: '1' }, command })
    const [pid] = await held.tools
    assert.equal(await held.end(), {
      ...ran(`jobshim: hold: not governed: ${why}\n`),
      stdout: `held ${pid}\n`,
    })
    assert.is(denied.count(), 'A')
    denied.close()
  })

test('jobserver :: FIFO :: server and FIFO gone while a token is held', async () => {
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
    assert.equal(await held.end(), { ...ran(), stdout: `held ${pid}\n` })
  }
})

test('jobserver :: pipe :: its server gone while a token is held', async () => {
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
    assert.equal(await held.end(), { ...ran(), stdout: `held ${pid}\n` })
  }
})

const stateDirectory = join(yard.runtime, `jobshim-${currentUid()}`)

/** The pool's ledger, new. */
async function ledgerFile(): Promise<string> {
  rmSync(stateDirectory, { recursive: true, force: true })
  assert.equal(await holdOnce({ JOBSHIM_JOBSERVER: pool.auth }), ran())
  const names = readdirSync(stateDirectory).filter(name => name.startsWith('v1-'))
  assert.is(names.length, 1, names.join())
  return join(stateDirectory, names[0] ?? '')
}

function overwrite(ledger: string, bytes: string, offset: number): void {
  const fd = openSync(ledger, 'r+')
  writeSync(fd, bytes, offset, 'latin1')
  closeSync(fd)
}

const otherVersion = 'the ledger is from another version'
const wrongSize = 'the ledger is cut or from another version'
const notOurs = 'the ledger is not a file of ours'
const notOpened = "the ledger can't be opened"

const ledgers: readonly { input: string; spoil: (ledger: string) => void; why: string }[] = [
  { input: 'empty', spoil: ledger => truncateSync(ledger, 0), why: wrongSize },
  { input: 'truncated', spoil: ledger => truncateSync(ledger, 5000), why: wrongSize },
  { input: 'longer', spoil: ledger => truncateSync(ledger, 1_000_000), why: wrongSize },
  {
    input: 'of version 2',
    spoil: ledger => overwrite(ledger, '\x02\0\0\0', headerOffsets.version),
    why: otherVersion,
  },
  {
    input: 'without our magic',
    spoil: ledger => overwrite(ledger, 'GARBAGE', headerOffsets.magic),
    why: otherVersion,
  },
  {
    input: 'with another number of records',
    spoil: ledger => overwrite(ledger, '\xff\xff\xff\xff', headerOffsets.recordCount),
    why: otherVersion,
  },
  { input: 'writable for all', spoil: ledger => chmodSync(ledger, 0o666), why: notOurs },
  {
    input: 'a symlink',
    spoil: ledger => {
      copyFileSync(ledger, at('elsewhere'))
      rmSync(ledger)
      symlinkSync(at('elsewhere'), ledger)
    },
    why: notOpened,
  },
  {
    input: 'a directory',
    spoil: ledger => {
      rmSync(ledger)
      mkdirSync(ledger)
    },
    why: notOpened,
  },
  {
    input: 'a FIFO',
    spoil: ledger => {
      rmSync(ledger)
      execFileSync('mkfifo', [ledger])
    },
    why: notOurs,
  },
]

/** Two at once, one of them with the token, as without a ledger; and all is given back. */
async function assertRunsUnsafely(why: string): Promise<void> {
  const env = { ...yard.governed, JOBSHIM_DEBUG: '1' }
  const first = start({ env })
  await first.tools
  const second = start({ env })
  await second.tools
  assert.is(pool.count(), '')
  for (const held of [first, second]) {
    const [pid] = await held.tools
    assert.equal(await held.end(), {
      ...ran(`jobshim: hold: no crash safety: ${why}\n`),
      stdout: `held ${pid}\n`,
    })
  }
  assert.is(pool.count(), 'A')
}

for (const { input, spoil, why } of ledgers)
  test(`ledger :: ${input}`, async () => {
    const ledger = await ledgerFile()
    spoil(ledger)
    await assertRunsUnsafely(why)
    rmSync(stateDirectory, { recursive: true })
  })

if (currentUid() === 0)
  test("ledger :: another user's", async () => {
    const ledger = await ledgerFile()
    chownSync(ledger, 65534, 65534)
    await assertRunsUnsafely(notOurs)
    rmSync(stateDirectory, { recursive: true })
  })

test('ledger :: truncated while a token is held', async () => {
  const ledger = await ledgerFile()
  const env = { ...yard.governed, JOBSHIM_DEBUG: '1' }
  const first = start({ env })
  await first.tools
  const second = start({ env })
  await second.tools
  const waiter = start({ env })
  await waits(yard, waiter)
  truncateSync(ledger, 0)
  for (const held of [second, waiter, first]) {
    const [pid] = await held.tools
    assert.equal(await held.end(), { ...ran(), stdout: `held ${pid}\n` })
  }
  assert.is(pool.count(), 'A')
  assert.is(statSync(ledger).size, 0)
  rmSync(stateDirectory, { recursive: true })
})

const notOnlyOurs = 'the state directory is not a directory that is only ours'

const stateDirectories: readonly { input: string; make: () => void; why: string }[] = [
  { input: 'open to others', make: () => mkdirSync(stateDirectory, { mode: 0o755 }), why: notOnlyOurs },
  { input: 'a file', make: () => writeFileSync(stateDirectory, ''), why: notOnlyOurs },
  {
    input: 'a symlink',
    make: () => {
      mkdirSync(at('other-state'), { mode: 0o700 })
      symlinkSync(at('other-state'), stateDirectory)
    },
    why: notOnlyOurs,
  },
]

for (const { input, make, why } of stateDirectories)
  test(`state directory :: ${input}`, async () => {
    rmSync(stateDirectory, { recursive: true, force: true })
    make()
    await assertRunsUnsafely(why)
    rmSync(stateDirectory, { recursive: true })
  })

test('state directory :: where XDG_RUNTIME_DIR does not exist', async () => {
  assert.equal(
    await holdOnce({ ...yard.governed, XDG_RUNTIME_DIR: at('none'), JOBSHIM_DEBUG: '1' }),
    ran("jobshim: hold: no crash safety: the state directory can't be made\n"),
  )
})

const launcher = join(yard.shims, '.jobshim/launcher')
writeFiles(root, { 'bad/not-executable/hold': 'exit 3\n', 'bad/no-interpreter/hold': '#!/none/sh\nexit 3\n' })

const tools: readonly {
  input: string
  command: readonly string[]
  path: string
  status: number
  stderr: string
}[] = [
  {
    input: 'missing',
    command: [join(yard.shims, 'hold')],
    path: `${yard.shims}:${at('none')}`,
    status: 127,
    stderr: `jobshim: hold: not found on PATH after ${yard.shims}\n`,
  },
  {
    input: 'a directory',
    command: [join(yard.shims, 'hold')],
    path: `${yard.shims}:${at('directories')}`,
    status: 127,
    stderr: `jobshim: hold: not found on PATH after ${yard.shims}\n`,
  },
  {
    input: 'not executable',
    command: [join(yard.shims, 'hold')],
    path: `${yard.shims}:${at('bad/not-executable')}`,
    status: 126,
    stderr: `jobshim: ${at('bad/not-executable/hold')}: not executable\n`,
  },
  {
    input: 'without its interpreter',
    command: [join(yard.shims, 'hold')],
    path: `${yard.shims}:${at('bad/no-interpreter')}`,
    status: 127,
    stderr: `jobshim: ${at('bad/no-interpreter/hold')}: can't be started: No such file or directory\n`,
  },
  {
    input: 'missing, by its path',
    command: [launcher, '--', '/none/hold'],
    path: '/bin',
    status: 127,
    stderr: 'jobshim: /none/hold: not found\n',
  },
  {
    input: 'not named',
    command: [launcher],
    path: '/bin',
    status: 125,
    stderr:
      'jobshim: launcher: wrong usage\n  launcher [--token] [--] TOOL ARGS, or through a shim that links to it\n',
  },
]
mkdirSync(at('directories/hold'), { recursive: true })
chmodSync(at('bad/not-executable/hold'), 0o644)
chmodSync(at('bad/no-interpreter/hold'), 0o755)

for (const { input, command, path, status, stderr } of tools)
  test(`tool :: ${input}`, async () => {
    const [program = '', ...args] = command
    const expected = { status, signal: null, stdout: '', stderr }
    assert.equal(await run(program, args, { env: { PATH: path } }), expected)
    assert.equal(await run(program, args, { env: { ...yard.governed, PATH: path } }), expected)
    assert.is(pool.count(), 'A')
  })

test('tool file :: garbage is as good as none', async () => {
  const toolFile = join(yard.shims, '.jobshim/tools/hold')
  mkdirSync(join(yard.shims, '.jobshim/tools'), { recursive: true })
  const before = existsSync(toolFile) ? readFileSync(toolFile) : undefined
  for (const text of [
    '',
    '\n=\n===',
    'patience=x\nno-jobserver=',
    '\0\xff'.repeat(500),
    'family='.repeat(100_000),
  ]) {
    writeFileSync(toolFile, text)
    assert.equal(await holdOnce({ JOBSHIM_JOBSERVER: pool.auth }), ran(), text.slice(0, 20))
  }
  if (before === undefined) rmSync(toolFile)
  else writeFileSync(toolFile, before)
})

test('run :: an outer jobserver that is no use is not joined', async () => {
  const { status, stdout, stderr } = await jobshim(['run', '-j2', '--dir', yard.shims, '--', 'hold'], {
    env: { ...yard.env, MAKEFLAGS: ` -j4 --jobserver-auth=fifo:${at('none')}` },
  })
  assert.is(status, 7)
  assert.match(stdout, /^held \d+\n$/)
  assert.match(
    stderr,
    /^jobshim: no jobserver: its FIFO does not exist\n {2}the build gets a pool of its own: -j2\njobshim: 1 tool run, .* waited, 1\/1 tokens back\n$/,
  )
  assert.equal(
    readdirSync(stateDirectory).filter(name => name.startsWith('run-')),
    [],
  )
})

test.after.each(killStarted)

test.run()
