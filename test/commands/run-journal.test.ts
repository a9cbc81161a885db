import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { packageVersion } from '../../src/ground/version.js'
import { type JournalEvent, journalEvent } from '../../src/timeline/event.js'
import { writeFiles } from '../support/workspace.js'
import { jobshimRun } from '../yard/runs.js'
import { makeYard, type Yard } from '../yard/yard.js'

const eventsIn = (path: string): JournalEvent[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(line => journalEvent.parse(JSON.parse(line)))
    .filter(({ event }) => event !== 'phase') // of a slow machine: there what is over at once takes long

/** Without what differs from one run to the next. */
const stable = (events: readonly JournalEvent[]): object[] =>
  events.map(({ at, pid, ...rest }) => {
    assert.ok(Math.abs(at - Date.now() / 1000) < 60 && pid > 1)
    return rest
  })

const startOf = (yard: Yard, ...command: string[]): object => ({
  jobshim: 1,
  event: 'start',
  version: packageVersion(),
  jobs: 2,
  cores: availableParallelism(),
  command,
  directory: yard.root,
})

const ends: readonly { name: string; command: string[]; status: number | null; end: object }[] = [
  { name: 'a status', command: ['sh', '-c', 'exit 4'], status: 4, end: { exit: 4 } },
  { name: 'a signal', command: ['sh', '-c', 'kill -9 $$'], status: null, end: { signal: 9 } },
  // The status is what Node, which runs this test, makes of it.
  { name: 'a real-time signal', command: ['sh', '-c', 'kill -40 $$'], status: 0, end: { signal: 40 } },
]

for (const { name, command, status, end } of ends)
  test(`run :: journal :: start and end :: ${name}`, async () => {
    const yard = await makeYard('')
    const journal = join(yard.root, 'journal')
    const words = ['-j2', '-q', '--no-config', '--journal', 'journal', '--', ...command]
    const outcome = await jobshimRun(yard, words)
    assert.equal([outcome.status, outcome.stdout, outcome.stderr], [status, '', ''])
    const again = await jobshimRun(yard, words) // appends
    assert.is(again.status, status)
    const both = [startOf(yard, ...command), { jobshim: 1, event: 'end', ...end }]
    assert.equal(stable(eventsIn(journal)), [...both, ...both])
  })

test('run :: timeline :: draws the build at its end, from a journal beside it', async () => {
  const yard = await makeYard('')
  const words = [
    '-j2',
    '-q',
    '--no-config',
    '--timeline',
    'out.html',
    '--',
    'sh',
    '-c',
    'hold </dev/null >/dev/null; exit 4',
  ]
  const { status, stdout, stderr } = await jobshimRun(yard, words)
  assert.equal([status, stdout, stderr], [4, '', ''])
  assert.match(readFileSync(join(yard.root, 'out.html'), 'utf8'), /^<!doctype html>/)
  const events = eventsIn(join(yard.root, 'out.jsonl'))
  assert.equal(
    events.map(({ event }) => event),
    ['start', 'tool', 'end'],
  )
})

test('run :: timeline :: what can not be drawn changes no status; a name without a format is told before the build', async () => {
  const yard = await makeYard('')
  const run = (name: string, ...more: string[]) =>
    jobshimRun(yard, [
      '-j2',
      '-q',
      '--no-config',
      '--timeline',
      name,
      ...more,
      '--',
      'sh',
      '-c',
      'echo ran; exit 4',
    ])
  const empty = await run('out.svg', '--journal', 'b.jsonl')
  assert.equal(
    [empty.status, empty.stdout, empty.stderr],
    [
      4,
      'ran\n',
      'jobshim: out.svg: not drawn, since no tool ran through a shim\n  jobshim doctor tells why a build is not governed\n',
    ],
  )
  assert.ok(existsSync(join(yard.root, 'b.jsonl')) && !existsSync(join(yard.root, 'out.jsonl')))
  const wrong = await run('out.png')
  assert.equal(
    [wrong.status, wrong.stdout, wrong.stderr],
    [
      125,
      '',
      'jobshim: run: --timeline out.png: its suffix names no format\n  end it with .html, .svg or .json\n',
    ],
  )
})

test('run :: journal :: a program that is no tool, and what it starts in its turn', async () => {
  const yard = await makeYard('')
  const journal = join(yard.root, 'journal')
  // The caretaker writes what it has seen: until then they run.
  const seen =
    'until grep -qsa "bash deep/looku[p]" "$XDG_RUNTIME_DIR"/jobshim-*/watch-*/seen; do sleep 0.1; done'
  writeFiles(yard.root, {
    'deep/lookup': `#!/bin/bash\n${seen}\n`,
    configure: '#!/bin/sh\nbash deep/lookup\nexit 3\n',
  })
  chmodSync(join(yard.root, 'configure'), 0o755)
  const began = Date.now() / 1000
  const words = [
    '-j2',
    '-q',
    '--no-config',
    '--journal',
    'journal',
    '--',
    'sh',
    '-c',
    './configure --prefix=/x; exit 4',
  ]
  const { status, stdout, stderr } = await jobshimRun(yard, words)
  assert.equal([status, stdout, stderr], [4, '', ''])
  const phases = readFileSync(journal, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(line => journalEvent.parse(JSON.parse(line)))
    .filter(event => event.event === 'phase')
    .filter(({ depth }) => depth < 3) // a machine may be so slow that grep takes long, too
    .sort((a, b) => a.depth - b.depth)
  assert.equal(
    phases.map(({ depth, command, directory }) => ({ depth, command, directory })),
    [
      { depth: 1, command: '/bin/sh ./configure --prefix=/x', directory: yard.root },
      { depth: 2, command: 'bash deep/lookup', directory: yard.root },
    ],
  )
  const took = Date.now() / 1000 - began
  for (const { at, ranSeconds } of phases) {
    assert.ok(at > began - 0.1 && at < began + took, `${at} is not within ${took} s of ${began}`)
    assert.ok(ranSeconds >= 0.3 && at + ranSeconds < began + took + 0.1, `${ranSeconds} of ${took} s`)
  }
})

test('run :: journal :: by JOBSHIM_JOURNAL, relative :: the tools have its absolute path', async () => {
  const yard = await makeYard('')
  writeFiles(yard.root, { 'deep/.keep': '' })
  const script = 'cd deep; hold </dev/null; echo "$JOBSHIM_JOURNAL"'
  const { status, stdout } = await jobshimRun(yard, ['-j2', '-q', 'sh', '-c', script], {
    env: { JOBSHIM_JOURNAL: 'here.jsonl' },
  })
  const journal = join(yard.root, 'here.jsonl')
  assert.is(status, 0)
  assert.is(stdout.split('\n').at(1), journal)
  const events = eventsIn(journal)
  assert.equal(
    events.map(({ event }) => event),
    ['start', 'tool', 'end'],
  )
  const [, tool] = events
  assert.ok(tool?.event === 'tool')
  assert.is(tool?.directory, join(yard.root, 'deep'))
})

test('run :: journal :: a command that is not found :: both lines, and its status', async () => {
  const yard = await makeYard('')
  const { status } = await jobshimRun(yard, ['-j2', '--journal', 'journal', 'nosuchtool'])
  assert.is(status, 127)
  assert.equal(stable(eventsIn(join(yard.root, 'journal'))), [
    startOf(yard, 'nosuchtool'),
    { jobshim: 1, event: 'end', exit: 127 },
  ])
})

test('run :: journal :: a command without end :: the line stays below its limit', async () => {
  const yard = await makeYard('')
  const words = Array.from({ length: 3000 }, (_, index) => `"\u0001ä${index}`)
  const { status } = await jobshimRun(yard, [
    '-j2',
    '-q',
    '--journal',
    'journal',
    'true',
    'x'.repeat(9000),
    ...words,
  ])
  assert.is(status, 0)
  const [line = ''] = readFileSync(join(yard.root, 'journal'), 'utf8').split('\n')
  assert.ok(Buffer.byteLength(line) < 4096, `${Buffer.byteLength(line)}`)
  const event = journalEvent.parse(JSON.parse(line))
  assert.ok(event.event === 'start')
  assert.equal(event.command.slice(0, 1), ['true'])
  assert.is(event.command.at(-1), '...')
})

const refused: readonly {
  name: string
  path: string
  make?: (root: string) => void
  says: string
  hint: string
}[] = [
  {
    name: 'a directory',
    path: 'there',
    make: root => mkdirSync(join(root, 'there')),
    says: "the journal can't be written (EISDIR)",
    hint: 'name a file in a directory of yours',
  },
  {
    name: 'in a directory that is not there',
    path: 'none/journal',
    says: "the journal can't be written (ENOENT)",
    hint: 'name a file in a directory of yours',
  },
  {
    name: 'a FIFO',
    path: 'pipe',
    make: root => void execFileSync('mkfifo', [join(root, 'pipe')]),
    says: 'not a regular file',
    hint: 'name a file for the journal, or one that is not there yet',
  },
]

for (const { name, path, make, says, hint } of refused)
  test(`run :: journal :: error :: ${name}`, async () => {
    const yard = await makeYard('')
    make?.(yard.root)
    assert.equal(await jobshimRun(yard, ['-j2', '--journal', path, 'touch', 'ran']), {
      status: 125,
      signal: null,
      stdout: '',
      stderr: `jobshim: ${join(yard.root, path)}: ${says}\n  ${hint}\n`,
    })
    assert.not.ok(existsSync(join(yard.root, 'ran')))
  })

test('run :: journal :: error :: a path that is too long to be handed on', async () => {
  const yard = await makeYard('')
  const { status, stderr } = await jobshimRun(yard, ['--journal', `/tmp/${'a/'.repeat(600)}`, 'true'])
  assert.is(status, 125)
  assert.match(
    stderr,
    /^jobshim: \/tmp\/(a\/)+a?\.\.\.: the journal's path is too long\n {2}name one of less than 1024 bytes\n$/,
  )
})

test('run :: journal :: others have filled it with what is no journal :: it goes on behind that', async () => {
  const yard = await makeYard('')
  const journal = join(yard.root, 'journal')
  writeFileSync(journal, 'not ours\n')
  chmodSync(journal, 0o644)
  assert.is((await jobshimRun(yard, ['-j2', '-q', '--journal', journal, 'true'])).status, 0)
  const [first, ...lines] = readFileSync(journal, 'utf8').trim().split('\n')
  assert.is(first, 'not ours')
  assert.is(lines.length, 2)
})

test.run()
