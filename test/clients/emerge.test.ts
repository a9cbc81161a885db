/** `emerge --jobs` of packages that ignore MAKEOPTS, all in one `jobshim serve`; what runs is counted by the recorder. */
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Held, killStarted, start, until } from '../shims/hold.js'
import { watchBelow } from '../support/counted.js'
import {
  canBuild,
  letIn,
  makeOpenCounted,
  makeOpenRecorder,
  makePortage,
  openClient,
  type Portage,
} from '../support/portage.js'
import { killAll, type Process, processes } from '../support/processes.js'
import { type Shared, share } from '../support/shared.js'
import { test } from '../support/test-with.js'
import { endless, type Misbehaving, packages } from './misbehaving.js'

const tokens = 4

type Build = { served: Shared; portage: Portage; emerge: Held; names: string[] }

const five = packages.filter(({ past, needs }) => past === undefined && needs !== 'cargo')
const six = [...five, ...five]
  .slice(0, 6)
  .map((made, index) => ({ ...made, name: `${made.name}-p${index}` }) satisfies Misbehaving)

/** What is killed, and others beside it. */
const three = [endless, ...six.slice(1, 3)]

/** `bin`: compilers that are counted. */
async function startEmerge(bin: string, features: string, chosen: readonly Misbehaving[]): Promise<Build> {
  const access = features.includes('userpriv') ? ['--mode', '660', '--group', 'portage'] : []
  const served = await share(tokens, { args: access })
  for (const directory of [served.yard.root, dirname(served.fifo)]) letIn(directory)
  const clients = chosen.flatMap(({ needs }) => (needs === undefined ? [] : [openClient(needs) ?? '']))
  const portage = makePortage(chosen, {
    path: [bin, ...clients, process.env.PATH].join(delimiter),
    makeopts: '-j3',
    features: `jobserver-token ${features}`,
    settings: [`MAKEFLAGS="--jobserver-auth=fifo:${served.fifo}"`],
  })
  const names = chosen.map(({ name }) => name)
  await portage.optIn()
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
    const build = await startEmerge(recorder.bin, features, six)
    const { status, stdout, stderr } = await build.emerge.ended
    assert.is(status, 0, stdout + stderr)
    assert.equal(built(build), build.names)
    assertPeak(recorder.take().peak)
    await endWhole(build)
  })

  testIf(`${title} :: ^C in the middle :: the tokens are back`, async () => {
    const counted = makeOpenCounted()
    const build = await startEmerge(counted.bin, features, three)
    const most = watchBelow(counted, build.emerge.pid)
    await until('it compiles', () => compiles(build, endless.name), 60)
    process.kill(-build.emerge.pid, 'SIGINT')
    const { status, signal, stdout, stderr } = await build.emerge.ended
    assert.ok(signal === 'SIGINT' || status !== 0, stdout + stderr)
    assertPeak(most())
    await endWhole(build)
  })

  testIf(`${title} :: kill -9 of an ebuild :: the others are built, and the tokens are back`, async () => {
    const counted = makeOpenCounted()
    const build = await startEmerge(counted.bin, features, three)
    const most = watchBelow(counted, build.emerge.pid)
    await until('it compiles', () => compiles(build, endless.name), 60)
    killAll(shellsOf(build, endless.name))
    const { status, stdout, stderr } = await build.emerge.ended
    assert.is(status, 1, stdout + stderr)
    assert.equal(built(build), build.names.slice(1), stdout + stderr)
    assertPeak(most())
    await endWhole(build)
  })
}

test.after(killStarted)

test.run()
