import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import type { Surroundings } from '../support/jobshim.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { idleSummary, jobshimRun, runDirectories } from '../yard/runs.js'
import { makeYard } from '../yard/yard.js'

const yard = await makeYard('')

afterEach(() => assert.equal(runDirectories(yard), []))

const usual = process.env.PATH ?? ''

/** A directory with a make that says this. */
function fakeMake(says: string, status = 0): string {
  const directory = makeWorkspace('make')
  writeFiles(directory, { make: `#!/bin/sh\ncat <<'end'\n${says}\nend\nexit ${status}\n` })
  return directory
}

/** Just what the tests call, and no make. */
const bare = makeWorkspace('bare')
for (const name of ['cat', 'env', 'readlink', 'sh', 'stat'])
  symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(bare, name))

/** The environment that a command gets below `jobshim run -j3`. */
async function environmentBelow(around: Surroundings, options: readonly string[] = []) {
  const { status, stdout, stderr } = await jobshimRun(yard, ['-j3', ...options, '--', 'env', '-0'], around)
  assert.equal([status, stderr], [0, idleSummary(3)])
  const variables = stdout.split('\0').filter(variable => variable !== '')
  return Object.fromEntries(variables.map(text => [text.split('=', 1)[0] ?? '', text.replace(/^[^=]*=/, '')]))
}

const fifoOf = (environment: Readonly<Record<string, string>>): string =>
  environment.JOBSHIM_JOBSERVER?.replace(/^fifo:/, '') ?? ''

const styles: readonly { make: string; path: string; auth: (fifo: string) => string }[] = [
  ...['GNU Make 4.4', 'GNU Make 4.4.1', 'GNU Make 4.10', 'GNU Make 5.0', 'bmake 20200710'].map(make => ({
    make,
    path: `${fakeMake(`${make}\nBuilt for x86_64-pc-linux-gnu`)}:${usual}`,
    auth: (fifo: string) => `--jobserver-auth=fifo:${fifo}`,
  })),
  ...['GNU Make 4.3', 'GNU Make 4.2.1'].map(make => ({
    make,
    path: `${fakeMake(make)}:${usual}`,
    auth: () => '--jobserver-auth=3,4',
  })),
  ...['GNU Make 4.1', 'GNU Make 3.82'].map(make => ({
    make,
    path: `${fakeMake(make)}:${usual}`,
    auth: () => '--jobserver-fds=3,4',
  })),
  {
    make: 'one that fails',
    path: `${fakeMake('make: broken', 2)}:${usual}`,
    auth: fifo => `--jobserver-auth=fifo:${fifo}`,
  },
  { make: 'none', path: bare, auth: fifo => `--jobserver-auth=fifo:${fifo}` },
]

for (const { make, path, auth } of styles) {
  test(`run :: MAKEFLAGS :: make on PATH: ${make}`, async () => {
    const environment = await environmentBelow({ env: { PATH: path } })
    const fifo = fifoOf(environment)
    assert.match(fifo, /^\/.*\/jobshim-\d+\/run-\d+-\d+-\d+\/fifo$/)
    assert.ok(fifo.startsWith(yard.runtime))
    assert.is(environment.MAKEFLAGS, ` -j3 ${auth(fifo)}`)
  })
}

const look =
  `fifo=\${JOBSHIM_JOBSERVER#fifo:}; for fd in 3 4 5 6; do readlink /proc/$$/fd/$fd; done; ` +
  `stat -c "%a %F" "$fifo" "\${fifo%/*}" "\${fifo%/*/*}"; echo "$fifo $MAKEFLAGS"`
const modes = '600 fifo\n700 directory\n700 directory\n'

for (const { name, path, fds, shown } of [
  { name: 'make 4.4: none more', path: bare, fds: 0, shown: (fifo: string) => ['', `fifo:${fifo}`] },
  {
    name: 'make 4.3: 3 and 4 are the FIFO',
    path: `${fakeMake('GNU Make 4.3')}:${bare}`,
    fds: 0,
    shown: (fifo: string) => [`${fifo}\n${fifo}\n`, '3,4'],
  },
  {
    name: 'make 4.3: behind those that were there',
    path: `${fakeMake('GNU Make 4.3')}:${bare}`,
    fds: 2,
    shown: (fifo: string) => [`/dev/null\n/dev/null\n${fifo}\n${fifo}\n`, '5,6'],
  },
]) {
  test(`run :: descriptors and files :: ${name}`, async () => {
    const file = openSync('/dev/null', 'r')
    const { stdout, ...rest } = await jobshimRun(yard, ['-j3', '--', 'sh', '-c', look], {
      env: { PATH: path },
      fds: Array(fds).fill(file),
    })
    closeSync(file)
    assert.equal(rest, { status: 0, signal: null, stderr: idleSummary(3) })
    const [, fifo = ''] = /^(\/\S+) {2}-j3 /m.exec(stdout) ?? []
    const [links, auth] = shown(fifo)
    assert.is(stdout, `${links}${modes}${fifo}  -j3 --jobserver-auth=${auth}\n`)
  })
}

/** `@` stands for the address of the run's own pool. */
const kept = {
  '': ' -j3 @',
  ' ': ' -j3 @',
  k: 'k -j3 @',
  ks: 'ks -j3 @',
  kj8: 'k -j3 @',
  '-k': '-k -j3 @',
  '-j 8 -I obj': ' -I obj -j3 @',
  'k\t-I\tobj': 'k\t-I\tobj -j3 @',
  'k -j8 --eval=JAVA\\ =\\ java\\ -jar\\ j': 'k --eval=JAVA\\ =\\ java\\ -jar\\ j -j3 @',
  ' -k -j8': ' -k -j3 @',
  'w --no-print-directory': 'w --no-print-directory -j3 @',
  ' --warn-undefined-variables': ' --warn-undefined-variables -j3 @',
  ' -j16 -Otarget -- CC=cc CFLAGS=-O2': ' -Otarget -j3 @ -- CC=cc CFLAGS=-O2',
  'k -- A=--jobserver-auth=fifo:/none B=-j9': 'k -j3 @ -- A=--jobserver-auth=fifo:/none B=-j9',
}

for (const [given, expected] of Object.entries(kept)) {
  test(`run :: MAKEFLAGS :: of the caller: "${given}"`, async () => {
    const environment = await environmentBelow({ env: { PATH: bare, MAKEFLAGS: given } })
    const auth = `--jobserver-auth=fifo:${fifoOf(environment)}`
    assert.is(environment.MAKEFLAGS, expected.replace('@', auth))
  })
}

test('run :: environment :: nothing else is changed', async () => {
  const env = { PATH: bare, ODD: 'a\n=b\t', EMPTY: '', MFLAGS: '-k', JOBSHIM_DEBUG: '1', GNUMAKEFLAGS: '-s' }
  const before = await environmentBelow({ env: { ...env, JOBSHIM_DISABLE: '1' } })
  const after = await environmentBelow({ env })
  const { PATH: path, MAKEFLAGS: flags, JOBSHIM_JOBSERVER: pool, JOBSHIM_TREE: tree, ...others } = after
  assert.is(path, `${yard.shims}:${bare}`)
  assert.ok(flags && pool && tree)
  for (const [name, value] of Object.entries(env)) if (name !== 'PATH') assert.is(others[name], value)
  const names = (environment: object): string[] => Object.keys(environment).sort()
  assert.equal(
    names(before).filter(name => name !== 'JOBSHIM_DISABLE'),
    names(after),
  )
  const given = Object.keys({ ...process.env, ...yard.env, ...env, HOME: '', LC_ALL: '' })
  assert.equal(
    names(others).filter(name => !given.includes(name)),
    [],
  )
})

test('run :: environment :: what the config says goes to the shims, unless the environment says otherwise', async () => {
  const directory = join(yard.root, 'configured')
  mkdirSync(directory, { recursive: true })
  writeFiles(directory, { '.jobshimrc': 'patience: 1.5\nnoJobserver: error\n' })
  const around = { cwd: directory, env: { PATH: bare } }
  const configured = await environmentBelow(around)
  assert.equal([configured.JOBSHIM_PATIENCE, configured.JOBSHIM_NO_JOBSERVER], ['1.5', 'error'])
  const env = { ...around.env, JOBSHIM_PATIENCE: '7', JOBSHIM_NO_JOBSERVER: 'pass' }
  const said = await environmentBelow({ ...around, env })
  assert.equal([said.JOBSHIM_PATIENCE, said.JOBSHIM_NO_JOBSERVER], ['7', 'pass'])
  const none = await environmentBelow(around, ['--no-config'])
  assert.equal([none.JOBSHIM_PATIENCE, none.JOBSHIM_NO_JOBSERVER], [undefined, undefined])
})

test.run()
