import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import * as assert from 'uvu/assert'
import { type Outcome, run } from '../support/jobshim.js'
import { makeFifo } from '../support/pool.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/** What is started through links to shims: the tool whose shim it is, and no other. */
const root = makeWorkspace()
const at = (name: string): string => join(root, name)
const cross = 'aarch64-acme-linux-gnu-gcc'
const script = '#!/bin/sh\necho "$0: $*"\n'
writeFiles(root, { 'bin/gcc': script, 'bin/g++': script, [`bin/${cross}`]: script, 'bin/test': script })
const usual = process.env.PATH ?? ''
const shims = await installShims(at('shims'), {
  args: ['--tools', `gcc,g++,${cross}`, '--no-adapters'],
  env: { PATH: `${at('bin')}:/usr/bin:/bin` },
})
const pool = makeFifo(root, 'A')
const behind = `${at('bin')}:${usual}`

/** Links in a new directory of the workspace, by name. */
function makeLinks(directory: string, links: Readonly<Record<string, string>>): string {
  mkdirSync(at(directory))
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(at(directory), name))
  return at(directory)
}

const foreign = makeLinks('foreign', {
  gcc: join(shims, cross),
  'acme-gcc': join(shims, 'gcc'),
  far: at('foreign/acme-gcc'),
  near: relative(at('foreign'), join(shims, 'gcc')),
  real: join(shims, '.jobshim/bin/gcc'),
})
const swapped = makeLinks('swapped', { gcc: join(shims, 'g++'), 'g++': join(shims, 'gcc') })
const hosttools = makeLinks('hosttools', {
  ...Object.fromEntries(['gcc', 'g++', cross].map(name => [name, join(shims, name)])),
  sh: '/bin/sh',
})
symlinkSync(shims, at('tc'))

/** Copies of shims in a new directory, by name: what `cp -L` makes. */
function makeCopies(directory: string, copies: Readonly<Record<string, string>>, of = shims): string {
  mkdirSync(at(directory))
  for (const [name, shim] of Object.entries(copies)) copyFileSync(join(of, shim), join(at(directory), name))
  return at(directory)
}

const copies = makeCopies('copies', { gcc: cross, 'acme-gcc': 'gcc', 'g++': 'g++' })
copyFileSync(join(copies, 'acme-gcc'), join(copies, 'again'))
symlinkSync(join(copies, 'acme-gcc'), join(copies, 'far'))
linkSync(join(shims, '.jobshim/bin/gcc'), join(copies, 'hard'))
const more = makeCopies('more', { 'g++': 'g++', gcc: 'gcc' })
const swappedCopies = makeCopies('swapped-copies', { gcc: 'g++', 'g++': 'gcc' })

const ran = (tool: string, words = '-c f1.c'): Outcome => ({
  status: 0,
  signal: null,
  stdout: `${at('bin')}/${tool}: ${words}\n`,
  stderr: '',
})

const cases: Readonly<Record<string, { line: string; path: string; tool: string; words?: string }>> = {
  'a link named as another tool, before the shims': {
    line: 'gcc -c f1.c',
    path: `${foreign}:${shims}:${behind}`,
    tool: cross,
  },
  'a link named as another tool, behind the shims': {
    line: 'gcc -c f1.c',
    path: `${shims}:${foreign}:${behind}`,
    tool: cross,
  },
  'the same, the shim called by its path, and the dir not on PATH': {
    line: `${shims}/gcc -c f1.c`,
    path: `${foreign}:${behind}`,
    tool: 'gcc',
  },
  'a name that no tool has': { line: 'acme-gcc -c f1.c', path: `${foreign}:${shims}:${behind}`, tool: 'gcc' },
  'a link to a link': { line: 'far -c f1.c', path: `${foreign}:${behind}`, tool: 'gcc' },
  'a relative link': { line: 'near -c f1.c', path: `${foreign}:${behind}`, tool: 'gcc' },
  'a relative path': { line: `cd ${foreign}; ./acme-gcc -c f1.c`, path: behind, tool: 'gcc' },
  'a link to the file of a shim': { line: 'real -c f1.c', path: `${foreign}:${behind}`, tool: 'gcc' },
  'a link to the shim dir': { line: `${at('tc')}/gcc -c f1.c`, path: behind, tool: 'gcc' },
  'links that swap two tools': { line: 'gcc -c f1.c', path: `${swapped}:${shims}:${behind}`, tool: 'g++' },
  'links that swap two tools, behind the shims': {
    line: 'gcc -c f1.c',
    path: `${shims}:${swapped}:${behind}`,
    tool: 'g++',
  },
  'a directory of links is all of PATH': { line: 'gcc -c f1.c', path: hosttools, tool: 'gcc' },
  "a PATH without the tool's directory": { line: `${shims}/${cross} -c f1.c`, path: '/bin', tool: cross },
  'the realpath of a shim': {
    line: `"$(readlink -f "$(command -v gcc)")" test ./...`,
    path: `${shims}:${behind}`,
    tool: 'gcc',
    words: 'test ./...',
  },
  'the realpath of a link': {
    line: `"$(realpath "$(command -v acme-gcc)")" test`,
    path: `${foreign}:${shims}:${behind}`,
    tool: 'gcc',
    words: 'test',
  },
  'a copy named as another tool, before the shims': {
    line: 'gcc -c f1.c',
    path: `${copies}:${shims}:${behind}`,
    tool: cross,
  },
  'a copy named as another tool, behind the shims': {
    line: 'gcc -c f1.c',
    path: `${shims}:${copies}:${behind}`,
    tool: cross,
  },
  'a copy with a name that no tool has': {
    line: 'acme-gcc -c f1.c',
    path: `${copies}:${behind}`,
    tool: 'gcc',
  },
  'a copy of a copy': { line: 'again -c f1.c', path: `${copies}:${shims}:${behind}`, tool: 'gcc' },
  'a link to a copy': { line: 'far -c f1.c', path: `${copies}:${shims}:${behind}`, tool: 'gcc' },
  'a hard link to the file of a shim': { line: 'hard -c f1.c', path: `${copies}:${behind}`, tool: 'gcc' },
  'a copy by a relative path': { line: `cd ${copies}; ./acme-gcc -c f1.c`, path: behind, tool: 'gcc' },
  'two directories of copies before the tools': {
    line: 'g++ -c f1.c',
    path: `${copies}:${more}:${behind}`,
    tool: 'g++',
  },
  'directories of copies are all of PATH': { line: 'g++ -c f1.c', path: `${copies}:${more}`, tool: 'g++' },
  'copies that swap two tools': { line: 'gcc -c f1.c', path: `${swappedCopies}:${behind}`, tool: 'g++' },
  'copies that swap two tools, behind the shims': {
    line: 'gcc -c f1.c',
    path: `${shims}:${swappedCopies}:${behind}`,
    tool: 'g++',
  },
  'any argv[0], the launcher as a prefix': {
    line: `exec -a test ${shims}/.jobshim/launcher gcc -c f1.c`,
    path: behind,
    tool: 'gcc',
  },
  'any argv[0], a copy of a shim': {
    line: `exec -a test ${copies}/gcc -c f1.c`,
    path: behind,
    tool: cross,
  },
  'any argv[0]': { line: 'exec -a test gcc -c f1.c', path: `${shims}:${behind}`, tool: 'gcc' },
  'a link as the tool of the launcher': {
    line: `${shims}/.jobshim/launcher ${foreign}/gcc -c f1.c`,
    path: behind,
    tool: cross,
  },
  "a shim's file as the tool of the launcher": {
    line: `${shims}/.jobshim/launcher ${shims}/.jobshim/bin/gcc -c f1.c`,
    path: behind,
    tool: 'gcc',
  },
}

for (const [name, { line, path, tool, words }] of Object.entries(cases))
  for (const governed of [false, true])
    test(`links :: ${name}${governed ? ' :: in a pool' : ''}`, async () => {
      const env = { PATH: path, ...(governed ? { JOBSHIM_JOBSERVER: pool.auth } : {}) }
      assert.equal(await run('/bin/bash', ['-c', line], { cwd: root, env }), ran(tool, words))
      assert.is(pool.count(), 'A')
    })

test('links :: the launcher, taken for a tool :: no word of its arguments is run', async () => {
  const env = { PATH: `${shims}:${behind}` }
  for (const words of [['test', './...'], ['build'], ['ls']])
    assert.equal(await run(join(shims, '.jobshim/launcher'), words, { env }), {
      status: 125,
      signal: null,
      stdout: '',
      stderr: `jobshim: launcher: ${words[0]} has no shim\n  launcher -- ${words[0]}, or its path, where that is the tool\n`,
    })
  assert.equal(await run(join(shims, '.jobshim/launcher'), ['--', 'test', 'x'], { env }), ran('test', 'x'))
  assert.equal(await run(join(shims, '.jobshim/launcher'), ['gcc', '-c'], { env }), ran('gcc', '-c'))
})

test('links :: copies of shims that are gone :: each stands for its tool, and no two for each other', async () => {
  const dir = await installShims(at('removed'), {
    args: ['--tools', `gcc,${cross}`, '--no-adapters'],
    env: { PATH: `${at('bin')}:/usr/bin:/bin` },
  })
  const [one, two] = ['one', 'two'].map(name => makeCopies(name, { gcc: cross, 'acme-gcc': 'gcc' }, dir))
  renameSync(dir, at('elsewhere'))
  const env = { PATH: `${one}:${two}:${behind}`, JOBSHIM_JOBSERVER: pool.auth }
  assert.equal(await run('gcc', ['-c', 'f1.c'], { env }), ran(cross))
  assert.equal(await run('acme-gcc', ['-c', 'f1.c'], { env }), ran('gcc'))
  assert.is(pool.count(), 'A')
})

test('links :: a tool that is nowhere :: said as ever', async () => {
  const gone = await installShims(at('gone'), {
    args: ['--tools', 'gcc', '--no-adapters'],
    env: { PATH: makeLinks('passing', { gcc: at('bin/gcc') }) },
  })
  renameSync(at('passing'), at('passed'))
  assert.equal(await run(join(gone, 'gcc'), ['-c', 'f1.c'], { env: { PATH: '/none' } }), {
    status: 127,
    signal: null,
    stdout: '',
    stderr: `jobshim: gcc: not found on PATH after ${gone}\n`,
  })
})

/** The real programs: what is made by a name, and by a link. */
const machine = (object: string): string =>
  execFileSync('od', ['-An', '-j18', '-N2', '-tu2', object], { encoding: 'utf8' }).trim()

async function compile(
  links: Readonly<Record<string, string>>,
  line: string,
  tools: string,
  put: (target: string, path: string) => void = symlinkSync,
): Promise<string> {
  const work = makeWorkspace()
  writeFiles(work, { 'f1.c': 'int f1;\n', 'links/.keep': '' })
  const dir = await installShims(join(work, 'shims'), { args: ['--tools', tools] })
  for (const [name, to] of Object.entries(links)) put(join(dir, to), join(work, 'links', name))
  const PATH = `${join(work, 'links')}:${dir}:${usual}`
  const env = { PATH, CCACHE_DIR: join(work, 'cache'), JOBSHIM_JOBSERVER: pool.auth }
  assert.equal(await run('/bin/sh', ['-c', line], { cwd: work, env }), {
    status: 0,
    signal: null,
    stdout: '',
    stderr: '',
  })
  assert.is(pool.count(), 'A')
  const found = readdirSync(work).find(name => name.endsWith('.o'))
  return found === undefined ? 'no object' : machine(join(work, found))
}

const aarch64 = '183'
const realCross = 'aarch64-linux-gnu-gcc'
const host = (): string => machine(process.execPath)

test('links :: gcc :: by a link of any name', async () => {
  assert.is(await compile({ 'acme-gcc': 'gcc' }, 'acme-gcc -c f1.c', 'gcc'), host())
})

testWith('clang', 'links :: clang :: its target is in the name of the link', async () => {
  const line = 'aarch64-linux-gnu-clang -c f1.c'
  assert.is(await compile({ 'aarch64-linux-gnu-clang': 'clang' }, line, 'clang'), aarch64)
})

testWith(
  [],
  'links :: a real cross compiler :: by a link named gcc',
  async () => assert.is(await compile({ gcc: realCross }, 'gcc -c f1.c', `gcc,${realCross}`), aarch64),
  { may: () => usual.split(':').some(directory => existsSync(join(directory, realCross))) },
)

for (const [form, put] of [
  ['link', symlinkSync],
  ['copy', copyFileSync],
] as const)
  testWith('ccache', `links :: ccache :: by a ${form} with the name of a compiler`, async () => {
    const line = "gcc -c f1.c && ccache --print-stats | grep -qE '^(cache|direct_cache)_miss\\s+1$'"
    assert.is(await compile({ gcc: 'ccache' }, line, 'ld', put), host())
  })

testWith('go', 'links :: go :: by its realpath, a test that fails is told', async directory => {
  const work = makeWorkspace()
  writeFiles(work, {
    'go.mod': 'module m\n',
    'm_test.go': 'package m\n\nfunc TestM( { // it takes long to compile one\n',
  })
  const env = { PATH: `${directory}:${usual}`, HOME: work, GOTOOLCHAIN: 'local' }
  const dir = await installShims(join(work, 'shims'), { args: ['--tools', 'go'], env })
  const bare = await run(join(directory, 'go'), ['test', './...'], { cwd: work, env })
  const line = 'G=$(readlink -f "$(command -v go)"); "$G" test ./...'
  const { status, stdout } = await run('/bin/sh', ['-c', line], {
    cwd: work,
    env: { ...env, PATH: `${dir}:${env.PATH}` },
  })
  const timeless = (text: string): string => text.replace(/[\d.]+s/g, '')
  assert.is(status, 1)
  assert.equal({ status, stdout: timeless(stdout) }, { status: bare.status, stdout: timeless(bare.stdout) })
})

test.run()
