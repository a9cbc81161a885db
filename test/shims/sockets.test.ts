/** A pool behind a Unix socket: R and W are one, and a server has its other end. */
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { readTokenHolders } from '../../src/jobserver/ledger.js'
import { handOn } from '../support/address.js'
import { clients } from '../support/clients.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { isWaiting, ledgerRecords } from '../yard/ledger.js'
import { makeGate, makeYard, type Yard } from '../yard/yard.js'

const around = { MAKEFLAGS: ' -j9 --jobserver-auth=3,3', JOBSHIM_DEBUG: '1' }

const holds = (count: number): string[] => [
  'sh',
  '-c',
  `exec 9<&0; for i in $(seq ${count}); do hold <&9 & done; wait`,
]

/** The launchers that have a token, by the pool's only ledger. */
function holders({ runtime }: Yard): number[] {
  const [ledger = ''] = readdirSync(runtime, { recursive: true, encoding: 'utf8' }).filter(name =>
    /\/v1-[^/]*$/.test(name),
  )
  const fd = openSync(join(runtime, ledger), 'r')
  try {
    return readTokenHolders(fd).map(({ pid }) => pid)
  } finally {
    closeSync(fd)
  }
}

/** The server of what was started, its child beside the command. */
function serverOf({ pid }: Held): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
  const [server] = children.filter(child => readFileSync(`/proc/${child}/comm`, 'utf8') === 'python3\n')
  assert.ok(server)
  return server
}

for (const kind of ['stream', 'seqpacket', 'connected'])
  testWith(
    'python',
    `sockets :: ${kind} :: a launcher is killed :: its server is given nothing`,
    async () => {
      const yard = await makeYard('')
      const handed = handOn(kind, 1)
      const held = start({
        env: { ...yard.env, ...around },
        command: [...handed.words, ...holds(3)],
        wanted: 2,
      })
      await held.tools
      await until('one waits', () => ledgerRecords(yard.runtime).length === 3)
      const [holder, ...others] = holders(yard)
      assert.ok(holder)
      assert.equal(others, [])
      process.kill(holder, 'SIGKILL')
      await until('its record is cleared', () => holders(yard).length === 0)
      const { status, stdout, stderr } = await held.end()
      assert.equal([status, stdout.match(/^held/gm)?.length], [0, 3]) // the last one in the implicit slot
      assert.match(stderr, /^(Killed\n)?$/) // as the shell says it
      assert.equal(ledgerRecords(yard.runtime), [])
      assert.is(handed.left(), ' 0')
    },
  )

testWith(
  'python',
  'sockets :: its server ends :: who waits goes on, and who has a token ends as it does',
  async () => {
    const yard = await makeYard('')
    const handed = handOn('stream', 1)
    const held = start({
      env: { ...yard.env, ...around },
      command: [...handed.words, ...holds(3)],
      wanted: 2,
    })
    await held.tools
    await until('one waits', () => ledgerRecords(yard.runtime).length === 3)
    process.kill(serverOf(held), 'SIGKILL')
    await until('the third one goes on', () => held.output.stdout.match(/^held/gm)?.length === 3)
    const { status, stderr } = await held.end()
    assert.is(status, 0)
    assert.equal(stderr.split('\n').sort(), [
      '',
      "jobshim: a token can't be given back: Broken pipe",
      "jobshim: hold: not governed: it can't be read",
    ])
    assert.equal(ledgerRecords(yard.runtime), [])
    assert.is(handed.left(), ' ')
  },
)

for (const key of ['make43', 'make44'] as const)
  testWith(
    [key, 'python'],
    `sockets :: ${clients[key].name} :: joins, and what its recipes start takes tokens`,
    async make => {
      const yard = await makeYard('', { tools: ['make'] })
      const gate = makeGate(yard)
      const directory = makeWorkspace('make')
      const line = `hold <${gate.path} & hold <${gate.path} & wait`
      writeFiles(directory, { Makefile: `all: a b\na b:\n\t@${line}\n` })
      const handed = handOn('stream', 2)
      const PATH = `${yard.env.PATH}`.replace(':', `:${make}:`)
      const command = [...handed.words, 'make', '-s', '-C', directory]
      const built = start({ env: { ...yard.env, ...around, PATH }, command, wanted: 3 })
      await built.tools
      await until('one waits', () => ledgerRecords(yard.runtime).some(isWaiting))
      assert.is(built.output.stdout.match(/^held/gm)?.length, 3)
      gate.open()
      const { status, stdout, stderr } = await built.end()
      assert.equal([status, stdout.match(/^held/gm)?.length, stderr], [0, 4, ''])
      assert.match(handed.left(), /^[A+]{2} \d$/) // make gives back a byte of its own
    },
  )

test.after.each(killStarted)

test.run()
