/** What an address may lead to: each row of the table in docs/protocol.md, "Addresses", by all that meet it. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { refusals } from '../../src/contract/addresses.js'
import { accountingModes, accountingNeeds, endServers, startAccounting } from '../support/accounting.js'
import { type Handed, handOn } from '../support/address.js'
import type { ClientKey } from '../support/clients.js'
import { readDocuments } from '../support/documents.js'
import { type Outcome, run } from '../support/jobshim.js'
import { withoutUse } from '../support/summary.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { repository } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { ran } from '../yard/hold-once.js'
import { isWaiting, ledgerRecords } from '../yard/ledger.js'
import { runLine } from '../yard/runs.js'
import { makeYard } from '../yard/yard.js'

const yard = await makeYard('')
const orphan = join(yard.root, 'orphan')
execFileSync('mkfifo', [orphan])

const used = 'used'
const none = 'none'

/** An address, and what becomes of it: `used`, or why not. */
type Form = { auth: string; verdict: string }

type Row = {
  what: string // as the docs have it
  kind?: string // what is handed on: see address.py; default: nothing
  path?: Form
  pair?: Form
  needs?: readonly ClientKey[]
}

const opened = 'fifo:/proc/@PID@/fd/3'
const byPath = (verdict: string, auth = opened): Pick<Row, 'path'> => ({ path: { auth, verdict } })
const byPair = (verdict: string, auth = '3,3'): Pick<Row, 'pair'> => ({ pair: { auth, verdict } })
const alike = (verdict: string): Pick<Row, 'path' | 'pair'> => ({ ...byPath(verdict), ...byPair(verdict) })
const onlyPair = (verdict: string): Pick<Row, 'path' | 'pair'> => ({
  ...byPath(refusals.named),
  ...byPair(verdict),
})

const notParsed = 'neither fifo:PATH nor two file descriptors'

const rows: readonly Row[] = [
  { what: 'a FIFO', kind: 'fifo', ...alike(used) },
  { what: 'a pipe', kind: 'pipe', ...byPath(used), ...byPair(used, '3,4') },
  { what: 'an end of a pair of Unix stream sockets', kind: 'stream', ...onlyPair(used) },
  { what: 'an end of a pair of Unix seqpacket sockets', kind: 'seqpacket', ...onlyPair(used) },
  { what: 'a Unix socket that is connected by a name', kind: 'connected', ...onlyPair(used) },
  { what: 'both ends of a pair of sockets', kind: 'ends', ...byPair(refusals.two, '3,4') },
  { what: 'a Unix socket whose other end is closed', kind: 'deserted', ...onlyPair(refusals.deserted) },
  { what: 'a Unix socket that listens', kind: 'listens', ...onlyPair(refusals.listens) },
  { what: 'a Unix socket that is not connected', kind: 'unconnected', ...onlyPair(refusals.unconnected) },
  { what: 'a Unix datagram socket', kind: 'datagrams', ...onlyPair(refusals.datagrams) },
  { what: 'a TCP socket', kind: 'tcp', ...onlyPair(refusals.foreign) },
  { what: 'a plain file', kind: 'plain', ...alike(refusals.plain) },
  { what: 'an empty plain file', kind: 'empty', ...alike(refusals.plain) },
  { what: 'a memfd', kind: 'memfd', ...alike(refusals.plain) },
  { what: 'a directory', kind: 'directory', ...alike(refusals.directory) },
  { what: 'a block device', kind: 'block', ...alike(refusals.block) },
  { what: 'a terminal', kind: 'terminal', ...alike(refusals.terminal) },
  { what: '/dev/null', kind: '/dev/null', ...alike(refusals.kernels) },
  { what: '/dev/zero', kind: '/dev/zero', ...alike(refusals.kernels) },
  { what: '/dev/full', kind: '/dev/full', ...alike(refusals.kernels) },
  {
    what: '/dev/fuse',
    kind: '/dev/fuse',
    ...alike(refusals.kernels),
    needs: ['fuseDevice'],
  },
  { what: 'an eventfd', kind: 'eventfd', ...alike(refusals.object) },
  { what: 'a pidfd', kind: 'pidfd', ...alike(refusals.object) },
  { what: 'R of one pipe and W of another', kind: 'two', ...byPair(refusals.two, '3,4') },
  { what: 'a pipe, its ends swapped', kind: 'swapped', ...byPair(refusals.unreadable, '3,4') },
  { what: "a pipe's read end twice", kind: 'reads', ...byPair(refusals.unwritable) },
  { what: "a pipe's write end twice", kind: 'writes', ...byPair(refusals.unreadable) },
  {
    what: 'nothing',
    kind: 'closed',
    ...byPath('its FIFO does not exist', 'fifo:/nowhere/fifo'),
    ...byPair(refusals.closed, '97,98'),
  },
  { what: 'R, and W is closed', kind: 'one', ...byPair(refusals.closed, '3,98') },
  {
    what: 'a FIFO that nobody has open',
    kind: 'closed',
    ...byPath('its FIFO has no server', `fifo:${orphan}`),
  },
  {
    what: 'a path of more than 4,095 bytes',
    kind: 'closed',
    ...byPath('the path behind fifo: is too long', `fifo:/${'x'.repeat(4095)}`),
  },
  {
    what: 'negative descriptors',
    kind: 'closed',
    ...byPair('the file descriptors are negative: make keeps its jobserver from this recipe', '-2,-2'),
  },
  { what: 'no address', kind: 'closed', ...byPath(notParsed, 'fifo:'), ...byPair(notParsed, '3;4') },
]

const served = "a server's device (CUSE), or a file of a FUSE file system"

const anyPid = (text: string): string =>
  text.replace(/\/proc\/\d+\/fd/g, '/proc/@PID@/fd').replace(/^held \d+$/gm, 'held PID')

const environmentOf = (auth: string): Record<string, string> => ({
  ...yard.env,
  HOME: yard.root,
  MAKEFLAGS: ` -j3 --jobserver-auth=${auth}`,
})

const program = [process.execPath, join(repository, 'bin/jobshim.js')]

async function meet(
  { words: [first = '', ...words] }: Handed,
  command: readonly string[],
  env: Record<string, string | undefined>,
): Promise<Outcome> {
  const outcome = await run(first, [...words, ...command], { env, cwd: yard.root })
  return { ...outcome, stdout: anyPid(outcome.stdout), stderr: anyPid(outcome.stderr) }
}

const failed = (status: number, stderr: string): Outcome => ({ status, signal: null, stdout: '', stderr })

const doctor = [...program, 'doctor', '--no-config', '--json', '--dir', yard.shims]

function doctorsWord(stdout: string): [state: string, text: string] {
  const { state, text } = JSON.parse(stdout).checks.find(({ name }: { name: string }) => name === 'jobserver')
  return [state, anyPid(text)]
}

/** It is told to whoever asks, changes nothing for the tool, and is left as it was. */
async function assertRefused(
  { kind = none }: Row,
  { auth, verdict: why }: Form,
  asks: boolean,
): Promise<void> {
  const env = environmentOf(auth)
  const met = async (command: readonly string[], around: Record<string, string | undefined> = env) => {
    const handed = handOn(kind)
    const outcome = await meet(handed, command, around)
    assert.match(handed.left(), /^AA( 0)?$/) // a server is given back nothing
    return outcome
  }
  assert.equal(
    await met(['sh', '-c', 'hold; JOBSHIM_DEBUG=1 hold']),
    ran(`jobshim: hold: not governed: ${why}\n`, 'held PID\nheld PID\n'),
  )
  const status = [...program, 'status', '--no-config', '--dir', yard.shims]
  assert.equal(
    await met([...status, '--jobserver', auth], { ...env, MAKEFLAGS: undefined }),
    failed(1, `jobshim: no jobserver: ${why}\n  name one with --jobserver fifo:PATH\n`),
  )
  // It takes as long as all others.
  const said = asks ? doctorsWord((await met(doctor)).stdout) : undefined
  if (said !== undefined) assert.equal(said, ['broken', `MAKEFLAGS: --jobserver-auth=${auth}: ${why}`])
  if (/^fifo:./.test(auth))
    assert.equal(
      await met(runLine(yard, '--jobserver', auth, '--', 'hold'), { ...env, MAKEFLAGS: undefined }),
      failed(
        125,
        `jobshim: ${auth.slice('fifo:'.length)}: no jobserver: ${why}\n  check that jobshim serve runs there\n`,
      ),
    )
  else if (/^\d+,\d+$/.test(auth)) {
    const outcome = await met(runLine(yard, '-j2', '--', 'hold'))
    const own = `jobshim: no jobserver: ${why}\n  the build gets a pool of its own: -j2\n`
    assert.equal(
      { ...outcome, stderr: withoutUse(outcome.stderr).replace(/jobshim: 1 tool ran, .*\n$/, '') },
      ran(own),
    )
  }
}

let places = 0

/** Two tokens, of which the fourth tool may take one once more, and the implicit slot: of four tools three run, and one waits for its turn. All is back at the end. */
async function assertUsed(handed: Handed, { auth }: Form, left: RegExp): Promise<void> {
  const runtime = join(yard.root, `run-${places++}`)
  mkdirSync(runtime, { mode: 0o700 })
  const env = { ...environmentOf(auth), XDG_RUNTIME_DIR: runtime, JOBSHIM_DEBUG: '1' }
  const script = 'exec 9<&0; for i in 1 2 3 4; do hold <&9 & done; wait'
  const held = start({ env, command: [...handed.words, 'sh', '-c', script], wanted: 3 })
  await held.tools
  await until('one waits', () => ledgerRecords(runtime).some(isWaiting))
  assert.is(held.output.stdout.match(/^held/gm)?.length, 3)
  const { status, stdout, stderr } = await held.end()
  assert.equal([status, stdout.match(/^held/gm)?.length, stderr], [0, 4, ''])
  assert.equal(ledgerRecords(runtime), [])
  assert.match(handed.left(), left)
}

/** Whoever looks sees it, and `run` shares it. */
async function assertShared(handOnce: () => Handed, { auth }: Form, isSocket: boolean): Promise<void> {
  const env = environmentOf(auth)
  const quiet = { ...env, MAKEFLAGS: undefined }
  const status = await meet(
    handOnce(),
    [...program, 'status', '--no-config', '--dir', yard.shims, '--jobserver', auth],
    quiet,
  )
  assert.equal([status.status, status.stderr], [0, ''])
  const [address = '', head = ''] = status.stdout.split('\n')[0]?.split(/: /) ?? []
  assert.match(head, /^(its server does not tell its slots|2 slots free), 0 waiting/)
  const isNamed = [`pipe ${auth}`, auth.replace('fifo:', '')].includes(address)
  assert.ok(isNamed || (!isSocket && address.startsWith('/')), address)
  const [state, text] = doctorsWord((await meet(handOnce(), doctor, env)).stdout)
  const [named, reached = ''] = text.split(': reached as ')
  assert.equal([state, named], ['ok', `MAKEFLAGS: --jobserver-auth=${auth}`])
  assert.ok(reached === auth || (!isSocket && reached.startsWith('fifo:/')), reached)
  const handed = handOnce()
  const isPath = auth.startsWith('fifo:')
  const words = runLine(yard, ...(isPath ? ['--jobserver', auth] : ['-j9']), '--', 'hold')
  assert.equal(await meet(handed, words, isPath ? quiet : env), ran())
  const left = handed.left()
  assert.match(left, /^AA( \d)?$/)
  if (isPath) assert.not.match(left, / 0$/)
}

for (const row of rows) {
  const { what, kind = none, needs = [] } = row
  for (const form of [row.path, row.pair]) {
    if (form === undefined) continue
    const title = `addresses :: ${form === row.path ? 'fifo:PATH' : 'R,W'} :: ${what} :: ${form.verdict}`
    testWith([...needs, 'python'], title, async () => {
      if (form.verdict !== used) return await assertRefused(row, form, form === (row.path ?? row.pair))
      const isSocket = row.path?.verdict === refusals.named
      await assertUsed(handOn(kind), form, isSocket ? /^AA [23]$/ : /^AA$/)
      await assertShared(() => handOn(kind), form, isSocket)
    })
  }
}

const cells = readDocuments()
  .filter(({ path }) => path === 'docs/protocol.md')
  .flatMap(({ tables }) => tables)
  .filter(({ head: [first] }) => first === 'an address leads to')
  .flatMap(({ rows }) => rows)

test('addresses :: the docs have the same table', async () => {
  assert.equal(
    cells.map(([what, path, pair]) => ({ what, path, pair })),
    [...rows.slice(0, 2), { what: served, ...alike(used) }, ...rows.slice(2)].map(({ what, path, pair }) => ({
      what,
      path: path?.verdict ?? '',
      pair: pair?.verdict ?? '',
    })),
  )
})

const [mode] = accountingModes
assert.ok(mode)
for (const [form, title] of [
  [{ auth: opened, verdict: used }, 'fifo:PATH'],
  [{ auth: '3,3', verdict: used }, 'R,W'],
] as const)
  testWith([...accountingNeeds, 'python'], `addresses :: ${title} :: ${served} :: used`, async () => {
    const server = await startAccounting(2, mode)
    await assertUsed(handOn(server.path), form, /^AA$/)
    assert.is(server.account().free, 2)
    await server.end()
  })

test.after.each(killStarted)
test.after.each(endServers)

test.run()
