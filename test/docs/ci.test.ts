/** docs/ci.md, followed to the letter: what the runners of GitHub and GitLab do with a job is done here with theirs. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { defaultLoadersSync } from 'cosmiconfig'
import { marked, type Tokens } from 'marked'
import * as assert from 'uvu/assert'
import { run } from '../support/jobshim.js'
import { processesOf } from '../support/processes.js'
import { makeRecorder } from '../support/recording.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const page = 'docs/ci.md'
const blocks = marked
  .lexer(readFileSync(join(repository, page), 'utf8'))
  .filter((token): token is Tokens.Code => token.type === 'code')

/** The page's only block of a language in which a text stands. */
function block(language: string, part: string): string {
  const [found, ...others] = blocks.filter(({ lang, text }) => lang === language && text.includes(part))
  assert.ok(found !== undefined && others.length === 0, `${language}, ${part}`)
  return found.text
}

type GitHub = { jobs: { build: { steps: { name?: string; uses?: string; run?: string }[] } } }
type GitLab = { build: { before_script: string[]; script: string[] } }

const install = 'npm install --global ./jobshim'
const units = [1, 2, 3, 4, 5, 6]
const compiles = units.map(unit => `gcc -E -x c /dev/null -o ${unit}.i`)

/** A checkout, a home, and a recorder of what runs; `jobshim` is there as that install leaves it. */
function makeJob() {
  const root = makeWorkspace()
  const recorder = makeRecorder(join(root, 'recorder'), { holdMs: 100 })
  writeFiles(root, {
    'bin/jobshim': `#!/bin/sh\nexec ${process.execPath} ${repository}/bin/jobshim.js "$@"\n`,
    'checkout/build.sh': `#!/bin/sh\n${compiles.map(line => `${line} &\n`).join('')}wait\n`,
    'checkout/Makefile': `check:\n\t${compiles.join(' & ')} & wait\n`,
    path: '',
    env: '',
  })
  for (const name of ['home', 'run', 'tmp']) mkdirSync(join(root, name), { mode: 0o700 })
  const mark = randomUUID()
  const env: Record<string, string | undefined> = {
    HOME: join(root, 'home'),
    XDG_RUNTIME_DIR: join(root, 'run'),
    XDG_DATA_HOME: undefined,
    TMPDIR: join(root, 'tmp'),
    PATH: [join(root, 'bin'), recorder.bin, process.env.PATH].join(delimiter),
    JOB: mark,
  }
  return {
    root,
    recorder,
    env,
    checkout: join(root, 'checkout'),
    servers: () => processesOf(-1, `JOB=${mark}`),
  }
}

/** What a step has written for the next ones: NAME=VALUE, or NAME<<MARK and lines up to MARK. */
function variablesIn(text: string): Record<string, string> {
  const pattern = /^(\w+)(?:=(.*)|<<(\S+)\n([\s\S]*?)\n\3)$/gm
  return Object.fromEntries(
    [...text.matchAll(pattern)].map(([, name = '', short, , long]) => [name, short ?? long ?? '']),
  )
}

testWith(
  'bash',
  'docs :: ci :: the steps for GitHub Actions :: two tools at once in each of them',
  async () => {
    const { root, recorder, env, checkout, servers } = makeJob()
    const { jobs } = defaultLoadersSync['.yaml'](page, block('yaml', 'runs-on')) as GitHub
    const steps = jobs.build.steps.flatMap(step => (step.run === undefined ? [] : [step.run]))
    assert.is(steps[0], install)
    const files = { GITHUB_ENV: join(root, 'env'), GITHUB_PATH: join(root, 'path') }
    for (const script of steps.slice(1)) {
      const added = readFileSync(files.GITHUB_PATH, 'utf8').split('\n').filter(Boolean).reverse()
      const told = variablesIn(readFileSync(files.GITHUB_ENV, 'utf8'))
      const PATH = [...added, env.PATH].join(delimiter)
      const outcome = await run('bash', ['-e', '-c', script], {
        cwd: checkout,
        env: { ...env, ...told, ...files, PATH },
      })
      assert.equal([outcome.status, outcome.stderr], [0, ''], script)
    }
    const { runs, peak } = recorder.take()
    assert.equal([runs, peak], [2 * units.length, 2])
    const [server, ...others] = servers().filter(({ command }) => command.includes('jobshim.js serve '))
    assert.ok(server !== undefined && others.length === 0)
    process.kill(server.pid, 'SIGTERM') // as the runner ends a job's processes
    await until('the server has ended', () => servers().length === 0)
  },
)

testWith('bash', 'docs :: ci :: the lines for GitLab :: two tools at once in all of them', async () => {
  const { recorder, env, checkout, servers } = makeJob()
  const { build } = defaultLoadersSync['.yaml'](page, block('yaml', 'before_script')) as GitLab
  assert.is(build.before_script[0], install)
  const lines = [...build.before_script.slice(1), ...build.script]
  const { status, stderr } = await run('bash', ['-e', '-c', lines.join('\n')], { cwd: checkout, env })
  assert.equal([status, stderr], [0, ''])
  const { runs, peak } = recorder.take()
  assert.equal([runs, peak], [2 * units.length, 2])
  await until('the server has ended', () => servers().length === 0)
})

testWith('bash', 'docs :: ci :: direnv and mise :: what they set leads to the shims', async () => {
  const { root, recorder, env, checkout } = makeJob()
  const shims = join(root, 'home/.local/share/jobshim/shims')
  const toml = block('toml', '_.path')
  assert.match(toml, '["~/.local/share/jobshim/shims"]')
  const script = `jobshim install >/dev/null && ${block('sh', 'jobshim env')} && command -v gcc`
  const outcome = await run('bash', ['-e', '-c', script], { cwd: checkout, env })
  assert.equal(outcome, { status: 0, signal: null, stdout: `${join(shims, 'gcc')}\n`, stderr: '' })
  assert.is(recorder.take().runs, 0)
})

testWith(
  'bash',
  'env :: --github :: outside of a step :: says which variable lacks, and prints nothing',
  async () => {
    const { root, env, checkout } = makeJob()
    const call = async (extra: Record<string, string>) =>
      await run('jobshim', ['env', '--github'], { cwd: checkout, env: { ...env, ...extra } })
    await call({}) // installs the shims
    assert.equal(await call({}), {
      status: 1,
      signal: null,
      stdout: '',
      stderr:
        'jobshim: env: --github: GITHUB_PATH is not set\n  run it in a step of GitHub Actions, or leave out --github\n',
    })
    const missing = join(root, 'missing')
    assert.equal(await call({ GITHUB_PATH: missing, GITHUB_ENV: join(root, 'env') }), {
      status: 1,
      signal: null,
      stdout: '',
      stderr: `jobshim: env: --github: GITHUB_PATH=${missing}: ENOENT\n  let the runner of GitHub Actions set it\n`,
    })
  },
)

testWith(
  'bash',
  'env :: --github :: one of the two files can not be opened :: nothing is written to the other',
  async () => {
    const { root, env, checkout } = makeJob()
    const missing = join(root, 'missing')
    const call = async (files: Record<string, string>) =>
      await run('jobshim', ['env', '--github'], { cwd: checkout, env: { ...env, ...files } })
    await call({}) // installs the shims
    assert.equal(await call({ GITHUB_PATH: join(root, 'path'), GITHUB_ENV: missing }), {
      status: 1,
      signal: null,
      stdout: '',
      stderr: `jobshim: env: --github: GITHUB_ENV=${missing}: ENOENT\n  let the runner of GitHub Actions set it\n`,
    })
    assert.equal(await call({ GITHUB_PATH: join(root, 'path') }), {
      status: 1,
      signal: null,
      stdout: '',
      stderr:
        'jobshim: env: --github: GITHUB_ENV is not set\n  run it in a step of GitHub Actions, or leave out --github\n',
    })
    assert.is(readFileSync(join(root, 'path'), 'utf8'), '')
  },
)

test.run()
