/** The machine's pool is kept while nobody builds: by the user's unit of examples/serve, and by no `jobshim serve`. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { jobshim } from '../support/jobshim.js'
import { tokensIn } from '../support/pool.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { assertWhole, ended, type MachineYard, makeMachineYard, waitsInMachine } from '../yard/machine.js'

const unit = join(repository, 'examples/serve/jobshim-user.service')

const pool = ['machine', 'machine.ledger', 'machine.lock']

/** What the unit's service has in a yard whose user has set the pool up: `jobshim` on PATH, and a config in HOME. */
function surroundings(yard: MachineYard) {
  const bin = makeWorkspace('bin')
  writeFiles(bin, {
    jobshim: `#!/bin/sh\nexec ${process.execPath} ${repository}/bin/jobshim.js "$@"\n`,
    'home/.jobshimrc.yaml': 'noJobserver: machine\njobs: 1\n',
  })
  const HOME = join(bin, 'home')
  return { ...yard.env, HOME, PATH: `${bin}:${yard.env.PATH}`, JOBSHIM_DIR: yard.shims }
}

/** Starts what the unit says, and resolves once the pool is there. */
async function startUnit(yard: MachineYard): Promise<Held> {
  const [, command = ''] = /^ExecStart=(.*)$/m.exec(readFileSync(unit, 'utf8')) ?? []
  const service = start({ env: surroundings(yard), command: command.split(' ') })
  await until('the pool is there', () => pool.every(name => yard.files().includes(name)))
  return service
}

test("machine :: a user's unit :: keeps the pool while nobody builds, has no slot, and leaves nothing", async () => {
  const yard = await makeMachineYard(1)
  const service = await startUnit(yard)
  for (let round = 0; round < 2; round++) {
    const holder = start({ env: yard.env })
    await holder.tools
    const waiter = start({ env: yard.env })
    await waitsInMachine(yard, waiter)
    await ended(holder)
    await ended(waiter)
    assert.equal(
      pool.filter(name => yard.files().includes(name)),
      pool,
    )
    assert.is(tokensIn(yard.fifo), '+')
  }
  service.child.kill('SIGTERM') // as systemd does: KillMode=mixed
  assert.equal(await service.ended, { status: null, signal: 'SIGTERM', stdout: '', stderr: '' })
  assert.equal(yard.files(), [])
})

test("machine :: a user's unit is stopped while a tool runs :: the pool goes on, and ends with its users", async () => {
  const yard = await makeMachineYard(1)
  const service = await startUnit(yard)
  const holder = start({ env: yard.env })
  await holder.tools
  service.child.kill('SIGTERM')
  await service.ended
  const waiter = start({ env: yard.env })
  await waitsInMachine(yard, waiter)
  await ended(holder)
  await ended(waiter)
  await assertWhole(yard, 1)
})

const analyze = '/usr/bin/systemd-analyze'
const verifies = existsSync(analyze) ? test : test.skip

verifies("machine :: a user's unit :: systemd finds no fault in it", () => {
  const env = { ...process.env, XDG_RUNTIME_DIR: makeWorkspace('run') }
  const { status, stdout, stderr } = spawnSync(analyze, ['verify', '--user', '--man=no', unit], {
    encoding: 'utf8',
    env,
  })
  const faults = `${stdout}${stderr}`.split('\n').filter(line => line.includes('jobshim'))
  assert.equal([status, faults], [0, []])
})

test("machine :: jobshim serve in the pool's place :: is refused, used or not, and its advice keeps the pool", async () => {
  const yard = await makeMachineYard(1)
  const env = surroundings(yard)
  const link = join(yard.root, 'link')
  symlinkSync(dirname(yard.fifo), link)
  const serve = (fifo: string) => jobshim(['serve', '-j1', '--fifo', fifo], { env })
  const advice = 'jobshim run -q -- sleep infinity'
  const refused = (fifo: string) => ({
    status: 1,
    signal: null,
    stdout: '',
    stderr: `jobshim: ${fifo}: is the machine's pool, which needs no server\n  keep it while nobody builds with ${advice}, or name another place with --fifo\n`,
  })
  await start({ env: yard.env, command: ['brief'] }).ended // makes the state directory
  assert.equal(await serve(yard.fifo), refused(yard.fifo))
  const keeper = start({ env, command: advice.split(' ') })
  await until('the pool is there', () => pool.every(name => yard.files().includes(name)))
  for (const fifo of [yard.fifo, join(link, 'machine')]) assert.equal(await serve(fifo), refused(fifo))
  const holder = start({ env: yard.env })
  await holder.tools
  assert.is(tokensIn(yard.fifo), '')
  await ended(holder)
  keeper.child.kill('SIGTERM')
  await keeper.ended
  assert.equal(readdirSync(dirname(yard.fifo)), [])
})

afterEach(killStarted)
test.run()
