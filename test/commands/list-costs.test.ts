import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bucketOf, type CostKind, costKinds, costsLayout } from '../../src/contract/costs-layout.js'
import { boundByModes } from '../support/bound.js'
import { type Bench, makeBench } from '../support/fake-tools.js'
import { run, scrubbed } from '../support/jobshim.js'
import { repository } from '../support/workspace.js'

const good = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' })
const mib = 1024

/** A file of costs as a launcher counts: peaks in KiB, by kind. */
function counted(peaks: Partial<Record<CostKind, readonly number[]>>): Buffer {
  const { buckets, counterBytes, fileBytes } = costsLayout
  const bytes = Buffer.alloc(fileBytes)
  for (const [index, kind] of costKinds.entries())
    for (const peak of peaks[kind] ?? []) {
      const at = (index * buckets + bucketOf(peak)) * counterBytes
      bytes.writeUInt32LE(bytes.readUInt32LE(at) + 1, at)
    }
  return bytes
}

/** An installed shim dir, and how to put a file among its costs. */
async function makeCosts(): Promise<Bench & { put: (name: string, bytes: Buffer | string) => string }> {
  const bench = makeBench(['cc', 'rustc'])
  await bench.install()
  return {
    ...bench,
    put(name, bytes) {
      const path = join(bench.dir, '.jobshim/costs', name)
      writeFileSync(path, bytes)
      return path
    },
  }
}

const many = (count: number, peak: number): number[] => Array.from({ length: count }, () => peak)

const cc = counted({
  compile: [...many(50, 11 * mib), ...many(45, 60 * mib), ...many(4, 300 * mib), 1.4 * mib * 1024],
  link: [3],
})

const protoc = counted({ preprocess: [0], other: [900, 2 ** 40] })

const unknown = (dir: string) => ({
  ...good(''),
  stderr: `jobshim: nothing is known of what tools needed, in ${dir}\n`,
})

test('list :: --costs :: a row for each tool and kind that ran, a tool without a shim among them', async () => {
  const { call, put } = await makeCosts()
  put('rustc', counted({}))
  put('protoc', protoc)
  put('cc', cc)
  assert.equal(
    await call('list', '--costs'),
    good(
      [
        'tool    kind        runs  median  95%    most',
        'cc      compile     100   12M     64M    1.5G',
        'cc      link        1     3K      3K     3K',
        'protoc  preprocess  1     0K      0K     0K',
        'protoc  other       2     1023K   1280T  1280T',
        '',
      ].join('\n'),
    ),
  )
})

test('list :: --costs :: --json', async () => {
  const { call, dir, put } = await makeCosts()
  put('rustc', counted({}))
  put('cc', cc)
  put('ld', 'short')
  const compile = { kind: 'compile', runs: 100, medianKiB: 12287, p95KiB: 65535, mostKiB: 1572863 }
  const costs = [
    {
      tool: 'cc',
      state: 'counted',
      kinds: [compile, { kind: 'link', runs: 1, medianKiB: 3, p95KiB: 3, mostKiB: 3 }],
    },
    { tool: 'ld', state: 'unreadable', why: '5 bytes, not 2560' },
    { tool: 'rustc', state: 'counted', kinds: [] },
  ]
  assert.equal(
    await call('list', '--costs', '--json'),
    good(`${JSON.stringify({ jobshim: 1, dir, costs })}\n`),
  )
})

test('list :: --costs :: no runs yet, no shims, no dir: nothing', async () => {
  const { call, dir, put } = await makeCosts()
  assert.equal(await call('list', '--costs'), unknown(dir))
  put('cc', counted({}))
  assert.equal(await call('list', '--costs'), unknown(dir))
  rmSync(join(dir, '.jobshim/costs'), { recursive: true })
  assert.equal(
    await call('list', '--costs', '--json'),
    good(`${JSON.stringify({ jobshim: 1, dir, costs: [] })}\n`),
  )
  rmSync(dir, { recursive: true })
  assert.equal(await call('list', '--costs'), unknown(dir))
  assert.equal(
    await call('list', '--costs', '--json'),
    good(`${JSON.stringify({ jobshim: 1, dir, costs: [] })}\n`),
  )
})

test('list :: --costs :: what is no such file says so, and the others are listed', async () => {
  const { call, dir, put } = await makeCosts()
  put('cc', cc)
  put('empty', '')
  put('long', Buffer.alloc(costsLayout.fileBytes + 1))
  put('.hidden', cc)
  put('a b', cc)
  const costs = join(dir, '.jobshim/costs')
  symlinkSync('cc', join(costs, 'linked'))
  mkdirSync(join(costs, 'directory'))
  execFileSync('mkfifo', [join(costs, 'waiting')])
  assert.equal(
    await call('list', '--costs'),
    good(
      [
        'tool       kind     runs  median  95%  most',
        'cc         compile  100   12M     64M  1.5G',
        'cc         link     1     3K      3K   3K',
        'directory  -        -     -       -    not a plain file',
        'empty      -        -     -       -    0 bytes, not 2560',
        'linked     -        -     -       -    not a plain file',
        'long       -        -     -       -    2561 bytes, not 2560',
        'waiting    -        -     -       -    not a plain file',
        '',
      ].join('\n'),
    ),
  )
})

test('list :: --costs :: any bytes of the right size are listed', async () => {
  const { call, put } = await makeCosts()
  put('cc', Buffer.alloc(costsLayout.fileBytes, 0xff))
  assert.equal(
    await call('list', '--costs'),
    good(
      [
        'tool  kind        runs          median  95%   most',
        ...costKinds.map(kind => `cc    ${kind.padEnd(10)}  687194767200  2G      512T  2048T`),
        '',
      ].join('\n'),
    ),
  )
})

test('list :: --costs :: a file that may not be read says so', async () => {
  const { dir, path, root, put } = await makeCosts()
  chmodSync(put('cc', cc), 0)
  const [program = '', ...before] = [...boundByModes, process.execPath]
  const words = [join(repository, 'bin/jobshim.js'), 'list', '--costs', '--dir', dir]
  const env = { PATH: `${path}:${scrubbed().PATH}`, HOME: root }
  assert.equal(
    await run(program, [...before, ...words], { cwd: root, env }),
    good("tool  kind  runs  median  95%  most\ncc    -     -     -       -    can't be read (EACCES)\n"),
  )
})

test('list :: --costs :: costs that are no directory of ours: none', async () => {
  const { call, dir, root } = await makeCosts()
  const costs = join(dir, '.jobshim/costs')
  rmSync(costs, { recursive: true })
  mkdirSync(join(root, 'elsewhere'))
  writeFileSync(join(root, 'elsewhere/cc'), cc)
  symlinkSync('../../elsewhere', costs)
  assert.equal(await call('list', '--costs'), unknown(dir))
})

test.run()
