/**
 * The launcher that a package comes with, where it is installed: in a root that has Node, npm and a shell, and no compiler. Beside it one that was
 * built here, and one that was built with glibc.
 */
import { cpSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { makeRoot, npm, pack, type Root, sizeOf } from '../test/package/packing.js'
import { milliseconds, print, ratio, type Samples, spread, table } from './figures.js'
import { samplesIn, wordsIn } from './place.js'
import { inScratch, launcher, makeLauncher, spawn, standIn } from './scratch.js'

const home = '/home/user'
const packed = `${home}/npm/lib/node_modules/jobshim/prebuilt`

/** Whose shims a variant runs: each has a directory of its own. */
type Stand = { name: string; file: string }

/** What `spawn time` is told of its caller; `own`: a launcher that may hold the implicit slot. */
const places: readonly { name: string; driver: (own: string) => string[] }[] = [
  { name: 'caller holds the slot', driver: () => ['client'] },
  { name: 'implicit slot', driver: () => ['plain'] },
  { name: 'token', driver: own => ['busy', own] },
]

async function install({ path, call }: Root, tarball: string): Promise<void> {
  const began = performance.now()
  await must(call, `${npm} install --global --offline --silent --prefix ${home}/npm /jobshim.tgz`)
  const seconds = (performance.now() - began) / 1000
  const sizes = [tarball, join(path, home, 'npm/lib/node_modules/jobshim')].map(
    name => `${(sizeOf(name) / 1e6).toFixed(1)} MB`,
  )
  console.log(
    `\nInstalled by npm in ${seconds.toFixed(1)} s: tarball of ${sizes[0]}, ${sizes[1]} on the disk`,
  )
}

/** Runs a line in the root; returns its stdout, throws where it fails. */
async function must(call: Root['call'], line: string): Promise<string> {
  const { status, stdout, stderr } = await call(line)
  if (status !== 0) throw new Error(`${line}: ended with ${status}: ${stderr}`)
  return stdout
}

async function makeShims({ path, call }: Root, { name, file }: Stand, tools: string): Promise<void> {
  await must(call, `jobshim install --no-config --dir ${home}/${name} --tools ${tools}`)
  standIn(join(path, home, name), file)
}

async function timeIn(
  { call }: Root,
  stands: readonly Stand[],
  place: { tool: string; driver: readonly string[]; rounds: number },
): Promise<Samples> {
  const { tool, driver, rounds } = place
  const words = stands.flatMap(({ name }) => ['::', name, `${home}/${name}/${tool}`])
  const client = ['spawn', 'serve', '/tmp/fifo', 'spawn', 'time', String(rounds), ...driver]
  const line = [...client, '::', 'bare', `/usr/bin/${tool}`, ...words].join(' ')
  return samplesIn(wordsIn(await must(call, line)))
}

function printSamples(samples: Samples, ...cells: readonly string[]): void {
  for (const [name, times] of samples)
    print(...cells, name, milliseconds(spread(times)), ratio(samples, name, 'bare'))
}

async function printOwn(root: Root, rounds: number): Promise<void> {
  const own = join(root.path, packed, `linux-${process.arch}/launcher`)
  const stands: Stand[] = [
    { name: 'packed', file: own },
    { name: 'packed_again', file: own }, // tells what a comparison is worth
    { name: 'built_here', file: launcher },
    { name: 'glibc', file: makeLauncher('cc -static') },
  ]
  for (const stand of stands) await makeShims(root, stand, 'true,static-true')
  const sizes = stands.map(({ name, file }) => `${name} ${statSync(file).size}`).join(', ')
  table(`In that root; bytes: ${sizes}`, 'tool', 'path', 'launcher', 'ms (quartiles)', 'of bare')
  for (const tool of ['true', 'static-true'])
    for (const { name, driver } of places) {
      const place = { tool, driver: driver(`${home}/packed/.jobshim/launcher`), rounds }
      printSamples(await timeIn(root, stands, place), tool, name)
    }
}

/** Needs bubblewrap. */
export async function printPacked(rounds: number): Promise<void> {
  const { tarball, told } = await pack([])
  console.log(`\n${told.join('\n')}`)
  const root = makeRoot(tarball)
  cpSync(spawn, join(root.path, 'usr/bin/spawn'))
  cpSync(inScratch('tools/static-true'), join(root.path, 'usr/bin/static-true'))
  await install(root, tarball)
  await printOwn(root, rounds)
}
