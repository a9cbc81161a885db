import { join } from 'node:path'
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
import { link } from '../support/sources.js'
import { test, testWith } from '../support/test-with.js'
import { repository } from '../support/workspace.js'

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

type Start = { args?: readonly string[]; env: Record<string, string> }

async function callMake(caller: Caller, jobs: number, { site }: Prepared, start: Start): Promise<Outcome> {
  const { args = [], env } = start
  if (accounted === undefined)
    return run('make', [`-j${jobs}`, ...caller.args, ...args], { cwd: site.directory, env })
  const { pool } = await openAccount(jobs - 1, accounted)
  return run('make', args, {
    cwd: site.directory,
    env: { ...env, MAKEFLAGS: ` -j${jobs} --jobserver-auth=${pool.auth}` },
  })
}

/** No token, one, more than one, and some that are left over. */
const usualCounts = [1, 2, 3, 8]
const noise = /^make(\[\d+\])?: warning: -j16 forced in (submake|makefile): resetting jobserver mode\.?$/

type Prepared = { site: Site; alone: Build; shims: string }

const needsOf = (caller: Caller, { needs }: RecipeForm): ClientKey[] => [caller.key, needs ?? []].flat()

type Wish = { args?: readonly string[]; isRude?: boolean }

async function prepare(caller: Caller, form: RecipeForm, wish: Wish = {}): Promise<Prepared> {
  const { args = [], isRude = true } = wish
  const needs = needsOf(caller, form)
  const { site, shims } = await makeShimmedSite({ needs })
  const command = ['make', '-j4', ...caller.args, ...args]
  const driver = { name: form.name, needs, files: form.files, command }
  const alone = await buildAlone(site, driver)
  if (isRude) assertRude(driver, alone)
  return { site, alone, shims }
}

/** The build against the same without jobshim: the limit, the outputs, the tokens, the silence. */
function assertGoverned(governed: Build, alone: Build, limit: number): void {
  assert.is(governed.status, 0, `${governed.stdout}${governed.stderr}`)
  // Here `INTERNAL: Exiting with 3 jobserver tokens available; should be 4!` would stand.
  assert.equal(lines(governed.stderr, { noise }), lines(alone.stderr, { noise }))
  assert.equal(lines(governed.stdout, {}), lines(alone.stdout, {}))
  assert.equal(governed.outputs, alone.outputs)
  assert.is(governed.recording.unfinished, 0)
  assert.is(governed.recording.runs, alone.recording.runs)
  assert.ok(governed.recording.peak <= limit, `${governed.recording.peak} at once, at most ${limit}`)
}

/** Where the form keeps no limit by itself, the shims need a jobserver for it, and `make -j1` has none. */
const limitOf = ({ limit }: RecipeForm, jobs: number): number =>
  limit === 'shims' && jobs === 1 ? Number.POSITIVE_INFINITY : jobs

function register(caller: Caller, form: RecipeForm): void {
  let before: Promise<Prepared> | undefined
  for (const jobs of jobCounts(usualCounts.filter(jobs => !caller.leaves?.includes(jobs)))) {
    testWith(
      needsOf(caller, form),
      `caller :: ${caller.name} :: ${form.name} :: -j${jobs}`,
      async () => {
        before ??= prepare(caller, form)
        const prepared = await before
        const { site, alone, shims } = prepared
        const env = { PATH: `${shims}:${site.path}` }
        const governed = await build(site, form, () => callMake(caller, jobs, prepared, { env }))
        assertGoverned(governed, alone, limitOf(form, jobs))
      },
      { isLong: !isUsualJobs(jobs) },
    )
  }
}

for (const caller of callers) for (const form of recipeForms) register(caller, form)

/** What the caller starts: a sandbox in one recipe or in two, each with a supervisor of its own in the caller's pool. */
type Outer = { name: string; makefiles: readonly string[]; forms: readonly RecipeForm[] }

const outers: readonly Outer[] = [
  { name: 'a sandbox in its recipe', makefiles: ['Makefile'], forms: recipeForms },
  {
    name: 'two sandboxes in its recipes',
    makefiles: ['left.mk', 'right.mk'],
    forms: recipeForms.filter(({ files }) => 'left.mk' in files),
  },
]

/** In a recipe without a + the jobserver's descriptors are closed: then the make in there is alone with its first slot, and says so. */
const signs = ['', '+'] as const

const outerFile = ({ makefiles }: Outer, sign: (typeof signs)[number]): string =>
  `all: ${makefiles.map(name => `in-${name}`).join(' ')}
${makefiles.length > 1 ? `\t@${link}\n` : ''}
in-%:
\t${sign}@$(JOBSHIM_RUN) make --no-print-directory -f $*
`

const sandbox = `${process.execPath} ${join(repository, 'bin/jobshim.js')} run --sandbox --quiet --no-config -j8 --`

/** No shim of a tool is on PATH: the recorder is the tool. With a pool of its own it would have eight slots. */
function registerSandboxed(caller: Caller, form: RecipeForm, outer: Outer): void {
  for (const sign of signs)
    testWith(
      needsOf(caller, form),
      `run --sandbox :: caller :: ${caller.name} :: ${outer.name}${sign && ' with a +'} :: ${form.name} :: -j2`,
      async () => {
        const files = { ...form.files, 'outer.mk': outerFile(outer, sign) }
        const args = ['-f', 'outer.mk']
        const prepared = await prepare(caller, { ...form, files }, { args, isRude: sign === '+' })
        const { site, alone, shims } = prepared
        const env = { PATH: site.path, JOBSHIM_DIR: shims, JOBSHIM_RUN: sandbox }
        const governed = await build(site, { files }, () => callMake(caller, 2, prepared, { args, env }))
        assertGoverned(governed, alone, 2)
      },
      { isLong: true },
    )
}

/** Without its adapter make 4.3 reads no address of such a server. */
const ownReaders = callers.filter(({ key }) => accounted === undefined || key === 'make44')

for (const caller of ownReaders)
  for (const outer of outers) for (const form of outer.forms) registerSandboxed(caller, form, outer)

test.run()
