import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jobshim } from '../support/jobshim.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { refusalOf } from './refusal.js'

const mend = 'mend the file, name another with --config, or use none with --no-config'
const keys =
  'adapters, dir, engine, jobs, join, load, noJobserver, patience, pressure, priority, quiet, reserve, rules, sandbox, tools'
const wholeJobs = 'jobs: expected auto, or a whole number, 1 to 61441'
const adapters =
  'bmake, cargo, ccache, cmake, ctest, distcc, gmake, gnumake, go, icecc, make, ninja, ninja-build, remake, samu, sccache'

type Row = { title: string; file?: string; text: string; says: string; hint: string }

const rows: readonly Row[] = [
  { title: 'unknown key', text: 'jbos: 3', says: 'unknown key jbos', hint: 'did you mean jobs?' },
  {
    title: 'unknown key in package.json',
    file: 'package.json',
    text: '{"jobshim":{"nojobserver":"pass"}}',
    says: 'unknown key nojobserver',
    hint: 'did you mean noJobserver?',
  },
  {
    title: 'unknown key near to none',
    text: 'compilerFlags: x',
    says: 'unknown key compilerFlags',
    hint: `known keys: ${keys}`,
  },
  {
    title: 'import of another file',
    text: '$import: ./code.js',
    says: 'unknown key $import',
    hint: `known keys: ${keys}`,
  },
  {
    title: 'adapters neither a switch nor names',
    text: 'adapters: 1',
    says: `adapters: expected true, false or an array of ${adapters}, got 1`,
    hint: mend,
  },
  {
    title: 'adapters with a number',
    text: 'adapters: [make, 7]',
    says: `adapters: expected true, false or an array of ${adapters}, got ["make",7]`,
    hint: mend,
  },
  {
    title: 'adapters with an unknown name',
    text: 'adapters: [make, nija]',
    says: 'adapters: unknown name nija',
    hint: 'did you mean ninja?',
  },
  {
    title: 'adapters with a name near to none',
    text: 'adapters: [compilers]',
    says: 'adapters: unknown name compilers',
    hint: `known names: ${adapters}`,
  },
  { title: 'join not a switch', text: 'join: 1', says: 'join: expected true or false, got 1', hint: mend },
  { title: 'dir not a text', text: 'dir: 7', says: 'dir: expected a text, got 7', hint: mend },
  { title: 'jobs as text', text: 'jobs: "3"', says: `${wholeJobs}, got "3"`, hint: mend },
  { title: 'jobs zero', text: 'jobs: 0', says: `${wholeJobs}, got 0`, hint: mend },
  { title: 'jobs more than a FIFO holds', text: 'jobs: 61442', says: `${wholeJobs}, got 61442`, hint: mend },
  { title: 'jobs with a fraction', text: 'jobs: 1.5', says: `${wholeJobs}, got 1.5`, hint: mend },
  {
    title: 'noJobserver unknown',
    text: 'noJobserver: stop',
    says: 'noJobserver: expected one of pass, error, machine, got "stop"',
    hint: mend,
  },
  {
    title: 'patience negative',
    text: 'patience: -1',
    says: 'patience: expected a number of seconds, 0 or more, got -1',
    hint: mend,
  },
  {
    title: 'quiet as text',
    text: 'quiet: "yes"',
    says: 'quiet: expected true or false, got "yes"',
    hint: mend,
  },
  {
    title: 'tools not an array',
    text: 'tools: gcc',
    says: 'tools: expected an array of names, got "gcc"',
    hint: mend,
  },
  {
    title: 'tools with a number',
    text: 'tools: [gcc, 7]',
    says: 'tools: expected an array of names, got ["gcc",7]',
    hint: mend,
  },
  { title: 'an array', text: '[1]', says: `expected an object with the keys ${keys}, got [1]`, hint: mend },
  { title: 'a text', text: 'jobs', says: `expected an object with the keys ${keys}, got "jobs"`, hint: mend },
  {
    title: 'broken YAML',
    text: '{',
    says: 'not readable as YAML: unexpected end of the stream within a flow collection (2:1)',
    hint: mend,
  },
]

for (const { title, file = '.jobshimrc', text, says, hint } of rows) {
  test(`config :: error :: ${title}`, async () => {
    const cwd = makeWorkspace()
    writeFiles(cwd, { [file]: `${text}\n` })
    assert.is(await refusalOf({}, cwd), `jobshim: ${join(cwd, file)}: ${says}\n  ${hint}\n`)
  })
}

test('config :: error :: several :: all are told at once, each with its value', async () => {
  const cwd = makeWorkspace()
  const long = 'x'.repeat(100)
  writeFiles(cwd, {
    '.jobshimrc': `jbos: 3\nquite: true\njobs: many\nadapters: [make, nija, smau]\ndir: [${long}]\nrules:\n  - { tokens: 0, memory: lots, knid: link }\n  - link\n`,
  })
  assert.is(
    await refusalOf({}, cwd),
    `jobshim: ${join(cwd, '.jobshimrc')}: 10 mistakes
  adapters: unknown name nija: did you mean ninja?
  adapters: unknown name smau: did you mean samu?
  dir: expected a text, got ["${'x'.repeat(58)}...
  ${wholeJobs}, got "many"
  rules[0].tokens: expected a whole number, 1 to 64, got 0
  rules[0].memory: expected a size of at least 1K such as 512M or 1.5G, a number of bytes, or learn, got "lots"
  unknown key rules[0].knid: did you mean kind?
  rules[1]: expected an object with the keys tools, kind, package, program, tokens, memory, limit, priority, engine, got "link"
  unknown key jbos: did you mean jobs?
  unknown key quite: did you mean quiet?
  ${mend}
`,
  )
})

test('config :: error :: several that the values alone do not tell :: all are told', async () => {
  const cwd = makeWorkspace()
  writeFiles(cwd, {
    '.jobshimrc':
      'launcher: icecc\nengine: distcc\nrules:\n  - { kind: link }\n  - { tools: [gcc], program: /x, tokens: 2 }\n',
  })
  assert.is(
    await refusalOf({}, cwd),
    `jobshim: ${join(cwd, '.jobshimrc')}: 3 mistakes
  engine: its older name launcher has another value: remove launcher
  rules[0]: does nothing: give it one of tokens, memory, limit, priority, engine, or remove it
  rules[1]: names both tools and program: make two rules of it
  ${mend}
`,
  )
})

test('config :: error :: list says it, and nothing else', async () => {
  const cwd = makeWorkspace()
  writeFiles(cwd, { '.jobshimrc': 'jbos: 3\n' })
  assert.equal(await jobshim(['list'], { cwd, env: { HOME: cwd } }), {
    status: 2,
    signal: null,
    stdout: '',
    stderr: `jobshim: ${join(cwd, '.jobshimrc')}: unknown key jbos\n  did you mean jobs?\n`,
  })
})

test('config :: error :: broken JSON', async () => {
  const cwd = makeWorkspace()
  writeFiles(cwd, { '.jobshimrc.json': '{"jobs":' })
  const result = await jobshim(['list'], { cwd, env: { HOME: cwd } })
  assert.is(result.status, 2)
  assert.is(result.stdout, '')
  // What stands behind JSON: is the wording of the running Node.
  assert.match(
    result.stderr,
    new RegExp(`^jobshim: ${cwd}/.jobshimrc.json: not readable as JSON: .+\n  ${mend}\n$`),
  )
})

test('config :: error :: --config names no file', async () => {
  const cwd = makeWorkspace()
  const result = await jobshim(['list', '--config', 'missing.yaml'], { cwd, env: { HOME: cwd } })
  assert.is(result.status, 2)
  assert.is(result.stderr, `jobshim: ${cwd}/missing.yaml: can't read the config (ENOENT)\n  ${mend}\n`)
})

test('config :: error :: --config names a directory', async () => {
  const cwd = makeWorkspace()
  mkdirSync(join(cwd, 'd'))
  const result = await jobshim(['list', '--config', 'd'], { cwd, env: { HOME: cwd } })
  assert.is(result.status, 2)
  assert.is(
    result.stderr,
    `jobshim: ${cwd}/d: the config is not a plain file\n  take it over with chown and chmod if you trust it, or use none with --no-config\n`,
  )
})

test('config :: error :: a FIFO does not hang the search', async () => {
  const cwd = makeWorkspace()
  const { spawnSync } = await import('node:child_process')
  assert.is(spawnSync('mkfifo', [join(cwd, '.jobshimrc')]).status, 0)
  const result = await jobshim(['list'], { cwd, env: { HOME: cwd } })
  assert.is(result.status, 2)
  assert.is(
    result.stderr,
    `jobshim: ${cwd}/.jobshimrc: the config is not a plain file\n  take it over with chown and chmod if you trust it, or use none with --no-config\n`,
  )
})

test('config :: error :: everybody can write it', async () => {
  const cwd = makeWorkspace()
  writeFiles(cwd, { '.jobshimrc': 'jobs: 3\n' })
  chmodSync(join(cwd, '.jobshimrc'), 0o666)
  const result = await jobshim(['list'], { cwd, env: { HOME: cwd } })
  assert.is(result.status, 2)
  assert.is(
    result.stderr,
    `jobshim: ${cwd}/.jobshimrc: the config can be written by everybody\n  take it over with chown and chmod if you trust it, or use none with --no-config\n`,
  )
})

// Only root can give a file away; everybody else has the rows above.
if (process.geteuid?.() === 0) {
  test('config :: error :: root, and the file that is named belongs to a user', async () => {
    const cwd = makeWorkspace()
    writeFiles(cwd, { '.jobshimrc': 'jobs: 3\n' })
    chownSync(join(cwd, '.jobshimrc'), 65534, 65534)
    const result = await jobshim(['list', '--config', '.jobshimrc'], { cwd, env: { HOME: cwd } })
    assert.is(result.status, 2)
    assert.is(
      result.stderr,
      `jobshim: ${cwd}/.jobshimrc: the config belongs to another user\n  take it over with chown and chmod if you trust it, or use none with --no-config\n`,
    )
    const without = await jobshim(['list', '--no-config', '--dir', 'none'], { cwd, env: { HOME: cwd } })
    const stderr = `jobshim: no shims in ${cwd}/none\n`
    assert.equal(without, { status: 0, signal: null, stdout: '', stderr })
  })
}

test('config :: runs no code :: not even the settings that cosmiconfig looks for', async () => {
  const cwd = makeWorkspace()
  const code = "require('node:fs').writeFileSync('ran', '')\nmodule.exports = {}\n"
  writeFiles(cwd, {
    '.jobshimrc': 'jobs: 3\n',
    '.jobshimrc.js': code,
    '.jobshimrc.cjs': code,
    'jobshim.config.js': code,
    '.config/config.js': code,
    '.config/config.cjs': code,
    '.config/jobshimrc.js': code,
  })
  const result = await jobshim(['list', '--dir', 'none'], { cwd, env: { HOME: cwd } })
  const stderr = `jobshim: no shims in ${cwd}/none\n`
  assert.equal(result, { status: 0, signal: null, stdout: '', stderr })
  assert.not(existsSync(join(cwd, 'ran')))
})

test.run()
