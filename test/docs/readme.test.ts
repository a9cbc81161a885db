/** README.md's blocks, followed to the letter, and its pieces of a config. */
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { blockOf } from '../support/documents.js'
import { jobshim, type Outcome, run } from '../support/jobshim.js'
import { makeRecorder } from '../support/recording.js'
import { test } from '../support/test-with.js'
import { callBare } from '../support/transparent-calls.js'
import { copyFiles, makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const own = `#!/bin/sh\nexec ${process.execPath} ${repository}/bin/jobshim.js "$@"\n`

/** A home with jobshim on PATH, before a recorder of compilers. */
function makePlace() {
  const home = makeWorkspace('home')
  const recorder = makeRecorder(join(home, 'recorder'), { holdMs: 100 }) // so that the rude project takes a second
  writeFiles(home, { 'bin/jobshim': own })
  const env = {
    HOME: home,
    PATH: `${join(home, 'bin')}:${recorder.bin}:${process.env.PATH}`,
    XDG_CACHE_HOME: undefined,
    XDG_CONFIG_HOME: undefined,
    XDG_DATA_HOME: undefined,
  }
  const type = (text: string, cwd = home, more = {}): Promise<Outcome> =>
    run('sh', ['-ec', text], { cwd, env: { ...env, ...more } })
  return { home, recorder, env, type }
}

test('docs :: README :: the rude project :: ends as it says', async () => {
  const { home, recorder, type } = makePlace()
  const build = 'npm ci && npm run build && ' // as it has been built for these tests
  const line = blockOf('README.md', 'npm ci && npm run build')
  assert.ok(line.startsWith(build))
  copyFiles('examples', ['rude-build'], join(home, 'examples'))
  symlinkSync(join(repository, 'bin/jobshim.js'), join(home, 'bin/jobshim.js'))
  const { status, stderr } = await type(line.slice(build.length))
  assert.is(status, 0, stderr)
  assert.match(
    stderr,
    /^jobshim: 26 tools ran, at most 2 at once \(limit 2\); the longest waited [\d.]+ s\n {2}[\d.]+ of 2 slots used by tools on average\n {2}slowest: cc src\//m,
  )
  const { runs, peak } = recorder.take()
  assert.equal([runs, peak], [26, 2])
})

test('docs :: README :: before npm uninstall :: all that jobshim has made is gone', async () => {
  const { home, env, type } = makePlace()
  const npm = {
    npm_config_prefix: join(home, 'npm'),
    npm_config_cache: join(home, '.npm'),
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
    PATH: `${join(home, 'npm/bin')}:${env.PATH}`,
  }
  symlinkSync(repository, join(home, 'jobshim'))
  const made = ['npm/bin/jobshim', '.cache/jobshim', '.local/share/jobshim/shims/gcc'].map(name =>
    join(home, name),
  )
  const installs = await type('npm install --global ./jobshim && jobshim run -q -- true', home, npm)
  assert.is(installs.status, 0, installs.stderr)
  for (const path of made) assert.ok(existsSync(path), path)
  const { status, stderr } = await type(blockOf('README.md', 'jobshim uninstall && npm'), home, npm)
  assert.is(status, 0, stderr)
  for (const path of [...made, join(home, '.local/share/jobshim')]) assert.not.ok(existsSync(path), path)
})

test('docs :: README :: the lines for completion :: each file is what is printed for its shell', async () => {
  const { home, type } = makePlace()
  const text = blockOf('README.md', 'mkdir -p ~/.local/share/bash-completion').replace(
    '/usr/local/share/zsh',
    '~/zsh',
  )
  const files = {
    bash: '.local/share/bash-completion/completions/jobshim',
    zsh: 'zsh/site-functions/_jobshim',
    fish: '.config/fish/completions/jobshim.fish',
  }
  mkdirSync(join(home, files.zsh, '..'), { recursive: true })
  assert.equal(await type(text), { status: 0, signal: null, stdout: '', stderr: '' })
  for (const [shell, file] of Object.entries(files)) {
    const { stdout } = await jobshim(['completion', shell])
    assert.match(stdout, 'jobshim')
    assert.is(readFileSync(join(home, file), 'utf8'), stdout, shell)
  }
})

test('docs :: README :: setup on a terminal :: sets up the number, once agreed to', async () => {
  const { home, env } = makePlace()
  const given = ['HOME', 'PATH'] as const
  const removed = ['MAKEFLAGS', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME']
  const command = blockOf('README.md', 'jobshim setup --jobs')
  const { status, stdout, stderr } = await callBare('caller', {
    setup: ['terminal'],
    tool: [
      '/usr/bin/env',
      ...removed.map(name => `-u${name}`),
      ...given.map(name => `${name}=${env[name]}`),
      ...['SHELL=/bin/bash', '/bin/sh', '-c', command],
    ],
    dialog: ['expect Do this? [y/N] ', 'send y\\n', 'expect open new ones'],
    env: { TERM: 'dumb' },
  })
  assert.is(status, 0, `${stdout}${stderr}`)
  assert.match(stdout, /^set up: at most 8 tools at once in all terminals\r?$/m)
  assert.match(readFileSync(join(home, '.jobshimrc.yaml'), 'utf8'), /^jobs: 8/m)
})

test('docs :: README :: low priority :: both lines build, and their tools are told', async () => {
  const { home, type } = makePlace()
  const says = 'echo "$JOBSHIM_PRIORITY"'
  writeFiles(home, {
    'check.sh': `#!/bin/sh\n${says}\n`,
    Makefile: `check:\n\t@${says.replace('$', '$$$$')}\n`,
  })
  const { status, stdout } = await type(blockOf('README.md', 'jobshim run --low'))
  assert.equal([status, stdout], [0, 'low\nlow\n'])
})

/** Pieces of a config, and what is made of them. */
const configs: readonly { text: string; values: Readonly<Record<string, string>> }[] = [
  {
    text: blockOf('README.md', 'noJobserver: machine'),
    values: { noJobserver: 'machine', join: 'true', jobs: '8' },
  },
  {
    text: blockOf('README.md', 'jobs: auto'),
    values: {
      rules: JSON.stringify([
        { kind: 'link', tokens: 4, memory: '6G' },
        { tools: ['rustc'], memory: '2G' },
        { kind: 'link', limit: 2 },
        { kind: 'compile', package: 'dev-qt/qtwebengine', memory: '3G' },
      ]),
    },
  },
]

for (const { text, values } of configs)
  test(`docs :: README :: the config of ${Object.keys(values).join(', ')} :: is taken as it stands`, async () => {
    const directory = makeWorkspace()
    writeFiles(directory, { '.jobshimrc': text })
    const { status, stdout, stderr } = await jobshim(['config', '--json'], {
      cwd: directory,
      env: { HOME: directory },
    })
    assert.equal([status, stderr], [0, ''])
    const { settings } = JSON.parse(stdout) as { settings: { key: string; value?: string; from: string }[] }
    for (const [key, value] of Object.entries(values)) {
      const found = settings.find(setting => setting.key === key)
      assert.equal([found?.from, found?.value], ['file', value], key)
    }
  })

test.run()
