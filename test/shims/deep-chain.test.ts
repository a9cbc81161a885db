/** A run deep below its client: what earlier walks have noted of its chain makes the walk short, and changes nothing else. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ledgerLayout, shellNoteFields } from '../../src/contract/ledger-layout.js'
import { makeRecorder } from '../support/recording.js'
import { until } from '../support/until.js'
import { writeFiles } from '../support/workspace.js'
import {
  type Chain,
  chainProgram,
  hashOf,
  isClient,
  keyOf,
  parentOf,
  startChain,
  startOf,
} from '../yard/chains.js'
import { killStarted } from '../yard/held.js'
import { ledgerRecords, ledgersIn, overwrite } from '../yard/ledger.js'
import { assertWhole } from '../yard/slots.js'
import { makeGate, makeYard, type Yard } from '../yard/yard.js'

const validMs = 1000
const deep = 40
const firstMark = 4 // the shells of a row, from its end, that are noted
const notable = 7 // so many in a row are noted
const { shellNoteBytes: noteBytes } = ledgerLayout

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

function withLedger<Result>(yard: Yard, use: (fd: number) => Result): Result {
  const [ledger = ''] = ledgersIn(yard.runtime)
  const fd = openSync(ledger, 'r+')
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

function readNotes(yard: Yard): Buffer {
  const notes = Buffer.alloc(ledgerLayout.shellNotes * noteBytes)
  withLedger(yard, fd => readSync(fd, notes, 0, notes.length, ledgerLayout.shellNotesAt))
  return notes
}

const writeNotes = (yard: Yard, notes: Uint8Array): number =>
  withLedger(yard, fd => writeSync(fd, notes, 0, notes.length, ledgerLayout.shellNotesAt))

const shellOf = (chain: Chain, number: number): number => chain.shells.at(number) ?? 0
const jobOf = (chain: Chain): string => keyOf(shellOf(chain, 0))

const poolsBy = [
  {
    named: '1 to 50 shells, a pool named by JOBSHIM_JOBSERVER',
    depths: Array.from({ length: 50 }, (_, at) => at + 1),
    envOf: (yard: Yard) => yard.governed,
  },
  {
    named: 'some shells, a pool in MAKEFLAGS', // its ledger is not open yet
    depths: [1, 6, 7, 40],
    envOf: (yard: Yard) => ({ ...yard.env, MAKEFLAGS: ` -j2 --jobserver-auth=${yard.pool.auth}` }),
  },
]

for (const { named, depths, envOf } of poolsBy)
  test(`deep chain :: ${named} :: the job is the same with a note and without`, async () => {
    const yard = await makeYard('a')
    for (const depth of depths) {
      const chain = await startChain(yard, depth, envOf(yard))
      const key = jobOf(chain)
      const what = `${depth} shells`
      assert.equal(await chain.ask(), { noted: false, key, whole: key }, what)
      const second = depth < notable ? await chain.ask() : await chain.askNoted()
      assert.equal(second, { noted: depth >= notable, key, whole: key }, what)
      const belowNew = await chain.ask(command => `( ( ( ${command}; : ); : ); : )`)
      assert.equal({ ...belowNew, noted: false }, { noted: false, key, whole: key }, what)
      await chain.end()
    }
  })

test('deep chain :: two pools, one after the other :: each has its own notes', async () => {
  const yard = await makeYard('a')
  const other = await makeYard('a')
  const chain = await startChain(yard, deep)
  const inner = [...`${other.pool.auth}`].join('')
  for (let round = 0; round < 3; round++) {
    assert.is((await chain.ask()).key, jobOf(chain))
    const there = await chain.ask(command => `JOBSHIM_JOBSERVER=${inner} ${command}`)
    assert.is(there.key, there.whole)
    assert.is.not(there.key, jobOf(chain))
  }
  await chain.end()
})

/** What has become of the chain since the note, and whose job a walk of the whole finds then. */
const changes: readonly {
  what: string
  change(chain: Chain): void
  isOver(chain: Chain): boolean
  isHeeded: boolean // a note may still be
}[] = [
  {
    what: 'a shell in the middle is killed',
    change: chain => void process.kill(shellOf(chain, 20), 'SIGKILL'),
    isOver: chain => parentOf(shellOf(chain, 21)) !== shellOf(chain, 20),
    isHeeded: true,
  },
  {
    what: 'the parent of the first that is noted is killed',
    change: chain => void process.kill(shellOf(chain, -firstMark - 1), 'SIGKILL'),
    isOver: chain => parentOf(shellOf(chain, -firstMark)) !== shellOf(chain, -firstMark - 1),
    isHeeded: false,
  },
  {
    what: 'the job is killed',
    change: chain => void process.kill(shellOf(chain, 0), 'SIGKILL'),
    isOver: chain => parentOf(shellOf(chain, 1)) !== shellOf(chain, 0),
    isHeeded: false,
  },
  {
    what: 'the client is killed',
    change: chain => void process.kill(chain.held.pid, 'SIGKILL'),
    isOver: chain => parentOf(shellOf(chain, 0)) !== chain.held.pid,
    isHeeded: false,
  },
  {
    what: 'a shell in the middle becomes a client',
    change: chain => void process.kill(shellOf(chain, 20), 'SIGUSR1'),
    isOver: chain => isClient(shellOf(chain, 20)),
    isHeeded: true,
  },
]

for (const { what, change, isOver, isHeeded } of changes)
  test(`deep chain :: ${what} :: at most for a second the job is the old one, and no run waits for its slot`, async () => {
    const yard = await makeYard('')
    const chain = await startChain(yard, deep)
    const old = jobOf(chain)
    await chain.askNoted()
    change(chain)
    await until('it is so', () => isOver(chain))
    const answer = await chain.ask()
    if (answer.noted && isHeeded) assert.is(answer.key, old)
    else assert.is(answer.key, answer.whole)
    await pause(validMs + 100)
    const later = await chain.ask()
    assert.is(later.key, later.whole)
    assert.is(later.whole, answer.whole)
    await chain.end()
  })

test('deep chain :: the slot of the job that a note tells is taken, and the chain leads to another :: a run takes the slot of that', async () => {
  const yard = await makeYard('')
  const gate = makeGate(yard)
  const chain = await startChain(yard, deep)
  chain.say(`hold <${gate.path} &`)
  await until('the slot is taken', () => chain.held.output.stdout.includes('held'))
  await chain.askNoted()
  process.kill(shellOf(chain, 20), 'SIGKILL')
  await until('the chain is broken', () => parentOf(shellOf(chain, 21)) !== shellOf(chain, 20))
  chain.say(`hold <${gate.path} &`)
  await until('both run', () => chain.held.output.stdout.split('held').length === 3)
  assert.is(ledgerRecords(yard.runtime).length, 2)
  gate.open()
  await until('both have ended', () => ledgerRecords(yard.runtime).length === 0)
  await chain.end()
})

/** A note that is right by its check. */
function forge(
  yard: Yard,
  of: { pid: number; parent: number; start: bigint },
  top: { pid: number; start: bigint },
  proc = statSync('/proc', { bigint: true }).dev,
): void {
  const since = Number((process.hrtime.bigint() / 1_000_000n) & 0xffffffffn)
  const check = hashOf([proc, 0, of.pid, of.parent, of.start, top.pid, top.start, since])
  const note = Buffer.alloc(noteBytes)
  note.writeBigUInt64LE(check, shellNoteFields.check.at)
  note.writeUInt32LE(top.pid, shellNoteFields.top.at)
  note.writeUInt32LE(since, shellNoteFields.since.at)
  note.writeBigUInt64LE(top.start, shellNoteFields.topStart.at)
  const notes = Buffer.alloc(ledgerLayout.shellNotes * noteBytes)
  note.copy(notes, (of.pid % ledgerLayout.shellNotes) * noteBytes)
  writeNotes(yard, notes)
}

const identity = (pid: number): { pid: number; parent: number; start: bigint } => ({
  pid,
  parent: parentOf(pid),
  start: startOf(pid),
})

test('deep chain :: a note of another process with the same pid, of another /proc, or half a note :: none is heeded', async () => {
  const yard = await makeYard('a')
  const chain = await startChain(yard, deep)
  const elsewhere = await startChain(yard, 1)
  const [first, top] = [identity(shellOf(chain, -firstMark)), identity(shellOf(elsewhere, 0))]
  const whole = jobOf(chain)
  const ask = async (): Promise<unknown> => await chain.ask()
  await ask()
  // The one that is right is heeded: so it is what differs in the others that keeps them from that.
  forge(yard, first, top)
  assert.equal(await ask(), { noted: true, key: jobOf(elsewhere), whole })
  const wrong = [
    () => forge(yard, { ...first, start: first.start - 1n }, top),
    () => forge(yard, { ...first, parent: first.parent + 1 }, top),
    () => forge(yard, first, { ...top, start: top.start - 1n }),
    () => forge(yard, first, { ...top, pid: chain.held.pid }),
    () => forge(yard, first, top, statSync('/proc', { bigint: true }).dev + 1n),
    () => {
      forge(yard, first, top)
      const half = readNotes(yard)
      for (let at = 0; at < half.length; at += noteBytes) half.fill(0, at + 12, at + noteBytes)
      writeNotes(yard, half)
    },
    () => writeNotes(yard, Buffer.alloc(ledgerLayout.shellNotes * noteBytes, 0xff)),
  ]
  for (const write of wrong) {
    write()
    assert.equal(await ask(), { noted: false, key: whole, whole }, write.toString())
  }
  // The walk ends also if a note leads down again.
  forge(yard, first, identity(shellOf(chain, -1)))
  assert.equal(await ask(), { noted: true, key: whole, whole })
  await elsewhere.end()
  await chain.end()
})

test('deep chain :: the journal has a long path :: nothing is noted, and the path stays', async () => {
  const yard = await makeYard('a')
  const chain = await startChain(yard, deep)
  await chain.ask()
  const [ledger = ''] = ledgersIn(yard.runtime)
  const path = `/${'j'.repeat(ledgerLayout.journalBytes - 2)}`
  overwrite(ledger, 'journal', path)
  const before = readNotes(yard)
  for (let round = 0; round < 3; round++) assert.is((await chain.ask()).noted, false)
  assert.equal(readNotes(yard), before)
  await chain.end()
})

const many = `import os, subprocess, sys
program, commands, fifo = sys.argv[1:]
kept = [os.open('/dev/null', os.O_RDONLY) for _ in range(100)]
for line in os.fdopen(os.open(commands, os.O_RDWR), 'r'):
    if line == 'become\\n':
        kept.append(os.open(fifo, os.O_RDWR | os.O_NONBLOCK))
    subprocess.run(['sh', '-c', program + ' ask; :'])
`

test('deep chain :: a caller with many descriptors, which becomes a client :: at most for a second it counts as none, and no run waits for a slot because of that', async () => {
  const yard = await makeYard('a')
  const chain = await startChain(yard, 1)
  const commands = join(yard.root, 'many')
  execFileSync('mkfifo', [commands])
  writeFiles(yard.root, { 'many.py': many })
  const fifo = yard.pool.auth.replace('fifo:', '')
  chain.say(`python3 ${join(yard.root, 'many.py')} ${chainProgram} ${commands} ${fifo} &`)
  const ask = async (word: string) => await chain.ask(() => `echo ${word} >${commands}`)
  const key = jobOf(chain)
  assert.equal(await ask('ask'), { noted: false, key, whole: key })
  assert.equal(await ask('ask'), { noted: true, key, whole: key })
  const became = await ask('become')
  assert.is.not(became.whole, key)
  if (became.noted) assert.is(became.key, key)
  await pause(validMs + 100)
  const later = await ask('ask')
  assert.equal([later.noted, later.key], [false, later.whole])
  assert.is.not(later.key, key)
  await chain.end()
})

test('deep chain :: many runs at once, while shells of their chain are killed :: the limit holds, all tokens come back', async () => {
  const yard = await makeYard('ab', { tools: ['true'] })
  const directory = join(yard.root, 'recorded')
  mkdirSync(directory)
  const recorder = makeRecorder(directory, { holdMs: 5, extra: ['true'] })
  const [shims = '', ...path] = (yard.env.PATH ?? '').split(':')
  const chain = await startChain(yard, deep, {
    ...yard.governed,
    PATH: [shims, recorder.bin, ...path].join(':'),
  })
  const runs = 100
  chain.say(`for i in $(seq ${runs}); do env true -c r$i & done; wait; echo over`)
  await until('some run', () => yard.pool.count() !== 'ab')
  for (const number of [10, 20, 30]) {
    await pause(50)
    process.kill(shellOf(chain, number), 'SIGKILL')
  }
  await until('all have ended', () => chain.held.output.stdout.includes('over'))
  const { runs: ran, peak, unfinished } = recorder.take()
  assert.equal({ ran, unfinished }, { ran: runs, unfinished: 0 })
  // The implicit slot of the job, and that of those whose chain ends: nobody knows that it is the same.
  assert.ok(peak <= 4, `${peak} at once`)
  await chain.end()
  await assertWhole(yard, 'ab')
})

test('deep chain :: many runs at once :: the limit holds, all tokens come back', async () => {
  const yard = await makeYard('ab', { tools: ['true'] })
  const directory = join(yard.root, 'recorded')
  mkdirSync(directory)
  const recorder = makeRecorder(directory, { holdMs: 5, extra: ['true'] })
  const [shims = '', ...path] = (yard.env.PATH ?? '').split(':')
  const chain = await startChain(yard, deep, {
    ...yard.governed,
    PATH: [shims, recorder.bin, ...path].join(':'),
  })
  const runs = 200
  chain.say(`for i in $(seq ${runs}); do env true -c r$i & done; wait; echo over`)
  await until('all have ended', () => chain.held.output.stdout.includes('over'))
  const { runs: ran, peak, unfinished } = recorder.take()
  assert.equal({ ran, peak, unfinished }, { ran: runs, peak: 3, unfinished: 0 })
  await chain.end()
  await assertWhole(yard, 'ab')
})

test.after.each(killStarted)
test.run()
