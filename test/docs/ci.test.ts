/** docs/ci.md, followed to the letter: what the runners of GitHub and GitLab do with a job is done here with theirs. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import { defaultLoadersSync } from 'cosmiconfig'
import * as assert from 'uvu/assert'
import { blockOf } from '../support/documents.js'
import { run } from '../support/jobshim.js'
import { processesOf } from '../support/processes.js'
import { makeRecorder } from '../support/recording.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const page = 'docs/ci.md'

type Step = { name?: string; uses?: string; run?: string }
type GitHub = { jobs: { build: { steps: Step[] } } }
type GitLab = { build: { before_script: string[]; script: string[] } }

const units = [1, 2, 3, 4, 5, 6]
const compiles = units.map(unit => `gcc -E -x c /dev/null -o ${unit}.i`)

/** A checkout with jobshim's in it, a home that npm installs into, and a recorder of what runs. */
function makeJob() {
  const root = makeWorkspace()
  const recorder = makeRecorder(join(root, 'recorder'), { holdMs: 100 })
  writeFiles(root, {
    'checkout/build.sh': `#!/bin/sh\n${compiles.map(line => `${line} &\n`).join('')}wait\n`,
    'checkout/Makefile': `check:\n\t${compiles.join(' & ')} & wait\n`,
    path: '',
    env: '',
  })
  symlinkSync(repository, join(root, 'checkout/jobshim'))
  for (const name of ['home', 'run', 'tmp']) mkdirSync(join(root, name), { mode: 0o700 })
  const mark = randomUUID()
  const env: Record<string, string | undefined> = {
    HOME: join(root, 'home'),
    XDG_RUNTIME_DIR: join(root, 'run'),
    XDG_DATA_HOME: undefined,
    TMPDIR: join(root, 'tmp'),
    PATH: [join(root, 'home/npm/bin'), recorder.bin, process.env.PATH].join(delimiter),
    npm_config_prefix: join(root, 'home/npm'),
    npm_config_cache: join(root, 'home/.npm'),
    npm_config_update_notifier: 'false',
    npm_config_offline: 'true', // all that it needs is in the checkout
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

/** As the page's install leaves it, for tests of what comes after that. */
function installIn(root: string): void {
  writeFiles(root, {
    'home/npm/bin/jobshim': `#!/bin/sh\nexec ${process.execPath} ${repository}/bin/jobshim.js "$@"\n`,
  })
}

/** The scripts of steps, as the runner of GitHub Actions takes them. */
const scriptsOf = (steps: readonly Step[]): string[] =>
  steps.flatMap(step => (step.run === undefined ? [] : [step.run]))

/** What a step has written for the next ones: NAME=VALUE, or NAME<<MARK and lines up to MARK. */
function variablesIn(text: string): Record<string, string> {
  const pattern = /^(\w+)(?:=(.*)|<<(\S+)\n([\s\S]*?)\n\3)$/gm
  return Object.fromEntries(
    [...text.matchAll(pattern)].map(([, name = '', short, , long]) => [name, short ?? long ?? '']),
  )
}

testWith('bash', 'docs :: ci :: two steps :: the build is held to the cores', async () => {
  const { recorder, env, checkout } = makeJob()
  const steps = defaultLoadersSync['.yaml'](page, blockOf('docs/ci.md', '- run: ')) as Step[]
  const said: string[] = []
  for (const script of scriptsOf(steps)) {
    const { status, stderr } = await run('bash', ['-e', '-c', script], { cwd: checkout, env })
    assert.is(status, 0, stderr)
    said.push(stderr)
  }
  const { runs, peak } = recorder.take()
  assert.is(runs, units.length)
  assert.ok(peak <= availableParallelism(), `${peak} at once`)
  assert.match(said.at(-1) ?? '', /^jobshim: 6 tools ran, at most \d+ at once \(limit \d+\)/m)
})

testWith('bash', 'docs :: ci :: .jobshimrc with rules :: its rules are taken', async () => {
  const job = makeJob()
  installIn(job.root)
  writeFileSync(join(job.checkout, '.jobshimrc'), blockOf('docs/ci.md', 'rules:'))
  const { status, stdout, stderr } = await run('jobshim', ['config', '--json'], {
    cwd: job.checkout,
    env: job.env,
  })
  assert.equal([status, stderr], [0, ''])
  const { settings } = JSON.parse(stdout) as { settings: { key: string; value?: string }[] }
  const rules = settings.find(({ key }) => key === 'rules')?.value ?? ''
  assert.equal(JSON.parse(rules), [
    { kind: 'compile', memory: '1G' },
    { kind: 'link', memory: '4G', limit: 1 },
  ])
})

testWith(
  'bash',
  'docs :: ci :: the steps for GitHub Actions :: two tools at once in each of them',
  async () => {
    const { root, recorder, env, checkout, servers } = makeJob()
    const { jobs } = defaultLoadersSync['.yaml'](page, blockOf('docs/ci.md', 'jobs:')) as GitHub
    const files = { GITHUB_ENV: join(root, 'env'), GITHUB_PATH: join(root, 'path') }
    for (const script of scriptsOf(jobs.build.steps)) {
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
    const [server, ...others] = servers().filter(({ command }) => command.includes('/npm/bin/jobshim serve '))
    assert.ok(server !== undefined && others.length === 0)
    process.kill(server.pid, 'SIGTERM') // as the runner ends a job's processes
    await until('the server has ended', () => servers().length === 0)
  },
)

testWith('bash', "docs :: ci :: a journal's summary is on the job's page", async () => {
  const { root, recorder, env, checkout } = makeJob()
  installIn(root)
  const { steps } = defaultLoadersSync['.yaml'](page, blockOf('docs/ci.md', 'steps:')) as {
    steps: { run: string }[]
  }
  const summary = join(root, 'summary')
  writeFiles(root, { summary: 'of an earlier step\n' })
  for (const { run: script } of steps) {
    const outcome = await run('bash', ['-e', '-c', script], {
      cwd: checkout,
      env: { ...env, GITHUB_STEP_SUMMARY: summary },
    })
    assert.equal([outcome.status, outcome.stdout], [0, ''], outcome.stderr)
  }
  assert.is(recorder.take().runs, units.length)
  const told = readFileSync(summary, 'utf8')
  assert.match(told, /^of an earlier step\n### jobshim: \\\.\/build\\\.sh\n\nTook /)
  assert.match(told, new RegExp(`, Tool runs \\*\\*${units.length}\\*\\*, `))
})

testWith('bash', 'docs :: ci :: the lines for GitLab :: two tools at once in all of them', async () => {
  const { recorder, env, checkout, servers } = makeJob()
  const { build } = defaultLoadersSync['.yaml'](page, blockOf('docs/ci.md', 'build:')) as GitLab
  const lines = [...build.before_script, ...build.script]
  const { status, stderr } = await run('bash', ['-e', '-c', lines.join('\n')], { cwd: checkout, env })
  assert.equal([status, stderr], [0, ''])
  const { runs, peak } = recorder.take()
  assert.equal([runs, peak], [2 * units.length, 2])
  await until('the server has ended', () => servers().length === 0)
})

/** A shell in which a tool is set up as its manual says, in the checkout, once the user has said that its file may be read. */
type Directory = { tool: 'direnv' | 'mise'; file: string; text: string; allows: string; sets: string }

const directories: readonly Directory[] = [
  {
    tool: 'direnv',
    file: '.envrc',
    text: blockOf('docs/ci.md', 'eval'),
    allows: 'direnv allow .',
    sets: 'eval "$(direnv export bash)"',
  },
  {
    tool: 'mise',
    file: 'mise.toml',
    text: blockOf('docs/ci.md', '[env]'),
    allows: 'mise trust --quiet mise.toml',
    sets: 'eval "$(mise hook-env --shell bash)"',
  },
]

for (const { tool, file, text, allows, sets } of directories)
  testWith([tool, 'bash'], `docs :: ci :: ${tool} :: what ${file} sets leads to the shims`, async place => {
    const job = makeJob()
    installIn(job.root)
    writeFileSync(join(job.checkout, file), `${text}\n`)
    const env = { ...job.env, PATH: `${job.env.PATH}:${place}`, XDG_CONFIG_HOME: undefined }
    const script = `jobshim install >/dev/null; ${allows}; ${sets}; command -v gcc`
    const { status, stdout, stderr } = await run('bash', ['-e', '-c', script], { cwd: job.checkout, env })
    const shim = join(job.root, 'home/.local/share/jobshim/shims/gcc')
    assert.equal([status, stdout], [0, `${shim}\n`], stderr)
  })

testWith(
  'bash',
  'env :: --github :: outside of a step :: says which variable lacks, and prints nothing',
  async () => {
    const { root, env, checkout } = makeJob()
    installIn(root)
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
    installIn(root)
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
