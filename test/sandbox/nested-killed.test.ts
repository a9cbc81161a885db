/** A `run --sandbox` in another one, of which something is killed. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { killStarted, start } from '../yard/held.js'
import { atOnce, byShims, inner, jobshimLine, refusal, summaryOf } from './nested.js'
import { makeSandboxPlace, peakOf, type SandboxPlace, supervisorOf } from './place.js'

const lost = 'jobshim: the supervisor of the sandbox has ended: from here on tools run without a limit\n'
const lostAbove =
  'jobshim: the supervisor of the sandbox above ended while the command ran: from then on tools ran without a limit\n'

const noted = ({ root }: SandboxPlace, sign: string): number =>
  existsSync(join(root, 'out/log')) ? readFileSync(join(root, 'out/log'), 'utf8').split(sign).length - 1 : 0

const endSupervisor = (place: SandboxPlace): void => {
  const pid = supervisorOf(place)
  assert.ok(pid !== undefined, 'there is a supervisor')
  process.kill(pid, 'SIGKILL')
}

test('sandbox :: nested :: the supervisor is killed :: all goes on, and both runs say so', async () => {
  const place = await makeSandboxPlace()
  const line = inner(place, '--sandbox', `${atOnce(place, 6, 500)}; exit 7`)
  const running = place.run(2, ['sh', '-c', line])
  await until('2 run', () => noted(place, '+') >= 2)
  endSupervisor(place)
  const { status, stdout, stderr } = await running
  assert.equal(
    [status, stdout, stderr.slice(0, (lost + lostAbove).length)],
    [7, '', lost + lostAbove],
    stderr,
  )
  const { back, total } = JSON.parse(stderr.slice((lost + lostAbove).length))
  assert.equal([back, total], [1, 1])
  assert.is(peakOf(place).runs, 6)
})

test('sandbox :: nested :: the supervisor was killed before :: refused: its successor answers', async () => {
  const place = await makeSandboxPlace()
  const line = inner(place, '--sandbox', atOnce(place, 6, 100))
  const script = `: >begun; until [ -e killed ]; do sleep 0.02; done; ${line} 2>told; echo $?`
  const running = place.run(2, ['sh', '-c', script])
  await until('the command runs', () => existsSync(join(place.root, 'begun')))
  const first = supervisorOf(place)
  endSupervisor(place)
  await until('it has ended', () => first !== supervisorOf(place))
  writeFileSync(join(place.root, 'killed'), '')
  assert.is(summaryOf(await running, { printed: '125\n', told: lost }).runs, 0)
  assert.is(
    readFileSync(join(place.root, 'told'), 'utf8'),
    refusal(`it is in a sandbox whose supervisor has ended, and there can be one only`, byShims),
  )
})

test('sandbox :: nested :: the command of the inner is killed :: the tokens are back, and its run ends as it did', async () => {
  const place = await makeSandboxPlace()
  const { tool } = place
  const two = `: >>out/log; for n in 1 2 3; do ${tool} -c 300 -o "$PWD/out/$n" & done; until [ "$(grep -c + out/log)" -ge 2 ]; do sleep 0.02; done; kill -9 $$`
  const script = `${inner(place, '--sandbox', two)}; echo $?; until [ "$(grep -c - out/log)" -ge 3 ]; do sleep 0.02; done`
  const { peak, runs } = summaryOf(await place.run(2, ['sh', '-c', script]), {
    printed: '137\n',
    told: 'Killed\n', // by the shell
  })
  assert.equal([runs, peak <= 2], [3, true])
  assert.ok(peakOf(place).peak <= 2)
})

for (const signal of ['KILL', 'TERM'])
  test(`sandbox :: nested :: SIG${signal} to the inner run :: what waits still waits, and the tokens are back`, async () => {
    const place = await makeSandboxPlace()
    const { tool } = place
    const three = `trap '' TERM; for n in 1 2 3; do ${tool} -c 300 -o "$PWD/out/$n" & done; wait; wait; wait`
    const script = `${inner(place, '--sandbox', three)} & run=$!; exec 2>/dev/null # the shell may say that it was killed
until [ "$(grep -c + out/log)" -ge 1 ]; do sleep 0.02; done; kill -${signal} $run; wait $run
until [ "$(grep -c - out/log)" -ge 3 ]; do sleep 0.02; done`
    const { peak, runs } = summaryOf(await place.run(1, ['sh', '-c', `: >out/log; ${script}`]))
    assert.equal([runs, peak], [3, 1])
    assert.equal(peakOf(place), { runs: 3, peak: 1 })
  })

test('sandbox :: nested :: ^C ends both, and the tokens are back', async () => {
  const place = await makeSandboxPlace()
  // A shell has what runs in the background ignore SIGINT.
  const script = `seq 4 | xargs -P4 -I{} ${place.tool} -c 20000 -o "$PWD/out/{}"`
  const line = inner(place, '--sandbox', script)
  const [node = '', jobshim = ''] = jobshimLine.split(' ')
  const words = ['run', '--sandbox', '--json', '--no-config', '--dir', place.shims, '-j2', '--', 'sh', '-c']
  const held = start({
    env: place.env,
    command: [node, jobshim, ...words, `cd ${place.root}; ${line}; echo went on`],
  })
  await until('2 run', () => noted(place, '+') >= 2)
  process.kill(-held.pid, 'SIGINT') // to all of the group, as a terminal sends it
  const { signal, stdout, stderr } = await held.ended
  assert.equal([signal, stdout], ['SIGINT', ''], stderr)
  const { back, total } = JSON.parse(stderr)
  assert.equal([back, total], [1, 1])
  await until('the supervisor has ended', () => supervisorOf(place) === undefined)
})

test.after(killStarted)
test.run()
