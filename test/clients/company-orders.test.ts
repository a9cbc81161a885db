import { rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Settlement } from '../../src/jobserver/pool.js'
import { type clients, findClient } from '../support/clients.js'
import {
  type Companion,
  companions,
  compileAll,
  copyProject,
  type Distccd,
  distccEnvironment,
  makeMasquerade,
  project,
  startDistccd,
} from '../support/company.js'
import { hashOutputs } from '../support/driver.js'
import { jobshim, run } from '../support/jobshim.js'
import { makeRecorder } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace } from '../support/workspace.js'

/** Every order of up to three of the shims and the companions' directories on PATH, the compilers last. */
type Place = 'shims' | Companion
const places: readonly Place[] = ['shims', ...companions]

const ordersOf = (length: number, rest: readonly Place[] = places): Place[][] =>
  length === 0
    ? [[]]
    : rest.flatMap(first =>
        ordersOf(
          length - 1,
          rest.filter(place => place !== first),
        ).map(others => [first, ...others]),
      )

const orders = [1, 2, 3].flatMap(length => ordersOf(length)).filter(order => order.includes('shims'))

/** What one compile of an order makes happen. */
type Cost = {
  slots: number // runs that the launcher governed
  inCallersSlot: number // those in the slot of a run above them
  compiled: number // by a compiler here
  preprocessed: number // here
  remote: number // compiled by distccd
}

const nothing: Cost = { slots: 0, inCallersSlot: 0, compiled: 0, preprocessed: 0, remote: 0 }
const sum = (...costs: readonly Partial<Cost>[]): Cost =>
  costs.reduce<Cost>(
    (total, cost) => ({
      slots: total.slots + (cost.slots ?? 0),
      inCallersSlot: total.inCallersSlot + (cost.inCallersSlot ?? 0),
      compiled: total.compiled + (cost.compiled ?? 0),
      preprocessed: total.preprocessed + (cost.preprocessed ?? 0),
      remote: total.remote + (cost.remote ?? 0),
    }),
    nothing,
  )

/** One call of gcc where `order` is what is left of PATH; `held`: below a launcher with a slot, and so without shims. */
function costOf(
  order: readonly Place[],
  kind: 'compile' | 'preprocess',
  cache: 'cold' | 'warm',
  held = false,
): Cost {
  const [first, ...rest] = held ? order.filter(place => place !== 'shims') : order
  const behind = (its = kind): Cost => costOf(rest, its, cache, held)
  const governed = (its: typeof kind): Cost =>
    sum(held ? { inCallersSlot: 1 } : { slots: 1 }, costOf(rest, its, cache, true))
  if (first === undefined) return sum(kind === 'compile' ? { compiled: 1 } : { preprocessed: 1 })
  switch (first) {
    case 'shims': // what leads to ccache takes no slot
      return rest[0] === 'ccache' ? behind() : governed(kind)
    case 'ccache': // starts what it starts through the launcher, and nothing on a hit
      if (kind === 'preprocess') return governed(kind)
      return cache === 'warm' ? nothing : sum(governed('preprocess'), governed('compile'))
    case 'distcc':
      return kind === 'preprocess' ? behind() : sum(behind('preprocess'), { remote: 1 })
    case 'icecc': // without a daemon it compiles here; it passes over distcc
      return costOf(rest[0] === 'distcc' ? rest.slice(1) : rest, kind, cache, held)
  }
}

/** icecc before ccache gives up, with shims or without: ccache takes it for the compiler, and it won't run twice. */
const isBroken = (order: readonly Place[]): boolean =>
  order.includes('ccache') && order.includes('icecc') && order.indexOf('icecc') < order.indexOf('ccache')

const recursion = 111 // what icecc ends with then

const jobs = 3
const lacking = ['ccache', 'distcc', 'distccd', 'icecc'].filter(
  key => findClient(key as keyof typeof clients) === undefined,
)

let daemon: Distccd | undefined
let prepared: ReturnType<typeof prepare> | undefined

async function prepare() {
  const root = makeWorkspace()
  const recorder = makeRecorder(join(root, 'recorder'))
  const masquerades = Object.fromEntries(companions.map(name => [name, makeMasquerade(root, name)]))
  const compilers = [recorder.bin, process.env.PATH].join(delimiter)
  const shims = await installShims(join(root, 'shims'), { env: { PATH: compilers } })
  const distccd = await startDistccd()
  daemon = distccd
  const cache = join(root, 'cache')
  const env = {
    PATH: compilers,
    HOME: root,
    CCACHE_DIR: cache,
    ...distccEnvironment(join(root, 'distcc-state'), distccd.host),
  }
  const directoryOf = (place: Place): string => (place === 'shims' ? shims : (masquerades[place] ?? ''))
  const work = join(root, 'work')
  const pathOf = (order: readonly Place[]): string => [...order.map(directoryOf), compilers].join(delimiter)
  copyWork(work)
  const plain = await run('./build.sh', [], { cwd: work, env: { PATH: compilers } })
  assert.equal(plain, { status: 0, signal: null, stdout: '', stderr: '' })
  assert.ok(recorder.take().peak > jobs)
  const objects = hashOutputs(work, /\.o$/)
  assert.is(Object.keys(objects).length, project.length)
  return { work, recorder, shims, distccd, cache, env, pathOf, objects }
}

function copyWork(work: string): void {
  copyProject(work)
  writeFileSync(join(work, 'build.sh'), compileAll('gcc'), { mode: 0o755 })
}

test.after(async () => await daemon?.stop())

for (const order of orders.filter(order => !isBroken(order))) {
  const title = `company :: ${order.join(', ')}`
  if (lacking.length > 0) {
    test.skip(title)
    continue
  }
  test(title, async () => {
    prepared ??= prepare()
    const { work, recorder, shims, distccd, cache, env, pathOf, objects } = await prepared
    rmSync(cache, { recursive: true, force: true })
    for (const state of ['cold', 'warm'] as const) {
      copyWork(work)
      recorder.take()
      const compiledBefore = distccd.compiled()
      const command = ['env', `PATH=${pathOf(order)}`, './build.sh']
      const { status, stdout, stderr } = await jobshim(
        ['run', `-j${jobs}`, '--json', '--dir', shims, '--', ...command],
        { cwd: work, env },
      )
      assert.equal([status, stdout], [0, ''], stderr)
      assert.equal(hashOutputs(work, /\.o$/), objects)
      const { runs, callerRuns, peak, overdrafts, total, back } = JSON.parse(stderr) as Settlement
      assert.equal([overdrafts, back, total], [0, jobs - 1, jobs - 1], stderr)
      assert.ok(peak <= jobs, stderr)
      const recording = recorder.take()
      assert.is(recording.unfinished, 0)
      assert.ok(recording.peak <= jobs, `${recording.peak} at once`)
      const expected = sum(...project.map(() => costOf(order, 'compile', state)))
      // It writes its log after it has answered.
      await until(
        'distccd has written down all',
        () => distccd.compiled() - compiledBefore >= expected.remote,
      )
      const cost = {
        slots: runs,
        inCallersSlot: callerRuns,
        compiled: recording.runs - recording.preprocessed,
        preprocessed: recording.preprocessed,
        remote: distccd.compiled() - compiledBefore,
      }
      assert.equal(cost, expected, state)
    }
  })
}

for (const order of orders.filter(isBroken)) {
  const title = `company :: ${order.join(', ')}: fails as without shims`
  if (lacking.length > 0) {
    test.skip(title)
    continue
  }
  test(title, async () => {
    prepared ??= prepare()
    const { work, shims, cache, env, pathOf } = await prepared
    rmSync(cache, { recursive: true, force: true })
    const [name] = project
    const compile = ['gcc', '-c', `${name}.c`, '-o', 'new.o']
    const command = (its: readonly Place[]): string[] => ['env', `PATH=${pathOf(its)}`, ...compile]
    const alone = await run('env', command(order.filter(place => place !== 'shims')).slice(1), {
      cwd: work,
      env,
    })
    const governed = await jobshim(['run', `-j${jobs}`, '--json', '--dir', shims, '--', ...command(order)], {
      cwd: work,
      env,
    })
    assert.equal([alone.status, alone.stdout], [recursion, ''])
    assert.equal([governed.status, governed.stdout], [recursion, ''])
    const { overdrafts, total, back } = JSON.parse(
      governed.stderr.trimEnd().split('\n').at(-1) ?? '',
    ) as Settlement
    assert.equal([overdrafts, back, total], [0, jobs - 1, jobs - 1], governed.stderr)
  })
}

test.run()
