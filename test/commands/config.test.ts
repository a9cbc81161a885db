import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { settingRows } from '../../src/config/options.js'
import { jobshim } from '../support/jobshim.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/** What `jobshim config` tells in a directory with this config. */
async function told(text: string | undefined, words: readonly string[] = [], env = {}) {
  const cwd = makeWorkspace()
  if (text !== undefined) writeFiles(cwd, { '.jobshimrc': text })
  const outcome = await jobshim(['config', ...words], {
    cwd,
    env: { HOME: cwd, XDG_DATA_HOME: join(cwd, 'data'), ...env },
  })
  const lines = outcome.stdout.split('\n').slice(0, -1)
  const rows = new Map(
    lines.map(line => [line.split(' ', 1)[0] ?? '', line.replace(/^\S+ +/, '').replace(/ {2,}/, '  ')]),
  )
  return { cwd, outcome, rows }
}

const names = settingRows.map(({ key }) => key)

test('config :: nobody says anything :: all settings, with their defaults', async () => {
  const { cwd, outcome, rows } = await told(undefined)
  assert.equal([outcome.status, outcome.stderr], [0, ''])
  assert.equal([...rows.keys()], names)
  assert.is(rows.get('dir'), `${cwd}/data/jobshim/shims  default`)
  assert.is(rows.get('noJobserver'), 'pass  default')
  assert.is(rows.get('patience'), '30  default')
  assert.is(rows.get('rules'), 'none  default')
  assert.match(rows.get('jobs') ?? '', /^\d+ {2}default$/)
})

test('config :: a config :: its values, and its path', async () => {
  const { cwd, rows } = await told('jobs: 3\ndir: s\nadapters: [make]\nrules: [{ kind: link, tokens: 2 }]\n')
  const path = join(cwd, '.jobshimrc')
  assert.is(rows.get('jobs'), `3  ${path}`)
  assert.is(rows.get('dir'), `${cwd}/s  ${path}`)
  assert.is(rows.get('adapters'), `["make"]  ${path}`)
  assert.is(rows.get('rules'), `[{"kind":"link","tokens":2}]  ${path}`)
  assert.is(rows.get('quiet'), 'false  default')
})

test('config :: a flag wins over a variable, which wins over a config', async () => {
  const env = { JOBSHIM_DIR: 'e', JOBSHIM_PATIENCE: '7', JOBSHIM_LAUNCHER: 'icecc', JOBSHIM_SANDBOX: 'auto' }
  const text = 'dir: s\npatience: 5\nengine: distcc\nsandbox: true\n'
  const { cwd, rows } = await told(text, ['--dir', 'f'], env)
  assert.is(rows.get('dir'), `${cwd}/f  --dir`)
  assert.is(rows.get('patience'), '7  JOBSHIM_PATIENCE')
  assert.is(rows.get('engine'), 'icecc  JOBSHIM_LAUNCHER')
  assert.is(rows.get('sandbox'), 'auto  JOBSHIM_SANDBOX')
  assert.is((await told(text, [], env)).rows.get('dir')?.replace(/^.*\/e /, '/e '), '/e  JOBSHIM_DIR')
})

test("config :: a project's config and that of the home directory :: each value with the path of the one that says it", async () => {
  const home = makeWorkspace()
  const cwd = join(home, 'project')
  writeFiles(home, {
    '.jobshimrc.yaml': 'noJobserver: machine\njoin: true\njobs: 3\ntools: [ld]\n',
    'project/.jobshimrc': 'tools: [gcc]\njobs: 2\n',
  })
  const outcome = await jobshim(['config', '--json'], { cwd, env: { HOME: home } })
  assert.equal([outcome.status, outcome.stderr], [0, ''])
  const { configFile, settings } = JSON.parse(outcome.stdout) as {
    configFile: string
    settings: { key: string; value?: string; from: string; path?: string }[]
  }
  const [near, far] = [join(cwd, '.jobshimrc'), join(home, '.jobshimrc.yaml')]
  assert.is(configFile, near)
  assert.equal(
    settings.flatMap(({ key, value, from, path }) => (from === 'file' ? [[key, value, path]] : [])),
    [
      ['jobs', '2', near],
      ['join', 'true', far],
      ['noJobserver', 'machine', far],
      ['tools', '["gcc"]', near],
    ],
  )
})

test('config :: --no-config, and one that is wrong', async () => {
  assert.match((await told('jobs: 3\n', ['--no-config'])).rows.get('jobs') ?? '', /default$/)
  const { cwd, outcome } = await told('jobs: many\n')
  assert.equal(outcome, {
    status: 2,
    signal: null,
    stdout: '',
    stderr: `jobshim: ${cwd}/.jobshimrc: jobs: expected auto, or a whole number, 1 to 61441, got "many"\n  mend the file, name another with --config, or use none with --no-config\n`,
  })
})

test.run()
