import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Settlement } from '../../src/jobserver/pool.js'
import type { ClientKey } from '../support/clients.js'
import { jobshim, run } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const program = `'${process.execPath}' '${join(repository, 'bin/jobshim.js')}'`
const usual = process.env.PATH ?? ''

/** A shim dir whose name has to be quoted. */
async function makeShims(name = `shims of "$HOME" and 'mine'`) {
  const root = makeWorkspace()
  const env = { HOME: root, PATH: usual, SHELL: '/bin/sh', GOFLAGS: '-v', CCACHE_PREFIX: 'distcc' }
  const shims = await installShims(join(root, name), { cwd: root, env })
  return { root, shims, env: { ...env, JOBSHIM_DIR: shims } }
}

const variablesOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\0')
      .filter(line => /^(PATH|CCACHE_\w+|CMAKE_\w+|RUSTC_WRAPPER|GOFLAGS)=/.test(line))
      .map(line => [line.split('=', 1)[0] ?? '', line.replace(/^[^=]*=/, '')]),
  )

const shells: readonly { name: string; needs: readonly ClientKey[]; line: string }[] = [
  { name: 'sh', needs: [], line: `eval "$(${program} env)"` },
  { name: 'bash', needs: ['bash'], line: `eval "$(${program} env --shell sh)"` },
  { name: 'dash', needs: ['dash'], line: `eval "$(${program} env)"` },
  { name: 'fish', needs: ['fish'], line: `${program} env --shell fish | source` },
]

const hasCcache = usual.split(delimiter).some(directory => existsSync(join(directory, 'ccache')))

for (const { name, needs, line } of shells)
  for (const kind of ['plain', 'quoted'] as const)
    testWith(needs, `env :: ${name} :: all is set, and twice is as once :: ${kind}`, async () => {
      const { root, shims, env } = await makeShims(kind === 'plain' ? 'shims' : undefined)
      const launcher = join(shims, '.jobshim/launcher')
      const { stdout: json } = await jobshim(['env', '--json'], { cwd: root, env })
      const { dir, variables } = JSON.parse(json) as { dir: string; variables: Record<string, string> }
      assert.is(dir, shims)
      assert.is(variables.PATH, [shims, usual].join(delimiter))
      assert.is(variables.CMAKE_CXX_COMPILER_LAUNCHER, launcher)
      assert.is(variables.RUSTC_WRAPPER, launcher)
      if (kind === 'plain') assert.is(variables.GOFLAGS, `-v -toolexec=${launcher}`)
      if (kind === 'plain' && hasCcache) assert.is(variables.CCACHE_PREFIX, `${launcher} distcc`)
      for (const times of [1, 2]) {
        const script = `${Array(times).fill(line).join('\n')}\nenv -0\n`
        const { status, stdout, stderr } = await run(name, ['-c', script], { cwd: root, env })
        assert.equal([status, stderr], [0, ''])
        assert.equal(
          variablesOf(stdout),
          { CCACHE_PREFIX: 'distcc', GOFLAGS: '-v', ...variables },
          `${times}`,
        )
      }
    })

const environments: readonly { name: string; variables: Record<string, string> }[] = [
  { name: 'nothing set', variables: {} },
  {
    name: 'each variable set',
    variables: {
      CCACHE_PREFIX: 'distcc  -v',
      CMAKE_C_COMPILER_LAUNCHER: '/usr/bin/ccache;-x',
      CMAKE_CXX_COMPILER_LAUNCHER: "it's;;here",
      RUSTC_WRAPPER: 'sccache',
      GOFLAGS: "  -v '-ldflags=-s -w'",
    },
  },
  { name: 'another -toolexec', variables: { GOFLAGS: "-v '-toolexec=time -p'  -x" } },
]

const unsets: Readonly<Record<string, string>> = {
  sh: `eval "$(${program} env --unset --shell sh)"`,
  fish: `${program} env --unset --shell fish | source`,
}

for (const { name, needs, line } of [
  ...shells,
  { name: 'zsh', needs: ['zsh'] as const, line: `eval "$(${program} env --shell sh)"` },
])
  testWith(
    needs,
    `env :: ${name} :: --unset :: all is byte for byte as before, with or without env`,
    async () => {
      const { root, shims } = await makeShims()
      const unset = unsets[name] ?? unsets.sh ?? ''
      for (const { name: set, variables } of environments) {
        const path = `${root}/my bin:${usual}`
        const env = { HOME: root, PATH: path, SHELL: '/bin/sh', JOBSHIM_DIR: shims, ...variables }
        const after = async (...lines: string[]): Promise<string[]> => {
          const script = [...lines, 'env -0', ''].join('\n')
          const { status, stdout, stderr } = await run(
            name,
            [...(name === 'zsh' ? ['-f'] : []), '-c', script],
            {
              cwd: root,
              env,
            },
          )
          assert.equal([status, stderr], [0, ''])
          return stdout.split('\0').sort()
        }
        const before = await after()
        assert.equal(await after(line, line, unset), before, `${set}, after env`)
        assert.equal(await after(unset, line, unset, unset), before, `${set}, twice, and without env`)
        assert.not.equal(await after(unset, line), before, set)
      }
    },
  )

test('env :: --unset :: what was set since stays, and without env nothing is printed', async () => {
  const { root, shims } = await makeShims('shims')
  const at = (env: NodeJS.ProcessEnv, ...words: string[]) =>
    jobshim(['env', '--unset', ...words], { cwd: root, env: { HOME: root, JOBSHIM_DIR: shims, ...env } })
  const printed = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' })
  assert.equal(await at({ PATH: usual }), printed(''))
  const launcher = join(shims, '.jobshim/launcher')
  const since = {
    PATH: `/venv:${shims}:${usual}`,
    GOFLAGS: `-toolexec=${launcher} -mod=vendor`,
    RUSTC_WRAPPER: launcher,
  }
  assert.equal(
    await at(since),
    printed(`export PATH=/venv:${usual}\nexport GOFLAGS=-mod=vendor\nunset RUSTC_WRAPPER\n`),
  )
  assert.equal(
    await at(since, '--json'),
    printed(
      `${JSON.stringify({
        jobshim: 1,
        dir: shims,
        variables: { PATH: `/venv:${usual}`, GOFLAGS: '-mod=vendor' },
        unset: ['RUSTC_WRAPPER'],
      })}\n`,
    ),
  )
})

test('env :: error :: --unset and --github', async () => {
  const { root, env } = await makeShims('shims')
  assert.equal(await jobshim(['env', '--unset', '--github'], { cwd: root, env }), {
    status: 2,
    signal: null,
    stdout: '',
    stderr: 'jobshim: env: --unset and --github exclude each other\n  leave one out\n',
  })
})

test('env :: the shell is that of $SHELL', async () => {
  const { root, env } = await makeShims('shims')
  const as = async (shell: string | undefined) =>
    (await jobshim(['env'], { cwd: root, env: { ...env, SHELL: shell } })).stdout.slice(0, 7)
  assert.equal(
    [await as('/usr/bin/fish'), await as('/bin/zsh'), await as(undefined)],
    ['set -gx', 'export ', 'export '],
  )
})

test('env :: installs the shims where there are none', async () => {
  const root = makeWorkspace()
  const dir = join(root, 'shims')
  const { status, stderr } = await jobshim(['env', '--dir', dir], { cwd: root, env: { HOME: root } })
  assert.equal([status, stderr], [0, `jobshim: installed the shims in ${dir}\n`])
})

test('env :: error :: another shell', async () => {
  const { root, env } = await makeShims('shims')
  assert.equal(await jobshim(['env', '--shell', 'csh'], { cwd: root, env }), {
    status: 2,
    signal: null,
    stdout: '',
    stderr: 'jobshim: env: --shell: unknown shell csh\n  name sh or fish\n',
  })
})

const where = (name: string): string =>
  execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()

/** Builds that call their compilers by path: no shim stands there, a variable has to. */
const builds: readonly { name: ClientKey; script: () => string }[] = [
  {
    name: 'cmake',
    script: () =>
      `cmake -S . -B build -DCMAKE_C_COMPILER=${where('gcc')} >/dev/null && cmake --build build >/dev/null`,
  },
  { name: 'cargo', script: () => `RUSTC=${where('rustc')} ${where('cargo')} build -q --offline` },
  {
    name: 'go',
    script: () => `GOCACHE=$PWD/cache GO111MODULE=off ${where('go')} build ./library 2>/dev/null`,
  },
]

const files = {
  'main.c': 'int main(void) { return 0; }\n',
  'CMakeLists.txt': 'cmake_minimum_required(VERSION 3.17)\nproject(main C)\nadd_executable(main main.c)\n',
  'Cargo.toml': '[package]\nname = "main"\nversion = "1.0.0"\nedition = "2021"\n',
  'src/lib.rs': 'pub fn one() -> i32 { 1 }\n',
  'library/library.go': 'package library\n\nfunc One() int { return 1 }\n',
}

for (const { name, script } of builds)
  testWith(name, `env :: ${name} is governed`, async () => {
    const { root, env } = await makeShims('the shims')
    const home = { ...env, HOME: process.env.HOME ?? root }
    const counted = async (lines: string): Promise<number> => {
      const work = makeWorkspace()
      writeFiles(work, files)
      const command = ['run', '-j2', '--json', '--no-config', '--', 'sh', '-ec', lines]
      const { status, stdout, stderr } = await jobshim(command, { cwd: work, env: home })
      assert.equal([status, stdout], [0, ''], stderr)
      const { runs, callerRuns, back, total } = JSON.parse(stderr) as Settlement
      assert.is(back, total)
      return runs + callerRuns
    }
    const evaluated = shells[0]?.line
    const alone = await counted(script()) // its make, where there is one
    const governed = await counted(`${evaluated}\n${evaluated}\n${script()}`)
    assert.ok(governed > alone, `${governed} runs, ${alone} without`)
  })

test.run()
