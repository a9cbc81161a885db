import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildRows } from '../../src/doctor/bypass.js'
import { judgeAll } from '../../src/doctor/verdict.js'
import { jobshim } from '../support/jobshim.js'
import {
  type Examination,
  examined,
  makePatient,
  type Patient,
  sandboxFirst,
  type Words,
  wordsOf,
} from '../support/patient.js'
import { writeFiles } from '../support/workspace.js'

// A tool that the watch sees, since it works and runs for a while.
const slow = `#include <time.h>
#include <unistd.h>
int main(void) { while (clock() < CLOCKS_PER_SEC / 30) { } sleep(1); return 0; }
`

async function makeSlow(): Promise<Patient> {
  const patient = await makePatient()
  writeFiles(patient.root, { 'slow.c': slow })
  rmSync(join(patient.tools, 'gcc'))
  execFileSync('cc', ['-o', join(patient.tools, 'gcc'), join(patient.root, 'slow.c')])
  return patient
}

const patient = await makeSlow()
const { tools, shims, work } = patient
const path = `${shims}:${tools}:/usr/bin:/bin`

/** What doctor says of a build, and what the build has said on stdout. */
async function ofBuild(
  words: readonly string[],
  examination: Examination = {},
): Promise<{ rows: Record<string, Words[]>; said: string; status: number | null }> {
  const env = { PATH: path, ...examination.env }
  const { checks, stdout, status } = await examined(patient, { ...examination, env, args: ['--', ...words] })
  const rows: Record<string, Words[]> = {}
  for (const check of checks) rows[check.name] = [...(rows[check.name] ?? []), wordsOf(check)]
  return { rows, said: stdout.slice(0, stdout.lastIndexOf('{"jobshim"')), status }
}

test('doctor :: -- CMD :: all went by the shims', async () => {
  const { rows, said, status } = await ofBuild(['sh', '-c', 'echo building; gcc -c a.c; gcc -c b.c'])
  assert.is(said, 'building\n')
  assert.equal(rows.build, [{ state: 'ok', text: 'it succeeded' }])
  assert.equal(rows['past the shims'], [{ state: 'ok', text: 'no tool was seen there' }])
  assert.match(rows.coverage?.[0]?.text ?? '', /^100 % of \d+\.\d s in tools$/)
  assert.is(rows.coverage?.[0]?.state, 'ok')
  assert.is(status, 0)
})

test('doctor :: -- CMD :: what goes past the shims, the file that names it and the fix', async () => {
  const build = join(work, 'build')
  mkdirSync(build)
  writeFiles(build, { Makefile: `CC = ${tools}/gcc\nall:\n\t$(CC) -c a.c\n\tgcc -c b.c\n` })
  const { rows, status } = await ofBuild(['env', '-u', 'MAKEFLAGS', 'make', '-s', '-j2', '-C', 'build'])
  const [past, ...more] = rows['past the shims'] ?? []
  assert.equal(more, [])
  assert.is(past?.state, 'broken')
  assert.match(
    past?.text ?? '',
    new RegExp(`^${tools}/gcc by make \\(absolute path in ${build}/Makefile\\): 1 run, \\d+\\.\\d s$`),
  )
  assert.is(
    past && 'fix' in past ? past.fix : '',
    sandboxFirst('write CC = gcc in Makefile, or call make CC=gcc'),
  )
  assert.is(rows.coverage?.[0]?.state, 'note')
  assert.match(rows.coverage?.[0]?.text ?? '', /^[1-9]\d? % of \d+\.\d s in tools$/)
  assert.is(status, 1)
  rmSync(build, { recursive: true })
})

test('doctor :: -- CMD :: a build that fails, and one that is killed, is told', async () => {
  const failed = await ofBuild(['sh', '-c', 'exit 3'])
  assert.equal(failed.rows.build, [
    { state: 'note', text: 'it ended with status 3: what comes later is not seen' },
  ])
  assert.is(failed.status, 0)
  const killed = await ofBuild(['sh', '-c', 'kill -TERM $$'])
  assert.equal(killed.rows.build, [
    { state: 'note', text: 'it died of SIGTERM: what comes later is not seen' },
  ])
  const unnamed = await ofBuild(['sh', '-c', 'kill -40 $$'])
  assert.equal(unnamed.rows.build, [
    { state: 'note', text: 'it died of signal 40: what comes later is not seen' },
  ])
})

test('doctor :: -- CMD :: over at once: nobody looked', async () => {
  const { rows } = await ofBuild(['true'])
  const state = 'note'
  const text = 'not watched: it was over at once, or an outer jobshim run watches it'
  const fix = 'try a longer build'
  assert.equal(rows['past the shims'], [{ state, text, fix }])
  assert.equal(rows.coverage, [{ state, text, fix }])
})

test('doctor :: -- CMD :: the shims are installed where there are none', async () => {
  const dir = join(patient.root, 'fresh')
  const { rows } = await ofBuild(['true'], { env: { JOBSHIM_DIR: dir, PATH: `${tools}:/usr/bin:/bin` } })
  assert.match(rows.shims?.[0]?.text ?? '', new RegExp(`^\\d+ in ${dir}$`))
  assert.is(rows.shims?.[0]?.state, 'ok')
})

test('doctor :: -- CMD :: one that is not there', async () => {
  const { status, stdout, stderr } = await jobshim(['doctor', '--', 'no-such-build'], {
    cwd: work,
    env: { ...patient.env, PATH: path },
  })
  assert.equal([status, stdout], [127, ''])
  assert.is(stderr, 'jobshim: no-such-build: not found\n  name a program that is on PATH, or give its path\n')
})

test('doctor :: -- CMD :: options behind it are its own', async () => {
  const { said } = await ofBuild(['echo', '--json', '--dir', 'x'])
  assert.is(said, '--json --dir x\n')
})

test('doctor :: coverage :: no tool ran', () => {
  const facts = {
    ending: { kind: 'exit', status: 0 } as const,
    toolUse: {
      jobserver: '',
      watchedSeconds: 2,
      governedSeconds: 0,
      bypassingSeconds: 0,
      launchedRuns: 0,
      clientRuns: 0,
      bypassing: [],
      phases: [],
      slowest: [],
    },
    bypasses: [],
  }
  assert.equal(judgeAll(buildRows, facts).at(-1), {
    name: 'coverage',
    state: 'note',
    text: 'no tool ran long enough to be seen',
  })
})

test.run()
