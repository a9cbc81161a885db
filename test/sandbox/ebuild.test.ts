/** The hook in a shell that is to be in a sandbox, with stand-ins for what it calls of Portage's. */
import { copyFileSync, existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Process, processes } from '../support/processes.js'
import { until } from '../support/until.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { makeSandboxPlace, peakOf, type SandboxPlace } from './place.js'

type Phase = SandboxPlace & {
  temporary: string
  script: (then: string) => string[]
  env: Record<string, string>
}

/** A place whose shims lie beside a hook, and how a phase with two jobs is run there. */
async function makePhase(): Promise<Phase> {
  const place = await makeSandboxPlace()
  const { root, shims, env } = place
  symlinkSync(shims, join(root, 'portage'))
  copyFileSync(join(repository, 'portage/hook.bash'), join(root, 'portage-hook.bash'))
  copyFileSync(join(repository, 'shims/build/bash-sandbox.so'), join(root, 'portage-sandbox.so'))
  const temporary = makeWorkspace('T')
  return {
    ...place,
    temporary,
    script: then => [
      'bash',
      '-c',
      `ewarn() { echo "ewarn: $*" >&2; }\naddwrite() { :; }\nsource '${root}/portage-hook.bash'\n${then}`,
    ],
    env: {
      ...env,
      T: temporary,
      JOBSHIM_PORTAGE: 'sandbox',
      EBUILD_PHASE: 'compile',
      CATEGORY: 'app-misc',
      PF: 'foo-1',
      MAKEOPTS: '-j2',
    },
  }
}

const begin = ({ root, env, script }: Phase, then: string): Held =>
  start({ env, command: script(`cd '${root}'\n${then}`) })

const atOnce = ({ tool }: Phase, count: number, ms: number): string =>
  `for n in $(seq ${count}); do ${tool} -c ${ms} -o "$PWD/out/$n" & done; wait`

/** The first entry of PATH. */
const tellPlace = 'cut -d: -f1 <<<"$PATH"'

/** A second job has one token beside its own slot; it is a plus sign. The supervisor gives it back once it has seen the last end. */
const countTokens = `for look in {1..500}; do
  tokens=$(dd if=/proc/self/fd/$__JOBSHIM_POOL iflag=nonblock bs=9 count=1 2>/dev/null)
  test -n "$tokens" && break
  sleep 0.02
done
echo "$tokens"`

/** The guard of a phase, its child, the supervisor, and what follows that: its child, and in the end a child of that one. */
const oursOf = (pid: number): Process[] =>
  processes().filter(({ command }) => command.endsWith(`/look phase ${pid} ./socket`))

function guardOf(pid: number): Process | undefined {
  const all = oursOf(pid)
  return all.find(({ parent }) => !all.some(one => one.pid === parent))
}

function supervisorOf(pid: number): Process | undefined {
  const guard = guardOf(pid)
  return oursOf(pid).find(({ parent }) => parent === guard?.pid)
}

const startedIn = ({ root }: Phase): number =>
  existsSync(join(root, 'out/log')) ? readFileSync(join(root, 'out/log'), 'utf8').split('+').length - 1 : 0

const nobodyIsLeft = (pid: number): Promise<void> =>
  until('guard, supervisor and successor have ended', () => oursOf(pid).length === 0)

test('sandbox :: ebuild :: a tool that is called by its path takes a slot; nothing else is different in the shell', async () => {
  const phase = await makePhase()
  const told = `${tellPlace}; type -t jobshim_sandbox; ls "$T"; jobs; grep Seccomp_filters /proc/self/status`
  const held = begin(phase, `${told}\n${atOnce(phase, 6, 100)}\n${countTokens}`)
  const { status, stdout, stderr } = await held.ended
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  assert.is(
    stdout,
    `${phase.root}/portage/.jobshim/adapters\njobshim-${process.getuid?.()}\nSeccomp_filters:\t1\n+\n`,
  )
  assert.equal(peakOf(phase), { runs: 6, peak: 2 })
  await nobodyIsLeft(held.pid)
})

test('sandbox :: ebuild :: sourced twice :: one sandbox', async () => {
  const phase = await makePhase()
  const held = begin(
    phase,
    `source '${phase.root}/portage-hook.bash'\ngrep Seccomp_filters /proc/self/status`,
  )
  const { status, stdout, stderr } = await held.ended
  assert.equal({ status, stdout, stderr }, { status: 0, stdout: 'Seccomp_filters:\t1\n', stderr: '' })
})

test('sandbox :: ebuild :: no adapters where their links lead :: the shims stand on PATH, and no tool takes two slots', async () => {
  const phase = await makePhase()
  rmSync(join(phase.root, 'shims/.jobshim/adapters'), { recursive: true, force: true })
  const work = 'for n in 1 2 3 4; do gcc -c 100 -o "$PWD/out/$n" & done; wait'
  const held = begin(phase, `${tellPlace}\n${work}\n${countTokens}`)
  const { status, stdout, stderr } = await held.ended
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  assert.is(stdout, `${phase.root}/portage\n+\n`)
  assert.equal(peakOf(phase), { runs: 4, peak: 2 })
})

test('sandbox :: ebuild :: bash can load no builtin :: one line says so, and the shims keep the limit', async () => {
  const phase = await makePhase()
  rmSync(join(phase.root, 'portage-sandbox.so'))
  const work = 'for n in 1 2 3 4; do gcc -c 100 -o "$PWD/out/$n" & done; wait'
  const held = begin(phase, `${tellPlace}\n${work}\n${countTokens}`)
  const { status, stdout, stderr } = await held.ended
  assert.equal(
    { status, stdout, stderr },
    {
      status: 0,
      stdout: `${phase.root}/portage\n+\n`,
      stderr:
        "ewarn: jobshim: no sandbox for this phase: bash can't load portage-sandbox.so: the shims keep its limit\n",
    },
  )
  assert.equal(peakOf(phase), { runs: 4, peak: 2 })
})

test('sandbox :: ebuild :: in a jobshim run --sandbox :: one line says that there can be one only', async () => {
  const phase = await makePhase()
  const { status, stdout, stderr } = await phase.run(3, phase.script(tellPlace), {
    env: phase.env,
  })
  assert.equal({ status, stdout }, { status: 0, stdout: `${phase.root}/portage\n` }, stderr)
  assert.is(
    stderr.split('\n')[0],
    'jobshim: no sandbox for this phase: a program above has a seccomp listener, and there can be one only: the shims keep its limit',
  )
})

for (const [signal, line] of [
  ['SIGKILL', 'has ended'],
  ['SIGSTOP', 'stood still for 5 s, and was ended'],
] as const)
  test(`sandbox :: ebuild :: ${signal} to the supervisor :: what waits goes on, and the log says so`, async () => {
    const phase = await makePhase()
    const held = begin(phase, `${atOnce(phase, 6, 500)}\nexit 7`)
    await until('two run', () => startedIn(phase) >= 2)
    const supervisor = supervisorOf(held.pid)
    assert.ok(supervisor)
    process.kill(supervisor.pid, signal)
    const { status, stdout, stderr } = await held.ended
    assert.equal({ status, stdout }, { status: 7, stdout: '' })
    assert.is(
      stderr,
      `jobshim: the supervisor of the sandbox ${line}: from here on tools run without a limit\n`,
    )
    assert.is(peakOf(phase).runs, 6)
    await nobodyIsLeft(held.pid)
  })

test('sandbox :: ebuild :: SIGKILL to the guard :: the limit holds to the end of the phase', async () => {
  const phase = await makePhase()
  const held = begin(phase, `${atOnce(phase, 6, 500)}\nexit 7`)
  await until('two run', () => startedIn(phase) >= 2)
  const guard = guardOf(held.pid)
  assert.ok(guard)
  process.kill(guard.pid, 'SIGKILL')
  const { status, stdout, stderr } = await held.ended
  assert.equal({ status, stdout, stderr }, { status: 7, stdout: '', stderr: '' })
  assert.equal(peakOf(phase), { runs: 6, peak: 2 })
  await nobodyIsLeft(held.pid)
})

test('sandbox :: ebuild :: a process outlives the phase :: its tools wait for nobody, and the supervisor ends with it', async () => {
  const phase = await makePhase()
  const rest = `until test -e over; do sleep 0.1; done; ${atOnce(phase, 4, 300)}; touch "$PWD/done"`
  const held = begin(phase, `setsid sh -c '${rest}' </dev/null >/dev/null 2>&1 & read -r line; exit 0`) // until end()
  await until('a supervisor', () => supervisorOf(held.pid) !== undefined)
  const supervisor = supervisorOf(held.pid)?.pid
  const { status, stderr } = await held.end()
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  await until('it has ended', () => !oursOf(held.pid).some(({ pid }) => pid === supervisor))
  writeFiles(phase.root, { over: '' })
  await until('the rest is done', () => existsSync(join(phase.root, 'done')))
  assert.equal(peakOf(phase), { runs: 4, peak: 4 })
  await nobodyIsLeft(held.pid)
})

test.after(killStarted)
test.run()
