import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { buildProgram } from '../support/built.js'
import { run } from '../support/jobshim.js'
import { makeFifo } from '../support/pool.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { writeFiles } from '../support/workspace.js'
import { killStarted } from '../yard/held.js'
import { isWaiting, ledgerRecords } from '../yard/ledger.js'
import { assertWhole, takeAll } from '../yard/slots.js'
import { makeYard, type Yard } from '../yard/yard.js'

/**
 * The kernel limits a program's words and variables together. Who calls `tool` with the most words that it takes, and with some less,
 * must be able to call `shim` so, which adds words and variables of its own. It tells what was otherwise.
 */
const caller = `import json, os, resource, subprocess, sys
tool, shim, name = sys.argv[1:4]
first, few = map(int, sys.argv[4:6])
resource.setrlimit(resource.RLIMIT_STACK, (512 * 1024, resource.RLIM_INFINITY)) # 128 KiB of words and variables

def call(program, last):
    words = [name, '-c'] + ['w' * 9000] * 10 + ['w' * last]
    try:
        done = subprocess.run(words, executable=program, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError as error:
        return error.strerror
    return [done.returncode, done.stdout, done.stderr]

least, most = 0, 60000 # it takes the first, and not the second
while most - least > 1:
    middle = (least + most) // 2
    least, most = (least, middle) if isinstance(call(tool, middle), str) else (middle, most)
other = []
for last in range(least - first, least - first - few, -1):
    if call(shim, last) != call(tool, last):
        other.append([least - last, call(shim, last)])
print(json.dumps({'most': least, 'other': other}))
`

type Told = { most: number; other: [fewer: number, ended: string | [number, string, string]][] }

type Place = {
  yard: Yard
  path: string // without the shims
  /** Calls that tool by `name`, with `first` bytes less than the most, then one less, and so on. */
  told: (
    tool: string,
    name: string,
    first: number,
    count: number,
    env: Record<string, string | undefined>,
  ) => Promise<Told>
}

/** `made`: what stands in for tools. Their paths are longer than those of their shims: the kernel counts these, too. */
async function makePlace(tokens: string, made: readonly string[]): Promise<Place> {
  const yard = await makeYard(tokens)
  const directory = join(yard.root, 'whose/path/is/longer/than/that/of/the/shims')
  mkdirSync(directory, { recursive: true })
  for (const name of made) buildProgram(join(directory, name), ['word-count.c'])
  writeFiles(yard.root, { 'caller.py': caller, ['long'.repeat(50)]: '#!/bin/sh\nexec "$@"\n' })
  const path = `${directory}:${yard.env.PATH?.replace(`${yard.shims}:`, '')}`
  await installShims(yard.shims, { args: ['--tools', ['hold', ...made].join(',')], env: { PATH: path } })
  const told: Place['told'] = async (tool, name, first, count, env) => {
    const words = [join(directory, tool), join(yard.shims, tool), name, `${first}`, `${count}`]
    const { status, stdout, stderr } = await run('python3', [join(yard.root, 'caller.py'), ...words], {
      env: { ...yard.governed, PATH: path, ...env },
    })
    assert.equal([status, stderr], [0, ''])
    return JSON.parse(stdout) as Told
  }
  return { yard, path, told }
}

const few = 200

const noLook = (tool: string): string =>
  `jobshim: ${tool}: not governed: look can't be started: Argument list too long\n`

for (const [kind, changes] of Object.entries({
  'without a jobserver': () => ({ JOBSHIM_JOBSERVER: '' }),
  'with a slot': () => ({}),
  'with a slot and a journal': ({ yard }: Place) => ({ JOBSHIM_JOURNAL: join(yard.root, 'journal') }),
  'with an engine': ({ yard, path }: Place) => ({
    JOBSHIM_ENGINE: join(yard.root, 'long'.repeat(50)),
    PATH: `${yard.shims}:${path}`,
  }),
}))
  testWith('python', `longest :: ${kind} :: a tool takes as many words as without its shim`, async () => {
    const place = await makePlace('A', ['gcc'])
    for (const name of ['gcc', join(place.yard.shims, 'gcc')]) {
      const { most, other } = await place.told('gcc', name, 0, few, changes(place))
      assert.ok(most > few)
      assert.equal(other, [], name)
    }
    await assertWhole(place.yard, 'A')
  })

testWith(
  'python',
  'longest :: a tool that must wait :: does, and runs at once where no words can be added',
  async () => {
    const { yard, told } = await makePlace('', ['gcc'])
    const [holder] = await takeAll(yard, 1)
    const { most, other } = await told('gcc', 'gcc', 0, 1, {})
    assert.equal(other, [[0, [0, `12 words, ${2 + 90_000 + most} bytes\n`, noLook('gcc')]]])
    const waiting = told('gcc', 'gcc', 2 * few, 1, {})
    await until('it waits', () => ledgerRecords(yard.runtime).some(isWaiting))
    await holder?.end()
    assert.equal((await waiting).other, [])
    await assertWhole(yard, '')
  },
)

testWith('python', 'longest :: what has an adapter :: takes as many words as without its shim', async () => {
  const { yard, told } = await makePlace('', ['make'])
  const pool = makeFifo(yard.root, 'A', 'named'.repeat(40)) // the adapter adds its path
  const { most, other } = await told('make', 'make', 0, 2 * few, {
    MAKEFLAGS: ` -j2 --jobserver-auth=${pool.auth}`,
    JOBSHIM_JOBSERVER: undefined,
  })
  assert.ok(other.length > 0 && other.length < few, `${other.length}`)
  assert.equal(
    other,
    other.map((_, fewer) => [fewer, [0, `12 words, ${2 + 90_000 + most - fewer} bytes\n`, noLook('make')]]),
  )
  assert.is(pool.count(), 'A')
  pool.close()
})

afterEach(killStarted)
test.run()
