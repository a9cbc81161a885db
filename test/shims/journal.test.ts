import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { createLedger } from '../../src/jobserver/ledger.js'
import { type ToolEvent, toolEvent } from '../../src/timeline/event.js'
import { type Outcome, run } from '../support/jobshim.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { holdOnce, ran } from '../yard/hold-once.js'
import { ledgerRecords } from '../yard/ledger.js'
import { gated, holding, ruled } from '../yard/rules.js'
import { jobshimRun } from '../yard/runs.js'
import { makeYard, type Yard } from '../yard/yard.js'

test.after.each(killStarted)

const journalOf = ({ root }: Yard): string => join(root, 'journal.jsonl')
const journaled = (yard: Yard) => ({ ...yard.governed, JOBSHIM_JOURNAL: journalOf(yard) })

/** All lines, which must be whole. */
const linesOf = (yard: Yard): ToolEvent[] =>
  readFileSync(journalOf(yard), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(line => toolEvent.parse(JSON.parse(line)))

const onlyLine = (yard: Yard): ToolEvent => {
  const lines = linesOf(yard)
  assert.is(lines.length, 1)
  return lines[0] as ToolEvent
}

async function ends(held: Held): Promise<Outcome> {
  await held.tools
  return await held.end()
}

test('journal :: a run in the implicit slot :: what it was', async () => {
  const yard = await makeYard('A')
  const before = Date.now() / 1000
  const held = start({ env: journaled(yard) })
  await held.tools
  await new Promise(resolve => setTimeout(resolve, 100))
  assert.not.ok(existsSync(journalOf(yard)))
  assert.is((await held.end()).status, 7)
  const { at, ranSeconds, waitedSeconds, userSeconds, systemSeconds, memoryBytes, job, ...rest } =
    onlyLine(yard)
  assert.equal(rest, {
    jobshim: 1,
    event: 'tool',
    pid: held.pid,
    tool: 'hold',
    path: join(yard.root, 'bin/hold'),
    kind: 'other',
    file: '',
    directory: process.cwd(),
    slot: 'implicit',
    slots: 1,
    gatedSeconds: 0,
    gate: 'none',
    exit: 7,
  })
  const took = Date.now() / 1000 - before
  assert.ok(at >= before && at <= before + took, `${at}`)
  assert.ok(ranSeconds >= 0.1 && ranSeconds <= took, `${ranSeconds}`)
  assert.ok(waitedSeconds <= took && (userSeconds ?? took) + (systemSeconds ?? took) <= took)
  assert.ok(memoryBytes !== undefined && memoryBytes > 100_000 && memoryBytes < 1e9, `${memoryBytes}`)
  assert.match(job, /^[0-9a-f]+$/)
  assert.is(statSync(journalOf(yard)).mode & 0o777, 0o600)
})

test('journal :: who waits for a token :: its slot, and how long it waited', async () => {
  const yard = await makeYard('A')
  const first = await holding(journaled(yard))
  const began = performance.now()
  const second = await holding(journaled(yard))
  const took = (performance.now() - began) / 1000
  const third = start({ env: journaled(yard) })
  await until('the third waits', () =>
    ledgerRecords(yard.runtime).some(({ pid, state }) => pid === third.pid && state === 'waiting'),
  )
  await new Promise(resolve => setTimeout(resolve, 300)) // so long at least it has waited
  for (const held of [first, second, third]) await ends(held)
  const lines = linesOf(yard)
  assert.equal(lines.map(({ pid }) => pid).sort(), [first, second, third].map(({ pid }) => pid).sort())
  const of = (held: Held): ToolEvent => lines.find(({ pid }) => pid === held.pid) as ToolEvent
  assert.equal([of(first).slot, of(second).slot], ['implicit', 'token'])
  assert.ok(of(third).waitedSeconds >= 0.3, `${of(third).waitedSeconds}`)
  assert.ok(of(second).waitedSeconds <= took, `${of(second).waitedSeconds} of ${took}`)
  assert.is(new Set(lines.map(({ job }) => job)).size, 1)
  assert.is(yard.pool.count(), 'A')
})

test('journal :: who waits at a gate :: which one, and how long', async () => {
  const yard = await makeYard('ABC')
  const env = { ...ruled(yard, 'limit', 'rule=7', 'limit=1'), JOBSHIM_JOURNAL: journalOf(yard) }
  const first = await holding(env)
  const second = await gated(yard, env)
  await first.end()
  await ends(second)
  const [one, other] = linesOf(yard)
  assert.equal([one?.gate, other?.gate], ['none', 'limit'])
  assert.ok(other !== undefined && other.gatedSeconds > 0 && other.gatedSeconds <= other.waitedSeconds)
  assert.is(yard.pool.count(), 'ABC')
})

test('journal :: a run of three slots', async () => {
  const yard = await makeYard('ABC')
  const env = { ...ruled(yard, 'tokens', 'rule=7', 'tokens=3'), JOBSHIM_JOURNAL: journalOf(yard) }
  await ends(start({ env }))
  const { slot, slots } = onlyLine(yard)
  assert.equal({ slot, slots }, { slot: 'implicit', slots: 3 })
  assert.is(yard.pool.count(), 'ABC')
})

test('journal :: a deadlock :: the one without a slot', async () => {
  const yard = await makeYard('')
  const env = { ...journaled(yard), JOBSHIM_PATIENCE: '1' }
  const outcome = await run('sh', ['-c', 'hold </dev/null | { sleep 0.2; hold; }; exit 0'], { env })
  assert.is(outcome.status, 0)
  const first = start({ env })
  await first.tools
  const second = start({ env })
  assert.is((await ends(second)).status, 7)
  await first.end()
  assert.equal(
    linesOf(yard)
      .slice(-2)
      .map(({ slot }) => slot),
    ['overdraft', 'implicit'],
  )
})

for (const key of ['make43', 'make44'] as const)
  testWith(
    key,
    `journal :: ${key} :: its tools are in their caller's slot, and so is what these start`,
    async directory => {
      const yard = await makeYard('')
      writeFiles(yard.root, {
        Makefile: `all: a b\na:\n\t-@hold\nb:\n\t-@${yard.shims}/.jobshim/launcher -- nest\n`,
        'bin/nest': `#!/bin/sh\n${yard.shims}/.jobshim/launcher hold </dev/null\nexit 3\n`,
      })
      const PATH = `${yard.shims}:${directory}:${yard.env.PATH}`
      const env = { PATH, XDG_RUNTIME_DIR: yard.runtime, JOBSHIM_JOURNAL: journalOf(yard) }
      const { status } = await run('make', ['-s', '-j2'], { cwd: yard.root, env })
      assert.is(status, 0)
      assert.equal(
        linesOf(yard)
          .map(({ slot, exit, tool }) => `${tool} ${slot} ${exit}`)
          .sort(),
        ['hold caller 7', 'hold caller 7', 'nest caller 3'],
      )
    },
  )

test('journal :: below run, the environment cleared :: the line is there', async () => {
  const yard = await makeYard('')
  const path = `PATH=${yard.env.PATH} XDG_RUNTIME_DIR=${yard.runtime}`
  const { status } = await jobshimRun(yard, [
    ...['-j2', '-q', '--journal', journalOf(yard), '--'],
    ...['sh', '-c', `env -i ${path} hold </dev/null`],
  ])
  assert.is(status, 7)
  const events = readFileSync(journalOf(yard), 'utf8').match(/"event":"(\w+)"/g)
  assert.equal(events, ['"event":"start"', '"event":"tool"', '"event":"end"'])
})

test('journal :: of a killed tool :: its signal', async () => {
  const yard = await makeYard('A')
  const held = start({ env: journaled(yard) })
  const [tool = 0] = await held.tools
  process.kill(tool, 'SIGKILL')
  assert.is((await held.ended).signal, 'SIGKILL')
  const { signal, exit } = onlyLine(yard)
  assert.equal({ signal, exit }, { signal: 9, exit: undefined })
  assert.is(yard.pool.count(), 'A')
})

test('journal :: of a killed launcher :: no line, and the next one is whole', async () => {
  const yard = await makeYard('A')
  const victim = start({ env: journaled(yard) })
  await victim.tools
  await victim.kill('SIGKILL')
  const next = start({ env: journaled(yard) })
  await ends(next)
  assert.is(onlyLine(yard).pid, next.pid)
})

/** Arguments as bytes, by printf, and what the journal makes of them. */
const hostile: readonly [name: string, bytes: string, file: string][] = [
  ['quotes and backslashes', '"\\\\".c', '"\\".c'],
  ['control characters', '\\001\\n\\033[31m\\177.c', '\u0001\n\u001b[31m\u007f.c'],
  ['what is no UTF-8', '\\377\\300\\200\\355\\240\\200.c', '\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd.c'],
  ['a character cut in its middle', 'a\\342\\202.c', 'a\ufffd\ufffd.c'],
  ['beyond what four bytes can be', '\\364\\220\\200\\200.c', '\ufffd\ufffd\ufffd\ufffd.c'],
  ['of one, two, three and four bytes', 'aä€𝄞.c', 'aä€𝄞.c'],
]

for (const [name, bytes, file] of hostile)
  test(`journal :: a name with ${name}`, async () => {
    const yard = await makeYard('A')
    const env = journaled(yard)
    const { status } = await run('bash', ['-c', `hold -c "$(printf '${bytes}x')" </dev/null`], { env })
    assert.is(status, 7)
    assert.is(onlyLine(yard).file, `${file}x`)
  })

test('journal :: names without end :: the line stays below its limit, and is cut between two characters', async () => {
  const yard = await makeYard('A')
  for (const piece of ['x', '\u0001', '\ud834\udd1e', '"']) {
    const directory = join(
      yard.root,
      ...Array.from({ length: 12 }, () => piece.repeat(Math.floor(200 / Buffer.byteLength(piece)))),
    )
    mkdirSync(directory, { recursive: true })
    const name = `${piece.repeat(20_000)}.c`
    await run('hold', [name], { env: journaled(yard), cwd: directory, input: '' })
  }
  const lines = readFileSync(journalOf(yard), 'utf8').split('\n').slice(0, -1)
  assert.is(lines.length, 4)
  for (const line of lines) {
    assert.ok(Buffer.byteLength(line) < 4096)
    const { file } = toolEvent.parse(JSON.parse(line))
    assert.ok(file.length > 100)
    assert.not.match(file, /\ufffd/)
  }
})

test('journal :: a probe, and a tool without a jobserver :: no line', async () => {
  const yard = await makeYard('A')
  const { status } = await run('hold', ['--version'], { env: journaled(yard), input: '' })
  assert.is(status, 7)
  await run('hold', [], { env: { ...yard.env, JOBSHIM_JOURNAL: journalOf(yard) }, input: '' })
  assert.not.ok(existsSync(journalOf(yard)))
})

/** A place that takes no line: the tool runs as ever, and only JOBSHIM_DEBUG tells. */
const bad: readonly { name: string; make: (yard: Yard) => string; says: RegExp }[] = [
  { name: 'a directory', make: ({ root }) => root, says: /^jobshim: \S+: no journal: Is a directory\n$/ },
  {
    name: 'in a directory that is missing',
    make: ({ root }) => join(root, 'none/j'),
    says: /^jobshim: \S+: no journal: No such file or directory\n$/,
  },
  {
    name: 'a FIFO that nobody reads',
    make: ({ root }) => {
      execFileSync('mkfifo', [join(root, 'pipe')])
      return join(root, 'pipe')
    },
    says: /^jobshim: \S+: no journal: (No such device or address|Device not configured)\n$/,
  },
  {
    name: 'a device',
    make: () => '/dev/null',
    says: /^jobshim: \/dev\/null: no journal: not a regular file\n$/,
  },
  {
    name: 'a full disk',
    make: () => '/dev/full',
    says: /^jobshim: \/dev\/full: no journal: not a regular file\n$/,
  },
  {
    name: 'a relative path',
    make: () => 'journal.jsonl',
    says: /^jobshim: journal.jsonl: no journal: not an absolute path\n$/,
  },
  {
    name: 'a circle of symlinks',
    make: ({ root }) => {
      symlinkSync('circle', join(root, 'circle'))
      return join(root, 'circle')
    },
    says: /^jobshim: \S+: no journal: .+\n$/,
  },
]

for (const { name, make, says } of bad)
  test(`journal :: bad place :: ${name}`, async () => {
    const yard = await makeYard('A')
    const env = { ...yard.governed, JOBSHIM_JOURNAL: make(yard) }
    assert.equal(await holdOnce(yard, env), ran())
    const told = await holdOnce(yard, { ...env, JOBSHIM_DEBUG: '1' })
    assert.match(told.stderr, says)
    assert.equal({ ...told, stderr: '' }, ran())
    assert.is(yard.pool.count(), 'A')
  })

test('journal :: above ulimit -f :: the tool ends as ever', async () => {
  const yard = await makeYard('A')
  writeFileSync(journalOf(yard), '\n'.repeat(600 * 1024))
  const script = `ulimit -f 600; hold </dev/null; echo $?`
  const { status, stdout, stderr } = await run('bash', ['-c', script], { env: journaled(yard) })
  assert.is(status, 0)
  assert.match(stdout, /^held \d+\n7\n$/)
  assert.is(stderr, '')
  assert.is(statSync(journalOf(yard)).size, 600 * 1024)
})

const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0
const cutTitle = 'journal :: a disk that fills in the middle of a line :: the next line begins where lines do'
if (!mayMount) test.skip(cutTitle)
else
  test(cutTitle, async () => {
    const yard = await makeYard('A')
    const disk = join(yard.root, 'disk')
    mkdirSync(disk)
    // A page and a half are free; the file has half a page, so that a line of more than that is cut at the page's end.
    const script = `set -e
mount -t tmpfs -o size=8k none ${disk}
head -c 4000 /dev/zero | tr '\\0' ' ' >${disk}/j; echo >>${disk}/j
head -c 4096 /dev/zero >${disk}/filling
export JOBSHIM_JOURNAL=${disk}/j
hold </dev/null || true
rm ${disk}/filling
hold </dev/null || true
cat ${disk}/j >${journalOf(yard)}`
    const { status, stderr } = await run('unshare', ['-m', 'sh', '-c', script], { env: yard.governed })
    assert.equal({ status, stderr }, { status: 0, stderr: '' })
    const lines = readFileSync(journalOf(yard), 'utf8').split('\n')
    const whole = lines.filter(line => line.endsWith('}'))
    assert.is(whole.length, 1)
    const at = whole[0]?.lastIndexOf('{"jobshim":') ?? -1
    toolEvent.parse(JSON.parse((whole[0] ?? '').slice(at)))
  })

test('journal :: a path that others could have put into the ledger :: is not written', async () => {
  const yard = await makeYard('A')
  const fifo = yard.pool.auth.replace('fifo:', '')
  const planted = join(yard.root, 'planted')
  createLedger(`${fifo}.ledger`, 1, { pid: 0, start: 0n, pidNamespace: 0n }, { journal: planted })
  assert.equal(await holdOnce(yard, yard.governed), ran())
  assert.ok(existsSync(planted)) // ours, and nobody else may write it
  writeFileSync(planted, '')
  chmodSync(`${fifo}.ledger`, 0o666)
  assert.equal(await holdOnce(yard, yard.governed), ran())
  assert.is(readFileSync(planted, 'utf8'), '')
})

test.run()
