/** A `run --sandbox` in a sandbox that does not serve it. */
import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { jobshim } from '../support/jobshim.js'
import { makeFifo } from '../support/pool.js'
import { installShims } from '../support/shimdir.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { atOnce, byShims, inner, refusal, summaryOf } from './nested.js'
import { makeSandboxPlace, peakOf, type SandboxPlace, supervisorOf } from './place.js'

const inOne = (what: string): string => `the sandbox that it is in has ${what}, and there can be one only`

const shimsInstead = (why: string): string =>
  `jobshim: no job sandbox here: ${why}: ${byShims}; the sandbox above holds as well\n`

async function assertRefused(place: SandboxPlace, line: string, why: string): Promise<void> {
  const outcome = await place.run(2, ['sh', '-c', line])
  assert.is(summaryOf(outcome, { told: refusal(why), ends: 125 }).runs, 0)
}

test('sandbox :: nested :: refused :: --jobserver names another pool', async () => {
  const place = await makeSandboxPlace()
  const pool = makeFifo(place.root, 'AA', 'other')
  const line = inner(place, '--sandbox --jobserver fifo:other', atOnce(place, 4, 100))
  await assertRefused(place, line, inOne('another pool'))
  assert.is(pool.count(), 'AA')
  pool.close()
})

test('sandbox :: nested :: refused :: JOBSHIM_JOBSERVER names another pool', async () => {
  const place = await makeSandboxPlace()
  const pool = makeFifo(place.root, 'AA', 'other')
  const line = `JOBSHIM_JOBSERVER=${pool.auth} ${inner(place, '--sandbox', atOnce(place, 4, 100))}`
  await assertRefused(place, line, inOne('another pool'))
  pool.close()
})

test('sandbox :: nested :: refused :: JOBSHIM_JOBSERVER names none', async () => {
  const place = await makeSandboxPlace()
  const line = `JOBSHIM_JOBSERVER=nothing MAKEFLAGS= ${inner(place, '--sandbox', atOnce(place, 4, 100))}`
  await assertRefused(place, line, inOne("a pool that can't be found from here"))
})

test('sandbox :: nested :: auto :: another pool: a tool that comes by its shim takes a slot of each', async () => {
  const place = await makeSandboxPlace()
  const pool = makeFifo(place.root, 'A', 'other')
  const byName = 'for n in 1 2 3 4; do gcc -c 100 -o "$PWD/out/$n" & done; wait'
  const line = `JOBSHIM_SANDBOX=auto ${inner(place, '--jobserver fifo:other', byName)}`
  const outcome = await place.run(3, ['sh', '-c', line])
  const { runs } = summaryOf(outcome, { told: shimsInstead(inOne('another pool')) })
  assert.is(runs, 4)
  assert.equal(peakOf(place), { runs: 4, peak: 1 })
  assert.is(pool.count(), 'A')
  pool.close()
})

test('sandbox :: nested :: --jobserver names the same pool :: the command takes one of its slots', async () => {
  const place = await makeSandboxPlace()
  const pool = makeFifo(place.root, 'AAA', 'pool')
  const flags = '--sandbox --jobserver fifo:pool'
  const line = inner(place, flags, inner(place, flags, atOnce(place, 6, 100)))
  const outcome = await jobshim(['run', '--sandbox', '-q', '--no-config', ...line.split(' ').slice(4)], {
    cwd: place.root,
    env: place.env,
  })
  assert.equal([outcome.status, outcome.stdout, outcome.stderr], [0, '', ''])
  const { runs, peak } = peakOf(place)
  assert.is(runs, 6)
  assert.ok(peak <= 2, `${peak} at once`)
  await until('the tokens are back', () => pool.count() === 'AAA')
  pool.close()
})

test('sandbox :: nested :: refused :: another shim dir', async () => {
  const place = await makeSandboxPlace()
  const dir = await installShims(join(place.root, 'others'), { args: ['--tools', 'gcc'], env: place.env })
  const line = inner(place, `--sandbox --dir ${dir}`, atOnce(place, 4, 100))
  await assertRefused(place, line, inOne('another shim dir'))
})

const ruled = (limit: number): string => JSON.stringify({ rules: [{ tools: ['gcc'], limit }] })

test('sandbox :: nested :: refused :: other rules', async () => {
  const place = await makeSandboxPlace()
  writeFileSync(join(place.root, 'rules.json'), ruled(1))
  const line = inner(place, '--sandbox --config rules.json', atOnce(place, 4, 100))
  await assertRefused(place, line, inOne('other rules'))
})

test('sandbox :: nested :: the same rules, or none of its own :: those of the outer hold', async () => {
  for (const config of ['--config rules.json', '--no-config']) {
    const place = await makeSandboxPlace()
    writeFileSync(join(place.root, 'rules.json'), ruled(1))
    const script = inner(place, `--sandbox ${config}`, atOnce(place, 4, 60))
    const words = ['run', '--sandbox', '--json', '--config', 'rules.json', '--dir', place.shims, '-j3']
    const outcome = await jobshim([...words, '--', 'sh', '-c', script], { cwd: place.root, env: place.env })
    assert.is(summaryOf(outcome).runs, 4)
    assert.equal(peakOf(place), { runs: 4, peak: 1 })
  }
})

test('sandbox :: nested :: refused :: the build of the outer is over', async () => {
  const place = await makeSandboxPlace()
  const { root } = place
  execFileSync('mkfifo', [join(root, 'gate')])
  const gate = openSync(join(root, 'gate'), 'r+')
  const line = inner(place, '--sandbox', atOnce(place, 1, 10))
  const daemon = `read line <gate; ${line} >told 2>&1; echo $? >ended.new; mv ended.new ended`
  summaryOf(await place.run(2, ['sh', '-c', `setsid sh -c '${daemon}' </dev/null >/dev/null 2>&1 &`]))
  writeSync(gate, 'go\n')
  await until('the daemon has ended', () => existsSync(join(root, 'ended')))
  assert.equal(
    [readFileSync(join(root, 'ended'), 'utf8'), readFileSync(join(root, 'told'), 'utf8')],
    ['125\n', refusal('it is in a sandbox whose supervisor has ended, and there can be one only', byShims)],
  )
  assert.is(peakOf(place).runs, 0)
  await until('the supervisor has ended', () => supervisorOf(place) === undefined)
  closeSync(gate)
})

test.run()
