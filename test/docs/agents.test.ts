/** docs/agents.md, followed to the letter: its lines are typed into terminals, and its table is tried. */
import { mkdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { blockOf } from '../support/documents.js'
import { makeHome } from '../support/home.js'
import { onTerminal } from '../support/on-terminal.js'
import { pictureOf } from '../support/picture.js'
import { makeRecorder } from '../support/recording.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const text = readFileSync(join(repository, 'docs/agents.md'), 'utf8')

const compiles = Array.from({ length: 12 }, (_, unit) => `cc -c unit.c -o ${unit}.o`)

testWith(
  ['bash', 'zsh', 'fish', 'python'],
  'docs :: agents :: what the page has us type, and what it says of shells :: true',
  async () => {
    const recorder = makeRecorder(join(makeWorkspace(), 'recorder'), { holdMs: 50 })
    const bin = makeWorkspace('bin')
    writeFiles(bin, {
      jobshim: `#!/bin/sh\nexec ${process.execPath} ${repository}/bin/jobshim.js "$@"\n`,
    })
    const path = [bin, recorder.bin, process.env.PATH].join(':')
    const runtime = makeWorkspace('run')
    const { home, env, shims } = await makeHome({
      files: { '.profile': `PATH=${recorder.bin}:"$PATH"\n` }, // as /etc/profile sets PATH anew
      env: () => ({ PATH: path, XDG_RUNTIME_DIR: runtime }),
    })
    mkdirSync(join(home, '.local/share/fish'), { recursive: true, mode: 0o700 }) // fish makes it itself
    const before = pictureOf(home)
    const inTerminal = async (command: readonly string[], cwd = home) => {
      const { status, stdout } = await onTerminal(command, { env: { ...env, TERM: 'dumb' }, cwd })
      assert.is(status, 0, `${command.join(' ')}: ${stdout}`)
      return stdout.trim().split(/\r?\n/).at(-1)
    }
    const asks = blockOf('docs/agents.md', 'command -v')
    const shim = join(shims, 'gcc')
    assert.match(text, '`~/.local/share/jobshim/shims/gcc`')
    assert.is(shim, join(home, '.local/share/jobshim/shims/gcc'))

    await inTerminal(['sh', '-c', blockOf('docs/agents.md', 'jobshim setup --yes')])
    for (const shell of ['bash', 'zsh', 'fish'])
      assert.is(await inTerminal([shell, '-ic', asks]), shim, shell)
    for (const calls of ['bash -c', 'bash -lc', 'zsh -c', 'fish -c']) {
      assert.match(text, `\`${calls}\``)
      assert.is(await inTerminal(['bash', '-ic', `${calls} '${asks}'`]), shim, calls)
    }
    const bare = ['env', '-i', `HOME=${home}`, 'bash', '-lc']
    assert.is(await inTerminal([...bare, asks]), shim)

    const agents = ['bash', 'zsh', 'fish'].map(async shell => {
      const worktree = makeWorkspace('worktree')
      const build = `#!/bin/sh\n${compiles.map(line => `${line} &\n`).join('')}wait\n`
      writeFiles(worktree, { 'unit.c': 'int one(void) { return 1; }\n', 'build.sh': build })
      await inTerminal([shell, '-ic', 'bash -c ./build.sh'], worktree)
    })
    await Promise.all(agents)
    const { runs, peak } = recorder.take()
    assert.is(runs, agents.length * compiles.length)
    assert.ok(peak <= availableParallelism(), `${peak} at once`)

    await inTerminal(['bash', '-ic', blockOf('docs/agents.md', 'jobshim setup --undo')])
    assert.equal(pictureOf(home), before)
  },
)

test.run()
