/** What doctor advises, done to the letter: a shell runs the command that `doctor --json` has, and doctor then finds the row ok. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { AdviceId } from '../../src/doctor/advice.js'
import type { Check } from '../../src/doctor/verdict.js'
import type { ClientKey } from '../support/clients.js'
import { run, scrubbed } from '../support/jobshim.js'
import { addTools, makePatient, type Patient } from '../support/patient.js'
import { test, testWith } from '../support/test-with.js'
import { repository, writeFiles } from '../support/workspace.js'

/** How doctor is called: in a shell that this environment has, behind what it does first. */
type Call = {
  env?: Record<string, string | undefined>
  args?: readonly string[] // of doctor
  first?: string // what the shell does before: a line of sh
  wrap?: readonly string[] // in front of the shell
  words?: string // behind `jobshim doctor --json`
}

/** Somebody whom doctor can help. `byHand`: what a person does if there is no command; returns what the next call has instead. */
export type Sick = Call & {
  row: string
  work: string
  byHand?: (fix: string) => Call | Promise<Call>
  after?: string // a line of sh that succeeds once it is done: what has to be so beside the row
}

type Told = { checks: Check[]; stderr: string }

async function ask(sick: Sick, command = ''): Promise<Told> {
  const { work, first = '', wrap = [], args = [], words = '', env } = sick
  // What the command says goes to stderr: stdout is doctor's.
  const script = ['set -e', first, `{ :\n${command}\n} >&2`, `exec "$@" ${words}`].join('\n')
  const shell = [...wrap, 'sh', '-c', script, 'sh', 'jobshim', 'doctor', '--json', ...args]
  const [program = '', ...rest] = shell
  const { status, signal, stdout, stderr } = await run(program, rest, { cwd: work, env: scrubbed(env) })
  const line = stdout.trim().split('\n').at(-1) ?? ''
  assert.ok(line.startsWith('{'), `${command}\n${status ?? signal}\n${stdout}${stderr}`)
  const { checks } = JSON.parse(line) as { checks: Check[] }
  return { checks, stderr }
}

const rowsOf = ({ checks }: Told, row: string): Check[] => checks.filter(({ name }) => name === row)

const forSandbox = 'jobshim run --sandbox -- CMD; for shims: '

async function follow(id: AdviceId, sick: Sick): Promise<void> {
  const before = rowsOf(await ask(sick), sick.row)
  const advised = before.find(check => 'advice' in check && check.advice === id)
  assert.ok(advised && 'fix' in advised, `${sick.row}: ${JSON.stringify(before)}`)
  const { fix = '', command } = advised
  if (fix.startsWith(forSandbox)) {
    const inSandbox = await ask({
      ...sick,
      first: `${sick.first ?? ''}\nset -- jobshim run -q --sandbox -- "$@"`,
    })
    assertOk(inSandbox, sick.row, `${forSandbox} of ${fix}`)
  }
  if (command !== undefined) {
    assert.ok(fix.endsWith(command), `${fix} has not ${command}`)
    assert.is(sick.byHand, undefined)
    assertOk(await ask(sick, `${command}\n${sick.after ?? ''}`), sick.row, command)
    return
  }
  assert.ok(sick.byHand, `${id}: nobody does: ${fix}`)
  assertOk(await ask({ ...sick, ...(await sick.byHand(fix)) }), sick.row, fix)
}

function assertOk(told: Told, row: string, done: string): void {
  const rows = rowsOf(told, row)
  assert.ok(rows.length > 0, row)
  assert.equal(
    rows.filter(({ state }) => state !== 'ok'),
    [],
    `${done}\n${told.stderr}`,
  )
}

export type Terms = { needs?: ClientKey | readonly ClientKey[]; may?: () => boolean }

/** Registers the test of an advice. test/contract/advices.test.ts demands one for each. */
export function advised(
  id: AdviceId,
  title: string,
  arrange: (directory: string) => Sick | Promise<Sick>,
  { needs, may = () => true }: Terms = {},
): void {
  const name = `doctor :: advice :: ${id} :: ${title}`
  if (needs !== undefined)
    testWith(needs, name, async directory => await follow(id, await arrange(directory)), { may })
  else if (may()) test(name, async () => await follow(id, await arrange('')))
  else test.skip(name)
}

/** Where a shell finds `jobshim`: of this package, or of a copy at `home`. */
export function commandsIn(root: string, home = repository): string {
  const bin = join(root, 'bin')
  mkdirSync(bin, { recursive: true })
  writeFiles(bin, { jobshim: `#!/bin/sh\nexec ${process.execPath} ${home}/bin/jobshim.js "$@"\n` })
  addTools(bin, { node: process.execPath })
  return bin
}

/** A patient with the programs of the machine behind the tools: what a shell needs that does what it is told. */
export type Shell = Patient & { bin: string; behind: string }

export async function makeShell(options: Parameters<typeof makePatient>[0] = {}): Promise<Shell> {
  const patient = await makePatient(options)
  const bin = commandsIn(patient.root)
  const behind = `${patient.tools}:${bin}:${process.env.PATH}`
  // Without a jobserver these tools join the pool of the user.
  const env = { ...patient.env, PATH: `${patient.shims}:${behind}`, JOBSHIM_NO_JOBSERVER: 'machine' }
  return { ...patient, env, bin, behind }
}
