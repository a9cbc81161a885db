import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaultLoadersSync } from 'cosmiconfig'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Policy, Rule } from '../../src/config/options.js'
import { renderRules } from '../../src/config/rules-text.js'
import { checkConfig } from '../../src/config/schema.js'
import { repository } from '../support/workspace.js'

const cores = 8
const text = (policy: Policy): string => renderRules(policy, cores)

test('config :: rules text :: nothing said, no text', () => {
  assert.is(text({}), '')
  assert.is(text({ pressure: {}, rules: [] }), '')
})

test('config :: rules text :: what holds for all runs comes first, in an order of its own', () => {
  const rules: Rule[] = [{ tokens: 2 }]
  const policy = { rules, engine: 'distcc', pressure: { io: 3, memory: 2, cpu: 1 }, load: 4 }
  const all = 'load=4.00\npressure-cpu=1\npressure-memory=2\npressure-io=3\nengine=distcc\n'
  assert.is(text(policy), `${all}${text({ rules })}`)
})

for (const [load, line] of [
  [12, '12.00'],
  [0.01, '0.01'],
  [2.345, '2.35'],
  [1e6, '1000000.00'],
  ['1.5x', '12.00'],
  ['0.1x', '0.80'],
  ['0.0001x', '0.01'],
  ['9999x', '79992.00'],
] as const)
  test(`config :: rules text :: load ${load} on ${cores} cores`, () => {
    assert.is(text({ load }), `load=${line}\n`)
  })

for (const [memory, line] of [
  [1024, '1'],
  [1025, '2'],
  ['1K', '1'],
  ['512M', '524288'],
  ['1.5G', '1572864'],
  ['6G', '6291456'],
  ['1.0001K', '2'],
  ['learn', 'learn'],
] as const)
  test(`config :: rules text :: memory ${memory} in KiB`, () => {
    assert.match(text({ rules: [{ memory }] }), new RegExp(`^rule=\\d+\nmemory=${line}\n$`))
  })

test('config :: rules text :: a rule begins with its number, the conditions come before what it sets', () => {
  const rules: Rule[] = [
    {
      engine: '/opt/my engine/distcc',
      limit: 2,
      memory: 'learn',
      tokens: 4,
      package: 'dev-qt/*',
      kind: 'link',
      tools: ['gcc', 'x86_64-linux-gnu-ld.bfd'],
    },
    { kind: 'probe', engine: false },
  ]
  assert.is(
    text({ rules }),
    `rule=3728442823
tool=gcc
tool=x86_64-linux-gnu-ld.bfd
kind=link
package=dev-qt/*
tokens=4
memory=learn
limit=2
engine=/opt/my engine/distcc
rule=3701351451
kind=probe
engine=
`,
  )
})

test("config :: rules text :: README's example, byte for byte", () => {
  const readme = readFileSync(join(repository, 'README.md'), 'utf8')
  const example = [...readme.matchAll(/^```yaml\n(.*?)^```$/gms)]
    .map(([, text = '']) => text)
    .find(text => text.includes('rules:'))
  assert.ok(example)
  const verdict = checkConfig(defaultLoadersSync['.yaml']('README.md', example), 8 * 1024 ** 3)
  assert.is(
    verdict.kind === 'good' ? text(verdict.config) : verdict.faults,
    `load=12.00
rule=715015242
kind=link
tokens=4
memory=6291456
rule=3191288848
tool=rustc
memory=2097152
rule=2713081754
kind=link
limit=2
rule=3310388078
kind=compile
package=dev-qt/qtwebengine
memory=3145728
`,
  )
})

const ids = (rules: Rule[]): number[] =>
  [...text({ rules }).matchAll(/^rule=(\d+)$/gm)].map(([, id]) => Number(id))

test('config :: rules text :: numbers :: the same rule at the same place has the same, on any machine', () => {
  const rules: Rule[] = [{ kind: 'link', limit: 2 }, { limit: 2 }]
  assert.equal(ids(rules), [3273870274, 159714388])
  assert.equal(ids([...rules, { tokens: 2 }]).slice(0, 2), ids(rules))
  assert.equal(
    [...renderRules({ rules, load: '2x' }, 64).matchAll(/^rule=(\d+)$/gm)].map(([, id]) => Number(id)),
    ids(rules),
  )
})

test('config :: rules text :: numbers :: all differ, none is 0, all fit 32 bits', () => {
  const many = ids(Array.from({ length: 500 }, () => ({ limit: 1 })))
  assert.is(new Set(many).size, 500)
  assert.ok(many.every(id => Number.isInteger(id) && id >= 1 && id <= 0xffffffff))
  assert.is.not(ids([{ limit: 1 }])[0], ids([{ limit: 2 }])[0])
})

test.run()
