import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { callBare, calls } from '../support/transparent-calls.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

/** A shell with job control on a terminal of its own, its `run` is `jobshim run`; the keys a person would press. */
const prompt = 'expect prompt> '
const type = (line: string): string[] => [`send ${line}\\n`, 'expect ready ', 'expect \\n']
const status = (code: number): string[] => [prompt, 'send echo status $?\\n', `expect status ${code}`, prompt]
const keys = { interrupt: 'send \\003', quit: 'send \\034', suspend: 'send \\032' }

const scenes: Readonly<Record<string, readonly string[]>> = {
  '^C ends the command': [...type('run probe wait'), keys.interrupt, ...status(130)],
  '^C ends a tool, its shell and us': [
    ...type("run sh -c 'probe wait; echo on'"),
    keys.interrupt,
    ...status(130),
  ],
  '^\\ ends the command': [...type('run probe wait'), keys.quit, ...status(131)],
  '^C reaches a command that handles it once': [
    ...type('run probe handle 2'),
    keys.interrupt,
    'expect handled 2',
    'send after\\n',
    'expect answer after',
    'send exit 3\\n',
    ...status(3),
  ],
  '^Z and fg': [
    ...type('run probe wait'),
    keys.suspend,
    prompt,
    'send fg\\n',
    'expect probe wait',
    'send again\\n',
    'expect answer again',
    'send exit 4\\n',
    ...status(4),
  ],
  '^Z and fg, twice, and ^C': [
    ...type('run probe wait'),
    keys.suspend,
    prompt,
    'send fg\\n',
    'expect probe wait',
    'send again\\n',
    'expect answer again',
    keys.suspend,
    prompt,
    'send fg\\n',
    'expect probe wait',
    'send and again\\n',
    'expect answer and again',
    keys.interrupt,
    ...status(130),
  ],
  '^Z does not stop us where the command handles it': [
    ...type('run probe handle 20'),
    keys.suspend,
    'expect handled 20',
    'send on\\n',
    'expect answer on',
    'send exit 5\\n',
    ...status(5),
  ],
  '^Z, bg that needs the terminal, and fg': [
    ...type('run probe wait'),
    keys.suspend,
    prompt,
    'send bg; wait\\n', // wait returns once the terminal has stopped the job
    prompt,
    'send fg\\n',
    'expect probe wait',
    'send back\\n',
    'expect answer back',
    'send exit 6\\n',
    ...status(6),
  ],
}

async function runtimeDirectory(): Promise<string> {
  const runtime = join((await calls()).directory, 'run')
  mkdirSync(runtime, { mode: 0o700, recursive: true })
  return runtime
}

const runsLeft = (runtime: string): string[] =>
  readdirSync(join(runtime, `jobshim-${currentUid()}`)).filter(name => name.startsWith('run-'))

/** What the caller saw of `sh -i`, or of `tool` itself, with a `run` on PATH. */
async function callRun(setup: readonly string[], tool: readonly string[], dialog: readonly string[]) {
  const { shims } = await calls()
  const XDG_RUNTIME_DIR = await runtimeDirectory()
  const behind = makeWorkspace('bin')
  const line = `${process.execPath} ${join(repository, 'bin/jobshim.js')} run -q -j2 --no-config --dir ${shims}`
  writeFiles(behind, { run: `#!/bin/sh\nunset MAKEFLAGS\nexec ${line} "$@"\n` })
  const env = { PS1: 'prompt> ', ENV: '', XDG_RUNTIME_DIR }
  const { status, stdout } = await callBare('caller', { behind, setup, tool, dialog, env })
  assert.is(status, 0, stdout)
  assert.equal(runsLeft(XDG_RUNTIME_DIR), [])
  return stdout
}

for (const [name, scene] of Object.entries(scenes))
  test(`run :: terminal :: ${name}`, async () => {
    const dialog = [prompt, 'send stty -echo\\n', prompt, ...scene, 'send exit 9\\n']
    assert.match(await callRun(['terminal'], ['sh', '-i'], dialog), /^status 900$/m)
  })

const stops = 5 // so often is a command stopped and continued

test('run :: SIGTSTP stops both, SIGCONT continues both', async () => {
  const round = ['kill 20', 'stopped', 'kill 18', 'continued', 'send on\\n', 'expect answer on\\n']
  const rounds = Array.from({ length: stops }, () => round).flat()
  const dialog = ['expect ready', ...rounds, 'send exit 5\\n']
  const stdout = await callRun(['dialog', 'pgrp'], ['run', 'probe', 'wait'], dialog)
  assert.is(stdout.match(/^stopped: 147f$/gm)?.length, stops)
  assert.match(stdout, /^status 500$/m)
})

test('run :: SIGTSTP :: a command that handles it is not stopped, nor are we', async () => {
  const dialog = ['expect ready', 'kill 20', 'expect handled 20\\n', 'send exit 6\\n']
  const stdout = await callRun(['dialog', 'pgrp'], ['run', 'probe', 'handle', '20'], dialog)
  assert.match(stdout, /^status 600$/m)
})

test.run()
