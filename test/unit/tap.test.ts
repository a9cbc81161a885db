/**
 * The unit tests in C: each program of this folder is built with what it tests, and says how each of its checks ends, as TAP. Where the
 * launcher that is tested has sanitizers, these have them, too.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildWithLauncher } from '../support/built.js'
import { makeWorkspace, repository } from '../support/workspace.js'

const sanitizers = ['-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']
const flags = process.env.JOBSHIM_TEST_SANITIZERS === undefined ? [] : sanitizers

type Check = { ok: boolean; name: string; said: string } // below its line

/** Returns the checks of a TAP stream, and how many there should be by its plan. */
function readTap(text: string): { checks: Check[]; plan: number | undefined } {
  const checks: Check[] = []
  let plan: number | undefined
  for (const line of text.split('\n')) {
    const [, not, name] = /^(not )?ok \d+ - (.*)$/.exec(line) ?? []
    const last = checks.at(-1)
    if (name !== undefined) checks.push({ ok: not === undefined, name, said: '' })
    else if (line.startsWith('1..')) plan = Number(line.slice(3))
    else if (last !== undefined && line !== '') last.said += `${line}\n`
  }
  return { checks, plan }
}

const directory = makeWorkspace()

for (const name of readdirSync(join(repository, 'test/unit')).filter(name => name.endsWith('.c'))) {
  const unit = name.replace(/\.c$/, '')
  const program = join(directory, unit)
  buildWithLauncher(program, `unit/${name}`, flags)
  const { status, signal, stdout, stderr } = spawnSync(program, { encoding: 'utf8' })
  const { checks, plan } = readTap(stdout)
  for (const { ok, name, said } of checks) test(`unit :: ${unit} :: ${name}`, () => assert.ok(ok, said))
  test(`unit :: ${unit} :: it ends as its checks do, and says no more`, () => {
    const failed = checks.some(({ ok }) => !ok)
    assert.equal(
      { status, signal, stderr, plan },
      { status: failed ? 1 : 0, signal: null, stderr: '', plan: checks.length },
    )
  })
}

test.run()
