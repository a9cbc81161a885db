import { lstatSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findClient } from '../support/clients.js'
import { jobshim } from '../support/jobshim.js'
import { type Pool, poolAt } from '../support/pool.js'
import { until } from '../support/until.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { makeYard } from '../yard/yard.js'

type Served = { server: Held; fifo: string; pool: Pool }

/** Starts a server and waits until it says that it is ready. */
async function serve(directory: string, args: readonly string[] = ['-j3'], env = {}): Promise<Served> {
  const fifo = join(directory, 'central')
  const command = [
    process.execPath,
    join(repository, 'bin/jobshim.js'),
    'serve',
    '--no-config',
    '--fifo',
    fifo,
  ]
  const server = start({ env: { HOME: directory, ...env }, command: [...command, ...args] })
  await until('it is ready', () => server.output.stdout.endsWith('\n'))
  assert.is(server.output.stdout, `--jobserver-auth=fifo:${fifo}\n`)
  return { server, fifo, pool: poolAt(fifo) }
}

const gone = (directory: string): string[] =>
  readdirSync(directory).filter(name => name.startsWith('central') || name.startsWith('.central'))

async function end({ server, pool }: Served, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  pool.close()
  const { status, signal: died, stderr } = await server.kill(signal)
  assert.equal({ status, died, stderr }, { status: 0, died: null, stderr: '' })
}

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  test(`serve :: ${signal} removes what it made`, async () => {
    const directory = makeWorkspace()
    const served = await serve(directory)
    assert.is(served.pool.count(), '+++')
    assert.equal(gone(directory).sort(), ['central', 'central.ledger', 'central.lock'])
    for (const file of ['central', 'central.ledger'])
      assert.is(lstatSync(join(directory, file)).mode & 0o777, 0o600)
    await end(served, signal)
    assert.equal(gone(directory), [])
  })

test('serve :: a live one is refused, a killed one is taken over', async () => {
  const directory = makeWorkspace()
  const first = await serve(directory)
  assert.equal(await jobshim(['serve', '--fifo', first.fifo, '-j9'], { env: { HOME: directory } }), {
    status: 1,
    signal: null,
    stdout: '',
    stderr: `jobshim: ${first.fifo}: another jobshim serves it\n  join it, or end that one first\n`,
  })
  assert.is(first.pool.count(), '+++')
  first.pool.close()
  await first.server.kill('SIGKILL')
  const second = await serve(directory, ['-j2'])
  assert.is(second.pool.count(), '++')
  await end(second)
  assert.equal(gone(directory), [])
})

for (const jobs of ['61442', '65535', '65536', '999999999'])
  test(`serve :: -j${jobs} is more than a FIFO holds :: refused, with the bound`, async () => {
    const directory = makeWorkspace()
    const fifo = join(directory, 'central')
    assert.equal(
      await jobshim(['serve', '--no-config', '--fifo', fifo, `-j${jobs}`], { env: { HOME: directory } }),
      {
        status: 1,
        signal: null,
        stdout: '',
        stderr: `jobshim: ${jobs} jobs: more tokens than a FIFO holds\n  ask for fewer jobs; a FIFO holds 61,441 tokens\n`,
      },
    )
    assert.equal(gone(directory), [])
  })

test('serve :: what is not ours is left alone', async () => {
  const directory = makeWorkspace()
  writeFiles(directory, { central: 'mine' })
  const fifo = join(directory, 'central')
  assert.equal(await jobshim(['serve', '--no-config', '--fifo', fifo], { env: { HOME: directory } }), {
    status: 1,
    signal: null,
    stdout: '',
    stderr: `jobshim: ${fifo}: exists, and was not made by jobshim\n  remove it, or name another place with --fifo\n`,
  })
  assert.equal(gone(directory), ['central'])
})

test('serve :: --mode', async () => {
  const directory = makeWorkspace()
  const served = await serve(directory, ['-j2', '--mode', '660'])
  for (const file of ['central', 'central.ledger'])
    assert.is(lstatSync(join(directory, file)).mode & 0o777, 0o660)
  await end(served)
})

test('serve :: --resize :: grows at once, shrinks as tokens come back', async () => {
  const yard = await makeYard('')
  const served = await serve(yard.root)
  const { fifo, pool } = served
  const resize = (tokens: number) =>
    jobshim(['serve', '--no-config', '--fifo', fifo, '--resize', String(tokens)], {
      env: { HOME: yard.root },
    })
  const says = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' })
  assert.equal(await resize(5), says('5 tokens\n'))
  assert.is(pool.count(), '+++++')
  const env = { ...yard.env, MAKEFLAGS: `--jobserver-auth=fifo:${fifo}` }
  const held = [start({ env }), start({ env }), start({ env })] // one in the slot without a token
  for (const one of held) await one.tools
  assert.equal(await resize(1), says('2 tokens, 1 more as they come back\n'))
  assert.is(pool.count(), '')
  for (const one of held) assert.is((await one.end()).status, 7)
  await until('one token is left', () => pool.count() === '+')
  assert.equal(await resize(1), says('1 tokens\n'))
  await end(served)
  assert.equal(await resize(3), {
    ...says(''),
    status: 1,
    stderr: `jobshim: ${fifo}: no jobshim serves it\n  start one: jobshim serve --fifo PATH -jN\n`,
  })
})

test('serve :: SIGHUP takes over the jobs of the config', async () => {
  const directory = makeWorkspace()
  const config = join(directory, 'config.json')
  writeFileSync(config, '{"jobs": 2}')
  const fifo = join(directory, 'central')
  const server = start({
    env: { HOME: directory },
    command: [
      process.execPath,
      join(repository, 'bin/jobshim.js'),
      'serve',
      '--fifo',
      fifo,
      '--config',
      config,
    ],
  })
  await until('it is ready', () => server.output.stdout.endsWith('\n'))
  const pool = poolAt(fifo)
  assert.is(pool.count(), '++')
  writeFileSync(config, '{"jobs": 4}')
  server.child.kill('SIGHUP')
  await until('it has grown', () => pool.count() === '++++')
  await end({ server, fifo, pool })
})

test('serve :: reclaims the tokens of killed launchers while nobody waits; their ledger lies beside the FIFO', async () => {
  const yard = await makeYard('')
  const served = await serve(yard.root)
  const env = { ...yard.env, MAKEFLAGS: `--jobserver-auth=fifo:${served.fifo}` }
  const held = [start({ env }), start({ env }), start({ env })]
  for (const one of held) await one.tools
  assert.is(served.pool.count(), '+')
  for (const one of held) await one.kill()
  await until('all are back', () => served.pool.count() === '+++')
  assert.equal(readdirSync(yard.runtime), [])
  await end(served)
})

const listener = `import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
print(s.recv(100).decode(), flush=True)
`

if (findClient('python') === undefined) test.skip('serve :: tells the service manager')
else
  test('serve :: tells the service manager', async () => {
    const directory = makeWorkspace()
    const socket = join(directory, 'notify')
    const manager = start({ command: ['python3', '-c', listener, socket] })
    await until('it is bound', () => manager.output.stdout !== '')
    const served = await serve(directory, ['-j2'], { NOTIFY_SOCKET: socket })
    assert.is((await manager.ended).stdout, 'bound\nREADY=1\n')
    await end(served)
    rmSync(socket)
  })

test('serve :: error :: no FIFO named, a mode that is none, a directory that is none', async () => {
  const directory = makeWorkspace()
  const none = join(directory, 'none/fifo')
  for (const [args, status, stderr] of [
    [[], 2, 'jobshim: serve: no FIFO named\n  jobshim serve --fifo PATH -j8\n'],
    [['--fifo', 'f', '--mode', 'rw'], 2, 'jobshim: --mode rw: not an octal mode\n  such as 600 or 660\n'],
    [
      ['--fifo', none],
      1,
      `jobshim: ${none}: can't be locked (ENOENT)\n  name a place that you can write with --fifo\n`,
    ],
  ] as const)
    assert.equal(
      await jobshim(['serve', '--no-config', ...args], { cwd: directory, env: { HOME: directory } }),
      { status, signal: null, stdout: '', stderr },
    )
})

test.after.each(killStarted)

test.run()
