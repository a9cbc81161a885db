import * as assert from 'uvu/assert'
import { killAll, processesOf } from '../support/processes.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { recordsIn } from '../yard/ledger.js'
import { endServer, freeTokens, type Served, serve, sharing } from '../yard/served.js'

/** A client that no adapter has started: it opens the pool, runs something, and then goes on until its stdin ends. */
const client = (runs: string): string => `
import os, re, subprocess, sys
pool = os.open(re.search('--jobserver-auth=fifo:(\\\\S+)', os.environ['MAKEFLAGS'])[1], os.O_RDWR)
${runs}
sys.stdout.flush()
sys.stdin.read()
`

const startClient = (served: Served, runs: string): Held =>
  start({ env: sharing(served, 2), command: ['python3', '-c', client(runs)] })

const payers = ({ pid }: Held): number[] =>
  processesOf(pid)
    .filter(({ command }) => command.startsWith('look pay'))
    .map(({ pid }) => pid)

testWith(['python'], 'payer :: nothing that its client waits for stays open', async () => {
  const served = await serve(1)
  const held = startClient(
    served,
    `
reader, writer = os.pipe()
ended = subprocess.run(['hold'], stdin=subprocess.DEVNULL, capture_output=True, pass_fds=[writer])
os.close(writer)
print(ended.returncode, len(ended.stdout.split()), ended.stderr, os.read(reader, 1))`,
  )
  await until('its run is over', () => held.output.stdout.endsWith('\n'))
  const { status, stdout, stderr } = await held.end()
  assert.equal({ status, stdout, stderr }, { status: 0, stdout: "7 2 b'' b''\n", stderr: '' })
  await endServer(served)
})

testWith(['python'], 'payer :: is there as long as its client, once for all of its runs', async () => {
  const served = await serve(1)
  const held = startClient(
    served,
    `
for _ in range(3):
    subprocess.run(['hold'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
print('over')`,
  )
  await until('its runs are over', () => held.output.stdout === 'over\n')
  assert.is(payers(held).length, 1)
  const { status, stderr } = await held.end()
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  await until('the payer has ended', () => processesOf(held.pid).length === 0)
  assert.is(freeTokens(served), 1)
  await endServer(served)
})

testWith(['python'], 'payer :: is there for a run without stdin, stdout and stderr', async () => {
  const served = await serve(1)
  const held = startClient(served, `print(subprocess.run(['sh', '-c', 'exec hold <&- >&- 2>&-']).returncode)`)
  await until('its run is over', () => held.output.stdout === '7\n')
  assert.is(payers(held).length, 1)
  const { status, stderr } = await held.end()
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  await until('the payer has ended', () => processesOf(held.pid).length === 0)
  await endServer(served)
})

testWith(['python'], 'payer :: a run that is killed while it waits takes its payer along', async () => {
  const served = await serve(1)
  const others = [1, 2].map(() => start({ env: sharing(served, 2) })) // a token, and the slot of those without a client
  await Promise.all(others.map(({ tools }) => tools))
  const held = startClient(served, `print(subprocess.run(['hold'], stdin=subprocess.DEVNULL).returncode)`)
  await until('its payer waits', () => payers(held).length === 1)
  killAll(processesOf(held.pid).filter(({ command }) => command === 'hold'))
  await until('its run is over', () => held.output.stdout === '-9\n')
  await until('the payer has ended', () => payers(held).length === 0)
  for (const other of others) await other.end()
  const { status, stderr } = await held.end()
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  await until('the token is back', () => freeTokens(served) === 1)
  await endServer(served)
})

testWith(['python'], 'payer :: is killed while it waits :: its run waits for the slot itself', async () => {
  const served = await serve(1)
  const others = [1, 2].map(() => start({ env: sharing(served, 2) })) // a token, and the slot of those without a client
  await Promise.all(others.map(({ tools }) => tools))
  const held = startClient(
    served,
    `print(subprocess.run(['hold'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode)`,
  )
  await until('its payer waits', () => payers(held).length === 1)
  const [payer = -1] = payers(held)
  process.kill(payer, 'SIGKILL')
  const runs = processesOf(held.pid).filter(({ command }) => command === 'hold')
  assert.is(runs.length, 1)
  await until('its run waits', () =>
    recordsIn(`${served.fifo}.ledger`).some(({ pid, state }) => pid === runs[0]?.pid && state === 'waiting'),
  )
  assert.is(held.output.stdout, '')
  for (const other of others) await other.end()
  await until('its run is over', () => held.output.stdout === '7\n')
  assert.equal(payers(held), [])
  const { status, stderr } = await held.end()
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  await until('the token is back', () => freeTokens(served) === 1)
  await endServer(served)
})

test.after.each(killStarted)
test.run()
