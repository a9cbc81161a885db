import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { launcherRows } from '../../src/doctor/launcher.js'
import type { LauncherFacts } from '../../src/doctor/launcher-facts.js'
import { judgeAll } from '../../src/doctor/verdict.js'
import { run, scrubbed } from '../support/jobshim.js'
import { addTools, makePatient, type Patient, verdicts } from '../support/patient.js'
import { plainLauncher } from '../support/shimdir.js'
import { makeWorkspace, repository } from '../support/workspace.js'

const launcherOf = ({ shims }: Pick<Patient, 'shims'>): string => join(shims, '.jobshim/launcher')

const lookOf = ({ shims }: Pick<Patient, 'shims'>): string => join(shims, '.jobshim/look')

/** Another program in the launcher's place. */
function replace(patient: Patient, text: string | Buffer): void {
  const launcher = launcherOf(patient)
  unlinkSync(launcher)
  writeFileSync(launcher, text, { mode: 0o755 })
}

test('doctor :: launcher :: fine', async () => {
  const patient = await makePatient()
  assert.equal(await verdicts(patient, 'launcher'), [{ state: 'ok', text: launcherOf(patient) }])
})

test('doctor :: launcher :: gone from below the shims', async () => {
  const patient = await makePatient()
  unlinkSync(launcherOf(patient))
  assert.equal(await verdicts(patient, 'launcher'), [
    {
      state: 'broken',
      text: `${launcherOf(patient)}: missing, so that no shim works`,
      fix: 'jobshim install',
    },
  ])
  for (const [name, text] of [
    ['launcher build', 'not known: no launcher'],
    ['launcher speed', 'not measured: no launcher'],
    ['ledger', 'not tried: no launcher'],
    ['locks', 'not tried: no launcher'],
  ] as const)
    assert.equal(await verdicts(patient, name), [{ state: 'note', text }])
})

const cannotRun = 'jobshim install'

test('doctor :: launcher :: not executable', async () => {
  const patient = await makePatient()
  chmodSync(launcherOf(patient), 0o644)
  assert.equal(await verdicts(patient, 'launcher'), [
    { state: 'broken', text: `${launcherOf(patient)}: can't run (not executable)`, fix: cannotRun },
  ])
})

test('doctor :: launcher :: of another machine, or no program at all', async () => {
  const patient = await makePatient()
  const launcher = launcherOf(patient)
  const foreign = readFileSync(launcher)
  foreign.writeUInt16LE(0xffff, 18) // a machine that nobody has
  for (const text of [foreign, Buffer.from('touch ran\n'), Buffer.alloc(0)]) {
    replace(patient, text)
    assert.equal(await verdicts(patient, 'launcher'), [
      { state: 'broken', text: `${launcher}: can't run (it is no program of this machine)`, fix: cannotRun },
    ])
  }
  assert.equal(readdirSync(patient.work), []) // no shell took it for a script
  const env = { JOBSHIM_JOBSERVER: 'fifo:/nowhere' }
  assert.equal(await verdicts(patient, 'jobserver', { env }), [
    { state: 'note', text: 'JOBSHIM_JOBSERVER=fifo:/nowhere: not tried: no launcher to ask' },
  ])
})

test('doctor :: launcher :: an older one, with no look beside it', async () => {
  const patient = await makePatient()
  unlinkSync(lookOf(patient))
  const fix = 'jobshim install'
  assert.equal(await verdicts(patient, 'launcher'), [
    { state: 'note', text: `${launcherOf(patient)}: not the one of this jobshim`, fix },
  ])
  assert.equal(await verdicts(patient, 'launcher build'), [
    { state: 'note', text: 'not known: an older launcher does not tell' },
  ])
  assert.match(
    (await verdicts(patient, 'kernel'))[0]?.text ?? '',
    /^Linux \S+; not asked: an older launcher$/,
  )
})

test('doctor :: launcher :: one that hangs', async () => {
  const patient = await makePatient()
  replace(patient, '#!/bin/sh\nexec /bin/sleep 600\n')
  assert.equal(await verdicts(patient, 'launcher'), [
    { state: 'broken', text: `${launcherOf(patient)}: can't run (no end after 10 s)`, fix: cannotRun },
  ])
})

test('doctor :: launcher :: one of another jobshim', async () => {
  const patient = await makePatient()
  const launcher = launcherOf(patient)
  replace(patient, `#!/bin/sh\nexec ${plainLauncher} "$@"\n`)
  assert.equal(await verdicts(patient, 'launcher'), [
    {
      state: 'note',
      text: `${launcher}: not the one of this jobshim`,
      fix: 'jobshim install',
    },
  ])
})

test('doctor :: launcher :: not built yet, with a compiler and without', async () => {
  const home = join(makeWorkspace(), 'package')
  for (const path of ['bin', 'dist/bundle', 'shims', 'package.json'])
    cpSync(join(repository, path), join(home, path), { recursive: true })
  rmSync(join(home, 'shims/build'), { recursive: true, force: true })
  const tools = join(home, 'tools')
  const env = { PATH: tools, HOME: home, XDG_DATA_HOME: join(home, 'data'), XDG_RUNTIME_DIR: home }
  const line = [process.execPath, join(home, 'bin/jobshim.js'), 'doctor', '--json']
  const launcherCheck = async (): Promise<unknown> => {
    const { stdout } = await run('/usr/bin/env', line, { cwd: home, env })
    const { checks } = JSON.parse(stdout) as { checks: { name: string }[] }
    return checks.find(({ name }) => name === 'launcher')
  }
  mkdirSync(tools)
  assert.equal(await launcherCheck(), {
    name: 'launcher',
    state: 'broken',
    text: 'none, and none can be built: no make and no cc on PATH',
    fix: 'install make and a C compiler',
    advice: 'launcher-tools',
  })
  addTools(tools, { make: '#!/bin/sh\n', cc: '#!/bin/sh\n' })
  assert.equal(await launcherCheck(), {
    name: 'launcher',
    state: 'note',
    text: 'not built yet',
    fix: 'an install builds it: jobshim install',
    advice: 'launcher-unbuilt',
    command: 'jobshim install',
  })
})

const hint = `install musl-tools, and build it anew: make -s -B -C ${repository}/shims && jobshim install`

test('doctor :: launcher build :: static, and dynamic', async () => {
  const patient = await makePatient()
  const [fine] = await verdicts(patient, 'launcher build')
  const dynamic = join(patient.root, 'dynamic')
  for (const [variable, place] of [
    ['OUT', launcherOf(patient)],
    ['LOOK', lookOf(patient)],
  ] as const) {
    execFileSync(
      'make',
      ['-s', '-C', join(repository, 'shims'), `${variable}=${dynamic}`, 'COMPILERS=cc', dynamic],
      {
        env: scrubbed(),
      },
    )
    renameSync(dynamic, place)
  }
  const [verdict] = await verdicts(patient, 'launcher build')
  assert.is(verdict?.state, 'note')
  assert.match(verdict?.text ?? '', /^dynamic, (glibc|musl), \d+ bytes: starts later than a static one$/)
  assert.is(verdict && 'fix' in verdict ? verdict.fix : '', hint)
  assert.match(
    fine?.text ?? '',
    /^static, (musl, \d+ bytes$|glibc, \d+ bytes: on a virtual machine a shim takes )/,
  )
  assert.is(fine?.state, fine?.text.includes('musl,') ? 'ok' : 'note')
})

test('doctor :: launcher speed :: measured, and one that takes its time', async () => {
  const patient = await makePatient()
  const measured = /^true takes \d+\.\d\d ms with a shim and \d+\.\d\d ms without: x(\d+\.\d\d)/
  const [fine] = await verdicts(patient, 'launcher speed')
  assert.match(fine?.text ?? '', measured)
  replace(patient, `#!/bin/sh\n/bin/sleep 0.05\nexec ${plainLauncher} "$@"\n`)
  const [slow] = await verdicts(patient, 'launcher speed')
  assert.is(slow?.state, 'note')
  assert.ok(Number(measured.exec(slow?.text ?? '')?.[1]) > 2, slow?.text)
})

const aboutIt = {
  advice: 'launcher-slow',
  command: hint.slice(hint.indexOf(': ') + 2),
}

/** The same by numbers, whatever the machine is busy with. */
const facts = (bareMs: number, shimMs: number, linking: string): LauncherFacts => ({
  launcher: { kind: 'built', path: '/l' },
  install: 'jobshim install',
  bytes: 1,
  description: { kind: 'told', linking, libc: 'musl', features: new Map() },
  speed: { kind: 'measured', bareMs, shimMs },
})

for (const [linking, shimMs, verdict] of [
  ['static', 0.7, { state: 'ok', text: 'true takes 0.70 ms with a shim and 0.50 ms without: x1.40' }],
  [
    'static',
    1.5,
    {
      state: 'note',
      text: 'true takes 1.50 ms with a shim and 0.50 ms without: x3.00; more than x2 is usual only on a busy machine',
    },
  ],
  [
    'dynamic',
    1.5,
    {
      state: 'note',
      text: 'true takes 1.50 ms with a shim and 0.50 ms without: x3.00; more than x2 is unusual',
      fix: hint,
    },
  ],
] as const)
  test(`doctor :: launcher speed :: a ${linking} one that takes ${shimMs} ms where the tool takes 0.5`, () => {
    const checks = judgeAll(launcherRows, facts(0.5, shimMs, linking))
    assert.equal(
      checks.find(({ name }) => name === 'launcher speed'),
      { name: 'launcher speed', ...verdict, ...(linking === 'static' ? {} : aboutIt) },
    )
  })

test('doctor :: launcher speed :: no tool to measure by', async () => {
  const patient = await makePatient()
  rmSync(join(patient.tools, 'true'))
  assert.equal(await verdicts(patient, 'launcher speed'), [
    { state: 'note', text: 'not measured: no true or no sh here' },
  ])
})

test.run()
