/** `jobshim off` and `jobshim on` in terminals after setup, and without it. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { packageVersion } from '../../src/ground/version.js'
import type { ClientKey } from '../support/clients.js'
import { makeHome } from '../support/home.js'
import { jobshim, run } from '../support/jobshim.js'
import { onTerminal } from '../support/on-terminal.js'
import { makeRecorder } from '../support/recording.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

/** A tool that ends once two of it run: never, below a limit of one. */
const meet = `#!/bin/sh
>"$MEETING/$$"
until set -- "$MEETING"/*; [ $# -ge 2 ]; do sleep 0.02; done
`

/** A home with a limit of one, and what a terminal has there. `files`: what its user has written. */
async function makeDesk(shell: string, files: Readonly<Record<string, string>> = {}) {
  const recorder = makeRecorder(join(makeWorkspace(), 'recorder'), { holdMs: 20 })
  const [bin, runtime] = [makeWorkspace('bin'), makeWorkspace('run')]
  writeFiles(bin, {
    'gcc-99': meet,
    jobshim: `#!/bin/sh\nexec ${process.execPath} ${repository}/bin/jobshim.js "$@"\n`,
  })
  const own = `${bin}:${recorder.bin}`
  const line = `PATH=${own}:"$PATH"\n` // /etc/profile sets PATH anew
  const home = await makeHome({
    files: { '.profile': line, '.zprofile': line, '.jobshimrc.yaml': 'patience: 0\n', ...files },
    env: () => ({ PATH: `${own}:${process.env.PATH}`, SHELL: `/bin/${shell}`, XDG_RUNTIME_DIR: runtime }),
  })
  mkdirSync(join(home.home, '.local/share/fish'), { recursive: true, mode: 0o700 }) // fish makes it itself
  await home.told('--yes', '--jobs', '1')
  return {
    recorder,
    /** The lines that a command prints on a terminal. */
    async lines(command: readonly string[]): Promise<string[]> {
      const env = { ...home.env, TERM: 'dumb', MEETING: makeWorkspace('meeting') }
      const { status, stdout } = await onTerminal(command, { env, cwd: home.home })
      assert.is(status, 0, `${command.join(' ')}: ${stdout}`)
      return stdout.trim().split(/\r?\n/)
    },
  }
}

const two = 'gcc-99 & gcc-99 & wait'
const compilers = `${[1, 2, 3, 4, 5, 6].map(unit => `cc -c unit.c -o ${unit}.o & `).join('')}wait`
const told = 'echo "<$JOBSHIM_DISABLE>"'

const shells: readonly { key: ClientKey; ways: readonly string[] }[] = [
  { key: 'bash', ways: ['-ic', '-lic', '-lc'] },
  { key: 'zsh', ways: ['-ic', '-lic', '-lc'] },
  { key: 'fish', ways: ['-ic', '-lic', '-c'] },
]

for (const { key, ways } of shells)
  testWith(
    [key, 'python'],
    `setup :: ${key} :: jobshim off, jobshim on :: tools of this shell run at once, then one by one`,
    async () => {
      const desk = await makeDesk(key)
      for (const way of ways) {
        const lines = await desk.lines([
          key,
          way,
          `jobshim off; ${told}; ${two}; jobshim on; ${told}; ${compilers}; jobshim on && jobshim --version`,
        ])
        const said = lines.filter(line => line.startsWith('<') || line === packageVersion())
        assert.equal(said, ['<1>', '<>', packageVersion()], way)
        const { runs, peak, unfinished } = desk.recorder.take()
        assert.equal({ runs, peak, unfinished }, { runs: 6, peak: 1, unfinished: 0 }, way)
      }
    },
  )

testWith(
  ['bash', 'python'],
  'setup :: jobshim off below a run :: tools of that shell run at once',
  async () => {
    const desk = await makeDesk('bash')
    const line = `jobshim run -q -j1 -- bash -ic '${compilers}; jobshim off; ${told}; ${two}'; echo status $?`
    const lines = await desk.lines(['bash', '-ic', line])
    assert.equal(
      lines.filter(line => /^(<|status|jobshim)/.test(line)),
      ['<1>', 'status 0'],
    )
    const { runs, peak } = desk.recorder.take()
    assert.equal([runs, peak], [6, 1])
  },
)

testWith(
  ['bash', 'python'],
  'setup :: jobshim with other words, set -u :: the program has them',
  async () => {
    const desk = await makeDesk('bash')
    const lines = await desk.lines(['bash', '-ic', `set -u; jobshim off 'a  b'; echo status $?; jobshim`])
    assert.equal(lines.slice(0, 3), [
      'jobshim: off: takes no operands, got a  b',
      '  see jobshim off --help',
      'status 2',
    ])
    assert.is(lines[3], 'Usage: jobshim COMMAND [options]')
  },
)

const alias = "alias jobshim='echo mine'\n"

for (const key of ['bash', 'zsh'] as const)
  testWith(
    [key, 'python'],
    `setup :: ${key}, an alias jobshim :: stays, and the shims are found`,
    async () => {
      const desk = await makeDesk(key, { '.bashrc': alias, '.zshrc': alias })
      const lines = await desk.lines([key, '-ic', 'eval "jobshim off"; command -v cc'])
      assert.match(lines.join('\n'), /^mine off\n.*\/\.local\/share\/jobshim\/shims\/cc$/)
    },
  )

/** Whether a shell in which a line was entered governs its tools: if so, this one fails, since there is no jobserver. */
const isGoverned = async (shell: string, line: string): Promise<boolean> => {
  const root = makeWorkspace()
  writeFiles(root, { 'bin/cc': '#!/bin/sh\n' })
  const env = { HOME: root, PATH: `${root}/bin:${process.env.PATH}` }
  const dir = join(root, 'shims')
  assert.is((await jobshim(['install', '--tools', 'cc', '--dir', dir], { cwd: root, env })).status, 0)
  const governed = { ...env, PATH: `${dir}:${env.PATH}`, JOBSHIM_NO_JOBSERVER: 'error' }
  return (await run(shell, ['-c', `${line}; cc -c unit.c`], { cwd: root, env: governed })).status !== 0
}

const advice = (name: string, sh: string, fish: string): string =>
  `jobshim: ${name}: this shell has no function for it, and a program can't do it; nothing was changed\n` +
  `  enter ${sh} (in fish: ${fish}); terminals that you open after jobshim setup have the function\n`

const switches = [
  { name: 'off', sh: 'export JOBSHIM_DISABLE=1', fish: 'set -gx JOBSHIM_DISABLE 1', before: '' },
  { name: 'on', sh: 'unset JOBSHIM_DISABLE', fish: 'set -e JOBSHIM_DISABLE', before: 'JOBSHIM_DISABLE=1' },
]

for (const { name, sh, fish, before } of switches) {
  test(`setup :: jobshim ${name} as a program :: says what to enter`, async () => {
    const { stderr, ...outcome } = await jobshim([name])
    assert.equal(outcome, { status: 1, signal: null, stdout: '' })
    assert.is(stderr, advice(name, sh, fish))
    const first = before === '' ? '' : `export ${before}; `
    assert.is(await isGoverned('sh', `${first}true`), before === '')
    assert.is(await isGoverned('sh', `${first}${sh}`), name === 'on')
  })

  testWith('fish', `setup :: jobshim ${name} as a program :: says what to enter in fish`, async () => {
    const first = before === '' ? '' : `set -gx ${before.replace('=', ' ')}; `
    assert.is(await isGoverned('fish', `${first}${fish}`), name === 'on')
  })
}

test.run()
