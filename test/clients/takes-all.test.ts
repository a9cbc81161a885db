import { mkdirSync } from 'node:fs'
import { delimiter } from 'node:path'
import * as assert from 'uvu/assert'
import type { ClientKey } from '../support/clients.js'
import {
  assertRude,
  build,
  buildAlone,
  type Driver,
  driveUnderRun,
  lines,
  makeSite,
} from '../support/driver.js'
import { jobshim, run } from '../support/jobshim.js'
import { makeRecorder } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { compiles, link, writeSources } from '../support/sources.js'
import { wholeSummary } from '../support/summary.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { killStarted } from '../yard/held.js'
import { share } from '../yard/shared.js'

/** Takes all tokens that are free, tells its child how many slots these are with its own, and gives them back at the end. */
const taker = `#!/usr/bin/env python3
import os, re, subprocess, sys

def open_pool(address):
    if address.startswith('fifo:'):
        return os.open(address[5:], os.O_RDONLY | os.O_NONBLOCK), os.open(address[5:], os.O_WRONLY)
    reader, writer = map(int, address.split(','))
    return os.open('/proc/self/fd/%d' % reader, os.O_RDONLY | os.O_NONBLOCK), writer

tokens = b''
addresses = re.findall(r'--jobserver-(?:auth|fds)=(\\S+)', os.environ.get('MAKEFLAGS', ''))
if addresses:
    reader, writer = open_pool(addresses[-1])
    try:
        while True:
            tokens += os.read(reader, 8)
    except BlockingIOError:
        pass
    os.environ['PARALLELISM'] = str(len(tokens) + 1)
status = subprocess.call(sys.argv[1:])
if tokens:
    os.write(writer, tokens)
sys.exit(status)
`

const atOnce = (calls: readonly string[]): string =>
  `#!/bin/sh\n${calls.map(call => `${call} &\n`).join('')}wait\n`

const files = {
  'taker.py': taker,
  'one.sh': atOnce(compiles.slice(0, 5)),
  'other.sh': atOnce(compiles.slice(5)),
  'build.sh': `${atOnce(['./taker.py ./one.sh', './taker.py ./other.sh'])}${link}\n`,
}

const beside: Driver = {
  name: 'two that take all tokens, beside each other',
  needs: ['python'],
  files,
  command: ['./build.sh'],
}

for (const [key, jobs] of [
  ['make43', 1],
  ['make43', 4],
  ['make44', 2],
  ['make44', 3],
] as const)
  driveUnderRun({
    ...beside,
    needs: ['python', key],
    name: `${beside.name}, by ${key}`,
    jobs: [jobs],
  })

/** make takes tokens for other recipes beside them. */
const makefile = `all: one other three four
	@${link}
one:
	+@./taker.py ./one.sh & ./taker.py ./other.sh & wait
other:
three four:
	@cc -c ascii.c -o $@.o
`

function testBelowMake(key: ClientKey, args: readonly string[], jobs: number): void {
  testWith(['python', key], `below make :: ${key} ${args.join(' ')} -j${jobs}`, async () => {
    const driver: Driver = {
      ...beside,
      needs: ['python', key],
      files: { ...files, Makefile: makefile },
      command: ['make', `-j${jobs}`, ...args],
      alone: ['make', '-j8', ...args],
    }
    const site = makeSite(driver)
    const alone = await buildAlone(site, driver)
    assertRude(driver, alone)
    const shims = await installShims(makeWorkspace(), { env: { PATH: site.path } })
    const [program = '', ...words] = driver.command
    const governed = await build(site, driver, () =>
      run(program, words, { cwd: site.directory, env: { PATH: `${shims}:${site.path}` } }),
    )
    assert.is(governed.status, 0, governed.stderr)
    assert.equal(lines(governed.stderr, {}), lines(alone.stderr, {}))
    assert.equal(governed.outputs, alone.outputs)
    assert.is(governed.recording.runs, alone.recording.runs)
    assert.is(governed.recording.unfinished, 0)
    assert.ok(governed.recording.peak <= jobs, `${governed.recording.peak} at once`)
  })
}

testBelowMake('make43', [], 2)
testBelowMake('make43', [], 4)
testBelowMake('make44', ['--jobserver-style=fifo'], 3)
testBelowMake('make44', ['--jobserver-style=pipe'], 3)

/** What a client that holds the pool open has for its child, as PARALLELISM says; `held` of them it has really taken. */
const holder = (held: number): string =>
  `#!/usr/bin/env python3\n${taker
    .slice(taker.indexOf('\nimport'))
    .replace('while True:', `while len(tokens) < ${held}:`)
    .replace('os.read(reader, 8)', 'os.read(reader, 1)')
    .replace("os.environ['PARALLELISM'] = str(len(tokens) + 1)", 'pass')}`

/** How many compile at once below `run -jN -- PARALLELISM=FIRST a client PARALLELISM=SECOND six compilers`. */
async function peakBelow(jobs: number, client: string, first: string, second: string): Promise<number> {
  const site = makeSite({ needs: ['python'] })
  const recorder = makeRecorder(makeWorkspace(), { holdMs: 300 })
  const path = [recorder.bin, process.env.PATH].join(delimiter)
  const shims = await installShims(makeWorkspace(), { env: { PATH: path } })
  mkdirSync(site.directory)
  writeFiles(site.directory, { 'client.py': client, 'all.sh': atOnce(compiles.slice(0, 6)) })
  writeSources(site.directory)
  const words = [...first.split(' '), './client.py', ...second.split(' '), './all.sh'].filter(Boolean)
  const governed = await jobshim(['run', `-j${jobs}`, '--dir', shims, '--', ...words], {
    cwd: site.directory,
    env: { PATH: path },
  })
  assert.is(governed.status, 0, governed.stderr)
  assert.match(governed.stderr, new RegExp(`^jobshim: \\d+ tools ran${wholeSummary}`, 'm'))
  const { runs, peak, unfinished } = recorder.take()
  assert.equal({ runs, unfinished }, { runs: 6, unfinished: 0 })
  return peak
}

const claims: readonly {
  title: string
  jobs: number
  client: string
  first?: string
  second?: string
  peak: number
}[] = [
  { title: 'all', jobs: 1, client: taker, peak: 1 },
  { title: 'all', jobs: 2, client: taker, peak: 2 },
  { title: 'all', jobs: 3, client: taker, peak: 3 },
  {
    title: 'all, and another set PARALLELISM before it',
    jobs: 3,
    client: taker,
    first: 'env PARALLELISM=9',
    peak: 3,
  },
  {
    title: 'none, and another has set PARALLELISM',
    jobs: 3,
    client: holder(0),
    first: 'env PARALLELISM=3',
    peak: 3,
  },
  {
    title: 'all, and another has set PARALLELISM',
    jobs: 3,
    client: holder(2),
    first: 'env PARALLELISM=3',
    peak: 1,
  },
  {
    title: 'all, and says more than there are',
    jobs: 3,
    client: holder(2),
    second: 'env PARALLELISM=4',
    peak: 1,
  },
  {
    title: 'none, and says that it has all',
    jobs: 3,
    client: holder(0),
    second: 'env PARALLELISM=3',
    peak: 3,
  },
  { title: 'all, and says no number', jobs: 3, client: holder(2), second: 'env PARALLELISM=3x', peak: 1 },
]

for (const { title, jobs, client, first = '', second = '', peak } of claims)
  testWith(
    ['python'],
    `claims :: at -j${jobs} a client that has taken ${title} :: ${peak} at once`,
    async () => {
      assert.is(await peakBelow(jobs, client, first, second), peak)
    },
  )

testWith(['python'], 'of a server :: one of two is killed: its tokens come back', async () => {
  const site = makeSite(beside)
  const served = await share(3)
  const shims = await installShims(makeWorkspace(), { env: { PATH: site.path } })
  const env = {
    XDG_RUNTIME_DIR: served.yard.runtime,
    MAKEFLAGS: `--jobserver-auth=fifo:${served.fifo}`,
    PATH: `${shims}:${site.path}`,
  }
  // It is killed as soon as it has taken all, by its own child.
  const killing = {
    ...files,
    'kill.sh': '#!/bin/sh\nkill -KILL $PPID\nexec ./one.sh\n',
    'killed.sh': `#!/bin/sh\n./taker.py ./kill.sh 2>/dev/null\n./taker.py ./other.sh\n`,
  }
  const governed = await build(site, { files: killing }, () =>
    run('./killed.sh', [], { cwd: site.directory, env }),
  )
  assert.is(governed.status, 0, governed.stderr)
  assert.ok(governed.recording.peak <= 4, `${governed.recording.peak} at once`)
  await until('all tokens are back', () => served.free() === 3)
  await served.end(3)
})

test.after.each(killStarted)
test.run()
