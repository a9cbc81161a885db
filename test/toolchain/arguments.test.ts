import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { adapters, jobsOptions } from '../../src/toolchain/adapters.js'
import { argumentKinds, needsInput } from '../../src/toolchain/arguments.js'
import { clientNames } from '../../src/toolchain/clients.js'

// By code units, as the tables are written.
const sorted = (words: readonly string[]): string[] => [...words].sort()
const unique = (words: readonly string[]): string[] => [...new Set(words)]

test('arguments :: rows stand family by family, families sorted', () => {
  const families = unique(argumentKinds.map(({ family }) => family))
  assert.equal(families, sorted(families))
  const runs = argumentKinds.filter(({ family }, index) => argumentKinds[index - 1]?.family !== family)
  assert.is(runs.length, families.length)
})

test('arguments :: flags of one family and meaning are sorted and stand once', () => {
  for (const family of unique(argumentKinds.map(row => row.family))) {
    for (const means of ['probe', 'work']) {
      const flags = argumentKinds
        .filter(row => row.family === family && row.means === means)
        .map(row => row.flag)
      assert.equal(flags, sorted(unique(flags)), `${family} ${means}`)
    }
  }
})

test('arguments :: no row is hidden by an earlier one', () => {
  const hidden = argumentKinds.filter(({ family, flag }, index) =>
    argumentKinds
      .slice(0, index)
      .some(row => row.family === family && row.flag.endsWith('*') && flag.startsWith(row.flag.slice(0, -1))),
  )
  assert.equal(
    hidden.map(({ family, flag }) => `${family} ${flag}`),
    [],
  )
})

test('arguments :: families that need an input, adapters and clients are sorted', () => {
  for (const names of [needsInput, adapters.map(({ name }) => name), clientNames.map(({ name }) => name)])
    assert.equal(names, sorted(names))
})

test('arguments :: what tells the number of jobs is sorted, and all is for adapters', () => {
  const families = jobsOptions.map(({ family }) => family)
  assert.equal(families, sorted(unique(families)))
  for (const family of families) assert.ok(adapters.some(adapter => adapter.family === family))
  for (const { taking, ending } of jobsOptions)
    for (const letters of [taking, ending]) assert.equal([...letters], sorted(unique([...letters])))
})

test.run()
