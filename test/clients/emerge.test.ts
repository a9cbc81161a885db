/** `emerge --jobs` of packages that ignore MAKEOPTS, all in one `jobshim serve`; what runs is counted by the recorder. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { watchBelow } from '../support/counted.js'
import {
  canBuild,
  letIn,
  makeOpenCounted,
  makeOpenRecorder,
  makePortage,
  openClient,
  type Package,
  type Portage,
} from '../support/portage.js'
import { killAll, type Process, processes } from '../support/processes.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { type Shared, share } from '../yard/shared.js'
import { endless, type Misbehaving, packages as misbehaving } from './misbehaving.js'

const tokens = 4

type Build = { served: Shared; portage: Portage; emerge: Held; names: string[] }

const five = misbehaving.filter(({ past, needs }) => past === undefined && needs !== 'cargo')
const six = [...five, ...five]
  .slice(0, 6)
  .map((made, index) => ({ ...made, name: `${made.name}-p${index}` }) satisfies Misbehaving)

/** What is killed, and others beside it. */
const three = [endless, ...six.slice(1, 3)]

type Terms = { size?: number; optsIn?: boolean; packages(served: Shared): readonly Misbehaving[] }

/** `bin`: compilers that are counted. */
async function startEmerge(
  bin: string,
  features: string,
  { size = tokens, optsIn = true, packages }: Terms,
): Promise<Build> {
  const access = features.includes('userpriv') ? ['--mode', '660', '--group', 'portage'] : []
  const served = await share(size, { args: access })
  for (const directory of [served.yard.root, dirname(served.fifo)]) letIn(directory)
  const chosen = packages(served)
  const clients = chosen.flatMap(({ needs }) => (needs === undefined ? [] : [openClient(needs) ?? '']))
  const portage = makePortage(chosen, {
    path: [bin, ...clients, process.env.PATH].join(delimiter),
    makeopts: '-j3',
    features: `jobserver-token ${features}`,
    settings: [`MAKEFLAGS="--jobserver-auth=fifo:${served.fifo}"`],
  })
  const names = chosen.map(({ name }) => name)
  if (optsIn) await portage.optIn()
  const words = ['--jobs=3', '--keep-going=y', '--quiet-build=n', ...names.map(name => `app-misc/${name}`)]
  return {
    served,
    portage,
    emerge: start({ ...portage.emerge(words), hangSeconds: 240 }),
    names,
  }
}

/** The shells that compile a package. */
const shellsOf = ({ portage }: Build, name: string): Process[] =>
  processes().filter(({ pid, command }) => {
    if (!/ebuild\.sh compile$/.test(command)) return false
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${portage.buildDirectory(name)}/`)
    } catch {
      return false // gone meanwhile
    }
  })

const compiles = ({ portage }: Build, name: string): boolean =>
  existsSync(join(portage.buildDirectory(name), 'work/source/f0.o'))

const built = ({ portage, names }: Build): string[] =>
  names.filter(name => existsSync(portage.packageOf(name)))

async function endWhole({ served, portage }: Build): Promise<void> {
  await until('all tokens are back', () => served.free() === tokens)
  await until('no phase is left', () => processes().every(({ command }) => !command.includes(portage.root)))
  await served.end('some')
}

const assertPeak = (peak: number): void => assert.ok(peak <= tokens && peak > 1, `${peak} at once`)

for (const features of ['', 'userpriv pid-sandbox']) {
  const title = `emerge :: --jobs=3 of six packages in a jobshim serve -j${tokens}${features && ` :: ${features}`}`
  const testIf = six.every(({ needs }) => canBuild(needs, features !== '')) ? test : test.skip

  testIf(`${title} :: never more compilers than tokens, and nobody hangs`, async () => {
    const recorder = makeOpenRecorder()
    const build = await startEmerge(recorder.bin, features, { packages: () => six })
    const { status, stdout, stderr } = await build.emerge.ended
    assert.is(status, 0, stdout + stderr)
    assert.equal(built(build), build.names)
    assertPeak(recorder.take().peak)
    await endWhole(build)
  })

  testIf(`${title} :: ^C in the middle :: the tokens are back`, async () => {
    const counted = makeOpenCounted()
    const build = await startEmerge(counted.bin, features, { packages: () => three })
    const most = watchBelow(counted, build.emerge.pid)
    await until('it compiles', () => compiles(build, endless.name))
    process.kill(-build.emerge.pid, 'SIGINT')
    const { status, signal, stdout, stderr } = await build.emerge.ended
    assert.ok(signal === 'SIGINT' || status !== 0, stdout + stderr)
    assertPeak(most())
    await endWhole(build)
  })

  testIf(`${title} :: kill -9 of an ebuild :: the others are built, and the tokens are back`, async () => {
    const counted = makeOpenCounted()
    const build = await startEmerge(counted.bin, features, { packages: () => three })
    const most = watchBelow(counted, build.emerge.pid)
    await until('it compiles', () => compiles(build, endless.name))
    killAll(shellsOf(build, endless.name))
    const { status, stdout, stderr } = await build.emerge.ended
    assert.is(status, 1, stdout + stderr)
    assert.equal(built(build), build.names.slice(1), stdout + stderr)
    assertPeak(most())
    await endWhole(build)
  })
}

/** Its make has three tokens, for jobs that go on until they are killed. */
const killed: Package = {
  name: 'killed',
  files: { Makefile: 'all: a b c d\na b c d:\n\t@exec sleep 1000\n' },
  phases: { src_compile: 'make -s || die' },
}

/** Compiles nothing, until a file is there. */
const held = (name: string, gate: string): Package => ({
  name,
  files: { empty: '' },
  phases: { src_compile: `until test -e ${gate}; do sleep 0.1; done` },
})

/** What runs below a process, itself included. */
function treeOf(pid: number, all: readonly Process[]): Process[] {
  const below = all.filter(({ parent }) => parent === pid).flatMap(child => treeOf(child.pid, all))
  return [...all.filter(one => one.pid === pid), ...below]
}

for (const features of ['', 'userpriv pid-sandbox']) {
  const title = `emerge :: --jobs=3 in a jobshim serve -j8${features && ` :: ${features}`} :: an ebuild is killed with its make :: its tokens are back while emerge goes on`
  const testIf = canBuild('make44', features !== '') ? test : test.skip
  testIf(title, async () => {
    const bin = openClient('make44') ?? ''
    const gateOf = ({ yard }: Shared): string => join(yard.root, 'over')
    const build = await startEmerge(bin, features, {
      size: 8,
      optsIn: false,
      packages: served => [killed, held('one', gateOf(served)), held('two', gateOf(served))],
    })
    const { served, emerge, names } = build
    const shells = (): Process[] => names.flatMap(name => shellsOf(build, name))
    await until('three compile, and a make', () => served.free() === 2 && shells().length >= 3, 120)
    await served.looked()
    assert.is(served.free(), 2)
    const all = processes()
    const own = new Set(shellsOf(build, killed.name).map(({ pid }) => pid))
    const [top] = all.filter(
      ({ pid, parent }) => parent === emerge.pid && treeOf(pid, all).some(one => own.has(one.pid)),
    )
    assert.ok(top)
    killAll(treeOf(top.pid, all))
    await until("its package's token and its make's are back", () => served.free() === 6)
    await served.looked()
    assert.is(served.free(), 6)
    assert.equal(built(build), [])
    writeFileSync(gateOf(served), '')
    const { status, stdout, stderr } = await emerge.ended
    assert.is(status, 1, stdout + stderr)
    assert.equal(built(build), names.slice(1), stdout + stderr)
    await until('all tokens are back', () => served.free() === 8)
    await served.end(3)
  })
}

test.after(killStarted)

test.run()
