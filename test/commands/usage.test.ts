import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jobshim, run } from '../support/jobshim.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

type Row = { words: string[]; status: number; says: string; hint: string }

const rows: readonly Row[] = [
  {
    words: ['instal'],
    status: 2,
    says: "unknown command 'instal'",
    hint: 'did you mean install? see jobshim --help',
  },
  { words: ['frobnicate'], status: 2, says: "unknown command 'frobnicate'", hint: 'see jobshim --help' },
  {
    words: ['help', 'lst'],
    status: 2,
    says: "unknown command 'lst'",
    hint: 'did you mean list? see jobshim --help',
  },
  { words: ['--dir', 'x'], status: 2, says: "unknown option '--dir'", hint: 'see jobshim --help' },
  {
    words: ['install', '--toosl', 'gcc'],
    status: 2,
    says: "install: unknown option '--toosl'",
    hint: 'did you mean --tools? see jobshim install --help',
  },
  {
    words: ['install', '-x'],
    status: 2,
    says: "install: unknown option '-x'",
    hint: 'see jobshim install --help',
  },
  {
    words: ['install', '--dir'],
    status: 2,
    says: "install: option '--dir <D>' argument missing",
    hint: 'see jobshim install --help',
  },
  {
    words: ['install', 'gcc', 'ld'],
    status: 2,
    says: 'install: takes no operands, got gcc ld',
    hint: 'see jobshim install --help',
  },
  {
    words: ['uninstall', '--no-config', 'x'],
    status: 2,
    says: 'uninstall: takes no operands, got x',
    hint: 'see jobshim uninstall --help',
  },
  { words: ['exec'], status: 125, says: 'exec: no tool named', hint: 'jobshim exec -- TOOL ARGS...' },
  { words: ['exec', '--'], status: 125, says: 'exec: no tool named', hint: 'jobshim exec -- TOOL ARGS...' },
  {
    words: ['exec', '--dri', 'x', 'true'],
    status: 125,
    says: "exec: unknown option '--dri'",
    hint: 'did you mean --dir? see jobshim exec --help',
  },
]

for (const { words, status, says, hint } of rows) {
  test(`usage :: error :: ${['jobshim', ...words].join(' ')}`, async () => {
    const cwd = makeWorkspace()
    assert.equal(await jobshim(words, { cwd, env: { HOME: cwd } }), {
      status,
      signal: null,
      stdout: '',
      stderr: `jobshim: ${says}\n  ${hint}\n`,
    })
  })
}

test('usage :: error :: the working directory has gone', async () => {
  const cwd = makeWorkspace()
  mkdirSync(join(cwd, 'gone'))
  const script = 'cd gone && rmdir ../gone && exec "$@"'
  const result = await run(
    '/bin/sh',
    ['-c', script, 'sh', process.execPath, join(repository, 'bin/jobshim.js'), 'list'],
    { cwd },
  )
  assert.equal(result, {
    status: 1,
    signal: null,
    stdout: '',
    stderr: "jobshim: .: the working directory can't be found (ENOENT)\n  change to one that exists\n",
  })
})

// Node names every module it loads on stderr when it is told to.
const loaded = async (cwd: string, words: readonly string[]): Promise<string[]> => {
  const around = { cwd, env: { HOME: cwd, NODE_DEBUG: 'esm,module' } }
  const { status, stderr } = await jobshim(words, around)
  assert.is(status, 0)
  assert.not(stderr.includes(join(repository, 'node_modules/'))) // Node itself may lie in another one
  return [
    ...new Set([...stderr.matchAll(/dist\/bundle\/([a-z-]+)\.cjs/g)].map(match => match[1] ?? '')),
  ].sort()
}

const exec = ['exec', '--dir', 'none', '--', 'true']

test('usage :: start :: a command is one file, and commander where it has options', async () => {
  assert.equal(await loaded(makeWorkspace(), exec), ['commands-exec', 'commands-parser', 'main'])
  assert.equal(await loaded(makeWorkspace(), ['list']), ['commands-list', 'main'])
  assert.equal(await loaded(makeWorkspace(), ['--version']), ['main'])
})

test('usage :: start :: with a config what reads YAML and zod are loaded too', async () => {
  const cwd = makeWorkspace()
  writeFiles(cwd, { '.jobshimrc': 'jobs: 2\n' })
  assert.equal(await loaded(cwd, exec), [
    'commands-exec',
    'commands-parser',
    'config-read',
    'config-rules-text',
    'config-schema',
    'cosmiconfig',
    'main',
  ])
})

test('usage :: a stdout that is full :: is an error; a reader that has seen enough is none', async () => {
  const call = async (line: string) =>
    await run('sh', [
      '-c',
      `"$@" ${line}; echo "status $?"`,
      'sh',
      process.execPath,
      join(repository, 'bin/jobshim.js'),
      '--help',
    ])
  assert.equal(await call('>/dev/full'), {
    status: 0,
    signal: null,
    stdout: 'status 1\n',
    stderr: "jobshim: can't write to stdout: ENOSPC\n  make room there, or send it elsewhere\n",
  })
  assert.equal(await call('2>&1 | (exec <&-; sleep 0.5)'), {
    status: 0,
    signal: null,
    stdout: 'status 0\n',
    stderr: '',
  })
})

test.run()
