import { symlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { belowShell, realTimeSignals } from '../support/below-shell.js'
import { jobshim, run } from '../support/jobshim.js'
import { deadlySignals } from '../support/processes.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { idleSummary, jobshimRun, runDirectories, runLine } from '../yard/runs.js'
import { makeYard } from '../yard/yard.js'

const yard = await makeYard('')

afterEach(() => assert.equal(runDirectories(yard), []))

for (const status of [0, 1, 2, 77, 124, 125, 126, 127, 128, 129, 130, 137, 254, 255]) {
  test(`run :: status ${status}`, async () => {
    const script = `echo out; echo err >&2; exit ${status}`
    assert.equal(await jobshimRun(yard, ['-j2', '--', 'sh', '-c', script]), {
      status,
      signal: null,
      stdout: 'out\n',
      stderr: `err\n${idleSummary(2)}`,
    })
  })
}

for (const signal of deadlySignals) {
  test(`run :: dies of ${signal} as its command did`, async () => {
    const script = `ulimit -c 0; exec ${runLine(yard, '-j2', '--', 'sh', '-c', `'kill -${constants.signals[signal]} $$'`).join(' ')}`
    const result = await run('sh', ['-c', script], { cwd: yard.root, env: yard.env })
    assert.equal(result, { status: null, signal, stdout: '', stderr: idleSummary(2) })
  })
}

for (const number of realTimeSignals)
  for (const [form, line] of [
    ['run', (...words: string[]) => runLine(yard, '-j2', '--', ...words)],
    [
      'a run below another',
      (...words: string[]) => runLine(yard, '-j2', '--', ...runLine(yard, '--', ...words)),
    ],
  ] as const)
    test(`run :: dies of signal ${number}, which is of real time, as its command did :: ${form}`, async () => {
      const outcome = await belowShell(line('sh', '-c', `kill -${number} $$`), {
        cwd: yard.root,
        env: { ...yard.env, HOME: yard.root },
      })
      assert.equal(outcome, { status: 128 + number, signal: null, stdout: '', stderr: idleSummary(2) })
    })

const hint = 'name a program that is on PATH, or give its path'
const broken = makeWorkspace()
writeFiles(broken, { file: 'no program\n' })
symlinkSync('loop', join(broken, 'loop'))
const long = 'x'.repeat(300)

const unstartable = [
  { name: 'not on PATH', program: 'nosuchprogram', status: 127, why: 'not found' },
  { name: 'no such file', program: join(broken, 'none'), status: 127, why: 'not found' },
  { name: 'below a file', program: join(broken, 'file/x'), status: 127, why: 'not found' },
  { name: 'an empty name', program: '', shown: "''", status: 127, why: 'not found' },
  { name: '--', program: '--', status: 127, why: 'not found' },
  { name: 'not executable', program: join(broken, 'file'), status: 126, why: 'not executable' },
  { name: 'a directory', program: broken, status: 126, why: 'not executable' },
  { name: 'a circle of symlinks', program: join(broken, 'loop'), status: 126, why: 'too many symlinks' },
  { name: 'a long name', program: join(broken, long), status: 126, why: 'the name is too long' },
]

for (const { name, program, shown = program, status, why } of unstartable) {
  test(`run :: error :: ${name}`, async () => {
    assert.equal(await jobshimRun(yard, ['-j2', '--', program, 'argument']), {
      status,
      signal: null,
      stdout: '',
      stderr: `jobshim: ${shown}: ${why}\n  ${hint}\n`,
    })
  })
}

test('run :: error :: an environment that is too large once MAKEFLAGS has grown', async () => {
  const env = { MAKEFLAGS: `--eval=${'x'.repeat(131_072 - 'MAKEFLAGS=--eval='.length - 1)}` } // MAX_ARG_STRLEN
  assert.equal(await jobshimRun(yard, ['-j2', '--', 'true'], { env }), {
    status: 126,
    signal: null,
    stdout: '',
    stderr:
      'jobshim: true: the arguments and the environment are too long\n' +
      '  pass fewer arguments, or a smaller environment\n',
  })
})

const usage: readonly { words: readonly string[]; says: string; does: string }[] = [
  { words: [], says: 'run: no command named', does: 'jobshim run -j8 -- ./build.sh' },
  { words: ['--'], says: 'run: no command named', does: 'jobshim run -j8 -- ./build.sh' },
  { words: ['-j4'], says: 'run: no command named', does: 'jobshim run -j8 -- ./build.sh' },
  {
    words: ['--jsno', 'true'],
    says: "run: unknown option '--jsno'",
    does: 'did you mean --json? see jobshim run --help',
  },
  { words: ['-x', 'true'], says: "run: unknown option '-x'", does: 'see jobshim run --help' },
  {
    words: ['-j'],
    says: "run: option '-j, --jobs <N>' argument missing",
    does: 'see jobshim run --help',
  },
  {
    words: ['--config', 'none', 'true'],
    says: `${yard.root}/none: can't read the config (ENOENT)`,
    does: 'mend the file, name another with --config, or use none with --no-config',
  },
]

for (const { words, says, does } of usage) {
  test(`run :: error :: ${['jobshim run', ...words].join(' ')}`, async () => {
    assert.equal(
      await jobshim(['run', ...words], { cwd: yard.root, env: { ...yard.env, HOME: yard.root } }),
      {
        status: 125,
        signal: null,
        stdout: '',
        stderr: `jobshim: ${says}\n  ${does}\n`,
      },
    )
  })
}

// The summary is ours, the status the command's: the one can't be had, the other is.
const deafEnds = {
  'a pipe that nobody reads': 'exec 2> >(exec true); wait $!; exec "$@"',
  'a full disk': 'exec 2>/dev/full; exec "$@"',
  closed: 'exec 2>&-; exec "$@"',
}

for (const [name, script] of Object.entries(deafEnds)) {
  for (const form of ['-j2', '--json']) {
    test(`run :: stderr is ${name} :: ${form}`, async () => {
      const line = runLine(yard, form, '--', 'sh', '-c', 'echo out; exit 3')
      const result = await run('bash', ['-c', script, 'bash', ...line], {
        cwd: yard.root,
        env: { ...yard.env, MAKEFLAGS: ' -j4 --jobserver-auth=fifo:/none' }, // there is a note to be printed, too
      })
      assert.equal(result, { status: 3, signal: null, stdout: 'out\n', stderr: '' })
    })
  }
}

test.run()
