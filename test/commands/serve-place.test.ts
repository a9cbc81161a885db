import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jobshim, type Outcome } from '../support/jobshim.js'
import { makeFifo, poolAt, tokensIn } from '../support/pool.js'
import { killStarted } from '../yard/held.js'
import { endServer, type Served, serve } from '../yard/served.js'

const files = ['central', 'central.ledger', 'central.lock']

/** What lies where the server is, and what it works with beside that. */
const lies = ({ yard }: Served): string[] =>
  readdirSync(yard.root)
    .filter(name => /^\.?central/.test(name))
    .sort()

const tryAt = ({ yard, fifo }: Served, args: readonly string[] = ['-j9']): Promise<Outcome> =>
  jobshim(['serve', '--no-config', '--dir', yard.shims, '--fifo', fifo, ...args], {
    env: { ...yard.env, HOME: yard.root },
  })

const refused = (stderr: string): Outcome => ({ status: 1, signal: null, stdout: '', stderr })

const isTaken = ({ fifo }: Served): Outcome =>
  refused(`jobshim: ${fifo}: another jobshim serves it\n  join it, or end that one first\n`)

const isInTheWay = (path: string): Outcome =>
  refused(
    `jobshim: ${path}: exists, and was not made by jobshim\n  remove it, or name another place with --fifo\n`,
  )

/** Kills the server, and waits for its end. */
async function kill({ server }: Served): Promise<void> {
  await server.kill('SIGKILL')
}

/** Starts a server where a killed one was. */
const startAt = ({ yard }: Served, tokens: number): Promise<Served> => serve(tokens, { yard })

test('serve :: place :: what servers left that were killed as they began :: goes, and nothing else', async () => {
  const first = await serve(2)
  const { root } = first.yard
  await kill(first)
  const left = ['.central.aB3dE6/fifo', '.central.aB3dE6/ledger', '.central.Z00000/ledger']
  const kept = ['.central.backup/ledger', '.central.backup/mine', '.central.longer7/fifo']
  for (const file of [...left, ...kept]) {
    mkdirSync(dirname(join(root, file)), { recursive: true, mode: 0o700 })
    writeFileSync(join(root, file), '')
  }
  mkdirSync(join(root, '.central.empty0'), { mode: 0o700 })
  const next = await startAt(first, 2)
  await endServer(next)
  assert.equal(lies(next), ['.central.backup', '.central.longer7'])
  assert.equal(readdirSync(join(root, '.central.backup')).sort(), ['ledger', 'mine'])
  assert.equal(readdirSync(join(root, '.central.longer7')), ['fifo'])
})

test('serve :: place :: one that is stopped keeps it, and goes on', async () => {
  const first = await serve(3)
  process.kill(first.server.pid, 'SIGSTOP')
  assert.equal(await tryAt(first), isTaken(first))
  assert.is(tokensIn(first.fifo), '+++')
  process.kill(first.server.pid, 'SIGCONT')
  await endServer(first)
  assert.equal(lies(first), [])
})

test('serve :: place :: one whose lock is removed while it is stopped :: says so, and leaves what the next one made', async () => {
  const first = await serve(3)
  process.kill(first.server.pid, 'SIGSTOP')
  for (const name of files) rmSync(`${first.yard.root}/${name}`, { recursive: true })
  const second = await startAt(first, 2)
  process.kill(first.server.pid, 'SIGCONT')
  const { status, stderr } = await first.server.ended
  assert.equal(
    { status, stderr },
    {
      status: 1,
      stderr: `jobshim: ${first.fifo}: the FIFO is gone; builds that have it open go on without a server\n  start it anew: jobshim serve --fifo PATH -jN\n`,
    },
  )
  assert.equal(lies(second), files)
  assert.equal(await tryAt(second), isTaken(second))
  assert.is(tokensIn(second.fifo), '++')
  await endServer(second)
  assert.equal(lies(second), [])
})

const past = new Date(0)
const future = new Date('2100-01-01')

for (const [name, date] of [
  ['the past', past],
  ['the future', future],
] as const) {
  test(`serve :: place :: a lock dated in ${name}, its server alive :: refused`, async () => {
    const first = await serve(3)
    utimesSync(`${first.fifo}.lock`, date, date)
    assert.equal(await tryAt(first), isTaken(first))
    await endServer(first)
    assert.equal(lies(first), [])
  })

  test(`serve :: place :: a lock dated in ${name}, its server killed :: taken over`, async () => {
    const first = await serve(3)
    await kill(first)
    utimesSync(`${first.fifo}.lock`, date, date)
    const second = await startAt(first, 2)
    assert.is(tokensIn(second.fifo), '++')
    await endServer(second)
    assert.equal(lies(second), [])
  })
}

type Foreign = {
  what: string
  name: string // of the file that is in the way
  put: (path: string) => void
  isThere: (path: string) => boolean
}

const text = 'mine\n'
const isText = (path: string): boolean => readFileSync(path, 'utf8') === text

const foreign: readonly Foreign[] = [
  ...['central', 'central.ledger', 'central.lock'].flatMap((name): Foreign[] => [
    { what: 'a text', name, put: path => writeFileSync(path, text), isThere: isText },
    {
      what: 'a directory',
      name,
      put: path => mkdirSync(path),
      isThere: path => lstatSync(path).isDirectory(),
    },
    {
      what: 'a symlink to a text',
      name,
      put(path) {
        writeFileSync(`${path}.elsewhere`, text)
        symlinkSync(`${path}.elsewhere`, path)
      },
      isThere: path => lstatSync(path).isSymbolicLink() && isText(path),
    },
    {
      what: 'a symlink to nowhere',
      name,
      put: path => symlinkSync('/none', path),
      isThere: path => lstatSync(path).isSymbolicLink(),
    },
  ]),
  ...['central.ledger', 'central.lock'].map(
    (name): Foreign => ({
      what: 'an empty file',
      name,
      put: path => writeFileSync(path, ''),
      isThere: path => lstatSync(path).size === 0,
    }),
  ),
  {
    what: 'a FIFO of somebody else',
    name: 'central',
    put: path => makeFifo(join(path, '..'), 'A', 'central'), // open until the test file ends
    isThere: path => tokensIn(path) === 'A',
  },
]

for (const { what, name, put, isThere } of foreign)
  test(`serve :: place :: ${name} is ${what} :: refused, and left alone`, async () => {
    const killed = await serve(3)
    await kill(killed)
    const path = join(killed.yard.root, name)
    rmSync(path)
    put(path)
    const before = lies(killed)
    assert.equal(await tryAt(killed), isInTheWay(path))
    assert.equal(
      lies(killed),
      before.filter(file => file === name || file !== 'central.lock'),
    )
    assert.ok(isThere(path))
  })

test('serve :: place :: a FIFO of somebody else, and the ledger of a killed server :: refused, and left alone', async () => {
  const killed = await serve(3)
  await kill(killed)
  const other = makeFifo(killed.yard.root, 'A', 'other')
  renameSync(join(killed.yard.root, 'other'), killed.fifo)
  assert.equal(await tryAt(killed), isInTheWay(killed.fifo))
  assert.is(other.count(), 'A')
  assert.equal(lies(killed), ['central', 'central.ledger'])
  other.close()
})

// serve-idle.test.ts has what becomes of the FIFO.
for (const name of ['central.ledger', 'central.lock'])
  test(`serve :: place :: ${name} is another file at the end :: that stays`, async () => {
    const served = await serve(3)
    const path = join(served.yard.root, name)
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
    await endServer(served)
    assert.equal(lies(served), [name])
    assert.ok(isText(path))
  })

test('serve :: place :: --resize writes into no file but its ledger', async () => {
  const served = await serve(3)
  const ledger = `${served.fifo}.ledger`
  writeFileSync(`${ledger}.new`, text)
  renameSync(`${ledger}.new`, ledger)
  assert.equal(
    await tryAt(served, ['--resize', '5']),
    refused(`jobshim: ${ledger}: is not the ledger of that FIFO\n  start its jobshim serve anew\n`),
  )
  assert.ok(isText(ledger))
  await endServer(served)
  assert.equal(lies(served), ['central.ledger'])
})

test('serve :: place :: a pool that was taken over :: who has the killed one open goes on in it', async () => {
  const first = await serve(3)
  const left = poolAt(first.fifo)
  await kill(first)
  const second = await startAt(first, 2)
  assert.is(left.count(), '+++')
  assert.is(tokensIn(second.fifo), '++')
  left.close()
  await endServer(second)
})

test.after.each(killStarted)

test.run()
