import { execFileSync } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { buildProgram } from '../support/built.js'
import { run } from '../support/jobshim.js'
import { tokensIn } from '../support/pool.js'
import { processes } from '../support/processes.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { repository, writeFiles } from '../support/workspace.js'
import {
  makeSandboxPlace,
  peakOf,
  type SandboxPlace,
  supervisorOf,
  supervisorsOf,
  waitersAs,
} from './place.js'

const lost = 'jobshim: the supervisor of the sandbox has ended: from here on tools run without a limit\n'
const stoodStill =
  'jobshim: the supervisor of the sandbox stood still for 5 s, and was ended: from here on tools run without a limit\n'

/** A place with a tool that runs until it is let go: `gcc-9 -c '. ./hold'`. */
async function makeHoldingPlace(): Promise<SandboxPlace> {
  const place = await makeSandboxPlace()
  copyFileSync('/bin/sh', join(place.root, 'tools/gcc-9'))
  const hold = 'echo "+ $$" >>out/log; until [ -e go ]; do sleep 0.02; done; echo "- $$" >>out/log\n'
  writeFiles(place.root, { hold })
  return place
}

const letGo = ({ root }: SandboxPlace): void => writeFiles(root, { go: '' })

const atOnce = (count: number): string => `for n in $(seq ${count}); do gcc-9 -c '. ./hold' & done; wait`

const stateOf = ({ root }: SandboxPlace): string => join(root, `run/jobshim-${process.getuid?.()}`)

/** Of the run's pool. */
const fifoOf = (place: SandboxPlace): string =>
  join(stateOf(place), leftBy(place).find(name => name.startsWith('run-')) ?? '', 'fifo')

const parentOf = (pid: number | undefined): number =>
  processes().find(process => process.pid === pid)?.parent ?? Number.NaN

const started = ({ root }: SandboxPlace): number =>
  existsSync(join(root, 'out/log'))
    ? (readFileSync(join(root, 'out/log'), 'utf8').match(/\+/g)?.length ?? 0)
    : 0

const send = (place: SandboxPlace, signal: NodeJS.Signals): void => {
  const pid = supervisorOf(place)
  assert.ok(pid !== undefined, 'there is a supervisor')
  process.kill(pid, signal)
}

test('sandbox :: killed :: what waits goes on, the tokens come back, run says so, and its status is the command’s', async () => {
  const place = await makeHoldingPlace()
  const running = place.run(2, ['sh', '-c', `${atOnce(8)}; exit 7`])
  await until('2 run', () => started(place) >= 2)
  send(place, 'SIGKILL')
  await until('all run', () => started(place) >= 8)
  await until('the token is back', () => tokensIn(fifoOf(place)).length === 1)
  letGo(place)
  const { status, stdout, stderr } = await running
  assert.equal([status, stdout], [7, ''], stderr)
  assert.ok(stderr.startsWith(lost), stderr)
  const { back, total } = JSON.parse(stderr.slice(lost.length))
  assert.equal([back, total], [1, 1])
  assert.is(peakOf(place).runs, 8)
})

test('sandbox :: killed :: what starts later starts as it would without one', async () => {
  const place = await makeHoldingPlace()
  const later =
    'nproc; python3 -c "import threading; t = threading.Thread(target=print, args=(1,)); t.start(); t.join()"'
  const running = place.run(2, ['sh', '-c', `gcc-9 -c '. ./hold'; ${later}; (kill -ABRT $$)`])
  await until('1 run', () => started(place) >= 1)
  send(place, 'SIGKILL')
  letGo(place)
  const { signal, stdout, stderr } = await running
  assert.is(signal, 'SIGABRT', stderr)
  assert.match(stdout, /^\d+\n1\n$/)
})

test('sandbox :: killed :: as its first program is received, and not noted yet: that goes on', async () => {
  const place = await makeHoldingPlace()
  const look = join(place.shims, '.jobshim/look')
  renameSync(look, `${look}.real`)
  buildProgram(look, ['killed-receiving.c'])
  letGo(place)
  const { status, stdout, stderr } = await place.run(2, ['sh', '-c', `${atOnce(3)}; exit 7`])
  assert.equal([status, stdout, stderr.slice(0, lost.length)], [7, '', lost], stderr)
  assert.is(peakOf(place).runs, 3)
  await until('nobody is left', () => supervisorsOf(place).length === 0)
})

// make counts its tokens at its end, and says which are missing.
testWith(
  'make43',
  'sandbox :: killed :: below a make -j, whose token it had :: make has it back at once',
  async path => {
    const place = await makeHoldingPlace()
    const { root, shims, env } = place
    const governed = `${process.execPath} ${join(repository, 'bin/jobshim.js')} run --sandbox -q --no-config --dir ${shims}`
    const ready = 'until [ "$$(grep -c + out/log 2>/dev/null)" = 2 ]; do sleep 0.02; done'
    const other = 'until [ -e go ]; do sleep 0.02; done; echo other has run'
    writeFiles(root, {
      'hold.sh': `${atOnce(2)}\n`,
      Makefile: `all: x y z\nx:\n\t+@${governed} -- sh hold.sh\nready:\n\t@${ready}\ny: ready\n\t@${other}\nz: ready\n\t@touch z\n.PHONY: all ready x y\n`,
    })
    const make = run('make', ['-j3', '--no-print-directory'], {
      cwd: root,
      env: { ...env, PATH: `${path}:${env.PATH}` },
    })
    await until('2 run', () => started(place) >= 2)
    send(place, 'SIGKILL')
    await until('make has its token for another one', () => existsSync(join(root, 'z')))
    letGo(place)
    assert.equal(await make, { status: 0, signal: null, stdout: 'other has run\n', stderr: lost })
  },
)

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  test(`sandbox :: ${signal} to the run :: what waits is ended, and what runs is not`, async () => {
    const place = await makeHoldingPlace()
    const running = place.run(2, ['sh', '-c', `${atOnce(8)}; exit 7`])
    await until('2 run', () => started(place) >= 2)
    await until('6 wait', () => waitersAs(join(place.root, 'tools/gcc-9')).length >= 6)
    process.kill(parentOf(supervisorOf(place)), signal)
    await until('none waits', () => waitersAs(join(place.root, 'tools/gcc-9')).length === 0)
    letGo(place)
    const outcome = await running
    assert.is(outcome.signal, signal, outcome.stderr)
    assert.is(JSON.parse(outcome.stderr).dismissed, 6)
    assert.is(started(place), 2)
  })

test('sandbox :: stopped :: run ends a supervisor that stands still', async () => {
  const place = await makeHoldingPlace()
  const running = place.run(2, ['sh', '-c', atOnce(6)])
  await until('2 run', () => started(place) >= 2)
  send(place, 'SIGSTOP')
  await until('all run', () => started(place) >= 6)
  letGo(place)
  const { status, stderr } = await running
  assert.is(status, 0, stderr)
  assert.ok(stderr.startsWith(stoodStill), stderr)
  assert.is(JSON.parse(stderr.slice(stoodStill.length)).back, 1)
  assert.is(peakOf(place).runs, 6)
})

/** Resolves once the supervisor has another parent. */
async function killRun(place: SandboxPlace): Promise<void> {
  const run = parentOf(supervisorOf(place))
  process.kill(run, 'SIGKILL')
  await until('run is gone', () => parentOf(supervisorOf(place)) !== run)
}

/** What is in the state directory. */
const leftBy = (place: SandboxPlace): string[] => readdirSync(stateOf(place))

test('sandbox :: run killed :: the limit holds to the end of the command, and the next run finds nothing in its way', async () => {
  const place = await makeHoldingPlace()
  const running = place.run(2, ['sh', '-c', atOnce(8)])
  await until('2 run', () => started(place) >= 2)
  await until('6 wait', () => waitersAs(join(place.root, 'tools/gcc-9')).length >= 6)
  await killRun(place)
  await setTimeout(300) // what waits could go on
  assert.is(started(place), 2)
  letGo(place)
  const { signal, stdout, stderr } = await running
  assert.equal([signal, stdout, stderr], ['SIGKILL', '', ''])
  await until('the supervisor has ended', () => supervisorOf(place) === undefined)
  assert.equal(peakOf(place), { runs: 8, peak: 2 })
  const next = await place.run(2, ['sh', '-c', atOnce(1)])
  assert.is(next.status, 0, next.stderr)
  assert.equal(leftBy(place), [])
})

test('sandbox :: run killed :: what outlives the command goes on without a slot', async () => {
  const place = await makeHoldingPlace()
  const running = place.run(1, [
    'sh',
    '-c',
    atOnce(2).replace('wait', 'until [ -e over ]; do sleep 0.02; done'),
  ])
  await until('1 runs', () => started(place) >= 1)
  await until('1 waits', () => waitersAs(join(place.root, 'tools/gcc-9')).length >= 1)
  await killRun(place)
  writeFiles(place.root, { over: '' })
  await until('both run', () => started(place) >= 2)
  letGo(place)
  assert.is((await running).signal, 'SIGKILL')
  await until('the supervisor has ended', () => supervisorOf(place) === undefined)
  assert.is(peakOf(place).runs, 2)
})

for (const [when, first, then] of [
  ['before', 'SIGSTOP', 'kill'],
  ['after', 'kill', 'SIGSTOP'],
] as const)
  test(`sandbox :: stopped :: ${when} run is killed: it is continued, and the limit holds`, async () => {
    const place = await makeHoldingPlace()
    const running = place.run(1, ['sh', '-c', atOnce(3)])
    await until('1 runs', () => started(place) >= 1)
    for (const what of [first, then])
      if (what === 'kill') await killRun(place)
      else send(place, what)
    letGo(place)
    assert.is((await running).signal, 'SIGKILL')
    await until('all have ended', () => supervisorOf(place) === undefined)
    assert.equal(peakOf(place), { runs: 3, peak: 1 })
  })

test('sandbox :: stopped :: the build ends meanwhile, and has its tokens back', async () => {
  const place = await makeHoldingPlace()
  const running = place.run(2, ['sh', '-c', atOnce(2)])
  await until('2 run', () => started(place) >= 2)
  send(place, 'SIGSTOP')
  letGo(place)
  const { status, stderr } = await running
  assert.is(status, 0, stderr)
  assert.is(JSON.parse(stderr.replace(stoodStill, '')).back, 1) // a busy machine may take 5 s for it
  await until('the supervisor has ended', () => supervisorOf(place) === undefined)
})

/** Whether a process runs this place's tool, or waits as it. */
const hasTool = ({ tool }: SandboxPlace): boolean =>
  readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry))
    .some(pid => {
      try {
        return readlinkSync(`/proc/${pid}/exe`) === tool
      } catch {
        return false // it has ended
      }
    })

test('sandbox :: stopped :: what starts before it goes on waits, and is not told as a tool without a slot', async () => {
  const place = await makeSandboxPlace()
  execFileSync('mkfifo', [join(place.root, 'gate')])
  const gate = openSync(join(place.root, 'gate'), 'r+')
  const script = `: >begun; (read line <gate; exec ${place.tool} -c 10 -o "$PWD/out/1") & wait`
  const running = place.run(2, ['sh', '-c', script])
  await until('a build', () => existsSync(join(place.root, 'begun')))
  send(place, 'SIGSTOP')
  writeSync(gate, 'go\n')
  await until('a tool', () => hasTool(place))
  await setTimeout(600) // run looks every 200 ms
  assert.is(started(place), 0)
  send(place, 'SIGCONT')
  const { status, stderr } = await running
  assert.is(status, 0, stderr)
  closeSync(gate)
  const { runs, back, past } = JSON.parse(stderr)
  assert.equal([runs, back, past], [1, 1, []], stderr)
})

test('sandbox :: waiters :: one that is killed leaves no trace', async () => {
  const place = await makeSandboxPlace()
  const { tool } = place
  const script = `${tool} -c 600 -o "$PWD/out/1" & ${tool} -c 10 -o "$PWD/out/2" & waiter=$!
until [ -e out/log ]; do sleep 0.02; done; sleep 0.2
kill -9 $waiter $(pgrep -P $waiter); wait; ${tool} -c 10 -o "$PWD/out/3"`
  const { status, stderr } = await place.run(1, ['sh', '-c', script])
  assert.is(status, 0, stderr)
  assert.is(peakOf(place).peak, 1)
  assert.equal(readdirSync(join(place.root, 'out')).includes('3'), true)
})

for (const signal of ['INT', 'TERM', 'HUP'])
  test(`sandbox :: waiters :: ${signal} ends one that waits at once`, async () => {
    const place = await makeSandboxPlace()
    const { tool } = place
    const script = `${tool} -c 1500 -o "$PWD/out/1" &
until [ -e out/log ]; do sleep 0.02; done
timeout -s ${signal} 0.3 ${tool} -c 10 -o "$PWD/out/2"; echo $?; [ ! -e out/1 ] && echo early; wait`
    const { status, stdout, stderr } = await place.run(1, ['sh', '-c', script])
    assert.equal([status, stdout], [0, '124\nearly\n'], stderr)
  })

test('sandbox :: waiters :: one that is stopped and continued keeps its place', async () => {
  const place = await makeSandboxPlace()
  const { tool } = place
  const script = `${tool} -c 800 -o "$PWD/out/1" &
until [ -e out/log ]; do sleep 0.02; done
${tool} -c 10 -o "$PWD/out/2" & waiter=$!
sleep 0.2; kill -STOP $waiter; sleep 0.1; cut -d' ' -f3 /proc/$waiter/stat; kill -CONT $waiter; wait`
  const { status, stdout, stderr } = await place.run(1, ['sh', '-c', script])
  assert.equal([status, stdout], [0, 'T\n'], stderr)
  assert.equal(peakOf(place), { runs: 2, peak: 1 })
})

test('sandbox :: ends :: what outlives the build holds nobody up, and starts programs as ever', async () => {
  const place = await makeSandboxPlace()
  const { root, tool } = place
  execFileSync('mkfifo', [join(root, 'gate')])
  const gate = openSync(join(root, 'gate'), 'r+')
  const daemon = `read line <gate; ${tool} -c 10 -o "$PWD/out/later"; echo $? >"$PWD/ended.new"; mv ended.new ended`
  const { status, stderr } = await place.run(1, [
    'sh',
    '-c',
    `setsid sh -c '${daemon}' </dev/null >/dev/null 2>&1 &`,
  ])
  assert.is(status, 0, stderr)
  const supervisor = supervisorOf(place)
  assert.ok(supervisor !== undefined, 'it stays')
  writeSync(gate, 'go\n')
  await until('the daemon has ended', () => existsSync(join(root, 'ended')))
  assert.is(readFileSync(join(root, 'ended'), 'utf8'), '0\n')
  await until('the supervisor has ended', () => supervisorOf(place) === undefined)
  closeSync(gate)
})

test('sandbox :: ends :: the command’s status and signal are run’s', async () => {
  const place = await makeSandboxPlace()
  assert.is((await place.run(1, ['sh', '-c', 'exit 9'])).status, 9)
  assert.is((await place.run(1, ['sh', '-c', 'kill -TERM $$'])).signal, 'SIGTERM')
  assert.is((await place.run(1, ['no-such-program'])).status, 127)
})

test.run()
