import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { adapters } from '../../src/contract/adapters.js'
import { argumentKinds, familyRuns } from '../../src/contract/arguments.js'
import { clientNames } from '../../src/contract/clients.js'
import { jobsOptions } from '../../src/contract/jobs-options.js'

// By code units, as the tables are written.
const sorted = (words: readonly string[]): string[] => [...words].sort()
const unique = (words: readonly string[]): string[] => [...new Set(words)]

test('arguments :: rows stand family by family, families sorted', () => {
  const families = unique(argumentKinds.map(({ family }) => family))
  assert.equal(families, sorted(families))
  const runs = argumentKinds.filter(({ family }, index) => argumentKinds[index - 1]?.family !== family)
  assert.is(runs.length, families.length)
})

test('arguments :: flags that stand together are sorted, and each stands once in its family', () => {
  argumentKinds.forEach((row, index) => {
    const before = argumentKinds[index - 1]
    if (before?.family === row.family && before.means === row.means)
      assert.ok(before.flag < row.flag, `${row.family}: ${before.flag} before ${row.flag}`)
  })
  for (const family of unique(argumentKinds.map(row => row.family))) {
    const flags = argumentKinds.filter(row => row.family === family).map(({ flag }) => flag)
    assert.equal(flags, unique(flags))
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

test('arguments :: families, adapters and clients are sorted', () => {
  for (const names of [
    familyRuns.map(({ family }) => family),
    adapters.map(({ name }) => name),
    clientNames.map(({ name }) => name),
  ])
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
