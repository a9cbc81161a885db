import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildProgram } from '../support/built.js'
import { jobshim } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { makeWorkspace } from '../support/workspace.js'
import { peakIn } from './place.js'

/** Shims that were made for these tools, while PATH had no other; and a program that may be installed under any name later. */
async function makePlace(tools: readonly string[], ...args: string[]) {
  const root = makeWorkspace()
  for (const name of ['tools', 'opt', 'out']) mkdirSync(join(root, name))
  mkdirSync(join(root, 'run'), { mode: 0o700 })
  const program = join(root, 'program')
  buildProgram(program, ['sandbox-tool.c'])
  for (const name of tools) copyFileSync(program, join(root, 'tools', name))
  const env = { HOME: root, PATH: join(root, 'tools'), XDG_RUNTIME_DIR: join(root, 'run') }
  const shims = join(root, 'shims')
  const install = async (...more: string[]) => await installShims(shims, { args: more, cwd: root, env })
  await install(...args)
  const wanted = join(shims, '.jobshim/wanted')
  return { root, program, env, shims, install, wanted }
}

type Place = Awaited<ReturnType<typeof makePlace>>

/** Runs each of these twice at -j1, by its path, from where the build itself installs it. */
async function runInstalled({ root, program, env, shims }: Place, names: readonly string[]) {
  rmSync(join(root, 'out'), { recursive: true })
  mkdirSync(join(root, 'out'))
  const lines = names.flatMap(name => [
    `/bin/cp ${program} ${root}/opt/${name}`,
    ...[1, 2].map(number => `${root}/opt/${name} -c 300 -o ${root}/out/${name}.${number} &`),
  ])
  const words = ['--sandbox', '--json', '--no-config', '--dir', shims, '-j1', '--', '/bin/sh', '-c']
  const outcome = await jobshim(['run', ...words, `${lines.join('\n')}\nwait`], { cwd: root, env })
  assert.equal([outcome.status, outcome.stdout], [0, ''], outcome.stderr)
  const { runs, back, total, overdrafts } = JSON.parse(outcome.stderr)
  assert.equal([back, total, overdrafts], [0, 0, 0], outcome.stderr)
  const seen = peakIn(join(root, 'out/log'))
  assert.is(seen.runs, 2 * names.length)
  return { governed: runs, peak: seen.peak }
}

const later = ['clang', 'clang++-19', 'gfortran', 'rustc', 'aarch64-linux-gnu-gcc', 'ld.mold'] as const

test('sandbox :: families :: one with no tool on PATH at install is governed once the build has installed one', async () => {
  const place = await makePlace([])
  assert.equal(await runInstalled(place, later), { governed: 12, peak: 1 })
  assert.equal(readdirSync(place.shims), ['.jobshim'])
})

test('sandbox :: families :: what no family has, and a family that nobody wants by default, is no tool', async () => {
  const place = await makePlace([])
  const { governed, peak } = await runInstalled(place, ['clang-format', 'gcc-ar', 'as', 'ar'])
  assert.is(governed, 0)
  assert.ok(peak > 1, 'they waited for none')
})

test('sandbox :: families :: --tools :: those of its families, and no others', async () => {
  const place = await makePlace(['gcc', 'ar', 'ld'], '--tools', 'gcc,ar')
  const { governed, peak } = await runInstalled(place, ['clang', 'rustc', 'ld'])
  assert.is(governed, 0)
  assert.ok(peak > 1, 'they waited for none')
  assert.equal(await runInstalled(place, ['gcc-14', 'aarch64-linux-gnu-ar']), { governed: 4, peak: 1 })
  await place.install()
  assert.equal(await runInstalled(place, ['clang', 'rustc', 'ld']), { governed: 6, peak: 1 })
  await place.install('--tools', 'gcc')
  assert.is((await runInstalled(place, ['clang', 'rustc', 'ld'])).governed, 0)
})

const unknown: Readonly<Record<string, (path: string) => void>> = {
  'an older version wrote down none': path => rmSync(path),
  'it is empty': path => truncateSync(path),
  'it is foreign': path => writeFileSync(path, 'family=clang\n'),
  'it is no file': path => {
    rmSync(path)
    mkdirSync(path)
  },
}

for (const [title, spoil] of Object.entries(unknown))
  test(`sandbox :: families :: not known, ${title} :: those count that have a shim, until the next install`, async () => {
    const place = await makePlace(['gcc'])
    const text = readFileSync(place.wanted, 'utf8')
    spoil(place.wanted)
    assert.is((await runInstalled(place, ['clang'])).governed, 0)
    assert.equal(await runInstalled(place, ['gcc-14']), { governed: 2, peak: 1 })
    if (title === 'it is no file') rmSync(place.wanted, { recursive: true })
    await place.install()
    assert.is(readFileSync(place.wanted, 'utf8'), text)
    assert.equal(await runInstalled(place, ['clang']), { governed: 2, peak: 1 })
  })

test.run()
