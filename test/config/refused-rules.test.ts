import { existsSync, readdirSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jobshim } from '../support/jobshim.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { refusalOf } from './refusal.js'

const mend = 'mend the file, name another with --config, or use none with --no-config'
const rule = 'tools, kind, package, program, tokens, memory, limit, priority, engine'
const effect = 'give it one of tokens, memory, limit, priority, engine, or remove it'
const size = 'expected a size of at least 1K such as 512M or 1.5G, a number of bytes, or learn'
const load = 'load: expected a load average above 0 such as 12, or one for each core such as 1.5x'
const program = 'expected the name of a program, or its absolute path'
const less = 'allow less, or write learn: what such runs really needed'
const machine = `is more than the ${Math.floor(totalmem() / 1024 ** 2)}M of this machine`

/** A text of YAML, quoted or not, as JSON has it; `true` is none. */
const asJson = (text: string): string =>
  text === 'true' || text.startsWith('"') ? text : JSON.stringify(text)

/** `rule`: the second of two rules, of which the first is good. `got`: the value that it is told of, as JSON. */
type Row = { title: string; rule?: string; text?: string; says: string; got?: string; hint?: string }

const rows: readonly Row[] = [
  {
    title: 'unknown kind',
    rule: '{ kind: lnik, tokens: 4 }',
    says: 'rules[1].kind: expected one of compile, link, preprocess, other, probe',
    got: '"lnik"',
  },
  {
    title: 'tokens: 0',
    rule: '{ tokens: 0 }',
    says: 'rules[1].tokens: expected a whole number, 1 to 64',
    got: '0',
  },
  {
    title: 'tokens: 65',
    rule: '{ tokens: 65 }',
    says: 'rules[1].tokens: expected a whole number, 1 to 64',
    got: '65',
  },
  { title: 'memory: lots', rule: '{ memory: lots }', says: `rules[1].memory: ${size}`, got: '"lots"' },
  { title: 'memory: 0', rule: '{ memory: 0 }', says: `rules[1].memory: ${size}`, got: '0' },
  { title: 'memory: 0G', rule: '{ memory: 0G }', says: `rules[1].memory: ${size}`, got: '"0G"' },
  { title: 'memory: 6, of what', rule: '{ memory: 6 }', says: `rules[1].memory: ${size}`, got: '6' },
  { title: 'memory: 6GB', rule: '{ memory: 6GB }', says: `rules[1].memory: ${size}`, got: '"6GB"' },
  {
    title: 'memory: more than the machine has',
    rule: '{ memory: 1000T }',
    says: `rules[1].memory: 1000T ${machine}`,
    hint: less,
  },
  {
    title: 'memory: a byte more than the machine has',
    rule: `{ memory: ${totalmem() + 1} }`,
    says: `rules[1].memory: ${totalmem() + 1} ${machine}`,
    hint: less,
  },
  {
    title: 'unknown key in a rule',
    rule: '{ memroy: 6G }',
    says: 'unknown key rules[1].memroy',
    hint: 'did you mean memory?',
  },
  {
    title: 'unknown key in a rule, near to none',
    rule: '{ niceness: 3 }',
    says: 'unknown key rules[1].niceness',
    hint: `known keys: ${rule}`,
  },
  {
    title: 'limit: 0',
    rule: '{ limit: 0 }',
    says: 'rules[1].limit: expected a whole number, 1 to 65536',
    got: '0',
  },
  ...['protoc', './protoc', '**', '/usr/bin/{a,b}', '/a/**b', 'true', '"/a\\nlimit=1"'].map(program => ({
    title: `program: ${program}`,
    rule: `{ program: ${program.startsWith('"') || program === 'true' ? program : `"${program}"`} }`,
    says: 'rules[1].program: expected an absolute path such as /usr/bin/protoc, or a pattern such as **/target/*/deps/*',
    got: asJson(program),
  })),
  {
    title: 'a rule for tools and for a program',
    rule: '{ tools: [gcc], program: /usr/bin/protoc, tokens: 2 }',
    says: 'rules[1]: names both tools and program',
    hint: 'make two rules of it',
  },
  { title: 'a rule that sets nothing', rule: '{ kind: link }', says: 'rules[1]: does nothing', hint: effect },
  { title: 'an empty rule', rule: '{}', says: 'rules[1]: does nothing', hint: effect },
  {
    title: 'a rule that is no object',
    rule: 'link',
    says: `rules[1]: expected an object with the keys ${rule}`,
    got: '"link"',
  },
  {
    title: 'a tool that is a path',
    rule: '{ tools: [gcc, /usr/bin/ld], tokens: 2 }',
    says: 'rules[1].tools: expected an array with names of families or tools, such as [gcc, protoc]',
    got: '["gcc","/usr/bin/ld"]',
  },
  {
    title: 'no tool at all',
    rule: '{ tools: [], tokens: 2 }',
    says: 'rules[1].tools: expected an array with names of families or tools, such as [gcc, protoc]',
    got: '[]',
  },
  ...['qtwebengine', '*', 'dev-qt/qt*webengine', '"a b/c"'].map(name => ({
    title: `package: ${name}`,
    rule: `{ package: ${name === '*' ? '"*"' : name}, tokens: 2 }`,
    says: 'rules[1].package: expected a package such as dev-qt/qtwebengine, or dev-qt/* for all that starts so',
    got: asJson(name),
  })),
  ...['true', './distcc', 'bin/distcc', '""', '"/a\\nlimit=1"'].map(name => ({
    title: `engine: ${name} in a rule`,
    rule: `{ engine: ${name} }`,
    says: `rules[1].engine: ${program}, or false for none`,
    got: asJson(name),
  })),
  {
    title: 'launcher: true in a rule',
    rule: '{ launcher: true }',
    says: `rules[1].launcher: ${program}, or false for none`,
    got: 'true',
  },
  {
    title: 'engine and launcher in a rule',
    rule: '{ engine: distcc, launcher: false }',
    says: 'rules[1].engine: its older name launcher has another value',
    hint: 'remove launcher',
  },
  {
    title: 'rules: an object',
    text: 'rules: { tokens: 2 }',
    says: `rules: expected an array of objects with the keys ${rule}`,
    got: '{"tokens":2}',
  },
  { title: 'engine: false', text: 'engine: false', says: `engine: ${program}`, got: 'false' },
  { title: 'launcher: false', text: 'launcher: false', says: `launcher: ${program}`, got: 'false' },
  {
    title: 'engine and launcher',
    text: 'launcher: icecc\nengine: distcc',
    says: 'engine: its older name launcher has another value',
    hint: 'remove launcher',
  },
  ...['0', '-1', '1.5', '"12"', '0x', '1.5X', 'x', '.5x', '2000000'].map(value => ({
    title: `load: ${value}`,
    text: `load: ${value === '1.5' ? '"1.5"' : value}`,
    says: load,
    got: /^-?\d+$/.test(value) ? value : asJson(value),
  })),
  {
    title: 'pressure: a number',
    text: 'pressure: 60',
    says: 'pressure: expected an object with the keys cpu, io, memory',
    got: '60',
  },
  ...['0', '101', '12.5', '60%'].map(value => ({
    title: `pressure: { cpu: ${value} }`,
    text: `pressure: { cpu: ${value} }`,
    says: 'pressure.cpu: expected a whole percentage, 1 to 100',
    got: value.endsWith('%') ? asJson(value) : value,
  })),
  {
    title: 'unknown key in pressure',
    text: 'pressure: { cpus: 60 }',
    says: 'unknown key pressure.cpus',
    hint: 'did you mean cpu?',
  },
  {
    title: 'more rules than a shim reads',
    text: `rules:\n${'  - { package: "dev-qt/qtwebengine", tokens: 2 }\n'.repeat(1000)}`,
    says: 'rules: more than the 32768 bytes that a shim reads',
    hint: 'name families instead of tools, or packages with a * at the end',
  },
]

/** A directory with the row's config, and what is said of it. */
function makeRefused({ rule, text, says, got, hint = mend }: Row): { cwd: string; stderr: string } {
  const cwd = makeWorkspace()
  writeFiles(cwd, { '.jobshimrc': `${text ?? `rules:\n  - { tokens: 2 }\n  - ${rule}`}\n` })
  return {
    cwd,
    stderr: `jobshim: ${join(cwd, '.jobshimrc')}: ${says}${got === undefined ? '' : `, got ${got}`}\n  ${hint}\n`,
  }
}

for (const row of rows)
  test(`config :: error :: ${row.title}`, async () => {
    const { cwd, stderr } = makeRefused(row)
    assert.is(await refusalOf({}, cwd), stderr)
    assert.equal(readdirSync(cwd), ['.jobshimrc'])
  })

/** Both read the settings first, and have a status of their own for what is wrong with them; two rows that two places refuse. */
const commands = { install: { words: [], status: 2 }, run: { words: ['--', 'echo', 'ran'], status: 125 } }

for (const [command, { words, status }] of Object.entries(commands))
  for (const row of [rows.at(0), rows.at(-1)])
    test(`config :: error :: ${command} :: ${row?.title}`, async () => {
      assert.ok(row)
      const { cwd, stderr } = makeRefused(row)
      const result = await jobshim([command, '--dir', 'shims', ...words], { cwd, env: { HOME: cwd } })
      assert.equal(result, { status, signal: null, stdout: '', stderr })
      assert.equal(readdirSync(cwd), ['.jobshimrc'])
    })

test('config :: rules :: as much memory as the machine has is allowed', async () => {
  const cwd = makeWorkspace()
  const most = `${Math.floor(totalmem() / 1024 ** 2)}M`
  writeFiles(cwd, { '.jobshimrc': `rules: [{ memory: ${most} }, { memory: ${totalmem()} }]\n` })
  const result = await jobshim(['list', '--dir', 'shims'], { cwd, env: { HOME: cwd } })
  const stderr = `jobshim: no shims in ${cwd}/shims\n`
  assert.equal(result, { status: 0, signal: null, stdout: '', stderr })
})

test('config :: error :: a bad rule of a package.json, in JSON', async () => {
  const cwd = makeWorkspace()
  writeFiles(cwd, { 'package.json': '{"jobshim":{"rules":[{"limit":2},{"kind":"link","memory":"much"}]}}' })
  assert.equal(await jobshim(['install', '--dir', 'shims'], { cwd, env: { HOME: cwd } }), {
    status: 2,
    signal: null,
    stdout: '',
    stderr: `jobshim: ${cwd}/package.json: rules[1].memory: ${size}, got "much"\n  ${mend}\n`,
  })
  assert.not(existsSync(join(cwd, 'shims')))
})

test.run()
