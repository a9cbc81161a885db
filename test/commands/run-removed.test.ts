import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { withoutUse } from '../support/summary.js'
import { until } from '../support/until.js'
import { writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { waitersIn } from '../yard/ledger.js'
import { jobshimRun, runDirectories, runFifo, runLine } from '../yard/runs.js'
import { serve } from '../yard/served.js'
import { makeYard } from '../yard/yard.js'

/** What is left of a limit when the files of its pool are removed in the middle of a build. */
const yard = await makeYard('')
const env = { ...yard.env, HOME: yard.root }

afterEach(() => {
  killStarted()
  assert.equal(runDirectories(yard), [])
})

/** Begins once it is told to: four tools that hold, which `start` starts. */
const begin = (starts: string): string => `echo ready; read -r go; exec 9<&0; ${starts}; exit 4`
const four = 'for i in 1 2 3 4; do hold <&9 & done; wait'

/**
 * Has the files at `fifo` removed as `remove` does it, and the build go on. Asserts that two of its four tools run, while the others
 * wait: by the ledger, which is opened before.
 */
async function assertTwoOfFour(build: Held, fifo: string, remove: () => void): Promise<void> {
  const ledger = openSync(`${fifo}.ledger`, 'r')
  try {
    remove()
    build.child.stdin?.write('go\n')
    await build.tools
    await until('the others wait', () => waitersIn(`/proc/self/fd/${ledger}`) === 2)
    assert.is(build.output.stdout.match(/^held/gm)?.length, 2)
  } finally {
    closeSync(ledger)
  }
}

const removals: Readonly<Record<string, { remove: (fifo: string) => void; told: (fifo: string) => string }>> =
  {
    'its directory': { remove: fifo => rmSync(dirname(fifo), { recursive: true }), told: dirname },
    'its directory, with all beside it': {
      remove: fifo => rmSync(dirname(dirname(fifo)), { recursive: true }),
      told: dirname,
    },
    'its directory, and another is made in its place': {
      remove(fifo) {
        rmSync(dirname(fifo), { recursive: true })
        mkdirSync(dirname(fifo))
      },
      told: dirname,
    },
    'its FIFO': { remove: fifo => rmSync(fifo), told: fifo => fifo },
    // Nothing tells it from another FIFO, if the environment is cleared, too.
    'its FIFO, which is moved away': {
      remove: fifo => renameSync(fifo, join(dirname(fifo), 'away')),
      told: fifo => fifo,
    },
    'its ledger': { remove: fifo => rmSync(`${fifo}.ledger`), told: fifo => `${fifo}.ledger` },
  }

writeFiles(yard.root, {
  'of-make/Makefile': `all: a b c d\na b c d:\n\t-@hold <&9\n`,
})

for (const [name, { remove, told }] of Object.entries(removals))
  for (const [form, starts] of Object.entries<string>({
    'a script': four,
    ...(name.endsWith('moved away')
      ? {}
      : { 'a script that clears its environment': four.replace('hold', 'env -i PATH="$PATH" hold') }),
    'a make that starts later': `make -s -k -j4 -C ${yard.root}/of-make`,
  }))
    test(`run :: removed :: ${name} :: ${form} :: the limit holds, and the summary says so`, async () => {
      const command = runLine(yard, '-j2', '--', 'sh', '-c', begin(starts))
      const build = start({ env, command, wanted: 2 })
      await until('it is ready', () => build.output.stdout === 'ready\n')
      const fifo = runFifo(yard)
      await assertTwoOfFour(build, fifo, () => remove(fifo))
      const { status, stderr } = await build.end()
      assert.is(status, 4)
      const lines = withoutUse(stderr)
        .replace(/; the longest waited \d+\.\d s/, '')
        .split('\n')
      assert.equal(
        lines.filter(line => !line.startsWith('make')),
        [
          'jobshim: 4 tools ran, at most 2 at once (limit 2)',
          `  ${told(fifo)}: was removed while the build ran; tools that found no other way to the pool ran without a slot, and without rules`,
          '    set XDG_RUNTIME_DIR to a directory of yours that nothing clears before the build ends',
          '',
        ],
      )
    })

test('run :: removed :: a build in which no tool ran :: is told so, too, and to programs', async () => {
  const script = `pool="\${JOBSHIM_JOBSERVER#fifo:}"; echo "\${pool%/*}"; rm -r "\${pool%/*}"`
  const result = await jobshimRun(yard, ['-j4', '--', 'sh', '-c', script])
  const directory = result.stdout.trim()
  assert.equal(
    { ...result, stdout: '' },
    {
      status: 0,
      signal: null,
      stdout: '',
      stderr:
        'jobshim: 0 tools ran (limit 4)\n' +
        `  ${directory}: was removed while the build ran; tools that found no other way to the pool ran without a slot, and without rules\n` +
        '    set XDG_RUNTIME_DIR to a directory of yours that nothing clears before the build ends\n',
    },
  )
  const json = await jobshimRun(yard, ['-j4', '--json', '--', 'sh', '-c', script])
  const { removed, back } = JSON.parse(json.stderr) as { removed?: string; back: number }
  assert.equal({ removed, back }, { removed: json.stdout.trim(), back: 3 })
})

test('run :: removed :: the FIFO and the ledger of a server :: builds that have joined keep the limit', async () => {
  const served = await serve(2)
  const { fifo } = served
  const build = start({
    env: { ...served.yard.env, HOME: served.yard.root },
    command: runLine(served.yard, '--jobserver', `fifo:${fifo}`, '--', 'sh', '-c', begin(four)),
    wanted: 2,
  })
  await until('it is ready', () => build.output.stdout === 'ready\n')
  await assertTwoOfFour(build, fifo, () => {
    rmSync(fifo)
    rmSync(`${fifo}.ledger`)
  })
  const server = await served.server.ended
  assert.equal(
    { status: server.status, stderr: server.stderr },
    {
      status: 1,
      stderr: `jobshim: ${fifo}: the FIFO is gone; builds that have it open go on without a server\n  start it anew: jobshim serve --fifo PATH -jN\n`,
    },
  )
  assert.is((await build.end()).status, 4)
  assert.not(existsSync(fifo))
})

test.run()
