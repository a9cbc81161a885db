/** What is no UTF-8 goes to a command as it is: Node, in which `run` and `exec` are written, has no text for it. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { buildProgram } from '../support/built.js'
import { type Outcome, run } from '../support/jobshim.js'
import { repository, writeFiles } from '../support/workspace.js'
import { runDirectories } from '../yard/runs.js'
import { makeYard } from '../yard/yard.js'

const yard = await makeYard('+')
const { root, shims } = yard
const probe = join(root, 'probe')
buildProgram(probe, ['bytes.c'])
const shown = join(root, 'shown')

afterEach(() => {
  assert.equal(runDirectories(yard), [])
  assert.is(yard.pool.count(), '+')
})

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1') // in these tests a text is bytes
const hex = (text: string): string => bytes(text).toString('hex')

/** Has it as its own words, and finds a make there that Node's text does not lead to. */
const oddDirectory = `${root}/d\xe9`
mkdirSync(bytes(oddDirectory))
writeFiles(root, { make: '#!/bin/sh\necho GNU Make 4.4\n' })
renameSync(join(root, 'make'), bytes(`${oddDirectory}/make`))
const path = `${oddDirectory}:${process.env.PATH}`

const usual = [`HOME=${root}`, `XDG_RUNTIME_DIR=${yard.runtime}`]

/** Executes a program with exactly these words and this environment. */
const call = (words: readonly string[], variables: readonly string[], cwd = root): Promise<Outcome> => {
  rmSync(shown, { force: true })
  return run(probe, ['call', String(variables.length), ...[...variables, ...words].map(hex)], { cwd })
}

type Seen = { words: string[]; variables: string[] }

function seen(): Seen {
  const lines = readFileSync(shown, 'utf8').trimEnd().split('\n')
  const of = (kind: string): string[] =>
    lines
      .map(line => line.split(' '))
      .filter(([name]) => name === kind)
      .map(([, digits = '']) => Buffer.from(digits, 'hex').toString('latin1'))
  return { words: of('word'), variables: of('variable') }
}

const command = [
  probe,
  'show',
  shown,
  'caf\xe9.c',
  '',
  '\xff\xfe',
  '\xef\xbf\xbd\xc3\xa4', // U+FFFD itself, and a letter
  '\xed\xb3\xa9', // a half of a character, as UTF-8 never has it
  '\xe2\x82', // a character that is cut
  'a\nb',
  '%E9',
  '',
]

/** Those that are none, or of no name, stand among the others. */
const strange = [
  'LATIN=caf\xe9',
  'TWICE=1',
  'no variable',
  'TWICE=2',
  '=nameless',
  'n\xe9=a name',
  '10=a number',
  '9=another one',
  '',
  '__proto__=x',
  'constructor=\xc3',
  'EMPTY=',
]

const jobshim = [process.execPath, join(repository, 'bin/jobshim.js')]
const options = ['--no-config', '--dir', shims]

/** What `run` sets, and how each of its variables looks where numbers stand for themselves. */
const ofRun = ['JOBSHIM_JOBSERVER=fifo:FIFO', 'JOBSHIM_TREE=TREE']
const own = ` -j2 --jobserver-auth=fifo:FIFO -- X=\xe9`
const given = ' -- X=\xe9'

type Door = {
  words: readonly string[] // before those of the command
  variables?: readonly string[]
  path?: string // default: what was given
  makeflags?: string // default: what was given
  adds?: readonly string[]
}

const ccache = ['CCACHE_PREFIX=LAUNCHER', 'CCACHE_PREFIX_CPP=LAUNCHER']
const pool = `JOBSHIM_JOBSERVER=${yard.pool.auth}`

const doors: Readonly<Record<string, Door>> = {
  'the launcher, without a jobserver': {
    words: [join(shims, '.jobshim/launcher'), '--'],
    adds: ['JOBSHIM_HOPS=1'],
  },
  'the launcher, in a slot': {
    words: [join(shims, '.jobshim/launcher'), '--'],
    variables: [pool],
    adds: ['JOBSHIM_HOPS=1'],
  },
  exec: { words: [...jobshim, 'exec', ...options, '--'], adds: ['JOBSHIM_HOPS=1'] },
  'exec, in a slot': {
    words: [...jobshim, 'exec', ...options],
    variables: [pool],
    adds: ['JOBSHIM_HOPS=1'],
  },
  run: {
    words: [...jobshim, 'run', ...options, '-q', '-j2', '--'],
    path: `${shims}:${path}`,
    makeflags: own,
    adds: [...ccache, ...ofRun],
  },
  'run, in a sandbox': {
    words: [...jobshim, 'run', ...options, '-q', '-j2', '--sandbox'],
    path: `${shims}/.jobshim/adapters:${path}`,
    makeflags: own,
    adds: ofRun,
  },
  'run, below a jobserver': {
    words: [...jobshim, 'run', ...options, '-q', '-j2', '--'],
    variables: [pool],
    path: `${shims}:${path}`,
    adds: [...ccache, 'JOBSHIM_RUN=RUN'],
  },
  'run, below a jobserver, in a sandbox': {
    words: [...jobshim, 'run', ...options, '-q', '-j2', '--sandbox', '--'],
    variables: [pool],
    path: `${shims}/.jobshim/adapters:${path}`,
    adds: ['JOBSHIM_RUN=RUN'],
  },
  'run --jobserver': {
    words: [...jobshim, 'run', ...options, '-q', '-j2', '--jobserver', yard.pool.auth, '--'],
    path: `${shims}:${path}`,
    makeflags: own,
    adds: [...ccache, 'JOBSHIM_RUN=RUN', ...ofRun, 'JOBSHIM_CLIENT=CLIENT'],
  },
}

/** Puts names in place of what differs from one run to the next. */
const named = (text: string): string =>
  text
    .replaceAll(/fifo:[^ ]*\/(run-[-\d]+\/)?fifo\b/g, 'fifo:FIFO')
    .replace(/^(JOBSHIM_TREE)=[\d:]+$/, '$1=TREE')
    .replace(/^(JOBSHIM_RUN)=\d+:\d+$/, '$1=RUN')
    .replace(/^(JOBSHIM_CLIENT)=[\da-f]+:\d+$/, '$1=CLIENT')
    .replace(`=${join(shims, '.jobshim/launcher')}`, '=LAUNCHER')

for (const [
  name,
  { words, variables = [], path: wanted = path, makeflags = given, adds = [] },
] of Object.entries(doors))
  test(`bytes :: ${name} :: words and environment are those of a plain start, in their order`, async () => {
    const all = [...usual, `PATH=${path}`, ...strange, `MAKEFLAGS=${given}`, ...variables]
    const quiet = { status: 0, signal: null, stdout: '', stderr: '' }
    assert.equal(await call(command, all), quiet)
    const plain = seen()
    assert.equal(plain, { words: command, variables: all })
    assert.equal(await call([...words, ...command], all), quiet)
    const there = seen()
    assert.equal(there.words, plain.words)
    const expected = plain.variables.map(variable =>
      variable.startsWith('PATH=')
        ? `PATH=${wanted}`
        : variable.startsWith('MAKEFLAGS=')
          ? `MAKEFLAGS=${makeflags}`
          : variable,
    )
    assert.equal(there.variables.map(named), [...expected, ...adds].map(named))
  })

test('bytes :: doctor -- CMD :: its words and environment are those of a plain start', async () => {
  const all = [...usual, `PATH=${path}`, ...strange]
  await call([...jobshim, 'doctor', ...options, '--', ...command], all)
  const there = seen()
  assert.equal(there.words, command)
  assert.equal(there.variables.slice(0, all.length), [...usual, `PATH=${shims}:${path}`, ...strange])
})

test('bytes :: run :: more of them than a pipe has room for', async () => {
  const many = Array.from({ length: 8 }, (_, at) => `${at}${'\xe9'.repeat(50_000)}`)
  const all = [...usual, `PATH=${path}`, `LARGE=${'\xe9'.repeat(50_000)}`]
  const words = [...jobshim, 'run', ...options, '-q', '--', probe, 'show', shown, ...many]
  assert.equal(await call(words, all), { status: 0, signal: null, stdout: '', stderr: '' })
  assert.equal(seen().words.slice(3), many)
  assert.is(seen().variables[3], all[3])
})

for (const [way, sandbox] of [
  ['run', []],
  ['run --sandbox', ['--sandbox']],
] as const)
  test(`bytes :: ${way} :: a compiler finds a file of a Latin-1 name, and writes one`, async () => {
    writeFileSync(bytes(`${root}/caf\xe9.c`), 'int coffee;\n')
    rmSync(bytes(`${root}/caf\xe9.o`), { force: true })
    const cc = ['cc', '-c', 'caf\xe9.c', '-o', 'caf\xe9.o']
    const words = [...jobshim, 'run', ...options, '-q', ...sandbox, '--', ...cc]
    assert.equal(await call(words, [...usual, `PATH=${path}`]), {
      status: 0,
      signal: null,
      stdout: '',
      stderr: '',
    })
    assert.ok(existsSync(bytes(`${root}/caf\xe9.o`)))
    assert.not(existsSync(`${root}/caf\ufffd.o`))
  })

test('bytes :: run :: in a directory of a Latin-1 name :: is there, and finds its config', async () => {
  writeFiles(root, { rc: 'patience: 7\n' })
  renameSync(join(root, 'rc'), bytes(`${oddDirectory}/.jobshimrc`))
  const inside = ['/bin/sh', '-c', 'cd d* && exec "$@"', 'sh']
  const words = [...inside, ...jobshim, 'run', '--dir', shims, '-q', '--', probe, 'show', '../shown']
  const all = [...usual, `PATH=${path}`, 'TWICE=1', `PWD=${root}`]
  assert.equal(await call(words, all), { status: 0, signal: null, stdout: '', stderr: '' })
  rmSync(bytes(`${oddDirectory}/.jobshimrc`))
  const { variables } = seen()
  assert.ok(variables.includes(`PWD=${oddDirectory}`), variables.join('\n'))
  assert.ok(variables.includes('JOBSHIM_PATIENCE=7'), variables.join('\n'))
})

test('bytes :: run :: a command that is not there is named as it can be shown', async () => {
  const words = [...jobshim, 'run', ...options, '-q', '--', './caf\xe9']
  assert.equal(await call(words, [...usual, `PATH=${path}`]), {
    status: 127,
    signal: null,
    stdout: '',
    stderr: 'jobshim: ./caf\\xe9: not found\n  name a program that is on PATH, or give its path\n',
  })
})

test('bytes :: run --journal :: the command is in it with U+FFFD, as launchers write it', async () => {
  const journal = join(root, 'journal')
  const words = [
    ...jobshim,
    'run',
    ...options,
    '-q',
    '--journal',
    journal,
    '--',
    probe,
    'show',
    shown,
    '\xe9',
  ]
  assert.is((await call(words, [...usual, `PATH=${path}`])).status, 0)
  const [start = ''] = readFileSync(journal, 'utf8').split('\n')
  assert.equal(JSON.parse(start).command, [probe, 'show', shown, '\ufffd'])
})

test('bytes :: env :: prints a PATH as it is', async () => {
  const words = ['/bin/sh', '-c', '"$@" >shown', 'sh', ...jobshim, 'env', '--shell', 'sh', ...options]
  assert.is((await call(words, [...usual, `PATH=${path}`])).status, 0)
  const [first] = readFileSync(shown).toString('latin1').split('\n')
  assert.is(first, `export PATH='${shims}:${path}'`)
})

test('bytes :: run :: the command has no descriptor more than in a plain start', async () => {
  const listed = ['/bin/sh', '-c', 'ls /proc/$$/fd >shown', '\xe9']
  const all = [...usual, `PATH=${path}`]
  await call(listed, all)
  const plain = readFileSync(shown, 'utf8')
  for (const sandbox of [[], ['--sandbox']]) {
    await call([...jobshim, 'run', ...options, '-q', ...sandbox, '--', ...listed], all)
    assert.is(readFileSync(shown, 'utf8'), plain)
  }
})

const look = join(shims, '.jobshim/look')
const usage =
  "jobshim: look: wrong usage\n  look COMMAND WORDS, for jobshim's own commands: docs/protocol.md\n"

/** What `look raw` is given on stdin, the numbers that it is called with, and what it says. */
const raw: Readonly<Record<string, { input: string; numbers: readonly (number | string)[]; says: string }>> =
  {
    'fewer bytes than were said': {
      input: 'ready\0A=1\0',
      numbers: [0, 11, 1, 1],
      says: 'jobshim: look raw 0: No data available\n',
    },
    'fewer texts than were said': {
      input: 'ready\0A=1\0',
      numbers: [0, 10, 1, 2],
      says: "jobshim: look raw: its words don't fit\n",
    },
    'more texts than were said': {
      input: 'ready\0A=1\0',
      numbers: [0, 10, 1, 0],
      says: "jobshim: look raw: its words don't fit\n",
    },
    'a last one without an end': {
      input: 'ready\0A=1',
      numbers: [0, 9, 1, 1],
      says: "jobshim: look raw: its words don't fit\n",
    },
    'no word': { input: 'A=1\0', numbers: [0, 4, 0, 1], says: usage },
    'a command that is none': { input: 'none\0A=1\0', numbers: [0, 9, 1, 1], says: usage },
    'one of its kind once more': { input: 'raw\0A=1\0', numbers: [0, 8, 1, 1], says: usage },
    'more bytes than any exec takes': {
      input: '',
      numbers: [0, 2 ** 40, 1, 1],
      says: 'jobshim: look raw: wrong numbers\n',
    },
    'what is no number': { input: '', numbers: ['x', 1, 1, 1], says: 'jobshim: look raw: wrong numbers\n' },
    'a descriptor that is not open': {
      input: '',
      numbers: [77, 1, 1, 1],
      says: 'jobshim: look raw 77: Bad file descriptor\n',
    },
  }

for (const [name, { input, numbers, says }] of Object.entries(raw))
  test(`bytes :: look raw :: ${name} :: nothing is done`, async () => {
    assert.equal(await run(look, ['raw', ...numbers.map(String)], { input }), {
      status: 125,
      signal: null,
      stdout: '',
      stderr: says,
    })
  })

/** jobshim's own files have names that are text: a launcher and Node would not mean the same one. */
const refused: Readonly<Record<string, { words?: string[]; variables?: string[]; says: string }>> = {
  '--dir': { words: ['--dir', 'd\xe9'], says: 'run: d\\xe9: is not UTF-8' },
  '--journal': { words: ['--journal', '\xe9.jsonl'], says: 'run: \\xe9.jsonl: is not UTF-8' },
  JOBSHIM_DIR: {
    variables: [`JOBSHIM_DIR=${oddDirectory}`],
    says: `${root}/d\\xe9: the shim dir is not UTF-8`,
  },
  HOME: {
    variables: [`HOME=${oddDirectory}`],
    says: `${root}/d\\xe9/.local/share/jobshim/shims: the shim dir is not UTF-8`,
  },
  JOBSHIM_JOURNAL: {
    words: ['--dir', shims],
    variables: [`JOBSHIM_JOURNAL=${oddDirectory}/j`],
    says: `${root}/d\\xe9/j: the journal's path is not UTF-8`,
  },
  'words that NODE_OPTIONS=--title has written over': {
    words: ['--dir', shims],
    variables: ['NODE_OPTIONS=--title=other'],
    says: 'caf\ufffd: is not UTF-8, and /proc does not tell what it is',
  },
}

for (const [name, { words = [], variables = [], says }] of Object.entries(refused))
  test(`bytes :: run :: refused, and nothing is started :: ${name}`, async () => {
    const all = [...variables, ...usual, `PATH=${path}`]
    const line = [...jobshim, 'run', '--no-config', '-q', ...words, '--', probe, 'show', shown, 'caf\xe9']
    const { status, stdout, stderr } = await call(line, all)
    assert.equal([status, stdout, stderr.split('\n')[0]], [125, '', `jobshim: ${says}`])
    assert.not(existsSync(shown))
    assert.not(existsSync(`${root}/d\ufffd`))
  })

test.run()
