import { existsSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { ToolEvent } from '../../src/timeline/event.js'
import { readJournal } from '../../src/timeline/read.js'
import { asUser, makeDirectoryOf, nobody, testAsOthers } from '../support/other-user.js'
import { test, testWith } from '../support/test-with.js'
import { openToOthers, writeFiles } from '../support/workspace.js'
import { makeSandboxPlace, type SandboxPlace } from './place.js'

/** Runs a script at -j2 with a journal; the events of its tools, by their start. */
async function toolsOf(place: SandboxPlace, script: string, status = 0): Promise<ToolEvent[]> {
  const journal = join(place.root, 'journal')
  const outcome = await place.run(2, ['sh', '-c', script], { env: { JOBSHIM_JOURNAL: journal } })
  assert.equal([outcome.status, outcome.stdout], [status, ''], outcome.stderr)
  const { events, skipped } = readJournal(journal)
  assert.equal(skipped, { cut: 0, foreign: 0, otherVersion: 0 })
  assert.equal([events[0]?.event, events.at(-1)?.event], ['start', 'end'])
  const { back, total } = JSON.parse(outcome.stderr)
  assert.equal([back, total], [1, 1])
  return events.filter(event => event.event === 'tool').sort((a, b) => a.at - b.at)
}

test('sandbox :: journal :: a line for each tool, before that of the end', async () => {
  const place = await makeSandboxPlace()
  const { root, tool } = place
  const tools = await toolsOf(
    place,
    `cd out; for n in 1 2 3 4; do ${tool} -c 60 -o "${root}/out/$n" & done; wait`,
  )
  assert.is(tools.length, 4)
  for (const { tool: name, path, kind, file, directory, slots, gate, ranSeconds } of tools) {
    assert.equal(
      [name, path, kind, file, directory, slots, gate],
      ['gcc', tool, 'compile', `${root}/out/${file.at(-1)}`, join(root, 'out'), 1, 'none'],
    )
    assert.ok(ranSeconds >= 0.06)
  }
  assert.equal(
    tools.map(({ slot }) => slot).filter(slot => slot !== 'implicit' && slot !== 'token'),
    [],
  )
  assert.is(new Set(tools.map(({ pid }) => pid)).size, 4)
  assert.ok(tools.some(({ waitedSeconds }) => waitedSeconds > 0.04))
})

test('sandbox :: journal :: how a tool ended, also of one whose parent waited for it at once', async () => {
  const place = await makeSandboxPlace()
  const { root, tool } = place
  const tools = await toolsOf(
    place,
    `${tool} -c 1 -o "${root}/out/1"
${tool} -c 1 -o "${root}/out/1"
${tool} -c 5000 -o "${root}/out/3" & : >>out/log; until [ "$(grep -c + out/log)" -ge 3 ]; do sleep 0.02; done; kill -9 $!; wait`,
  )
  assert.equal(
    tools.map(({ exit, signal }) => [exit, signal]),
    [
      [0, undefined],
      [4, undefined],
      [undefined, 9],
    ],
  )
  for (const { memoryBytes } of tools) assert.is(memoryBytes, undefined)
})

testWith(
  'python',
  'sandbox :: journal :: an end that no process waits for is known from Linux 6.15 on',
  async () => {
    const place = await makeSandboxPlace()
    const { root, tool } = place
    writeFiles(root, {
      'out/1': '',
      'nowait.py': `import os, signal, subprocess
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
subprocess.Popen([${JSON.stringify(tool)}, "-c", "1", "-o", ${JSON.stringify(root)} + "/out/1"]).wait()
`,
    })
    const [{ exit, signal, userSeconds } = {}] = await toolsOf(place, 'python3 nowait.py')
    const [major = 0, minor = 0] = release().split('.').map(Number)
    const isTold = major > 6 || (major === 6 && minor >= 15)
    assert.equal([exit, signal, userSeconds], [isTold ? 4 : undefined, undefined, undefined])
  },
)

test("sandbox :: journal :: make's own tools ran in their caller's slot, and make has its line", async () => {
  const place = await makeSandboxPlace()
  const { root, tool } = place
  writeFileSync(
    join(root, 'Makefile'),
    `all: $(foreach n,1 2 3,out/$(n))\nout/%:\n\t${tool} -c 30 -o $(CURDIR)/$@\n`,
  )
  const tools = await toolsOf(place, 'make -s')
  assert.equal(tools.map(({ kind, slot }) => `${kind} ${slot}`).sort(), [
    'client implicit',
    'compile caller',
    'compile caller',
    'compile caller',
  ])
})

/** The tools of a journal, each by the last letter of its file. */
const filesIn = (path: string): string[] =>
  readJournal(path)
    .events.filter(event => event.event === 'tool')
    .map(({ file }) => file.slice(-1))

test('sandbox :: journal :: a tool whose environment names another one has its line there', async () => {
  const place = await makeSandboxPlace()
  const { root, tool } = place
  const one = (name: string): string => `${tool} -c 1 -o "${root}/out/${name}"`
  const tools = await toolsOf(
    place,
    `${one('1')}; JOBSHIM_JOURNAL=${root}/other ${one('2')}; JOBSHIM_JOURNAL= ${one('3')}; env -i ${one('4')}`,
  )
  assert.equal(
    tools.map(({ file }) => file.slice(-1)),
    ['1', '3', '4'],
  )
  assert.equal(filesIn(join(root, 'other')), ['2'])
})

test('sandbox :: journal :: the supervisor has none, and a tool names one', async () => {
  const place = await makeSandboxPlace()
  const { root, tool } = place
  const script = `${tool} -c 1 -o "${root}/out/1"; JOBSHIM_JOURNAL=${root}/other ${tool} -c 1 -o "${root}/out/2"`
  const { status, stdout, stderr } = await place.run(2, ['sh', '-c', script])
  assert.equal([status, stdout], [0, ''], stderr)
  assert.equal(filesIn(join(root, 'other')), ['2'])
})

testAsOthers(
  "sandbox :: journal :: another user's tool has its line in ours, whatever it names",
  async () => {
    const place = await makeSandboxPlace()
    const { root, tool } = place
    openToOthers(root)
    makeDirectoryOf(nobody, join(root, 'out'))
    const tools = await toolsOf(
      place,
      `JOBSHIM_JOURNAL=${root}/other ${asUser(nobody).join(' ')} ${tool} -c 1 -o "${root}/out/1"`,
    )
    assert.is(tools.length, 1)
    assert.is(existsSync(join(root, 'other')), false)
  },
)

test('sandbox :: journal :: one that came through a shim has one line', async () => {
  const place = await makeSandboxPlace()
  const tools = await toolsOf(place, `${join(place.shims, 'gcc')} -c 1 -o "$PWD/out/1"`)
  assert.equal(
    tools.map(({ tool, path, exit }) => [tool, path, exit]),
    [['gcc', place.tool, 0]],
  )
})

test.run()
