/** What a config asks and a build does not get by this door: `run` says so, and does not count on it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { costsLayout } from '../../src/contract/costs-layout.js'
import { jobshim } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { test } from '../support/test-with.js'
import { writeFiles } from '../support/workspace.js'
import { emptyOut, makeSandboxPlace, peakOf, type SandboxPlace } from './place.js'

type Order = {
  config?: object
  installed?: object
  env?: Readonly<Record<string, string>>
  flags: readonly string[]
  command?: readonly string[]
}

/** Runs a command below these settings; what is said before the summary, and that. */
async function outcomeOf(place: SandboxPlace, { config = {}, installed, env, flags, command }: Order) {
  const { root, shims } = place
  writeFileSync(join(root, 'config.json'), JSON.stringify(config))
  if (installed) {
    writeFileSync(join(root, 'installed.json'), JSON.stringify(installed))
    const args = ['--tools', 'gcc', '--config', join(root, 'installed.json')]
    await installShims(shims, { args, env: place.env })
  }
  const words = ['run', '--json', ...flags, '--config', 'config.json', '--dir', shims, '--']
  const { status, stdout, stderr } = await jobshim([...words, ...(command ?? ['true'])], {
    cwd: root,
    env: { ...place.env, ...env },
  })
  assert.equal([status, stdout], [0, ''], stderr)
  const at = stderr.indexOf('{')
  const summary = at < 0 ? undefined : JSON.parse(stderr.slice(at))
  assert.is(summary?.back, summary?.total, stderr)
  return { told: at < 0 ? stderr : stderr.slice(0, at), summary }
}

const program = 'jobshim: without --sandbox the rules for a program do nothing\n'
const engine = 'jobshim: in a sandbox no engine is put before a compiler: the build has to call it\n'
const learn =
  'jobshim: in a sandbox memory: learn learns nothing: it goes by what runs without one have needed\n'

const rows: readonly { title: string; of: Omit<Order, 'flags'>; byShims: string; sandboxed: string }[] = [
  { title: 'nothing', of: {}, byShims: '', sandboxed: '' },
  {
    title: 'all of them',
    of: { config: { engine: 'icecc', rules: [{ program: '/x/*' }, { memory: 'learn' }] } },
    byShims: program,
    sandboxed: engine + learn,
  },
  {
    title: "a rule's engine",
    of: { config: { rules: [{ engine: 'icecc' }] } },
    byShims: '',
    sandboxed: engine,
  },
  {
    title: 'a rule for no engine',
    of: { config: { rules: [{ engine: false }] } },
    byShims: '',
    sandboxed: '',
  },
  { title: 'a number of bytes', of: { config: { rules: [{ memory: '1M' }] } }, byShims: '', sandboxed: '' },
  { title: 'JOBSHIM_ENGINE', of: { env: { JOBSHIM_ENGINE: 'icecc' } }, byShims: '', sandboxed: engine },
  {
    title: 'an empty JOBSHIM_ENGINE, which wins',
    of: { config: { engine: 'icecc' }, env: { JOBSHIM_ENGINE: '' } },
    byShims: '',
    sandboxed: '',
  },
  {
    title: 'what install wrote down',
    of: { installed: { engine: 'icecc', rules: [{ program: '/x/*' }] } },
    byShims: program,
    sandboxed: engine,
  },
  {
    title: "the config's rules in its place",
    of: { installed: { engine: 'icecc' }, config: { load: 99 } },
    byShims: '',
    sandboxed: '',
  },
]

for (const { title, of, byShims, sandboxed } of rows)
  test(`sandbox :: idle :: said of what is asked in vain :: ${title}`, async () => {
    const place = await makeSandboxPlace()
    assert.is((await outcomeOf(place, { ...of, flags: ['--no-sandbox'] })).told, byShims)
    assert.is((await outcomeOf(place, { ...of, flags: ['--sandbox'] })).told, sandboxed)
    assert.is((await outcomeOf(place, { ...of, flags: ['--sandbox', '-q'] })).told, '')
  })

test("sandbox :: idle :: jobs: auto is not the engine's slots where no engine is before a compiler", async () => {
  const place = await makeSandboxPlace()
  writeFiles(join(place.root, 'tools'), { distcc: '#!/bin/sh\necho 77\n' })
  const jobsOf = async (sandbox: boolean | 'auto', ...flags: string[]): Promise<number> =>
    (await outcomeOf(place, { config: { engine: 'distcc', sandbox }, env: { MAKEOPTS: '-j3' }, flags }))
      .summary.jobs
  assert.is(await jobsOf(false), 77)
  assert.is(await jobsOf(true), 3)
  assert.is(await jobsOf('auto'), 3)
  assert.is(await jobsOf(true, '--no-sandbox'), 77)
})

test('sandbox :: idle :: memory: learn goes by what runs with shims have needed, and learns nothing itself', async () => {
  const place = await makeSandboxPlace()
  const { root, shims, tool } = place
  const listed = async (): Promise<unknown> =>
    JSON.parse((await jobshim(['list', '--costs', '--json', '--dir', shims], { cwd: root })).stdout).costs
  const script = `for n in 1 2; do ${tool} -c 60 -o "$PWD/out/$n" & done; wait`
  const order = {
    config: { rules: [{ tools: ['gcc'], memory: 'learn' }] },
    flags: ['--sandbox', '-j2'],
    command: ['sh', '-c', script],
  }
  const first = await outcomeOf(place, order)
  assert.equal([first.told, first.summary.gatedSeconds.memory], [learn, 0])
  assert.equal(await listed(), [])
  // As a launcher notes it, of one compile that needed more than any machine has: two have no room side by side.
  const costs = Buffer.alloc(costsLayout.fileBytes)
  costs.writeUInt32LE(1, (costsLayout.buckets - 1) * costsLayout.counterBytes)
  mkdirSync(join(shims, '.jobshim/costs'), { recursive: true })
  writeFileSync(join(shims, '.jobshim/costs/gcc'), costs)
  const known = await listed()
  emptyOut(place)
  const second = await outcomeOf(place, order)
  assert.is(second.told, learn)
  assert.ok(second.summary.gatedSeconds.memory > 0)
  assert.equal(peakOf(place), { runs: 2, peak: 1 })
  assert.equal(await listed(), known)
})

test.run()
