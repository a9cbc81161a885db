import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { familyOf, familyRows, machines } from '../../src/contract/families.js'
import { buildWithLauncher } from '../support/built.js'
import { makeWorkspace } from '../support/workspace.js'

test('families :: the launcher and install agree on each name', () => {
  const program = join(makeWorkspace(), 'family')
  buildWithLauncher(program, 'support/family.c')
  const own = familyRows.flatMap(({ names }) => names)
  const triples = machines
    .map(machine => machine.replace(/\[(\d)-\d\]/, '$1').replace('*', '7x'))
    .flatMap(machine => [
      machine,
      `${machine}-linux-gnu`,
      `${machine}-a-b-c`,
      `${machine}-a-b-c-d`,
      `${machine}-gcc`,
    ])
  const prefixes = [
    '',
    'i786-linux-gnu-',
    'gcc-',
    'llvm-',
    'ccache-',
    'musl-',
    '-',
    'x86_64--',
    ...triples.map(text => `${text}-`),
  ]
  const suffixes = ['', '-12', '-15.0.7', '-12a', '-', '-ar', '12']
  const names = own.flatMap(name =>
    prefixes.flatMap(prefix => suffixes.map(suffix => prefix + name + suffix)),
  )
  const told = execFileSync(program, names, { encoding: 'utf8' }).split('\n').slice(0, -1)
  assert.is(told.length, names.length)
  const wrong = names.filter((name, index) => told[index] !== (familyOf(name) ?? ''))
  assert.equal(wrong, [])
})

test.run()
