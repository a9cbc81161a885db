import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jobshim, scrubbed } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { killStarted } from '../yard/held.js'
import { makeYard } from '../yard/yard.js'

type Listed = {
  costs: readonly { tool: string; kinds: readonly { kind: string; runs: number; mostKiB: number }[] }[]
}

test('costs :: each large run is counted, and small ones by eights', async () => {
  const yard = await makeYard('ABCD')
  const list = async (): Promise<Listed['costs']> =>
    (JSON.parse((await jobshim(['list', '--costs', '--json', '--dir', yard.shims])).stdout) as Listed).costs
  await installShims(yard.shims, { args: ['--tools', 'dd,true', '--no-config'], env: yard.env })
  const run = (program: string, ...args: string[]): number | null =>
    spawnSync(program, args, { env: scrubbed(yard.governed), stdio: 'ignore' }).status
  for (let runs = 0; runs < 10; runs++)
    assert.is(run('dd', 'if=/dev/zero', 'of=/dev/null', 'bs=16M', 'count=1'), 0)
  for (let runs = 0; runs < 200; runs++) assert.is(run('true'), 0)
  const [dd, small] = await list()
  assert.equal([dd?.tool, dd?.kinds.map(({ kind, runs }) => [kind, runs])], ['dd', [['other', 10]]])
  assert.ok((dd?.kinds[0]?.mostKiB ?? 0) >= 16 * 1024)
  const { runs = 0, mostKiB = 0 } = small?.kinds[0] ?? {}
  assert.is(small?.tool, 'true')
  assert.ok(runs > 0 && runs % 8 === 0 && mostKiB < 8 * 1024, JSON.stringify(small))
})

test.after(killStarted)

test.run()
