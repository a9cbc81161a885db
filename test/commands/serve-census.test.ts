import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type ClientKey, clients, findClient } from '../support/clients.js'
import { describe, killAll, openFiles, processesOf } from '../support/processes.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { leaveDead, waitersIn } from '../yard/ledger.js'
import {
  censusIsTaken,
  endRestored,
  endServer,
  freeTokens,
  look,
  type Served,
  serve,
  sharing,
} from '../yard/served.js'

const total = 3

const env = (served: Served): Record<string, string> => sharing(served, total + 1)

const started = (held: Held): number => held.output.stdout.match(/^started$/gm)?.length ?? 0

/** A client whose jobs last until they are killed, one of them in its own slot, the others with tokens. */
type Driver = {
  key: ClientKey
  command: readonly string[]
  files: Record<string, string>
  job: RegExp // what its jobs are once they last
  as?: string // what a copy of the program is called: clients are told by their names
}

const job = 'echo started; exec sleep 1000'
const names = ['a', 'b', 'c', 'd', 'e']

const make44: Driver = {
  key: 'make44',
  command: ['make', '-s'],
  files: { Makefile: `all: ${names.join(' ')}\n${names.join(' ')}:\n\t@${job}\n` },
  job: /^sleep/,
}

const ninja113: Driver = {
  key: 'ninja113',
  command: ['ninja', '--quiet'],
  files: {
    'build.ninja': `rule hold\n  command = ${job}\n${names.map(name => `build ${name}: hold\n`).join('')}`,
  },
  job: /^sleep/,
}

const member = (name: string): Record<string, string> => ({
  [`${name}/Cargo.toml`]: `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\nbuild = "build.rs"\n`,
  [`${name}/build.rs`]: 'fn main() {\n    std::thread::sleep(std::time::Duration::from_secs(1000));\n}\n',
  [`${name}/src/lib.rs`]: '',
})

const cargo: Driver = {
  key: 'cargo',
  command: ['cargo', 'build', '--quiet', '--offline'],
  files: {
    'Cargo.toml': `[workspace]\nresolver = "2"\nmembers = ${JSON.stringify(names)}\n`,
    ...Object.assign({}, ...names.map(member)),
  },
  job: /build-script-build$/,
}

/** On every machine: takes what there is, starts a job for each token and one in its own slot, and these have no jobserver open. */
const standIn: Driver = {
  key: 'bash',
  as: 'make',
  command: ['bash', 'client.sh'],
  files: {
    'client.sh': `exec 9<>"\${MAKEFLAGS##*fifo:}"\nread -r -N${total} tokens <&9\n${`{ ${job}; } 9<&- &\n`.repeat(total + 1)}wait\n`,
  },
  job: /^sleep/,
}

async function startClient(served: Served, { key, command, files, as }: Driver): Promise<Held> {
  const directory = makeWorkspace(key)
  writeFiles(directory, files)
  const [program = '', ...args] = command
  const found = join(findClient(key) ?? '', program)
  if (as !== undefined) copyFileSync(found, join(directory, as))
  return start({
    env: env(served),
    command: ['env', '-C', directory, as === undefined ? found : join(directory, as), ...args],
  })
}

for (const driver of [standIn, make44, ninja113, cargo])
  for (const all of [true, false]) {
    const title = `census :: ${driver.as === undefined ? clients[driver.key].name : `a ${driver.as} of our own`} killed ${all ? 'with its jobs' : 'alone, its jobs live on'}`
    testWith(driver.key, title, async () => {
      const served = await serve(total)
      const client = await startClient(served, driver)
      const isJob = ({ command }: { command: string }): boolean => driver.job.test(command)
      await until('its jobs run', () => processesOf(client.pid).filter(isJob).length === total + 1)
      assert.is(freeTokens(served), 0)
      await censusIsTaken(served)
      assert.is(freeTokens(served), 0) // they are in use
      process.kill(client.pid, 'SIGKILL')
      if (!all) {
        await censusIsTaken(served)
        assert.is(freeTokens(served), 0, describe(processesOf(client.pid)))
      }
      killAll(processesOf(client.pid).filter(({ pid }) => pid !== client.pid))
      await until('all tokens are back', () => freeTokens(served) === total)
      await client.ended
      await endRestored(served, total)
    })
  }

test('census :: a client with a token in its hand, and no child yet :: holds it', async () => {
  const served = await serve(total)
  const takes = `exec 9<>"\${MAKEFLAGS##*fifo:}"\nread -r -N1 token <&9\necho started\nkill -STOP $$\n`
  const client = await startClient(served, { ...standIn, files: { 'client.sh': takes } })
  await until('it has one', () => started(client) === 1)
  await censusIsTaken(served)
  assert.is(freeTokens(served), total - 1)
  await client.kill()
  await until('it is back', () => freeTokens(served) === total)
  await endRestored(served, 1)
})

testWith('make44', 'census :: a client that is stopped holds what it holds', async () => {
  const served = await serve(total)
  const client = await startClient(served, make44)
  await until('it has all tokens', () => freeTokens(served) === 0)
  process.kill(-client.pid, 'SIGSTOP')
  await censusIsTaken(served)
  assert.is(freeTokens(served), 0)
  process.kill(-client.pid, 'SIGKILL')
  await until('all tokens are back', () => freeTokens(served) === total)
  await client.ended
  await endRestored(served, total)
})

const taker = `import os, sys
fd = os.open(os.environ['FIFO'], os.O_RDWR)
os.read(fd, 2)
print('started', flush=True)
sys.stdin.read()
`

testWith(
  'python',
  'census :: a client that is not known holds what it has taken; killed, it is lost',
  async () => {
    const served = await serve(total)
    const client = start({ env: { ...env(served), FIFO: served.fifo }, command: ['python3', '-c', taker] })
    await until('it has two tokens', () => started(client) === 1)
    await censusIsTaken(served)
    assert.is(freeTokens(served), 1)
    const [, , why = ''] = look(served, 'census')
    assert.match(why, /^process \d+ \(python3[.\d]*\) has the jobserver open and is no client that is known$/)
    await client.kill()
    await until('all tokens are back', () => freeTokens(served) === total)
    await endRestored(served, 2)
  },
)

/** Clients of their own, in languages whose programs the table has as carriers: each takes two tokens, and keeps them until stdin ends. */
const scripts: readonly { key: ClientKey | 'node'; program: string; command: readonly string[] }[] = [
  {
    key: 'bash',
    program: 'bash',
    command: ['bash', '-c', 'exec 9<>"$FIFO"; read -r -N2 tokens <&9; echo started; read -r end'],
  },
  {
    key: 'node',
    program: 'node',
    command: [
      process.execPath,
      '-e',
      `const fs = require('fs'); const fd = fs.openSync(process.env.FIFO, 'r+')
       fs.readSync(fd, Buffer.alloc(2)); console.log('started'); process.stdin.resume()`,
    ],
  },
]

for (const { key, program, command } of scripts) {
  const title = `census :: a client written for ${program}, which has opened the jobserver by itself :: keeps what it has taken; killed, it is lost`
  const body = async (): Promise<void> => {
    const served = await serve(total)
    const client = start({ env: { ...env(served), FIFO: served.fifo }, command })
    await until('it has two tokens', () => started(client) === 1)
    await censusIsTaken(served)
    assert.is(freeTokens(served), 1)
    const [, , why = ''] = look(served, 'census')
    assert.is(
      why.replace('(node-MainThread)', '(node)'), // as Node 24 and later name it
      `process ${client.pid} (${program}) may have opened the jobserver by itself, and hold tokens`,
    )
    await client.kill()
    await until('all tokens are back', () => freeTokens(served) === total)
    await endRestored(served, 2)
  }
  if (key === 'node') test(title, body)
  else testWith(key, title, body)
}

testWith(
  'bash',
  'census :: shells that have the jobserver from a client :: hold nothing, and hide nothing',
  async () => {
    const served = await serve(total)
    // Theirs under the same number, and under another one.
    const job = 'sh -c "echo started; read -r end; exit"'
    const files = {
      'client.sh': `exec 9<>"\${MAKEFLAGS##*fifo:}"\nread -r -N2 tokens <&9\nexec 8<&0\n${job} <&8 &\n${job} <&8 5<&9 9<&- &\nwait\n`,
    }
    const client = await startClient(served, { ...standIn, files })
    await until('its jobs run', () => started(client) === 2)
    await censusIsTaken(served)
    const [free, held, why] = look(served, 'census')
    assert.equal([free, held, why], ['1', '3', '']) // one for each job, and one in its hand
    process.kill(-client.pid, 'SIGKILL')
    await client.ended
    await until('all tokens are back', () => freeTokens(served) === total)
    await endRestored(served, 2)
  },
)

test('census :: a launcher keeps its token, killed it is reclaimed and not counted as lost', async () => {
  const served = await serve(total)
  const held = [start({ env: env(served) }), start({ env: env(served) })]
  for (const one of held) await one.tools
  await censusIsTaken(served)
  assert.is(freeTokens(served), total - 1)
  for (const one of held) await one.kill()
  await until('all tokens are back', () => freeTokens(served) === total)
  await endServer(served, '') // it has put back none for a client
})

test('census :: a crowd of dead waiters with pids of the living :: their records go, and it is not blind', async () => {
  const served = await serve(total)
  leaveDead(`${served.fifo}.ledger`, 200)
  await until('it sees', () => look(served, 'census')[2] === '')
  assert.is(waitersIn(`${served.fifo}.ledger`), 0)
  await endServer(served)
})

test('census :: a token that somebody threw away', async () => {
  const served = await serve(total)
  assert.is(spawnSync('head', ['-c', '1', served.fifo]).status, 0)
  await until('it is back', () => freeTokens(served) === total)
  await endRestored(served, 1)
  assert.not(existsSync(served.fifo))
})

/** Whether a process of its session has the file open. */
const hasOpen = ({ pid }: Held, path: string): boolean =>
  processesOf(pid).some(one => openFiles(one.pid).includes(path))

test('census :: a token that was thrown away while another one looks at the pool', async () => {
  const served = await serve(total)
  // Its answer finds no room, so it has the jobserver open until it is killed.
  const looks =
    '{ head -c 65536 /dev/zero; JOBSHIM_JOBSERVER=fifo:$1 exec "$0" jobserver; } | exec sleep 1000'
  const command = ['sh', '-c', looks, join(served.yard.shims, '.jobshim/look'), served.fifo]
  const looker = start({ env: served.yard.env, command })
  await until('it looks', () => hasOpen(looker, served.fifo))
  assert.is(spawnSync('head', ['-c', '1', served.fifo]).status, 0)
  await until('it is back', () => freeTokens(served) === total)
  process.kill(-looker.pid, 'SIGKILL')
  await looker.ended
  await endRestored(served, 1)
})

test('census :: a token too many is taken out', async () => {
  const served = await serve(total)
  assert.is(spawnSync('sh', ['-c', 'printf ++ >"$0"', served.fifo]).status, 0)
  await until('they are gone', () => freeTokens(served) === total)
  await endServer(served, 'jobshim: took out 2 tokens more than there should be\n')
})

test.after.each(killStarted)

test.run()
