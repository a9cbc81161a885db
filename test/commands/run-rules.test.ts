import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { livingJobservers } from '../../src/jobserver/registry.js'
import { type Outcome, run, type Surroundings } from '../support/jobshim.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { idleSummary, jobshimRun, runDirectories, runLine } from '../yard/runs.js'
import { endServer, freeTokens, serve } from '../yard/served.js'
import { makeYard, type Yard } from '../yard/yard.js'

const own = `jobshim-${currentUid()}`

const config = `load: 2x
pressure: { io: 30 }
rules:
  - { kind: link, tokens: 2, memory: 64M }
  - { tools: [rustc], limit: 2, engine: /opt/engine }
`

const text = `load=${(2 * availableParallelism()).toFixed(2)}
pressure-io=30
rule=3261686604
kind=link
tokens=2
memory=65536
rule=2119236485
tool=rustc
limit=2
engine=/opt/engine
`

/** A directory of the yard with this config. */
function configured(yard: Yard, name: string, text: string): string {
  writeFiles(yard.root, { [`${name}/.jobshimrc`]: text })
  return join(yard.root, name)
}

/** Prints the path of the rules, their mode and what they say; `none` where there are none. */
const shown = `echo "\${JOBSHIM_RULES-none}"; test -z "$JOBSHIM_RULES" || { stat -c %a "$JOBSHIM_RULES"; cat "$JOBSHIM_RULES"; }`

const ruleFiles = ({ runtime }: Yard): string[] =>
  existsSync(join(runtime, own))
    ? readdirSync(join(runtime, own)).filter(name => name.startsWith('rules-'))
    : []

/** The rules were there, at a path of this shape, for as long as the command ran. */
function assertShown(yard: Yard, stdout: string, place: RegExp): void {
  const [path = '', mode, ...lines] = stdout.split('\n')
  assert.match(path, place)
  assert.is(mode, '600')
  assert.is(lines.join('\n'), text)
  assert.not(existsSync(path))
  assert.equal(ruleFiles(yard), [])
  assert.equal(runDirectories(yard), [])
}

const inPool = /\/jobshim-\d+\/run-\d+-\d+-\d+\/rules$/
const besidePools = /\/jobshim-\d+\/rules-\d+-\d+-\d+$/

test('run :: rules :: a pool of its own :: byte for byte, until the end', async () => {
  const yard = await makeYard('')
  const cwd = configured(yard, 'ruled', config)
  const { stdout, ...rest } = await jobshimRun(yard, ['-j2', '--', 'sh', '-c', shown], { cwd })
  assert.equal(rest, { status: 0, signal: null, stderr: idleSummary(2) })
  assertShown(yard, stdout, inPool)
})

for (const [name, around, says] of [
  ['no config', {}, 'none\n'],
  ['a config that says nothing of it', { config: 'jobs: 2\nrules: []\npressure: {}\n' }, 'none\n'],
  ['an inherited file', { env: { JOBSHIM_RULES: '/dev/null' } }, '/dev/null\n666\n'],
  [
    'an inherited file, and a config',
    { config: 'jobs: 2\n', env: { JOBSHIM_RULES: '/dev/null' } },
    '/dev/null\n666\n',
  ],
] as const satisfies readonly (readonly [string, Surroundings & { config?: string }, string])[])
  test(`run :: rules :: none :: ${name}: the environment stays as it is`, async () => {
    const yard = await makeYard('')
    const cwd = 'config' in around ? configured(yard, 'plain', around.config) : yard.root
    const env = 'env' in around ? around.env : {}
    const result = await jobshimRun(yard, ['-j2', '--', 'sh', '-c', shown], { cwd, env })
    assert.equal(result, { status: 0, signal: null, stdout: says, stderr: idleSummary(2) })
  })

test('run :: rules :: those of the config come before inherited ones', async () => {
  const yard = await makeYard('')
  const cwd = configured(yard, 'ruled', config)
  const env = { JOBSHIM_RULES: '/dev/null' }
  const { status, stdout } = await jobshimRun(yard, ['-j2', '--', 'sh', '-c', shown], { cwd, env })
  assert.is(status, 0)
  assertShown(yard, stdout, inPool)
})

const ends: Readonly<Record<string, { command: string[]; outcome: Omit<Outcome, 'stdout'> }>> = {
  'it ends well': { command: ['sh', '-c', shown], outcome: { status: 0, signal: null, stderr: '' } },
  'it fails': { command: ['sh', '-c', `${shown}; exit 5`], outcome: { status: 5, signal: null, stderr: '' } },
  'it is killed': {
    command: ['sh', '-c', `${shown}; kill -KILL $$`],
    outcome: { status: null, signal: 'SIGKILL', stderr: '' },
  },
}

for (const [name, { command, outcome }] of Object.entries(ends)) {
  test(`run :: rules :: in a pool that it joins :: ${name}`, async () => {
    const yard = await makeYard('A')
    const cwd = configured(yard, 'ruled', config)
    const env = { MAKEFLAGS: ` -j2 --jobserver-auth=${yard.pool.auth}` }
    const { stdout, ...rest } = await jobshimRun(yard, ['--', ...command], { cwd, env })
    assert.equal(rest, outcome)
    assertShown(yard, stdout, besidePools)
    assert.is(yard.pool.count(), 'A')
  })

  test(`run :: rules :: --jobserver :: ${name}`, async () => {
    const served = await serve(1)
    const cwd = configured(served.yard, 'ruled', config)
    const words = ['--jobserver', `fifo:${served.fifo}`, '--', ...command]
    const { stdout, ...rest } = await jobshimRun(served.yard, words, { cwd })
    assert.equal(rest, outcome)
    assertShown(served.yard, stdout, besidePools)
    assert.is(freeTokens(served), 1)
    await endServer(served)
  })
}

test('run :: rules :: in a pool that it joins :: the command is not found', async () => {
  const yard = await makeYard('A')
  const cwd = configured(yard, 'ruled', config)
  const env = { JOBSHIM_JOBSERVER: yard.pool.auth }
  assert.equal(await jobshimRun(yard, ['--', 'nosuchcommand'], { cwd, env }), {
    status: 127,
    signal: null,
    stdout: '',
    stderr: 'jobshim: nosuchcommand: not found\n  name a program that is on PATH, or give its path\n',
  })
  assert.equal(ruleFiles(yard), [])
})

test('run :: rules :: an inner run has its own config, and the outer one goes on with its', async () => {
  const yard = await makeYard('')
  const cwd = configured(yard, 'ruled', config)
  const inner = configured(yard, 'inner', 'load: 3\n')
  const line = runLine(yard, '--', 'sh', '-c', `'cat "$JOBSHIM_RULES"'`).join(' ')
  const script = `(cd ${inner} && ${line}) && cat "$JOBSHIM_RULES"`
  const result = await jobshimRun(yard, ['-j2', '--', 'sh', '-c', script], { cwd })
  assert.equal(result, { status: 0, signal: null, stdout: `load=3.00\n${text}`, stderr: idleSummary(2) })
  assert.equal(ruleFiles(yard), [])
})

test('run :: rules :: SIGKILL :: the next run sweeps them, and not those of one that lives', async () => {
  const yard = await makeYard('A')
  const cwd = configured(yard, 'ruled', 'pressure: { cpu: 100 }\n')
  const env = { ...yard.governed, HOME: yard.root }
  const line = runLine(yard, '--config', join(cwd, '.jobshimrc'), '--', 'sh', '-c', 'hold <&0; exit 1')
  const killed = start({ env, command: line })
  await killed.tools
  process.kill(killed.pid, 'SIGKILL')
  await new Promise(resolve => killed.child.once('exit', resolve))
  const [left] = ruleFiles(yard)
  assert.ok(left)
  const living = start({ env, command: line })
  await living.tools
  const [file = '', ...others] = ruleFiles(yard)
  assert.equal(others, [])
  assert.is.not(file, left)
  assert.equal(livingJobservers(join(yard.runtime, own)), []) // it is no jobserver
  const { status } = await jobshimRun(yard, ['-j1', '--no-config', '--', 'true'])
  assert.is(status, 0)
  assert.equal(ruleFiles(yard), [file])
  assert.is(readFileSync(join(yard.runtime, own, file), 'utf8'), 'pressure-cpu=100\n')
  await living.end()
  assert.equal(ruleFiles(yard), [])
  await killed.end()
  assert.is(yard.pool.count(), 'A')
})

test('run :: rules :: an entry of another PID namespace, or of another name, stays', async () => {
  const yard = await makeYard('A')
  const cwd = configured(yard, 'ruled', config)
  const namespace = statSync('/proc/self/ns/pid').ino
  const others = ['rules-1-999999999-1', `rules-${namespace}-999999999`, 'rules-x']
  const runtime = makeWorkspace('run')
  const state = join(runtime, own)
  spawnSync('mkdir', ['-m', '700', state])
  for (const name of [...others, `rules-${namespace}-999999999-1`])
    writeFiles(state, { [name]: 'load=1.00\n' })
  const env = { XDG_RUNTIME_DIR: runtime, JOBSHIM_JOBSERVER: yard.pool.auth }
  assert.is((await jobshimRun(yard, ['--', 'true'], { cwd, env })).status, 0)
  assert.equal(readdirSync(state).sort(), [...others].sort())
})

const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0
const fullDisk = "run :: error :: rules :: the state directory's disk is full"

if (!mayMount) test.skip(fullDisk)
else
  test(fullDisk, async () => {
    const yard = await makeYard('A')
    const cwd = configured(yard, 'ruled', config)
    const runtime = makeWorkspace('run')
    const script = [
      'mount -t tmpfs -o size=400k,mode=700 none "$XDG_RUNTIME_DIR"',
      `mkdir -m 700 "$XDG_RUNTIME_DIR/${own}"`,
      '{ head -c 1000000 /dev/zero >"$XDG_RUNTIME_DIR/filling" || test $? = 1; } 2>/dev/null',
      `"$@"; status=$?; ls "$XDG_RUNTIME_DIR/${own}"; exit $status`,
    ].join(' && ')
    const words = ['-m', 'sh', '-c', script, 'sh', ...runLine(yard, '--', 'echo', 'ran')]
    const env = { ...yard.governed, HOME: yard.root, XDG_RUNTIME_DIR: runtime }
    const { stderr, ...rest } = await run('unshare', words, { cwd, env })
    assert.equal(rest, { status: 125, signal: null, stdout: '' })
    const [said = '', does] = stderr.split('\n')
    assert.match(
      said,
      new RegExp(`^jobshim: ${runtime}/${own}/rules-\\d+-\\d+-\\d+: can't write the rules \\(ENOSPC\\)$`),
    )
    assert.is(does, '  make room there, or set XDG_RUNTIME_DIR to another directory that is yours alone')
  })

test.after.each(killStarted)

test.run()
