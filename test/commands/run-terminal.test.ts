import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { sceneEnd, scenesOf } from '../support/terminal.js'
import { type Call, callBare, calls } from '../support/transparent-calls.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

async function runtimeDirectory(): Promise<string> {
  const runtime = join((await calls()).directory, 'run')
  mkdirSync(runtime, { mode: 0o700, recursive: true })
  return runtime
}

const runsLeft = (runtime: string): string[] =>
  readdirSync(join(runtime, `jobshim-${currentUid()}`)).filter(name => name.startsWith('run-'))

/** What the caller saw of a call with a `run` on PATH. */
async function callRun(call: Call): Promise<string> {
  const { shims } = await calls()
  const XDG_RUNTIME_DIR = await runtimeDirectory()
  const behind = makeWorkspace('bin')
  const line = `${process.execPath} ${join(repository, 'bin/jobshim.js')} run -q -j2 --no-config --dir ${shims}`
  writeFiles(behind, { run: `#!/bin/sh\nunset MAKEFLAGS\nexec ${line} "$@"\n` })
  const env = { ...call.env, XDG_RUNTIME_DIR }
  const { status, stdout } = await callBare('caller', { ...call, behind, env })
  assert.is(status, 0, stdout)
  assert.equal(runsLeft(XDG_RUNTIME_DIR), [])
  return stdout
}

for (const [name, call] of scenesOf('run '))
  test(`run :: terminal :: ${name}`, async () => {
    assert.match(await callRun(call), sceneEnd)
  })

const setup = ['dialog', 'pgrp']
const stops = 5 // so often is a command stopped and continued

test('run :: SIGTSTP, SIGCONT :: stop and continue both', async () => {
  const round = ['kill 20', 'stopped', 'kill 18', 'continued', 'send on\\n', 'expect answer on\\n']
  const rounds = Array.from({ length: stops }, () => round).flat()
  const dialog = ['expect ready', ...rounds, 'send exit 5\\n']
  const stdout = await callRun({ setup, tool: ['run', 'probe', 'wait'], dialog })
  assert.is(stdout.match(/^stopped: 147f$/gm)?.length, stops)
  assert.match(stdout, /^status 500$/m)
})

test('run :: SIGTSTP :: a command that handles it is not stopped, nor are we', async () => {
  const dialog = ['expect ready', 'kill 20', 'expect handled 20\\n', 'send exit 6\\n']
  const stdout = await callRun({ setup, tool: ['run', 'probe', 'handle', '20'], dialog })
  assert.match(stdout, /^status 600$/m)
})

test.run()
