import { existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { doctor } from '../../src/commands/doctor.js'
import { parseArguments } from '../../src/commands/parser.js'
import { examine } from '../../src/doctor/examine.js'
import type { Check, Verdict } from '../../src/doctor/verdict.js'
import { findTool, realDirectories } from '../../src/shimdir/real-tools.js'
import { run, type Surroundings, scrubbed } from './jobshim.js'
import { installShims } from './shimdir.js'
import { makeWorkspace, repository, writeFiles } from './workspace.js'

/** A place in which all checks are fine: shims first on PATH, their tools behind, nothing else. */
export type Patient = {
  root: string
  shims: string
  tools: string // the only directory on PATH behind the shims
  work: string // the working directory, empty
  runtime: string // XDG_RUNTIME_DIR
  env: Record<string, string>
}

/** A program of the machine's, by its path. */
export function pathOf(name: string): string {
  const path = findTool(name, realDirectories(process.env.PATH ?? ''))
  if (path === undefined) throw new Error(`${name}: not on PATH`)
  return path
}

const fake = '#!/bin/sh\nexit 0\n'

/** `tools`: further programs on PATH, by name: a script, or the path of what a link leads to. */
export async function makePatient({
  tools: more = {},
  install = [],
}: {
  tools?: Record<string, string>
  install?: readonly string[]
} = {}): Promise<Patient> {
  const root = realpathSync(makeWorkspace())
  const [shims, tools, work, runtime] = ['shims', 'tools', 'work', 'run'].map(name => join(root, name))
  assert.ok(shims && tools && work && runtime)
  mkdirSync(work)
  mkdirSync(runtime, { mode: 0o700 })
  addTools(tools, { cc: fake, gcc: fake, bash: pathOf('bash'), true: pathOf('true'), ...more })
  // Whatever /etc/profile makes of PATH.
  writeFiles(root, { '.bash_profile': `PATH=${shims}:${tools}\n` })
  const env = {
    PATH: `${shims}:${tools}`,
    HOME: root,
    XDG_RUNTIME_DIR: runtime,
    XDG_DATA_HOME: join(root, 'data'),
    JOBSHIM_DIR: shims,
  }
  await installShims(shims, { args: install, env: { ...env, PATH: tools }, cwd: work })
  return { root, shims, tools, work, runtime, env }
}

/** Puts programs into a directory, as `makePatient` has it. */
export function addTools(directory: string, tools: Readonly<Record<string, string>>): void {
  mkdirSync(directory, { recursive: true })
  for (const [name, what] of Object.entries(tools)) {
    if (what.startsWith('#!')) writeFiles(directory, { [name]: what })
    else if (!existsSync(join(directory, name))) symlinkSync(what, join(directory, name))
  }
}

/** A fix for what goes past the shims, where a sandbox can be had: nothing goes past that. */
export const sandboxFirst = (fix: string): string => `jobshim run --sandbox -- CMD; for shims: ${fix}`

/** What a check comes to, for people. */
export type Words = { state: Verdict['state']; text: string; fix?: string }

export type Told = { name: string } & Words

/** Returns the words of a check: without what programs go by. */
export const wordsOf = ({ state, text, ...rest }: Verdict | Words): Words =>
  'fix' in rest && rest.fix !== undefined ? { state, text, fix: rest.fix } : { state, text }

const told = (check: Check): Told => ({ name: check.name, ...wordsOf(check) })

export type Diagnosis = { status: number | null; checks: Told[]; stdout: string }

/** How doctor is started: by a program in front of it (`wrap`), with arguments of its own. */
export type Examination = Surroundings & { args?: readonly string[]; wrap?: readonly string[] }

/**
 * Examines the patient's working directory as `jobshim doctor --json` does, without another Node unless something else
 * than the environment is what it is about; then it demands that nothing is said on stderr.
 */
export async function examined(
  patient: Pick<Patient, 'work' | 'env'>,
  { args = [], wrap = [], env = {}, ...around }: Examination = {},
): Promise<Diagnosis> {
  const surroundings = { cwd: patient.work, ...around, env: { ...patient.env, ...env } }
  const isAlone = wrap.length === 0 && Object.keys(around).length === 0
  const call = isAlone ? parseArguments(doctor, args) : undefined
  if (call?.kind === 'call' && call.operands.length === 0) {
    const { checks } = await examine(call.flags, patient.work, scrubbed(surroundings.env))
    return {
      status: checks.some(({ state }) => state === 'broken') ? 1 : 0,
      checks: checks.map(told),
      stdout: '',
    }
  }
  const line = [...wrap, process.execPath, join(repository, 'bin/jobshim.js'), 'doctor', '--json', ...args]
  const [program = '', ...words] = line
  const { status, signal, stdout, stderr } = await run(program, words, surroundings)
  assert.equal({ signal, stderr }, { signal: null, stderr: '' })
  const { jobshim: version, checks } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
    jobshim: number
    checks: Check[]
  }
  assert.is(version, 1)
  assert.is(status, checks.some(({ state }) => state === 'broken') ? 1 : 0)
  return { status, checks: checks.map(told), stdout }
}

/** Returns what a check comes to. */
export async function verdicts(
  patient: Pick<Patient, 'work' | 'env'>,
  name: string,
  examination: Examination = {},
): Promise<Words[]> {
  const { checks } = await examined(patient, examination)
  const found = checks.filter(check => check.name === name).map(wordsOf)
  assert.ok(found.length > 0, `no check ${name}: ${checks.map(check => check.name).join(', ')}`)
  return found
}
