import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { clients } from '../support/clients.js'
import { jobshim, type Outcome } from '../support/jobshim.js'
import { accounted } from '../support/pools.js'
import { killAll, processesOf } from '../support/processes.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/**
 * What waits for itself goes on after `patience`, and is counted. The tools are the real compiler; all is done by
 * `jobshim run`, whose summary tells the overdrafts and the tokens.
 */
const patience = 1 // second

type Summary = { runs: number; callerRuns: number; overdrafts: number; back: number; total: number }

const root = makeWorkspace()
const source = 'int answer(void) { return 42; }\n'
const marker = `JOBSHIM_TEST_DAEMON=${process.pid}`
const PATH = `${process.env.PATH}:${join(root, 'bin')}`
writeFiles(root, {
  'bin/daemon': '#!/bin/sh\nsetsid sleep 1000 &\nexit 0\n',
  'bin/reader': `#!/bin/sh\n: >runs\nexec cc -x c -c - -o a.o\n`, // runs, a FIFO, tells that it has its slot
})
const shims = await installShims(join(root, 'shims'), {
  args: ['--tools', 'gcc,daemon,reader'],
  env: { PATH },
})

async function build(
  jobs: number,
  script: string,
  files: Record<string, string> = {},
): Promise<Outcome & { summary: Summary; directory: string; said: string }> {
  const directory = makeWorkspace('work')
  writeFiles(directory, { 'a.c': source, ...files })
  const words = ['run', `-j${jobs}`, '--json', '--no-config', '--dir', shims, '--', 'sh', '-c', script]
  const outcome = await jobshim(words, {
    cwd: directory,
    env: {
      PATH,
      HOME: root,
      XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR,
      JOBSHIM_PATIENCE: String(patience),
    },
  })
  const lines = outcome.stderr.split(/(?<=\n)/)
  const summary = JSON.parse(lines.pop() ?? '{}') as Summary
  return { ...outcome, directory, said: lines.join(''), summary }
}

/** Whether what was said is that so many tools ran without a slot, and nothing else. */
function assertOverdrafts(said: string, summary: Summary, least: number, most: number): void {
  const line = /^jobshim: cc: no slot was free for 1 s on an idle machine: run without one$/
  const lines = said.split('\n').slice(0, -1)
  assert.ok(
    lines.every(text => line.test(text)),
    said,
  )
  assert.is(lines.length, summary.overdrafts)
  assert.ok(summary.overdrafts >= least && summary.overdrafts <= most, said)
  assert.is(summary.back, summary.total)
}

const pipe = (name: string): string => `cc -E a.c | cc -x c -c - -o ${name}.o`
const long = `cc -E a.c | cc -E -x c - | cc -x c -c - -o a.o`

for (const { name, jobs, script, least, most } of [
  { name: 'a pipe of two', jobs: 1, script: pipe('a'), least: 0, most: 1 },
  { name: 'a pipe of three', jobs: 1, script: long, least: 0, most: 2 },
  { name: 'a pipe of three with two slots', jobs: 2, script: long, least: 0, most: 1 },
])
  test(`deadlock :: ${name} at -j${jobs} :: ends, overdrafts at most: ${most}`, async () => {
    const { status, said, summary, directory } = await build(jobs, script)
    assert.is(status, 0, said)
    assertOverdrafts(said, summary, least, most)
    assert.ok(existsSync(join(directory, 'a.o')))
  })

/** The second of the pipe has the only slot before the first one comes: it can't end by itself. */
test('deadlock :: a pipe whose reader comes first :: the writer runs without a slot', async () => {
  const script = `mkfifo runs; { read -r nothing <runs; cc -E a.c; } | reader`
  const { status, said, summary, directory } = await build(1, script)
  assert.is(status, 0, said)
  assert.ok(existsSync(join(directory, 'a.o')))
  assertOverdrafts(said, summary, 1, 1)
})

for (const key of ['make43', 'make44'] as const) {
  const name = clients[key].name
  testWith(key, `deadlock :: four pipes of ${name} at -j3 :: end, overdrafts at most: 4`, async directory => {
    const names = ['p', 'q', 'r', 's']
    const rules = names.map(name => `${name}:\n\t@${pipe(name)}\n`).join('')
    const script = `PATH="${shims}:${directory}:$PATH"; make -s`
    const result = await build(3, script, { Makefile: `all: ${names.join(' ')}\n${rules}` })
    assert.is(result.status, 0, result.said)
    assertOverdrafts(result.said, result.summary, 0, 4)
    for (const name of names) assert.ok(existsSync(join(result.directory, `${name}.o`)))
  })

  testWith(key, `deadlock :: $(shell cc) of ${name} :: needs no overdraft`, async directory => {
    const makefile = 'version := $(shell cc -E -P a.c)\nall:\n\t@cc -c a.c -o a.o; echo "$(version)"\n'
    const result = await build(1, `PATH="${shims}:${directory}:$PATH"; make -s`, { Makefile: makefile })
    assert.is(result.status, 0, result.said)
    assert.is(result.stdout, 'int answer(void) { return 42; }\n')
    assert.is(result.said, '')
  })
}

const taker = `import os, signal, sys
fd = os.open(os.environ['JOBSHIM_JOBSERVER'][5:], os.O_RDWR | os.O_NONBLOCK)
os.read(fd, 100)
open('taken', 'w').close()
os.kill(os.getpid(), signal.SIGSTOP)
`

testWith(
  'python',
  'deadlock :: a client that takes all tokens and stops :: tools run one after the other',
  async () => {
    const script = `mkfifo taken; python3 taker.py & taker=$!
      read -r nothing <taken
      (cc -c a.c -o a.o & cc -c a.c -o b.o & cc -c a.c -o c.o & wait); kill -9 $taker; exit 0`
    const { status, said, summary, directory } = await build(3, script, { 'taker.py': taker })
    assert.is(status, 0, said)
    for (const name of ['a', 'b', 'c']) assert.ok(existsSync(join(directory, `${name}.o`)))
    assert.is(summary.overdrafts, 0) // one after the other in the command's own slot
    assert.is(summary.total - summary.back, accounted === undefined ? 2 : 0) // its server has those of the dead back
  },
)

test('deadlock :: a daemon that a tool starts :: lives on and holds nothing', async () => {
  const script = `export ${marker}; daemon; daemon; cc -c a.c -o a.o & cc -c a.c -o b.o & wait`
  const { status, said, summary } = await build(2, `{ ${script}; } >/dev/null 2>&1`)
  const daemons = processesOf(-1, marker)
  assert.is(daemons.length, 2)
  killAll(daemons)
  assert.equal({ status, said }, { status: 0, said: '' })
  assert.equal([summary.overdrafts, summary.back, summary.total], [0, 1, 1])
})

test('deadlock :: tools whose shell has gone :: need no overdraft', async () => {
  const script = `(cc -c a.c -o a.o & cc -c a.c -o b.o & cc -c a.c -o c.o &) | cat` // cat ends once all three have
  const { status, said, summary, directory } = await build(2, script)
  assert.is(status, 0, said)
  for (const name of ['a', 'b', 'c']) assert.ok(existsSync(join(directory, `${name}.o`)))
  assert.is(said, '')
  assert.equal([summary.overdrafts, summary.back, summary.total], [0, 1, 1])
})

test.run()
