import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { stateDirectory } from '../../src/ground/paths.js'
import type { Picture, Row } from '../../src/jobserver/picture.js'
import { jobshim, run } from '../support/jobshim.js'
import { callBare } from '../support/transparent-calls.js'
import { until } from '../support/until.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { waits } from '../yard/ledger.js'
import { endServer, serve } from '../yard/served.js'
import { makeYard, type Yard } from '../yard/yard.js'

const status = (yard: Yard, args: readonly string[] = [], env = {}) =>
  jobshim(['status', '--no-config', '--dir', yard.shims, ...args], {
    env: { ...yard.env, HOME: yard.root, ...env },
  })

async function picture(yard: Yard, args: readonly string[] = [], env = {}): Promise<Picture> {
  const { status: code, stdout, stderr } = await status(yard, ['--json', ...args], env)
  assert.equal({ code, stderr }, { code: 0, stderr: '' })
  return JSON.parse(stdout) as Picture
}

const row = ({ tool, pid, state, slot, alive }: Row) => ({ tool, pid, state, slot, alive })

test('status :: a foreign jobserver :: a token, the implicit slot, one that waits, one that was killed', async () => {
  const yard = await makeYard('AB')
  const held = [start({ env: yard.governed }), start({ env: yard.governed }), start({ env: yard.governed })]
  for (const one of held) await one.tools
  const waiter = start({ env: yard.governed, command: ['hold', 'a\nb\x1b[2J'] })
  await waits(yard, waiter)
  const seen = await picture(yard, ['--jobserver', yard.pool.auth])
  assert.is(seen.jobserver, yard.pool.auth)
  assert.equal([seen.free, seen.total], [0, undefined])
  const slots = seen.rows.map(({ slot }) => slot).sort()
  assert.equal(slots, ['implicit', 'none', 'token', 'token'])
  for (const one of seen.rows) {
    assert.ok(one.alive)
    assert.ok(one.command.endsWith(one.slot === 'none' ? 'hold a\nb\x1b[2J' : 'hold'), one.command)
    assert.ok(one.seconds >= 0)
  }
  assert.equal(
    seen.rows.filter(({ slot }) => slot === 'none').map(({ pid }) => pid),
    [waiter.pid],
  )
  await waiter.kill()
  const killed = seen.rows.find(({ slot }) => slot === 'token')
  await held.find(({ pid }) => pid === killed?.pid)?.kill()
  const after = await picture(yard, [], { MAKEFLAGS: `-j3 --jobserver-auth=${yard.pool.auth}` })
  assert.equal(after.rows.filter(({ pid }) => pid === killed?.pid).map(row), [
    { tool: 'hold', pid: killed?.pid, state: 'held', slot: 'token', alive: false },
  ])
  for (const one of held) await one.end()
})

test('status :: low priority :: what asked for it says so, running and waiting', async () => {
  const yard = await makeYard('A')
  const low = { ...yard.governed, JOBSHIM_PRIORITY: 'low' }
  const normal = start({ env: yard.governed })
  await normal.tools
  const runs = start({ env: low })
  await runs.tools
  const waiter = start({ env: low })
  await waits(yard, waiter)
  const { rows } = await picture(yard, ['--jobserver', yard.pool.auth])
  const told = rows.map(({ pid, low: isLow }) => [pid, isLow]).sort(([a], [b]) => Number(a) - Number(b))
  const expected = [
    [normal.pid, undefined],
    [runs.pid, true],
    [waiter.pid, true],
  ].sort(([a], [b]) => Number(a) - Number(b))
  assert.equal(told, expected)
  const { stdout } = await status(yard, ['--jobserver', yard.pool.auth])
  assert.match(stdout, new RegExp(`^  hold +${normal.pid} +runs {2,}\\d`, 'm'))
  assert.match(stdout, new RegExp(`^  hold +${runs.pid} +runs at low priority {2,}\\d`, 'm'))
  assert.match(stdout, new RegExp(`^  hold +${waiter.pid} +waits at low priority {2,}\\d`, 'm'))
  for (const one of [normal, runs, waiter]) await one.end()
})

const runHold = ({ shims }: Yard): string[] => [
  ...['bin/jobshim.js', 'run', '-q', '-j2', '--no-config', '--dir', shims, '--', 'hold'],
]

test('status :: the only run there is, of two which one, none', async () => {
  const yard = await makeYard('')
  mkdirSync(stateDirectory(yard.env), { mode: 0o700 }) // without one of its own it finds that in /tmp
  const none = await status(yard)
  assert.equal(none, {
    status: 1,
    signal: null,
    stdout: '',
    stderr:
      "jobshim: no jobserver in the environment, no jobshim run or serve of yours, and nobody in the machine's pool\n  name one with --jobserver fifo:PATH\n",
  })
  const command = [process.execPath, ...runHold(yard)]
  const builds = [start({ env: yard.env, command })]
  await builds[0]?.tools
  const seen = await picture(yard)
  assert.equal([seen.free, seen.total, seen.rows], [1, 1, []]) // its command runs in its own slot
  builds.push(start({ env: yard.env, command }))
  await builds[1]?.tools
  const { status: code, stdout, stderr } = await status(yard)
  assert.equal({ code, stdout }, { code: 1, stdout: '' })
  assert.match(
    stderr,
    /^jobshim: 2 jobservers: which one\?\n {2}jobshim status --jobserver fifo:\/.* \(or \/.*\)\n$/,
  )
  for (const build of builds) assert.is((await build.end()).status, 7)
})

test('status :: the only server there is; one that was killed is none', async () => {
  const served = await serve(2)
  const { yard, fifo, server } = served
  const seen = await picture(yard)
  assert.equal([seen.jobserver, seen.free, seen.total], [`fifo:${fifo}`, 2, 2])
  await server.kill()
  assert.is((await status(yard)).status, 1)
  const next = start({ env: yard.env, command: [process.execPath, ...runHold(yard)] })
  await next.tools
  assert.equal([(await picture(yard)).free], [1])
  await next.end()
  const { stdout } = await run('find', [yard.runtime, '-name', 'serve-*'])
  assert.is(stdout, '')
})

test('status :: names that others gave their processes :: reach no terminal, and are whole in JSON', async () => {
  const served = await serve(2)
  const { yard, fifo } = served
  const name = '\x1b]0;x\x07\u202e' // of a process that has the jobserver open, and is no client
  copyFileSync('/bin/cat', join(yard.root, name))
  const odd = start({
    env: yard.env,
    command: ['/bin/sh', '-c', 'exec "$0" 3<>"$1"', join(yard.root, name), fifo],
  })
  const weird = 'a\nfifo:\x9b2J\u202e'
  const tool = start({ env: { ...yard.env, JOBSHIM_JOBSERVER: `fifo:${fifo}` }, command: ['hold', weird] })
  await tool.tools
  const auth = ['--jobserver', `fifo:${fifo}`]
  const isSeen = async (): Promise<boolean> => (await picture(yard, auth)).blind?.includes(name) === true
  for (let look = 0; look < 100 && !(await isSeen()); look++);
  const seen = await picture(yard, auth)
  assert.is(seen.blind, `process ${odd.pid} (${name}) has the jobserver open and is no client that is known`)
  assert.ok(seen.rows.some(({ command }) => command.endsWith(`hold ${weird}`)))
  const { status: code, stdout, stderr } = await status(yard, auth)
  assert.equal({ code, stderr }, { code: 0, stderr: '' })
  const [head, blind, build, row, ...rest] = stdout.split('\n')
  assert.is(head, `${fifo}: 1 of 2 slots in use, 0 waiting`)
  assert.match(build ?? '', /^hold in .*: 1 slot$/)
  const shown = '\\x1b]0;x\\x07\\u202e'
  assert.is(
    blind,
    `no census of clients: process ${odd.pid} (${shown}) has the jobserver open and is no client that is known`,
  )
  assert.match(row ?? '', /^ {2}hold .*hold a\\x0afifo:\\x9b2J\\u202e$/)
  assert.equal(rest, [''])
  await tool.end()
  await odd.end()
  await endServer(served)
})

test('status :: error :: a jobserver that is none', async () => {
  const yard = await makeYard('')
  const path = join(yard.root, 'none')
  assert.equal(await status(yard, ['--jobserver', `fifo:${path}`]), {
    status: 1,
    signal: null,
    stdout: '',
    stderr: 'jobshim: no jobserver: its FIFO does not exist\n  name one with --jobserver fifo:PATH\n',
  })
})

test('status :: changes nothing: no ledger is made for a jobserver that has none', async () => {
  const yard = await makeYard('A')
  const seen = await picture(yard, ['--jobserver', yard.pool.auth])
  assert.equal([seen.free, seen.ledger, seen.rows], [1, undefined, []])
  const { stdout } = await run('find', [yard.runtime, '-type', 'f'])
  assert.is(stdout, '')
})

test('status :: --watch --json :: a line a second until it is asked to end', async () => {
  const yard = await makeYard('A')
  const held = start({
    env: { ...yard.env, HOME: yard.root },
    command: [process.execPath, join(repository, 'bin/jobshim.js'), ...watch(yard), '--json'],
  })
  const lines = () => held.output.stdout.split('\n').slice(0, -1)
  await until('a line', () => lines().length === 1)
  assert.is(yard.pool.count(), 'A')
  const tool = start({ env: yard.governed })
  await tool.tools
  await until('another', () => lines().length >= 3)
  const { status: code, stderr } = await held.kill('SIGINT')
  assert.equal({ code, stderr }, { code: 0, stderr: '' })
  const [first, ...rest] = lines().map(line => JSON.parse(line) as Picture)
  assert.equal([first?.free, first?.rows], [1, []])
  assert.equal(
    rest.at(-1)?.rows.map(({ slot }) => slot),
    ['implicit'],
  )
  await tool.end()
})

const watch = ({ shims, pool }: Yard): string[] => [
  ...['status', '--watch', '--no-config', '--dir', shims, '--jobserver', pool.auth],
]

for (const [name, key] of Object.entries({ q: 'q', '^C': '\\003' }))
  test(`status :: --watch :: on a terminal, until ${name}`, async () => {
    const yard = await makeYard('AB')
    const behind = makeWorkspace('bin')
    const line = [process.execPath, join(repository, 'bin/jobshim.js'), ...watch(yard)].join(' ')
    writeFiles(behind, { watch: `#!/bin/sh\nexec ${line}\n` })
    const tool = start({ env: yard.governed })
    await tool.tools
    const seen = 'expect runs  ' // as the line stands there it goes on changing: the time it takes
    const { status: code, stdout } = await callBare('caller', {
      behind,
      setup: ['terminal'],
      tool: ['watch'],
      dialog: [seen, seen, `send ${key}`],
      env: { HOME: yard.root, XDG_RUNTIME_DIR: yard.runtime },
    })
    assert.is(code, 0, stdout)
    assert.match(stdout, /^status 0$/m)
    await tool.end()
  })

test('status :: --watch :: nowhere but on a terminal', async () => {
  const yard = await makeYard('A')
  assert.equal(await status(yard, ['--watch', '--jobserver', yard.pool.auth]), {
    status: 2,
    signal: null,
    stdout: '',
    stderr: 'jobshim: --watch: stdout is no terminal\n  add --json for a line a second\n',
  })
})

test.after.each(killStarted)

test.run()
