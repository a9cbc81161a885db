import * as assert from 'uvu/assert'
import type { ClientKey } from '../support/clients.js'
import {
  assertRude,
  type Build,
  build,
  buildAlone,
  isUsualJobs,
  jobCounts,
  lines,
  makeShimmedSite,
  type Site,
} from '../support/driver.js'
import { type Outcome, run } from '../support/jobshim.js'
import { type RecipeForm, recipeForms } from '../support/makefiles.js'
import { accounted, openAccount } from '../support/pools.js'
import { test, testWith } from '../support/test-with.js'

/** The shim dir is merely first on PATH: the jobserver is make's own, and jobshim has no say in how it is told. */
type Caller = { name: string; key: ClientKey; args: readonly string[]; leaves?: readonly number[] }

const ownPools: readonly Caller[] = [
  { name: 'make 4.3', key: 'make43', args: [] },
  { name: 'make 4.4 fifo', key: 'make44', args: ['--jobserver-style=fifo'] },
  // Without a pool it has no style, and with one it is told as make 4.3 tells it.
  { name: 'make 4.4 pipe', key: 'make44', args: ['--jobserver-style=pipe'], leaves: [1, 8] },
]

/** Where a server keeps an account that is the caller's jobserver, as make.conf names it; make has no -jN. */
const callers: readonly Caller[] =
  accounted === undefined
    ? ownPools
    : [
        { name: 'make 4.3', key: 'make43', args: [] },
        { name: 'make 4.4', key: 'make44', args: [] },
      ]

async function callMake(caller: Caller, jobs: number, { site, shims }: Prepared): Promise<Outcome> {
  const env = { PATH: `${shims}:${site.path}` }
  if (accounted === undefined) return run('make', [`-j${jobs}`, ...caller.args], { cwd: site.directory, env })
  const { pool } = await openAccount(jobs - 1, accounted)
  return run('make', [], {
    cwd: site.directory,
    env: { ...env, MAKEFLAGS: ` -j${jobs} --jobserver-auth=${pool.auth}` },
  })
}

/** No token, one, more than one, and some that are left over. */
const usualCounts = [1, 2, 3, 8]
const noise = /^make(\[\d+\])?: warning: -j16 forced in (submake|makefile): resetting jobserver mode\.?$/

type Prepared = { site: Site; alone: Build; shims: string }

async function prepare(caller: Caller, form: RecipeForm): Promise<Prepared> {
  const needs = form.needs === undefined ? [caller.key] : [caller.key, form.needs]
  const { site, shims } = await makeShimmedSite({ needs })
  const command = ['make', '-j4', ...caller.args]
  const alone = await buildAlone(site, { name: form.name, needs, files: form.files, command })
  assertRude({ name: form.name, needs, files: form.files, command }, alone)
  return { site, alone, shims }
}

/** Where the form keeps no limit by itself, the shims need a jobserver for it, and `make -j1` has none. */
const limitOf = ({ limit }: RecipeForm, jobs: number): number =>
  limit === 'shims' && jobs === 1 ? Number.POSITIVE_INFINITY : jobs

function register(caller: Caller, form: RecipeForm): void {
  const needs = form.needs === undefined ? [caller.key] : [caller.key, form.needs]
  let before: Promise<Prepared> | undefined
  for (const jobs of jobCounts(usualCounts.filter(jobs => !caller.leaves?.includes(jobs)))) {
    testWith(
      needs,
      `caller :: ${caller.name} :: ${form.name} :: -j${jobs}`,
      async () => {
        before ??= prepare(caller, form)
        const prepared = await before
        const { site, alone } = prepared
        const governed = await build(site, form, () => callMake(caller, jobs, prepared))
        assert.is(governed.status, 0, `${governed.stdout}${governed.stderr}`)
        // Here `INTERNAL: Exiting with 3 jobserver tokens available; should be 4!` would stand.
        assert.equal(lines(governed.stderr, { noise }), lines(alone.stderr, { noise }))
        assert.equal(lines(governed.stdout, {}), lines(alone.stdout, {}))
        assert.equal(governed.outputs, alone.outputs)
        assert.is(governed.recording.unfinished, 0)
        assert.is(governed.recording.runs, alone.recording.runs)
        const { peak } = governed.recording
        assert.ok(peak <= limitOf(form, jobs), `${peak} at once under -j${jobs}`)
      },
      { isLong: !isUsualJobs(jobs) },
    )
  }
}

for (const caller of callers) for (const form of recipeForms) register(caller, form)

test.run()
