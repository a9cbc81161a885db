import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'
import { type ClientKey, clients, findClient } from './clients.js'
import { jobshim, type Outcome, run } from './jobshim.js'
import { accounted } from './pools.js'
import { makeRecorder, type Recorder, type Recording } from './recording.js'
import { installShims } from './shimdir.js'
import { writeSources } from './sources.js'
import { wholeSummary, withoutUse } from './summary.js'
import { testWith } from './test-with.js'
import { makeWorkspace, writeFiles } from './workspace.js'

/** A build that compiles the sources with some build tool. */
export type Driver = {
  name: string
  needs: readonly ClientKey[] // put on PATH behind the shims, in exactly these versions
  files: Readonly<Record<string, string>> // beside the C sources
  command: readonly string[] // under jobshim
  alone?: readonly string[] // without it; must overcommit, or the recorder shows nothing
  outputs?: RegExp // of the paths of what it builds
  noise?: RegExp // lines of the tool itself that depend on how many jobs it has
  counts?: 'compilers' | 'recipes' // what stands behind `recipe`; without it compilers
  install?: readonly string[] // options
  env?: Readonly<Record<string, string>> // under jobshim
  jobs?: readonly number[]
}

/** What one build did. */
export type Build = Outcome & { recording: Recording; outputs: Record<string, string> }

/** Where a driver's builds run: always the same path, since paths get into outputs. */
export type Site = { directory: string; recorder: Recorder; path: string }

/** The -j that a file's builds run at: its own, or those that JOBSHIM_TEST_JOBS asks for. */
export const jobCounts = (own: readonly number[]): readonly number[] =>
  process.env.JOBSHIM_TEST_JOBS?.split(',').map(Number) ?? own

/** At which -j `npm test` runs a build: without a token, and with more than one. */
export const isUsualJobs = (jobs: number): boolean => jobs === 1 || jobs === 3

const recorders = new Map<'compilers' | 'recipes', Recorder>()

function recorderOf(of: 'compilers' | 'recipes'): Recorder {
  const recorder = recorders.get(of) ?? makeRecorder(makeWorkspace('recorder'), { of })
  recorders.set(of, recorder)
  return recorder
}

export function makeSite({ needs, counts = 'compilers' }: Pick<Driver, 'needs' | 'counts'>): Site {
  const directory = makeWorkspace()
  const bin = join(directory, 'clients')
  mkdirSync(bin)
  for (const key of needs)
    symlinkSync(join(findClient(key) ?? '', clients[key].program), join(bin, clients[key].program))
  const recorder = recorderOf(counts)
  const path = [bin, recorder.bin, process.env.PATH].join(delimiter)
  return { directory: join(directory, 'work'), recorder, path }
}

export function hashOutputs(directory: string, wanted: RegExp): Record<string, string> {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter(path => wanted.test(path))
    .sort()
  return Object.fromEntries(
    paths.map(path => [
      path,
      createHash('sha256')
        .update(readFileSync(join(directory, path)))
        .digest('hex'),
    ]),
  )
}

export async function build(
  site: Site,
  driver: Pick<Driver, 'files' | 'outputs'>,
  start: () => Promise<Outcome>,
): Promise<Build> {
  rmSync(site.directory, { recursive: true, force: true })
  mkdirSync(site.directory)
  writeSources(site.directory)
  writeFiles(site.directory, driver.files)
  site.recorder.take()
  const outcome = await start()
  return {
    ...outcome,
    recording: site.recorder.take(),
    outputs: hashOutputs(site.directory, driver.outputs ?? /\.o$/),
  }
}

/** The driver's build without jobshim, in the same place and with the same recorder. */
export const buildAlone = (site: Site, driver: Driver): Promise<Build> => {
  const [program = '', ...args] = driver.alone ?? driver.command
  return build(site, driver, () => run(program, args, { cwd: site.directory, env: { PATH: site.path } }))
}

/** Lines in an order of their own, since jobs end in any. */
export const lines = (text: string, { noise = /^$/ }: Pick<Driver, 'noise'>): string[] =>
  text
    .split('\n')
    .filter(line => line !== '' && !noise.test(line))
    .sort()

const summary = new RegExp(`^jobshim: (\\d+) tools? ran${wholeSummary}$`)

/** The build under `jobshim run -jN` against the same without: the limit, the outputs, the tokens, the silence. */
function assertGoverned(driver: Driver, jobs: number, alone: Build, governed: Build): void {
  const whole = withoutUse(governed.stderr).split(/(?<=\n)/)
  const last = whole.pop() ?? ''
  assert.is(
    governed.status,
    0,
    `ended with ${governed.status ?? governed.signal}: ${governed.stdout}${governed.stderr}`,
  )
  assert.match(last, summary, governed.stderr)
  const [, runs] = summary.exec(last) ?? []
  const [, most = 1] = /at most (\d+) at once/.exec(last) ?? []
  assert.equal(lines(whole.join(''), driver), lines(alone.stderr, driver))
  assert.equal(lines(governed.stdout, driver), lines(alone.stdout, driver))
  assert.equal(governed.outputs, alone.outputs)
  assert.is(governed.recording.unfinished, 0)
  assert.is(governed.recording.runs, alone.recording.runs)
  assert.ok(governed.recording.peak <= jobs, `${governed.recording.peak} at once under -j${jobs}`)
  assert.ok(Number(most) <= jobs, last)
  assert.ok(Number(runs) > 0, last)
}

/** Fails where a build without jobshim doesn't overcommit: then nothing could be seen with it either. */
export function assertRude(driver: Driver, alone: Build): void {
  assert.is(alone.status, 0, `${alone.stdout}${alone.stderr}`)
  assert.ok(Object.keys(alone.outputs).length > 0, 'no outputs')
  assert.is(alone.recording.unfinished, 0)
  assert.ok(alone.recording.peak > 1, `${driver.name}: ${alone.recording.peak} at once`)
}

const shimmed = new Map<string, Promise<{ site: Site; shims: string }>>()

/** A site, and shims for what is on its PATH: one for all drivers of a file that ask for the same. */
export function makeShimmedSite({
  needs,
  counts = 'compilers',
  install = [],
}: Pick<Driver, 'needs' | 'counts' | 'install'>): Promise<{ site: Site; shims: string }> {
  const make = async () => {
    const site = makeSite({ needs, counts })
    const place = join(makeWorkspace(), 'shims')
    return { site, shims: await installShims(place, { args: install, env: { PATH: site.path } }) }
  }
  const key = JSON.stringify([needs, counts, install])
  const made = shimmed.get(key) ?? make()
  shimmed.set(key, made)
  return made
}

/** How a driver's builds run: with shims, and in the sandbox, where the recorder is the tool: no shim stands before it. */
const ways = [
  { title: 'run', options: [], jobs: undefined },
  { title: 'run --sandbox', options: ['--sandbox'], jobs: [2] },
] as const

/** Registers the tests of a driver under `jobshim run` at each -j, and in the sandbox. */
export function driveUnderRun(driver: Driver): void {
  let before: Promise<{ site: Site; alone: Build; shims: string }> | undefined
  const prepare = async () => {
    const { site, shims } = await makeShimmedSite(driver)
    const alone = await buildAlone(site, driver)
    assertRude(driver, alone)
    return { site, alone, shims }
  }
  const register = ({ title, options }: (typeof ways)[number], jobs: number): void =>
    testWith(
      driver.needs,
      `${title} :: ${driver.name} :: -j${jobs}`,
      async () => {
        before ??= prepare()
        const { site, alone, shims } = await before
        const env = { ...driver.env, PATH: site.path, JOBSHIM_DIR: shims }
        const governed = await build(site, driver, () =>
          jobshim(['run', ...options, `-j${jobs}`, '--', ...driver.command], { cwd: site.directory, env }),
        )
        assertGoverned(driver, jobs, alone, governed)
      },
      { isLong: options.length > 0 || !isUsualJobs(jobs) },
    )
  for (const way of accounted === undefined ? ways : ways.slice(0, 1))
    for (const jobs of way.jobs ?? jobCounts(driver.jobs ?? [1, 2, 3, 8])) register(way, jobs)
}
