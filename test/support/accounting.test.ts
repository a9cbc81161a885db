import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { killStarted, start } from '../yard/held.js'
import {
  type Accounting,
  accountingModes,
  accountingNeeds,
  endServers,
  type Owners,
  startAccounting,
} from './accounting.js'
import { run } from './jobshim.js'
import { test, testWith } from './test-with.js'
import { until } from './until.js'
import { makeWorkspace } from './workspace.js'

/** With an open file F of its own, which does not block, and B, which does. Its last line is what it prints. */
const client = (script: string): string => `import os, select, sys
F = os.open(sys.argv[1], os.O_RDWR | os.O_NONBLOCK)
B = os.open(sys.argv[1], os.O_RDWR)
def errors(call, *words):
    try:
        return call(*words)
    except OSError as error:
        return os.strerror(error.errno)
${script}
`

/** Runs it to its end. */
async function ask(server: Accounting, script: string): Promise<string> {
  const { status, stdout, stderr } = await run('python3', ['-c', client(script), server.path])
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  return stdout.trimEnd()
}

/** Starts one that says `held`, and goes on until its stdin ends. */
const hold = (server: Accounting, script: string) =>
  start({
    command: [
      'python3',
      '-c',
      client(`${script}\nprint('held', os.getpid(), flush=True)\nsys.stdin.read()`),
      server.path,
    ],
  })

const numbers = (server: Accounting, ...names: (keyof ReturnType<Accounting['account']>)[]) => {
  const account = server.account()
  return names.map(name => account[name])
}

function accountingTest(
  title: string,
  modes: readonly { owners: Owners; reserves: boolean; name: string }[],
  body: (server: Accounting) => Promise<void>,
): void {
  for (const mode of modes)
    testWith([...accountingNeeds, 'python'], `accounting :: ${mode.name} :: ${title}`, async () => {
      const server = await startAccounting(2, mode)
      await body(server)
      await server.end()
      assert.not.ok(existsSync(server.path))
    })
}

const ofProcesses = accountingModes.filter(({ owners }) => owners === 'process')
const ofHandles = accountingModes.filter(({ owners }) => owners === 'handle')
const reserving = accountingModes.filter(({ reserves }) => reserves)
const careless = accountingModes.filter(({ reserves }) => !reserves)

accountingTest('takes and gives back :: all are free again', accountingModes, async server => {
  const said = await ask(
    server,
    'a = os.read(F, 9), os.read(F, 9)\nprint(a, errors(os.read, F, 1), os.write(F, b"++"))',
  )
  assert.is(said, "(b'+', b'+') Resource temporarily unavailable 2")
  assert.equal(numbers(server, 'free', 'takes', 'gives', 'reclaimed', 'peak', 'strangers'), [
    2,
    2,
    2,
    0,
    2,
    [],
  ])
})

accountingTest('ends with what it took :: it is taken back', accountingModes, async server => {
  assert.is(await ask(server, 'print(os.read(F, 1))'), "b'+'")
  await until('it is back', () => server.account().free === 2)
  assert.equal(numbers(server, 'taken', 'reclaimed', 'gives'), [0, 1, 0])
})

accountingTest(
  'a byte of who took none :: the first of a process is tolerated',
  accountingModes,
  async server => {
    const said = await ask(server, 'print(os.write(F, b"+"), errors(os.write, F, b"+"))')
    assert.is(said, '1 No space left on device')
    assert.equal(numbers(server, 'free', 'strangers'), [2, ['tolerated python3', 'refused python3']])
  },
)

accountingTest('a byte too many :: ENOSPC', accountingModes, async server => {
  const said = await ask(server, 'os.read(F, 1)\nprint(os.write(F, b"+"), errors(os.write, F, b"+"))')
  assert.is(said, '1 No space left on device')
  assert.equal(numbers(server, 'free', 'strangers'), [2, ['refused python3']])
})

const inChild = `os.read(F, 1)
child = os.fork()
if child == 0:
    print(errors(os.write, F, b"++"), flush=True)
    os._exit(0)
os.waitpid(child, 0)`

accountingTest('a child gives back what its parent took :: it owns none', ofProcesses, async server => {
  assert.is(await ask(server, inChild), '1')
  assert.equal(server.account().strangers, ['tolerated python3', 'refused python3'])
})

accountingTest(
  'a child gives back what its parent took :: by the same open file',
  ofHandles,
  async server => {
    assert.is(await ask(server, inChild), '1')
    assert.equal(server.account().strangers, ['refused python3'])
  },
)

accountingTest(
  'taken by one open file, given back by another of the process',
  accountingModes,
  async server => {
    assert.is(await ask(server, 'os.read(F, 1)\nprint(os.write(B, b"+"))'), '1')
    assert.equal(numbers(server, 'free', 'gives', 'strangers'), [2, 1, []])
  },
)

accountingTest('the open file is closed :: what it took is taken back', ofHandles, async server => {
  const holder = hold(server, 'os.read(F, 1)\nos.close(F)')
  await holder.tools
  await until('it is back', () => server.account().free === 2)
  assert.is((await holder.end()).status, 0)
})

accountingTest('a thread gives back what another one took', accountingModes, async server => {
  const threads = `import threading
thread = threading.Thread(target=os.read, args=(F, 1))
thread.start()
thread.join()
print(os.write(F, b"+"))`
  assert.is(await ask(server, threads), '1')
  assert.equal(numbers(server, 'free', 'strangers'), [2, []])
})

accountingTest('a read that waits :: has the next token', accountingModes, async server => {
  const holder = hold(server, 'os.read(F, 1), os.read(F, 1)')
  await holder.tools
  const waiter = hold(server, 'os.read(B, 1)')
  await until('it waits', () => server.account().reading === 1)
  await holder.kill()
  await waiter.tools
  assert.equal(numbers(server, 'free', 'taken', 'reading', 'reclaimed'), [1, 1, 0, 2])
  await waiter.end()
  await until('all are back', () => server.account().free === 2)
})

accountingTest('a read that waits, killed :: nothing is lost', accountingModes, async server => {
  const holder = hold(server, 'os.read(F, 1), os.read(F, 1)')
  await holder.tools
  const waiter = hold(server, 'os.read(B, 1)')
  await until('it waits', () => server.account().reading === 1)
  await waiter.kill()
  assert.equal(numbers(server, 'free', 'taken', 'reading'), [0, 2, 0])
  await holder.end()
  await until('all are back', () => server.account().free === 2)
})

const poll = 'e = select.epoll()\ne.register(F, select.EPOLLIN | select.EPOLLEXCLUSIVE)\ne.poll()'

accountingTest('who polls :: has a reservation until it reads', reserving, async server => {
  const holder = hold(server, poll)
  await holder.tools
  assert.equal(numbers(server, 'free', 'taken', 'reserved'), [1, 0, 1])
  assert.is(
    await ask(server, 'os.read(F, 1)\nprint(errors(os.read, F, 1))'),
    'Resource temporarily unavailable',
  )
  await holder.kill()
  await until('all are back', () => server.account().free === 2)
  assert.is(await ask(server, `${poll}\nos.read(F, 1)\nprint(os.write(F, b"+"))`), '1')
})

accountingTest('who polls :: has no reservation', careless, async server => {
  const holder = hold(server, poll)
  await holder.tools
  assert.equal(numbers(server, 'free', 'taken', 'reserved'), [2, 0, 0])
  await holder.end()
})

accountingTest('who polls :: is called once a token is free', accountingModes, async server => {
  const holder = hold(server, 'os.read(F, 1), os.read(F, 1)')
  await holder.tools
  const waiter = hold(server, `${poll}\nos.read(F, 1)`)
  await until('it waits', () => server.account().polling === 1)
  await holder.end()
  await waiter.tools
  assert.is(server.account().taken, 1)
  await waiter.end()
  await until('all are back', () => server.account().free === 2)
})

accountingTest('its size is changed :: as soon as may be', accountingModes, async server => {
  const holder = hold(server, 'os.read(F, 1), os.read(F, 1)')
  await holder.tools
  server.control('size 1')
  assert.equal(numbers(server, 'free', 'taken'), [-1, 2])
  const waiter = hold(server, 'os.read(B, 1)')
  await until('it waits', () => server.account().reading === 1)
  server.control('size 3')
  await waiter.tools
  assert.equal(numbers(server, 'free', 'taken'), [0, 3])
  await waiter.end()
  await holder.end()
  await until('all are back', () => server.account().free === 3)
})

accountingTest(
  'is told to fail :: with that error, until it is told otherwise',
  accountingModes,
  async server => {
    server.control('fail read 5')
    server.control('fail write 32')
    assert.is(
      await ask(server, 'print(errors(os.read, F, 1), errors(os.write, F, b"+"))'),
      'Input/output error Broken pipe',
    )
    server.control('fail read 0')
    server.control('fail write 0')
    assert.is(await ask(server, 'print(os.read(F, 1), os.write(F, b"+"))'), "b'+' 1")
  },
)

testWith(
  [...accountingNeeds, 'python'],
  'accounting :: the server is killed :: it is unmounted',
  async () => {
    const server = await startAccounting(1, { owners: 'process', reserves: false })
    server.pool.close()
    process.kill(server.servant(), 'SIGKILL')
    await server.gone()
    assert.not.ok(existsSync(server.path))
  },
)

testWith([...accountingNeeds], 'accounting :: who started it is killed :: it is unmounted', async () => {
  const root = makeWorkspace()
  const script = join(root, 'starter.mjs')
  const module = new URL('./accounting.js', import.meta.url).href
  writeFileSync(
    script,
    `const { startAccounting } = await import(${JSON.stringify(module)})
    const server = await startAccounting(1, { owners: 'process', reserves: false })
    console.log('held', server.pid, server.path)\n`,
  )
  const starter = start({ command: [process.execPath, script], env: { TMPDIR: root } })
  await until('it has one', () => starter.output.stdout.endsWith('\n'))
  const [, pid = '', path = ''] = starter.output.stdout.trim().split(' ')
  assert.ok(existsSync(path))
  await starter.kill()
  await until('it is gone', () => !existsSync(`/proc/${pid}`) && !existsSync(path))
})

test.after.each(killStarted)
test.after.each(endServers)

test.run()
