import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { readJournal } from '../../src/timeline/read.js'
import { jobshim } from '../support/jobshim.js'
import { test } from '../support/test-with.js'
import { makeSandboxPlace, peakOf, type SandboxPlace } from './place.js'

/** Runs a script at -j1 in a sandbox, or without, with these rules. */
async function underRules(
  place: SandboxPlace,
  rules: readonly object[],
  script: string,
  sandbox = '--sandbox',
) {
  const config = join(place.root, 'config.json')
  writeFileSync(config, JSON.stringify({ rules }))
  const words = ['--json', '--config', config, '--dir', place.shims, '-j1', '--', 'sh', '-c', script]
  return await jobshim(['run', sandbox, ...words], {
    cwd: place.root,
    env: { ...place.env, JOBSHIM_JOURNAL: join(place.root, 'journal') },
  })
}

/** Copies the tool to a path below the root. */
function copyTo({ root, tool }: SandboxPlace, path: string): string {
  const copy = join(root, path)
  mkdirSync(dirname(copy), { recursive: true })
  copyFileSync(tool, copy)
  return copy
}

const paths: readonly (readonly [path: string, pattern?: string])[] = [
  ['a/protoc', '/a/protoc'],
  ['a/protoc2'],
  ['a/b/protoc'],
  ['t/target/debug/deps/x-1', '**/target/*/deps/*'],
  ['t/target/debug/deps/.x', '**/target/*/deps/*'],
  ['t/target/target/y/target/z/deps/x', '**/target/*/deps/*'],
  ['t/target/debug/deps/more/x'],
  ['t/target/debug/x/deps/x'],
  ['t/mytarget/debug/deps/x'],
  ['deep/run', '/deep/**'],
  ['deep/1/2/3/run', '/deep/**'],
  ['mid/one-a-two', '/mid/one-*-two'],
  ['mid/one-a-b-two', '/mid/one-*-two'],
  ['mid/one-a-two-c'],
  ['gap/end/last', '/gap/**/end/**/last'],
  ['gap/1/end/end/2/last', '/gap/**/end/**/last'],
  ['gap/1/last/end/2/last.'],
]

test('sandbox :: programs :: a rule makes programs tools, by the whole path of their file', async () => {
  const place = await makeSandboxPlace()
  const copies = paths.map(([path]) => copyTo(place, path))
  const patterns = [...new Set(paths.flatMap(([, pattern]) => (pattern === undefined ? [] : [pattern])))]
  const rules = patterns.map(pattern => ({
    program: pattern.startsWith('/') ? place.root + pattern : pattern,
  }))
  const script = copies.map((copy, index) => `${copy} -c 1 -o "${place.root}/out/${index}"`).join('\n')
  const { status, stderr } = await underRules(place, rules, script)
  assert.is(status, 0, stderr)
  const { events } = readJournal(join(place.root, 'journal'))
  const seen = events.flatMap(event => (event.event === 'tool' ? [event.path] : []))
  assert.equal(
    seen,
    copies.filter((_, index) => paths[index]?.[1] !== undefined),
  )
  assert.is(JSON.parse(stderr).runs, seen.length)
})

test('sandbox :: programs :: they take slots beside the tools, by a link or a path, and other rules hold for them', async () => {
  const place = await makeSandboxPlace()
  const { root, tool } = place
  const program = copyTo(place, 'target/debug/deps/test-1')
  const script = `ln -s ${program} link
for n in 1 2; do ${program} -c 40 -o "${root}/out/p$n" & ./link -c 40 -o "${root}/out/l$n" & ${tool} -c 40 -o "${root}/out/t$n" & done; wait`
  const rules = [{ program: '**/target/*/deps/*' }, { program: '**/test-*', limit: 1 }]
  const { status, stderr } = await underRules(place, rules, script)
  assert.is(status, 0, stderr)
  assert.equal(peakOf(place), { runs: 6, peak: 1 })
  const { runs, back, total, gatedSeconds } = JSON.parse(stderr)
  assert.equal([runs, back, total], [6, 0, 0])
  assert.ok(gatedSeconds.limit > 0)
})

test('sandbox :: programs :: what has an adapter, or no such path, is none; without a sandbox run says that none is', async () => {
  const place = await makeSandboxPlace()
  const { root } = place
  const other = copyTo(place, 'other')
  const make = copyTo(place, 'bin/make')
  const script = `${other} -c 1 -o "${root}/out/1"; ${make} -c 1 -o "${root}/out/2"`
  const rules = [{ program: '/usr/bin/other' }, { program: '**/make' }]
  const { status, stderr } = await underRules(place, rules, script)
  assert.is(status, 0, stderr)
  assert.is(JSON.parse(stderr).runs, 0)
  const without = await underRules(place, rules, 'exit 3', '--no-sandbox')
  assert.is(without.status, 3)
  assert.is(without.stderr.split('\n')[0], 'jobshim: without --sandbox the rules for a program do nothing')
})

test.run()
