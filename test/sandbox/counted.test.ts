import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { journalEvent } from '../../src/timeline/event.js'
import { jobshim } from '../support/jobshim.js'
import { test } from '../support/test-with.js'
import { repository, writeFiles } from '../support/workspace.js'
import { copyTool, makeSandboxPlace } from './place.js'

/** `gcc-9 -c SCRIPT` is a tool that does what the script says. */
function shellAsTool(root: string): string {
  return `cp /bin/sh ${root}/tools/gcc-9; PATH=${root}/tools:$PATH\n`
}

test('sandbox :: counted :: status tells who has a slot and who waits, as of launchers', async () => {
  const place = await makeSandboxPlace()
  const { root, shims } = place
  const waits = 'until test -e go; do sleep 0.05; done'
  const status = `${process.execPath} ${join(repository, 'bin/jobshim.js')} status --json --no-config --dir ${shims}`
  const { stdout } = await place.run(2, [
    'sh',
    '-c',
    `${shellAsTool(root)}for n in 1 2 3 4; do gcc-9 -c '${waits}' & done
for n in 1 2 3 4 5 6 7 8; do ${status} >status; grep -q '"waiting".*"waiting"' status && break; done
cat status
>go; wait`,
  ])
  const { free, total, counters, rows } = JSON.parse(stdout) as {
    free: number
    total: number
    counters: { runs: number }
    rows: { tool: string; state: string; slot: string; alive: boolean; command: string }[]
  }
  assert.equal([free, total, counters.runs], [0, 1, 2])
  assert.equal(rows.map(({ state, slot, alive }) => `${state} ${slot} ${alive}`).sort(), [
    'held implicit true',
    'held token true',
    'waiting none true',
    'waiting none true',
  ])
  for (const { tool: name, command } of rows) assert.equal([name, command], ['gcc-9', `gcc-9 -c ${waits}`])
})

test('sandbox :: counted :: a tool that waits for one that has no slot: an overdraft, however busy the machine is', async () => {
  const place = await makeSandboxPlace()
  const { root, tool, shims, env } = place
  writeFileSync(join(root, 'config.json'), JSON.stringify({ patience: 0.5 }))
  const script = `${shellAsTool(root)}mkfifo go
gcc-9 -c 'echo has it >held; read line <go' & until test -s held; do :; done
${tool} -c 1 -o "${root}/out/1"; echo >go; wait`
  const { status, stderr } = await jobshim(
    [
      'run',
      '--sandbox',
      '--json',
      '--config',
      'config.json',
      '--dir',
      shims,
      '-j1',
      '--',
      'sh',
      '-c',
      script,
    ],
    { cwd: root, env },
  )
  assert.is(status, 0)
  const [line = '', json = ''] = stderr.trimEnd().split('\n')
  assert.is(line, 'jobshim: gcc: no slot was free for 0.5 s on an idle machine: run without one')
  const { runs, overdrafts, back, total } = JSON.parse(json)
  assert.equal([runs, overdrafts, back, total], [2, 1, 0, 0])
})

test('sandbox :: counted :: a pipe of six tools in one slot waits for patience once, and then briefly', async () => {
  const place = await makeSandboxPlace()
  const { root, shims, env } = place
  const patience = 8
  const middle = Array.from({ length: 4 }, () => "gcc-9 -c 'cat'").join(' | ')
  const script = `${shellAsTool(root)}gcc-9 -c 'head -c 2000000 /dev/zero' | ${middle} | gcc-9 -c 'cat >/dev/null'`
  const words = ['run', '--sandbox', '--json', '--no-config', '--dir', shims, '-j1', '--journal', 'journal']
  const { status, stderr } = await jobshim([...words, '--', 'sh', '-c', script], {
    cwd: root,
    env: { ...env, JOBSHIM_PATIENCE: String(patience) },
  })
  assert.is(status, 0, stderr)
  const lines = stderr.trimEnd().split('\n')
  const { runs, overdrafts } = JSON.parse(lines.pop() ?? '')
  assert.equal([runs, overdrafts, lines.length], [6, 5, 5], stderr)
  const waits = readFileSync(join(root, 'journal'), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => journalEvent.parse(JSON.parse(line)))
    .flatMap(event => (event.event === 'tool' && event.slot === 'overdraft' ? [event.waitedSeconds] : []))
  assert.is(waits.length, 5)
  assert.ok(Math.min(...waits) >= patience, String(waits))
  assert.ok(Math.max(...waits) - Math.min(...waits) < patience, String(waits))
})

test("sandbox :: counted :: make's own tools are counted once, in their caller's slot", async () => {
  const place = await makeSandboxPlace()
  const { root } = place
  copyTool(place, 'tools/ld')
  copyFileSync('/bin/sh', join(root, 'tools/gcc-9'))
  writeFiles(root, {
    // Until a look at the tools has met one that has a slot: on a busy machine the first one comes late.
    seen: "until cat run/jobshim-*/*/seen | tr '\\0' ' ' | awk '{ n = $3 } END { exit !(n > 0) }'; do sleep 0.05; done 2>/dev/null\n",
    Makefile: "all: 1 2 3\n.PHONY: all 1 2 3\n1 2 3:\n\t@tools/gcc-9 -c '. ./seen'\n",
  })
  const { status, stderr } = await place.run(2, ['make', '-s'])
  assert.is(status, 0, stderr)
  const { runs, callerRuns, clientRuns, coverage, past } = JSON.parse(stderr)
  assert.equal([runs, callerRuns, clientRuns, coverage, past], [0, 3, 0, 1, []])
})

test.run()
