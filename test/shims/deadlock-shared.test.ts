import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { processesOf, signalAll, stopAll } from '../support/processes.js'
import { installShims } from '../support/shimdir.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { isWaiting, recordsIn } from '../yard/ledger.js'
import { sharing } from '../yard/served.js'
import { share } from '../yard/shared.js'

/**
 * Patience in a pool that a server keeps: builds stand beside each other there, and there may be no client above a tool at all.
 */
const patience = 1 // second

const overdraft = /^jobshim: \w+: no slot was free for 1 s on an idle machine: run without one$/

// Not below this process, which may have the jobserver open: what computes there may be a job's work, and is waited for.
const loop = 'echo $$; exec >/dev/null; while kill -0 "$0"; do :; done' // as long as we are there

/** Keeps the machine busy with what has nothing to do with any jobserver, while `body` runs. */
async function whileBusy(body: () => Promise<void>, loops = 4): Promise<void> {
  const busy = Array.from({ length: loops }, () =>
    Number(
      execFileSync('setsid', ['--fork', 'sh', '-c', loop, String(process.pid)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ),
  )
  try {
    await body()
  } finally {
    for (const pid of busy) process.kill(pid, 'SIGKILL')
  }
}

const count = 'i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); done'

const tools = {
  'bin/work': '#!/bin/sh\n: >working.$1\nuntil test -e over; do :; done\n', // it takes a processor
  // It would, but others have them. Where the kernel shares out by sessions, this one is the last to get its share.
  'bin/starve': '#!/bin/sh\n{ echo 19 >/proc/self/autogroup; } 2>/dev/null\nexec nice -n 19 work "$1"\n',
  'bin/brief': `#!/bin/sh\n: >working.$1\nuntil test -e over; do sh -c '${count}'; done\n`,
  'bin/stay': '#!/bin/sh\n: >staying\nread -r word <go\n', // it takes none
  'bin/quick': '#!/bin/sh\n: >ran\n',
}

async function makeTools(): Promise<{ directory: string; PATH: string }> {
  const directory = makeWorkspace()
  writeFiles(directory, { ...tools, 'a.c': 'int answer(void) { return 42; }\n' })
  const real = `${join(directory, 'bin')}:${process.env.PATH}`
  const shims = await installShims(join(directory, 'shims'), {
    args: ['--tools', 'gcc,work,brief,starve,stay,quick'],
    env: { PATH: real },
  })
  return { directory, PATH: `${shims}:${real}` }
}

test('deadlock :: a pipe of three below a server, with no client above, on a busy machine :: ends', async () => {
  const served = await share(1)
  const { directory, PATH } = await makeTools()
  await whileBusy(async () => {
    const pipe = 'cd "$0" && cc -E a.c | cc -E -x c - | cc -x c -c - -o a.o'
    const build = start({
      env: { ...sharing(served, 2), PATH, JOBSHIM_PATIENCE: String(patience) },
      command: ['sh', '-c', pipe, directory],
    })
    const { status, stdout, stderr } = await build.ended
    assert.equal({ status, stdout }, { status: 0, stdout: '' }, stderr)
    const lines = stderr.split('\n').slice(0, -1)
    assert.ok(lines.length <= 2 && lines.every(line => overdraft.test(line)), stderr)
  })
  assert.ok(existsSync(join(directory, 'a.o')))
  assert.is(served.free(), 1)
  await served.end()
})

async function assertWaits(
  worker: 'work' | 'starve',
  meanwhile: (body: () => Promise<void>) => Promise<void>,
) {
  const served = await share(2)
  const { directory, PATH } = await makeTools()
  const env = { ...sharing(served, 3), PATH, JOBSHIM_PATIENCE: String(patience) }
  const begin = (script: string) =>
    start({ env, command: ['sh', '-c', `cd "$0" || exit; ${script}`, directory] })
  const builder = begin(`${worker} 1 & ${worker} 2 & wait`) // in the slot of what has no client above it, and with a token
  await until('both work', () => [1, 2].every(one => existsSync(join(directory, `working.${one}`))))
  assert.is(served.free(), 1)
  writeFiles(directory, {
    Makefile:
      'all:\n\t@mkfifo go; stay & until test -e staying; do sleep 0.02; done; quick; echo >go; wait\n',
  })
  const waiter = begin('exec make -s') // make has the other token, and stay runs in its slot
  await until('its first tool stays', () => existsSync(join(directory, 'staying')))
  await meanwhile(async () => {
    await sleep(3 * patience * 1000)
    assert.not(existsSync(join(directory, 'ran')))
  })
  writeFileSync(join(directory, 'over'), '')
  for (const build of [builder, waiter]) {
    const { status, stdout, stderr } = await build.ended
    assert.equal({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' })
  }
  assert.is(served.free(), 2)
  await served.end()
}

test('deadlock :: a build that stands still waits on while another one works in the slots of their server', () =>
  assertWaits('work', body => body()))

test('deadlock :: the one that works gets hardly any of a busy machine :: the other one waits on', () =>
  assertWaits('starve', body => whileBusy(body)))

type Builds = { holder: Held; waiter: Held; ledger: string }

async function assertWaitsForBrief(meanwhile: (body: () => Promise<void>, builds: Builds) => Promise<void>) {
  const served = await share(1)
  const { directory, PATH } = await makeTools()
  const env = { ...sharing(served, 2), PATH, JOBSHIM_PATIENCE: String(patience) }
  const begin = (script: string) =>
    start({ env, command: ['sh', '-c', `cd "$0" || exit; ${script}`, directory] })
  const holder = begin('brief 1 & brief 2 & wait')
  await until('both work', () => [1, 2].every(one => existsSync(join(directory, `working.${one}`))))
  const waiter = begin('exec quick')
  await meanwhile(
    async () => {
      await sleep(3 * patience * 1000)
      assert.not(existsSync(join(directory, 'ran')))
    },
    { holder, waiter, ledger: served.ledger() },
  )
  writeFileSync(join(directory, 'over'), '')
  for (const build of [holder, waiter]) {
    const { status, stdout, stderr } = await build.ended
    assert.equal({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' })
  }
  assert.is(served.free(), 1)
  await served.end()
}

test('deadlock :: who holds the slot works, by processes that end at once :: the wait goes on', () =>
  assertWaitsForBrief(body => body()))

test('deadlock :: these get hardly any of a busy machine :: the wait goes on', () =>
  assertWaitsForBrief(body => whileBusy(body, 60)))

test('deadlock :: both builds are stopped for longer than patience, as with their machine :: the wait goes on', () =>
  assertWaitsForBrief(async (body, { holder, waiter, ledger }) => {
    await until('it waits', () =>
      recordsIn(ledger).some(record => record.pid === waiter.pid && isWaiting(record)),
    )
    const all = stopAll(() => [...processesOf(waiter.pid), ...processesOf(holder.pid)])
    await sleep(10 * patience * 1000)
    // The waiter first: it finds that nobody has worked for ten seconds.
    for (const one of all) {
      signalAll([one], 'SIGCONT')
      await sleep(50)
    }
    await body()
  }))

test.after.each(killStarted)

test.run()
