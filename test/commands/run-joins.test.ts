import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type ClientKey, clients } from '../support/clients.js'
import { makeFifo, makePipe, tokensIn } from '../support/pool.js'
import { wholeSummary, withoutUse } from '../support/summary.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { idleSummary, jobshimRun, runDirectories, runFifo, runLine, summaryLine } from '../yard/runs.js'
import { makeYard, type Yard } from '../yard/yard.js'

/** Two tools at once in one job: one in its own slot, one with a token. */
const two = 'exec 9<&0; hold <&9 & hold <&9 & wait; exit 5'

type Joined = { env: Readonly<Record<string, string>>; fds?: readonly number[]; count: () => string }

/** The command's tools take the outer pool's only token; nothing is made and nothing is said, but which run they are below. */
async function assertJoins(yard: Yard, { env, fds, count }: Joined): Promise<void> {
  const command = runLine(
    yard,
    '-j8',
    '--',
    'sh',
    '-c',
    `env | grep -E "^(CARGO_)?MAKEFLAGS=|^JOBSHIM_[^T]"; ${two}`,
  )
  const held = start({ env: { ...yard.env, HOME: yard.root, ...env }, fds, command, wanted: 2 })
  const tools = await held.tools
  assert.is(count(), '')
  assert.equal(runDirectories(yard), [])
  const { stdout, ...outcome } = await held.end()
  assert.equal(outcome, { status: 5, signal: null, stderr: '' })
  const expected = [
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    'JOBSHIM_RUN=PID:START',
    ...tools.map(pid => `held ${pid}`),
  ]
  const lines = stdout
    .replace(/^(JOBSHIM_RUN)=\d+:\d+$/m, '$1=PID:START')
    .trim()
    .split('\n')
  assert.equal(lines.sort(), expected.sort())
  assert.is(count(), 'A')
}

for (const [name, env] of [
  ['MAKEFLAGS', (auth: string) => ({ MAKEFLAGS: ` -j2 --jobserver-auth=${auth}` })],
  ['CARGO_MAKEFLAGS', (auth: string) => ({ CARGO_MAKEFLAGS: `-j --jobserver-auth=${auth}` })],
  ['JOBSHIM_JOBSERVER', (auth: string) => ({ JOBSHIM_JOBSERVER: auth })],
] as const) {
  test(`run :: joins :: a FIFO of ${name}`, async () => {
    const yard = await makeYard('A')
    await assertJoins(yard, { env: env(yard.pool.auth), count: yard.pool.count })
  })
}

for (const [name, MAKEFLAGS] of Object.entries({
  '--jobserver-auth': ' -j2 --jobserver-auth=3,4',
  '--jobserver-fds, make 4.1': 'k -j --jobserver-fds=3,4',
})) {
  test(`run :: joins :: an inherited pipe :: ${name}`, async () => {
    const yard = await makeYard('')
    const pool = await makePipe('A')
    await assertJoins(yard, { env: { MAKEFLAGS }, fds: [pool.fd, pool.fd], count: pool.count })
    pool.close()
  })
}

for (const [name, clear] of Object.entries({ 'as it is': '', 'the environment cleared': 'env -i' })) {
  test(`run :: joins :: an outer jobshim run :: ${name}`, async () => {
    const yard = await makeYard('')
    const inner = runLine(yard, '-j8', '--json', '--', 'sh', '-c', `'${two}'`).join(' ')
    const kept = clear === '' ? '' : `PATH="$PATH" HOME=${yard.root} XDG_RUNTIME_DIR=${yard.runtime}`
    const command = runLine(yard, '-j2', '--', 'sh', '-c', `${clear} ${kept} ${inner}; exit $?`)
    const held = start({ env: { ...yard.env, HOME: yard.root }, command, wanted: 2 })
    await held.tools
    assert.is(tokensIn(runFifo(yard)), '')
    const { status, stdout, stderr } = await held.end()
    assert.is(status, 5)
    assert.match(stdout, /^held \d+\nheld \d+\n$/)
    assert.match(withoutUse(stderr), summaryLine('2 tools', 2, 2))
    assert.equal(runDirectories(yard), [])
  })
}

/** Real makes: their jobserver is that of make, or that of a run above it. */
const makes: readonly { key: ClientKey; args: readonly string[] }[] = [
  { key: 'make43', args: [] },
  { key: 'make44', args: ['--jobserver-style=fifo'] },
  { key: 'make44', args: ['--jobserver-style=pipe'] },
]

for (const { key, args } of makes)
  for (const mark of ['', '+'])
    for (const above of ['', 'jobshim run']) {
      const make = [clients[key].name, ...args].join(' ')
      const recipe = mark === '' ? 'a recipe' : 'a + recipe'
      const title = `run :: joins :: ${make} :: ${recipe}${above && ` below ${above}`}`
      testWith(key, title, async directory => {
        const yard = await makeYard('')
        const bin = makeWorkspace('bin')
        symlinkSync(join(directory, 'make'), join(bin, 'make'))
        const path = `${yard.shims}:${bin}:${join(yard.root, 'bin')}:${process.env.PATH}`
        const line = runLine(yard, '-j8', '--', 'sh', '-c', `'${two}'`).join(' ')
        writeFiles(yard.root, { Makefile: `all:\n\t${mark}@${line}\n` })
        const make = ['make', ...(above ? [] : ['-j2', ...args]), '--no-print-directory', '-C', yard.root]
        const command = above ? runLine(yard, '-j2', '--', ...make) : make
        const held = start({ env: { ...yard.env, HOME: yard.root, PATH: path }, command, wanted: 2 })
        await held.tools
        assert.is(runDirectories(yard).length, above ? 1 : 0)
        const { status, stderr } = await held.end()
        assert.is(status, 2)
        const [failed = '', ...rest] = stderr.split(/(?<=\n)/)
        assert.match(failed, /^make: \*\*\* \[Makefile:2: all\] Error 5\n$/)
        if (above)
          assert.match(withoutUse(rest.join('')), new RegExp(`^jobshim: \\d tools ran${wholeSummary}$`))
        else assert.equal(rest, []) // make would say here that a token is missing
        assert.equal(runDirectories(yard), [])
      })
    }

const unusable = {
  'a FIFO that is gone': {
    env: { MAKEFLAGS: ' -j4 --jobserver-auth=fifo:/none' },
    why: 'its FIFO does not exist',
  },
  'a pool of a run that is gone': {
    env: { JOBSHIM_JOBSERVER: 'fifo:/none', MAKEFLAGS: 'k -j4 --jobserver-auth=fifo:/none' },
    why: 'its FIFO does not exist',
  },
  'closed descriptors': {
    env: { MAKEFLAGS: ' -j4 --jobserver-auth=8,9' },
    why: 'its pipe is closed here, and no ancestor has it',
  },
  'of cargo': {
    env: { CARGO_MAKEFLAGS: '-j --jobserver-fds=8,9 --jobserver-auth=8,9' },
    why: 'its pipe is closed here, and no ancestor has it',
  },
  garbage: { env: { JOBSHIM_JOBSERVER: 'garbage' }, why: 'neither fifo:PATH nor two file descriptors' },
}

for (const [name, { env, why }] of Object.entries(unusable)) {
  test(`run :: an outer jobserver that can't be used :: ${name}`, async () => {
    const yard = await makeYard('')
    const script = `echo "\${CARGO_MAKEFLAGS-none}"; printf '%s\\n' $MAKEFLAGS $JOBSHIM_JOBSERVER`
    const bin = makeWorkspace('bin')
    writeFiles(bin, { make: '#!/bin/sh\necho GNU Make 4.4\n' })
    const result = await jobshimRun(yard, ['-j2', '--', 'sh', '-c', script], {
      env: { PATH: `${bin}:${process.env.PATH}`, ...env },
    })
    assert.equal([result.status, result.signal], [0, null])
    assert.is(
      result.stderr,
      `jobshim: no jobserver: ${why}\n  the build gets a pool of its own: -j2\n${idleSummary(2)}`,
    )
    const [cargo, ...words] = result.stdout.trim().split('\n')
    const pool = words.pop() ?? ''
    const letters = 'MAKEFLAGS' in env && env.MAKEFLAGS.startsWith('k') ? ['k'] : []
    assert.is(cargo, 'none')
    assert.match(pool, /^fifo:\/.*\/run-[^/]*\/fifo$/)
    assert.equal(words, [...letters, '-j2', `--jobserver-auth=${pool}`])
    assert.equal(runDirectories(yard), [])
  })
}

test("run :: an outer jobserver that can't be used :: a FIFO without a server", async () => {
  const yard = await makeYard('')
  mkdirSync(join(yard.root, 'dead'))
  const pool = makeFifo(join(yard.root, 'dead'), '')
  pool.close()
  const { status, stderr } = await jobshimRun(yard, ['-j1', '--', 'true'], {
    env: { MAKEFLAGS: ` -j4 --jobserver-auth=${pool.auth}` },
  })
  assert.is(status, 0)
  assert.is(
    stderr,
    `jobshim: no jobserver: its FIFO has no server\n  the build gets a pool of its own: -j1\n${idleSummary(1)}`,
  )
})

test('run :: an ancestor that is merely called jobshim is no run', async () => {
  const yard = await makeYard('')
  const shell = join(yard.root, 'jobshim')
  symlinkSync(execFileSync('sh', ['-c', 'command -v bash'], { encoding: 'utf8' }).trim(), shell)
  const held = start({
    env: { ...yard.env, HOME: yard.root },
    command: [shell, '-c', `${runLine(yard, '-j2', '--', 'true').join(' ')}; exit $?`],
  })
  assert.equal(await held.ended, { status: 0, signal: null, stdout: '', stderr: idleSummary(2) })
})

test.after.each(killStarted)

test.run()
