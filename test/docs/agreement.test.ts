import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Command } from '../../src/commands/command.js'
import { commandTable, loadCommands } from '../../src/commands/command-table.js'
import { formsOf, helpOption, takesValue, versionOption } from '../../src/commands/completion-words.js'
import { parseArguments } from '../../src/commands/parser.js'
import { shapeRows } from '../../src/commands/shapes.js'
import { ruleConditionRows, ruleEffectRows, settingRows } from '../../src/config/options.js'
import { environmentRows, publicVariables } from '../../src/contract/environment.js'
import { callsIn, readDocuments } from '../support/documents.js'
import { repository } from '../support/workspace.js'

const commands = await loadCommands()
const documents = readDocuments()
const readme = documents.filter(({ path }) => path === 'README.md')
const manPage = readFileSync(join(repository, 'docs/jobshim.1'), 'utf8')

/** Returns the command that the words call, as src/main.ts finds it. Throws for words that it would refuse. */
function parseCall(words: readonly string[]): Command {
  const [first, second] = words
  const row = [`${first} ${second}`, `${first}`]
    .map(name => commands.find(command => command.name === name))
    .find(command => command !== undefined)
  if (row === undefined) throw new Error(`no such command: jobshim ${words.join(' ')}`)
  const rest = words.slice(row.name.split(' ').length)
  // `jobshim run --journal` names an option that takes a value; N stands for a number.
  const isNamed = row.options.some(
    option => takesValue(option) && formsOf(option).includes(rest.at(-1) ?? ''),
  )
  const given = isNamed ? rest.slice(0, -1) : rest
  parseArguments(
    row,
    given.map(word => word.replace(/^(-j)?N$/, (_, flag = '') => `${flag}2`)),
  )
  return row
}

/** What looks like a call, and why it is none. */
const noCalls: readonly { is: RegExp; why: string }[] = [
  { is: /^rc-service jobshim /, why: "the service's name" },
  { is: /^sudo usermod .* jobshim /, why: "the group's name" },
  { is: /^jobshim \[#+\]/, why: 'what jobshim run draws' },
  { is: /^jobshim COMMAND --help$/, why: 'stands for all commands' },
]

const calls = (lines: readonly string[]): string[][] =>
  lines
    .filter(line => !noCalls.some(({ is }) => is.test(line)))
    .flatMap(callsIn)
    .filter(words => words.length > 0) // the product's name

for (const { path, code } of documents)
  test(`docs :: ${path} :: what it tells to call is understood`, () => {
    for (const words of calls(code)) parseCall(words)
  })

test('docs :: the calls are found', () => {
  assert.equal(callsIn('x=$(jobshim env) && FOO=1 jobshim run -j2 -- "a b" * | jobshim list # jobshim'), [
    ['run', '-j2', '--', 'a b', '*'],
    ['list'],
    ['env'],
  ])
  assert.ok(calls(documents.flatMap(({ code }) => code)).length > 50)
  assert.throws(() => parseCall(['frobnicate']), /no such command: jobshim frobnicate/)
  parseCall(['run', '--jobs'])
  assert.throws(() => parseCall(['list', '--frobnicate']), /list: unknown option '--frobnicate'/)
})

test('docs :: every example of help and man page calls its command', () => {
  for (const { name, examples } of commands)
    for (const { line } of examples)
      assert.equal(
        calls([line]).map(words => parseCall(words).name),
        [name],
        line,
      )
})

test('docs :: every shape of docs/json.md is of its commands', () => {
  for (const { words, commands: names } of shapeRows)
    assert.equal(
      calls(words.split(', '))
        .map(call => parseCall(call).name)
        .sort(),
      [...names].sort(),
    )
})

test('docs :: the man page names no command that is not there', () => {
  const named = [...manPage.matchAll(/\.Nm Cm ([a-z]+(?: [a-z]+)?)/g)].map(([, name = '']) => name)
  assert.ok(named.length > 5)
  for (const name of named)
    assert.ok(
      commandTable.some(row => row.name === name),
      name,
    )
})

test('docs :: README has every command', () => {
  const called = new Set(readme.flatMap(({ code }) => calls(code)).map(words => parseCall(words).name))
  assert.equal([...called].sort(), commandTable.map(({ name }) => name).sort())
})

/** Options in the documents that are not ours. */
const ofOthers: Readonly<Record<string, string>> = {
  '--bind': 'apptainer, bubblewrap',
  '--build': 'cmake',
  '--cleanenv': 'apptainer',
  '--env': 'apptainer',
  '--experimental': 'bazel',
  '--fakeroot': 'apptainer',
  '--group-add': 'docker, podman',
  '--jobserver-auth': 'MAKEFLAGS of make',
  '--offload-jobs': 'clang',
  '--parallel': 'cmake --build',
  '--pid': 'docker, podman',
  '--userns': 'docker, podman',
  '--wrapper-jobs': 'clang-linker-wrapper',
}

test('docs :: every option that is named is there', () => {
  const ours = [...commands.flatMap(({ options }) => options), helpOption, versionOption].map(
    ({ name }) => `--${name}`,
  )
  const code = documents.flatMap(({ code }) => code)
  const named = code.flatMap(text => /^--[a-z][a-z-]*/.exec(text)?.[0] ?? [])
  assert.ok(named.includes('--json'))
  assert.equal(
    named.filter(option => !ours.includes(option) && !(option in ofOthers)),
    [],
  )
  assert.equal(
    Object.keys(ofOthers).filter(option => ours.includes(option) || !named.includes(option)),
    [],
  )
})

/** Returns the first cells of README's only table with this head, up to what may follow a name. */
function namesInTable(head: string): string[] {
  const tables = readme.flatMap(({ tables }) => tables).filter(table => table.head[0] === head)
  assert.is(tables.length, 1, head)
  return (tables[0]?.rows ?? []).map(([cell = '']) => cell.replace(/=.*/, '')).sort()
}

const keys = (rows: readonly { key: string }[]): string[] => rows.map(({ key }) => key).sort()

test('docs :: README has every setting, and no others', () => {
  assert.equal(namesInTable('key'), keys(settingRows))
  assert.equal(namesInTable('condition'), keys(ruleConditionRows))
  assert.equal(namesInTable('sets'), keys(ruleEffectRows))
})

test('docs :: the man page has every setting, and no others', () => {
  const section = /^\.Sh CONFIGURATION$(.*?)^\.Sh /ms.exec(manPage)?.[1] ?? ''
  const named = [...section.matchAll(/^\.It Ic "(\w+)"$/gm)].map(([, key = '']) => key)
  assert.equal(named.sort(), keys([...settingRows, ...ruleConditionRows, ...ruleEffectRows]))
})

const publicNames = publicVariables().map(({ name }) => name)

test('docs :: README and man page have every variable that people may set, and no others', () => {
  const named = [...manPage.matchAll(/^\.It Ev "(JOBSHIM_\w+)/gm)].map(([, name = '']) => name)
  assert.equal(namesInTable('variable'), [...publicNames].sort())
  assert.equal(named.sort(), [...publicNames].sort())
})

/** Variables of ours that launcher and commands don't read. */
const elsewhere: Readonly<Record<string, string>> = {
  JOBSHIM_PORTAGE: 'read by portage/hook.bash alone',
}

test('docs :: every variable of ours that a page names is there', () => {
  const known = [...Object.values(environmentRows).map(({ name }) => name), ...Object.keys(elsewhere)]
  for (const { path } of documents) {
    const text = readFileSync(join(repository, path), 'utf8')
    for (const [name] of text.matchAll(/\bJOBSHIM_[A-Z_]+\b/g))
      assert.ok(known.includes(name), `${path}: ${name}`)
  }
})

test('docs :: every link leads to a file, and to a section of it', () => {
  const links = documents.flatMap(page => page.links.map(link => ({ page, link })))
  const ours = links.filter(({ link }) => !/^[a-z]+:/.test(link))
  assert.ok(ours.length > 5)
  for (const { page, link } of ours) {
    const [file = '', section] = link.split('#')
    const path = file === '' ? page.path : join(dirname(page.path), file)
    assert.ok(existsSync(join(repository, path)), `${page.path}: ${link}`)
    if (section === undefined) continue
    const sections = documents.find(other => other.path === path)?.sections
    assert.ok(sections?.includes(section), `${page.path}: ${link}`)
  }
})

test('docs :: every file of ours that a page names is there', () => {
  const named = documents.flatMap(({ path, code }) =>
    code
      .filter(text => /^(?:bench|docs|examples|portage|shims|src|test)\/\S+$/.test(text))
      .map(file => ({ path, file })),
  )
  assert.ok(named.length > 20)
  for (const { path, file } of named)
    assert.ok(
      existsSync(join(repository, file)) || existsSync(join(repository, `${file}.test.ts`)),
      `${path}: ${file}`,
    )
})

test('docs :: protocol.md :: every test that shows what a SIGKILL leaves is there', () => {
  const moments = documents
    .flatMap(({ tables }) => tables)
    .filter(({ head }) => head[0] === 'killed' && head.at(-1) === 'test')
    .flatMap(({ rows }) => rows)
  assert.ok(moments.length > 30)
  const named = moments.flatMap(row => row.at(-1)?.match(/\w+\/[\w.-]+/g) ?? [])
  assert.ok(named.length > 30)
  for (const name of named)
    assert.ok(
      ['.test.ts', ''].some(end => existsSync(join(repository, 'test', `${name}${end}`))),
      name,
    )
})

test.run()
