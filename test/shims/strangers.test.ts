import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { run } from '../support/jobshim.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { waits } from '../yard/ledger.js'
import { ruled } from '../yard/rules.js'
import { assertWhole } from '../yard/slots.js'
import { makeYard, type Yard } from '../yard/yard.js'

/** What others may do to those who wait: send to their sockets, and lock what launchers lock. */
const patience = 1 // second
const busySeconds = 150 // on a machine that others keep busy a wait without a client ends two minutes later
const overdraft = `jobshim: hold: no slot was free for ${patience} s on an idle machine: run without one\n`

/** Locks that part of a file (a length of 0: all behind it) until its stdin ends. */
const lockerScript = `open F, "+<", shift or die;
  my ($command, $from, $length) = @ARGV;
  fcntl(F, $command, pack("ssx4qqix4", 1, 0, $from, $length, 0)) or die "no lock: $!";
  $| = 1; print "held $$\\n"; <STDIN>`
const setLock = 6
const setOpenFilesLock = 37

async function lock(path: string, command: number, from: bigint, length: number): Promise<Held> {
  const words = [path, command, from, length].map(String)
  const locker = start({ command: ['perl', '-e', lockerScript, ...words] })
  await locker.tools
  return locker
}

const fifoOf = ({ pool }: Yard): string => pool.auth.replace('fifo:', '')

test('strangers :: a lock on all of the FIFO :: tools take tokens, and a wait in vain ends after patience', async () => {
  const yard = await makeYard('ABCD')
  const env = { ...yard.governed, JOBSHIM_PATIENCE: String(patience) }
  const locker = await lock(fifoOf(yard), setLock, 0n, 0)
  const holders: Held[] = []
  for (let token = 0; token < 4; token++) {
    const held = start({ env })
    holders.push(held)
    await held.tools
  }
  assert.is(yard.pool.count(), '')
  const waiter = start({ env, hangSeconds: busySeconds })
  await waiter.tools
  assert.equal(await waiter.end(), {
    status: 7,
    signal: null,
    stdout: waiter.output.stdout,
    stderr: overdraft,
  })
  for (const held of holders)
    assert.equal(await held.end(), { status: 7, signal: null, stdout: held.output.stdout, stderr: '' })
  assert.is((await locker.end()).status, 0)
  await assertWhole(yard, 'ABCD')
})

test('strangers :: a lock on the gates :: a run with rules goes on without them, and says so', async () => {
  const yard = await makeYard('ABCD')
  const env = { ...ruled(yard, 'limit', 'rule=7', 'limit=5'), JOBSHIM_PATIENCE: '0' }
  assert.is((await run('hold', [], { env })).status, 7)
  const state = join(yard.runtime, `jobshim-${currentUid()}`)
  const [ledger = ''] = readdirSync(state)
  const locker = await lock(join(state, ledger), setOpenFilesLock, 1n << 40n, 1)
  const held = start({ env })
  await held.tools
  assert.equal(await held.end(), {
    status: 7,
    signal: null,
    stdout: held.output.stdout,
    stderr: "jobshim: hold: no rule is heeded: another process has the ledger's lock for more than 5 s\n",
  })
  assert.is((await locker.end()).status, 0)
  await assertWhole(yard, 'ABCD')
})

/** Sends so many datagrams (0: any number) to each of the sockets, each once the one before it was received. */
const senderScript = `use Socket; my $count = shift; my @sockets;
  for (@ARGV) {
    socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die;
    push @sockets, [$socket, pack("Sa*", AF_UNIX, "\\0$_")];
  }
  $| = 1; print "held $$\\n";
  for (my $sent = 0; $count == 0 || $sent < $count; $sent++) {
    for (@sockets) {
      my ($socket, $to) = @$_;
      defined(send $socket, "x", 0, $to) or exit 0;
      my $unread = pack "i", 1;
      while (unpack("i", $unread) > 0) {
        ioctl($socket, 0x5411, $unread) or die;
        select undef, undef, undef, 0.0003;
      }
    }
  }`
const sender = (count: number, sockets: readonly string[]): string[] => [
  ...['perl', '-e', senderScript, String(count)],
  ...sockets,
]
const other = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']

/** The names of the sockets at which those wait who wait for the yard's pool, in order of arrival. */
function socketsOf(yard: Yard): string[] {
  const { dev, ino } = statSync(fifoOf(yard), { bigint: true })
  const name = new RegExp(`@(jobshim-${dev.toString(16)}-${ino.toString(16)}-[0-9a-f]+-(\\d+))$`, 'gm')
  return [...readFileSync('/proc/net/unix', 'utf8').matchAll(name)]
    .map(([, socket = '', ticket]) => ({ socket, ticket: Number(ticket) }))
    .sort((one, another) => one.ticket - another.ticket)
    .map(({ socket }) => socket)
}

/** Returns how often a process looks whether a token is free, until `during` has ended: who waits does at each look. */
async function looksOf({ pid }: Held, during: () => Promise<void>): Promise<number> {
  const file = join(makeWorkspace(), 'calls')
  const tracer = spawn('strace', ['-qq', '-e', 'trace=poll', '-o', file, '-p', String(pid)], {
    stdio: 'ignore',
  })
  const ended = new Promise(resolve => tracer.once('exit', resolve))
  await until('it is traced', () => !/^TracerPid:\t0$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')))
  await during()
  tracer.kill('SIGINT')
  await ended
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => /^poll\(\[\{fd=\d+, events=POLLIN\}\], 1, 0\)/.test(line)).length
}

/** Tests as two users want root, who may become the other one. */
const testAsRoot = (name: string, body: () => Promise<void>): void =>
  currentUid() === 0 ? test(`strangers :: ${name}`, body) : test.skip(`strangers :: ${name}`)

testWith(
  'strace',
  "strangers :: another user's datagrams do not wake who waits, our own user's do",
  async () => {
    const yard = await makeYard('')
    const held = start({ env: yard.governed })
    await held.tools
    const waiters: Held[] = []
    for (let place = 0; place < 2; place++) {
      const waiter = start({ env: yard.governed })
      await waits(yard, waiter)
      await until('it has a socket', () => socketsOf(yard).length === place + 1)
      waiters.push(waiter)
    }
    const [, last] = waiters // the first one looks by itself: it is the keeper
    const [, socket] = socketsOf(yard)
    assert.ok(last && socket)
    const count = 1000
    const looks: number[] = []
    for (const wrap of [other, []])
      looks.push(
        await looksOf(last, async () => {
          const [program = '', ...args] = [...wrap, ...sender(count, [socket])]
          const { status, stderr } = await run(program, args, { env: yard.env })
          assert.equal({ status, stderr }, { status: 0, stderr: '' })
        }),
      )
    const [strangers = Number.NaN, ours = Number.NaN] = looks
    assert.ok(strangers < count / 2 && ours > count / 2, `${looks} looks`)
    for (const one of [held, ...waiters])
      assert.equal(await one.end(), { status: 7, signal: null, stdout: one.output.stdout, stderr: '' })
    await assertWhole(yard, '')
  },
  { may: () => currentUid() === 0 },
)

testAsRoot("another user's datagrams put no end of a deadlock off", async () => {
  const yard = await makeYard('')
  const env = { ...yard.governed, JOBSHIM_PATIENCE: String(patience) }
  const held = start({ env })
  await held.tools
  const waiter = start({ env, hangSeconds: busySeconds })
  await until('it has a socket', () => socketsOf(yard).length === 1)
  // Not below this process, which has the pool open: what computes there may be a job's work, and is waited for.
  const command = ['setsid', '--fork', ...other, ...sender(0, socketsOf(yard))]
  const flood = start({ env: yard.env, command })
  const [pid = -1] = await flood.tools
  await waiter.tools
  assert.equal(await waiter.end(), {
    status: 7,
    signal: null,
    stdout: waiter.output.stdout,
    stderr: overdraft,
  })
  process.kill(pid)
  await flood.ended
  assert.equal(await held.end(), { status: 7, signal: null, stdout: held.output.stdout, stderr: '' })
  await assertWhole(yard, '')
})

test.after.each(killStarted)

test.run()
