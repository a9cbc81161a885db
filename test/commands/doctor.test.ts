import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderChecks } from '../../src/commands/doctor.js'
import { jobshim, run, scrubbed } from '../support/jobshim.js'
import { addTools, examined, makePatient, type Patient, pathOf } from '../support/patient.js'
import { processesOf } from '../support/processes.js'
import { until } from '../support/until.js'
import { repository, writeFiles } from '../support/workspace.js'

const patient = await makePatient()

const names = [
  'config',
  'launcher',
  'launcher build',
  'launcher speed',
  'shims',
  'real tools',
  'tools without a shim',
  'sandbox',
  'PATH',
  'ccache on PATH',
  'login shells',
  'shims switched on',
  'settings in variables',
  '-j in variables',
  'tools in variables',
  'sccache and icecc',
  'jobserver',
  'tokens',
  'jobserver alive',
  'make',
  'ninja',
  'configured trees',
  'state directory',
  'state files',
  'ledger',
  'locks',
  '/proc',
  'kernel',
]

const doctor = ({ work, env }: Patient, ...args: string[]) => jobshim(['doctor', ...args], { cwd: work, env })

test('doctor :: all is fine :: each check once, and exit 0', async () => {
  const { checks, status } = await examined(patient)
  assert.is(status, 0)
  assert.equal(
    checks.map(({ name }) => name),
    names,
  )
  // On a busy machine a shim may take as long as it likes.
  assert.equal(
    checks.filter(({ state, name }) => state !== 'ok' && name !== 'launcher speed').map(({ name }) => name),
    ['jobserver'], // a shell whose tools have no limit
  )
})

test('doctor :: a table :: plain text where stdout is no terminal', async () => {
  const { status, stdout, stderr } = await doctor(patient)
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  const lines = stdout.split('\n')
  assert.match(lines[0] ?? '', /^note {2}(launcher speed|jobserver) {2,}/)
  assert.match(lines.at(-2) ?? '', /^2[67] checks ok$/)
  assert.not.match(stdout, /^ok/m)
  assert.not.match(stdout, /\p{Cc}(?<!\n)/u)
  const all = await doctor(patient, '--all')
  assert.match(all.stdout, /^ok {4}config {2,}none, and none is needed$/m)
  assert.match(all.stdout.split('\n').at(-2) ?? '', /^2[67] checks ok$/)
})

test('doctor :: what to do stands below what is broken, and exit 1', async () => {
  const { status, stdout, stderr } = await jobshim(['doctor'], {
    cwd: patient.work,
    env: { ...patient.env, JOBSHIM_DISABLE: '1' },
  })
  assert.equal({ status, stderr }, { status: 1, stderr: '' })
  assert.match(
    stdout,
    /^broken {2}shims switched on {2,}JOBSHIM_DISABLE=1: every shim runs its tool without a slot\n {20,}do: unset JOBSHIM_DISABLE$/m,
  )
  assert.match(stdout.split('\n')[0] ?? '', /^broken /)
})

test('doctor :: --fix :: what jobshim owns is mended, and told; all else stays', async () => {
  const other = await makePatient()
  const launcher = join(other.shims, '.jobshim/launcher')
  rmSync(launcher)
  addTools(other.tools, { 'gcc-99': '#!/bin/sh\n' })
  const makefile = `CC = ${other.tools}/gcc\n`
  writeFiles(other.work, { Makefile: makefile })
  const { status, stdout, stderr } = await doctor(other, '--fix')
  assert.equal({ status, stderr }, { status: 1, stderr: '' })
  assert.match(stdout, /^fixed {2}launcher {2,}\S+: missing, so that no shim works\n/)
  assert.match(stdout, /^fixed {2}tools without a shim {2}gcc-99: on PATH, and no shim covers it$/m)
  assert.match(stdout, /^broken {2}configured trees {2,}\S+\/gcc by make /m)
  assert.ok(existsSync(launcher) && existsSync(join(other.shims, 'gcc-99')))
  assert.is(readFileSync(join(other.work, 'Makefile'), 'utf8'), makefile)
  const again = await doctor(other, '--fix', '--json')
  assert.is(again.stderr, '')
  assert.equal(JSON.parse(again.stdout).fixed, [])
})

test('doctor :: --fix :: shims that may not be changed :: it says why, and goes on', async () => {
  const other = await makePatient()
  rmSync(join(other.shims, '.jobshim/look'))
  rmSync(join(other.shims, '.jobshim/rules'), { force: true })
  writeFiles(other.shims, { '.jobshim/rules/x': '' })
  const { status, stdout, stderr } = await doctor(other, '--fix')
  assert.is(status, 0)
  assert.match(
    stderr,
    /^jobshim: \S+\/\.jobshim\/rules: not a plain file; nothing was changed\n {2}move it away, /,
  )
  assert.match(stdout, /^note {2}launcher {2,}\S+: not the one of this jobshim$/m)
})

test('run :: variables that make no sense :: each is told once', async () => {
  const { work, env } = await makePatient()
  const { status, stderr } = await jobshim(['run', '-q', '--', 'true'], {
    cwd: work,
    env: { ...env, JOBSHIM_PATIENCE: 'x', JOBSHIM_JOIN: 'maybe', JOBSHIM_LOG: 'log' },
  })
  assert.is(status, 0)
  assert.is(
    stderr,
    'jobshim: JOBSHIM_PATIENCE=x: expected a number of seconds; it is ignored\n' +
      'jobshim: JOBSHIM_JOIN=maybe: expected 1 or 0; it counts as 0\n' +
      'jobshim: JOBSHIM_LOG=log: expected an absolute path; it is ignored\n',
  )
})

for (const [title, env, isColoured] of [
  ['on a terminal the states are coloured', {}, true],
  ['on a terminal with NO_COLOR they are not', { NO_COLOR: '1' }, false],
] as const)
  test(`doctor :: ${title}`, async () => {
    const line = `${process.execPath} ${join(repository, 'bin/jobshim.js')} doctor`
    const { status, stdout } = await run('script', ['-qec', line, '/dev/null'], {
      cwd: patient.work,
      env: {
        ...patient.env,
        PATH: `${patient.env.PATH}:${process.env.PATH}`,
        TERM: 'xterm-256color',
        CI: undefined,
        COLORTERM: undefined,
        FORCE_COLOR: undefined,
        NODE_DISABLE_COLORS: undefined,
        NO_COLOR: undefined,
        SHELL: '/bin/sh',
        JOBSHIM_DISABLE: '1',
        ...env,
      },
    })
    assert.is(status, 1)
    assert.is(stdout.includes('\u001b[31mbroken\u001b[39m  shims switched on'), isColoured, stdout)
    assert.is(stdout.includes('\u001b'), isColoured)
  })

test('doctor :: names of files that would steer a terminal are shown without that', () => {
  const text = renderChecks(
    [{ name: 'a', state: 'broken', text: 'x\u001b]0;y\u0007', fix: 'z\n\u009b', advice: 'past' }],
    { isColoured: false, all: false },
  )
  assert.is(text, 'broken  a  x\\x1b]0;y\\x07\n           do: z \\x9b\n0 checks ok\n')
})

/** What is in a directory, with the times at which it was changed. */
function picture(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .sort()
    .map(name => join(directory, name))
    .filter(path => !path.includes('/run'))
    .map(path => `${path} ${statSync(path, { throwIfNoEntry: false })?.mtimeMs}`)
}

test('doctor :: it changes nothing, and takes away what it made', async () => {
  const before = picture(patient.root)
  await examined(patient)
  assert.equal(picture(patient.root), before)
  assert.equal(readdirSync(patient.runtime), [])
})

/** Starts doctor, sends it a signal once a shell has told its pid, and demands that nothing of it is left. */
async function endWhile(other: Patient, mark: string, signal: NodeJS.Signals): Promise<void> {
  const child = spawn(process.execPath, [join(repository, 'bin/jobshim.js'), 'doctor'], {
    cwd: other.work,
    env: scrubbed(other.env),
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  await until('what hangs runs', () => existsSync(mark) && statSync(mark).size > 1)
  const shell = (await run('cat', [mark])).stdout.trim()
  child.kill(signal)
  assert.equal(await ended, [null, signal])
  await until('its session is gone', () => processesOf(Number(shell)).length === 0)
  assert.equal(readdirSync(other.runtime), [])
}

test('doctor :: ^C while a profile hangs :: it dies of it, and leaves no process and no file', async () => {
  const other = await makePatient()
  const mark = join(other.root, 'mark')
  writeFiles(other.root, { '.bash_profile': `echo $$ >${mark}\nsleep 600 & wait\n` })
  await endWhile(other, mark, 'SIGINT')
})

test('doctor :: SIGTERM while it tries a pool of its own :: it dies of it, and leaves no process and no file', async () => {
  const other = await makePatient()
  const mark = join(other.root, 'mark')
  const launcher = join(other.shims, '.jobshim/launcher')
  const real = join(other.root, 'launcher')
  renameSync(launcher, real)
  writeFiles(other.shims, {
    '.jobshim/launcher': `#!/bin/sh
case "$JOBSHIM_JOBSERVER $1" in
*/doctor-*" --") echo $PPID >${mark}; exec ${pathOf('sleep')} 600 ;;
*) exec ${real} "$@" ;;
esac
`,
  })
  chmodSync(launcher, 0o755)
  await endWhile(other, mark, 'SIGTERM')
})

test('doctor :: an environment without anything :: it says what it can', async () => {
  const { status, stdout, stderr } = await run(
    '/usr/bin/env',
    [
      '-i',
      process.execPath,
      join(repository, 'bin/jobshim.js'),
      'doctor',
      '--json',
      '--dir',
      join(patient.root, 'nowhere'),
    ],
    { cwd: patient.work },
  )
  assert.is(stderr, '')
  const { checks } = JSON.parse(stdout) as { checks: { name: string; state: string; text: string }[] }
  assert.equal(
    checks.map(({ name }) => name),
    names,
  )
  const of = (name: string) => checks.find(check => check.name === name)
  assert.is(of('shims')?.text, `none in ${patient.root}/nowhere yet`)
  assert.is(of('launcher')?.state, 'ok')
  assert.is(status, 0)
  assert.not(existsSync(join(patient.root, 'nowhere')))
})

test('doctor :: a working directory that is gone is told', async () => {
  const gone = join(patient.root, 'gone')
  const { status, stdout, stderr } = await run(
    'sh',
    [
      '-c',
      'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"',
      gone,
      process.execPath,
      join(repository, 'bin/jobshim.js'),
      'doctor',
    ],
    { env: { ...patient.env, PATH: process.env.PATH } },
  )
  assert.equal([status, stdout], [1, ''])
  assert.match(stderr, /the working directory can't be found/)
})

test('doctor :: config :: a wrong one is named, and all else is looked at', async () => {
  const { work } = patient
  writeFiles(work, { '.jobshimrc': '{ "patence": 3 }\n' })
  const bad = await examined(patient)
  assert.equal(bad.checks[0], {
    name: 'config',
    state: 'broken',
    text: `${work}/.jobshimrc: unknown key patence`,
    fix: 'did you mean patience?',
  })
  assert.equal(
    bad.checks.map(({ name }) => name),
    names,
  )
  writeFiles(work, { '.jobshimrc': '{ "patience": 3 }\n' })
  const good = await examined(patient)
  assert.equal(good.checks[0], { name: 'config', state: 'ok', text: `${work}/.jobshimrc` })
  chmodSync(join(work, '.jobshimrc'), 0o666)
  const open = await examined(patient)
  assert.is(open.checks[0]?.state, 'broken')
  assert.is(open.checks[0]?.text, `${work}/.jobshimrc: the config can be written by everybody`)
  rmSync(join(work, '.jobshimrc'))
})

test.run()
