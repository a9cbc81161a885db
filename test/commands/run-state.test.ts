import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { run } from '../support/jobshim.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { idleSummary, jobshimRun, runLine } from '../yard/runs.js'
import { makeYard } from '../yard/yard.js'

const yard = await makeYard('')
const own = `jobshim-${currentUid()}`
const hint = 'remove it, or set XDG_RUNTIME_DIR to a directory that is yours alone'
const runs = (runtime: string): string[] =>
  readdirSync(join(runtime, own)).filter(name => name.startsWith('run-'))

/** Prints where the pool lies. */
const where = ['-j2', '--', 'sh', '-c', 'echo "$JOBSHIM_JOBSERVER"']

/** The run was given a pool below `state`, which holds none any more. */
async function assertPoolBelow(state: string, XDG_RUNTIME_DIR: string | undefined): Promise<void> {
  const { stdout, ...rest } = await jobshimRun(yard, where, { env: { XDG_RUNTIME_DIR } })
  assert.equal(rest, { status: 0, signal: null, stderr: idleSummary(2) })
  const [, directory = ''] = /^fifo:(\/.*)\/run-[^/]*\/fifo\n$/.exec(stdout) ?? []
  assert.is(directory, state)
  assert.is(statSync(state).mode & 0o777, 0o700)
  assert.not(existsSync(stdout.trim().replace(/^fifo:|\/fifo$/g, '')))
}

test('run :: state directory :: made where it is missing, taken where it is there', async () => {
  const runtime = makeWorkspace('run')
  for (let times = 0; times < 2; times++) await assertPoolBelow(join(runtime, own), runtime)
  assert.equal(readdirSync(runtime), [own])
})

test('run :: state directory :: XDG_RUNTIME_DIR is a symlink', async () => {
  const root = makeWorkspace()
  mkdirSync(join(root, 'run'), { mode: 0o700 })
  symlinkSync('run', join(root, 'link'))
  await assertPoolBelow(join(root, 'link', own), join(root, 'link'))
})

for (const [name, runtime] of Object.entries({
  'not set': undefined,
  empty: '',
  relative: 'run',
  missing: join(yard.root, 'none'),
  'a file': process.execPath,
}))
  test(`run :: state directory :: XDG_RUNTIME_DIR is ${name}: below /tmp`, () =>
    assertPoolBelow(join('/tmp', own), runtime))

const faults: Readonly<Record<string, { make: (path: string) => void; says: string }>> = {
  'mode 0777': {
    make(path) {
      mkdirSync(path)
      chmodSync(path, 0o777)
    },
    says: 'is open to other users',
  },
  'mode 0750': { make: path => mkdirSync(path, { mode: 0o750 }), says: 'is open to other users' },
  'a symlink': {
    make(path) {
      mkdirSync(`${path}-elsewhere`, { mode: 0o700 })
      symlinkSync(`${path}-elsewhere`, path)
    },
    says: 'is a symlink, which anybody may have put there',
  },
  'a dangling symlink': {
    make: path => symlinkSync('none', path),
    says: 'is a symlink, which anybody may have put there',
  },
  'a file': { make: path => writeFiles(join(path, '..'), { [own]: '' }), says: 'is not a directory' },
}

for (const [name, { make, says }] of Object.entries(faults))
  test(`run :: error :: the state directory is ${name}`, async () => {
    const runtime = makeWorkspace('run')
    const state = join(runtime, own)
    make(state)
    const before = lstatSync(state)
    const result = await jobshimRun(yard, where, { env: { XDG_RUNTIME_DIR: runtime } })
    const stderr = `jobshim: ${state}: ${says}\n  ${hint}\n`
    assert.equal(result, { status: 125, signal: null, stdout: '', stderr })
    const after = lstatSync(state)
    assert.equal([after.mode, after.ino, after.mtimeMs], [before.mode, before.ino, before.mtimeMs])
    rmSync(state, { recursive: true })
  })

const tmpfs = 'mount -t tmpfs -o size=400k,mode=700 none "$XDG_RUNTIME_DIR"'
const readOnly = 'mount -o remount,ro "$XDG_RUNTIME_DIR"'
const state = `mkdir -m 700 "$XDG_RUNTIME_DIR/${own}"`
const fill = '{ head -c 1000000 /dev/zero >"$XDG_RUNTIME_DIR/filling" || test $? = 1; } 2>/dev/null'

const disks: Readonly<Record<string, { mount: readonly string[]; code: string }>> = {
  'read-only': { mount: [tmpfs, state, readOnly], code: 'EROFS' },
  'read-only, and a dead run left its directory there': {
    mount: [
      tmpfs,
      state,
      `mkdir "$XDG_RUNTIME_DIR/${own}/run-$(stat -Lc %i /proc/self/ns/pid)-999999999-1"`,
      readOnly,
    ],
    code: 'EROFS',
  },
  full: { mount: [tmpfs, state, fill], code: 'ENOSPC' },
}

const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0

for (const [name, { mount, code }] of Object.entries(disks)) {
  const title = `run :: error :: the state directory's disk is ${name}`
  if (!mayMount) {
    test.skip(title)
    continue
  }
  test(title, async () => {
    const runtime = makeWorkspace('run')
    const left = `ls "$XDG_RUNTIME_DIR/${own}" | grep -v 999999999`
    const script = `{ ${mount.join(' && ')}; } || exit 99; "$@"; status=$?; ${left}; exit $status`
    const { stderr, ...rest } = await run(
      'unshare',
      ['-m', 'sh', '-c', script, 'sh', ...runLine(yard, ...where)],
      {
        cwd: yard.root,
        env: { ...yard.env, HOME: yard.root, XDG_RUNTIME_DIR: runtime },
      },
    )
    assert.equal(rest, { status: 125, signal: null, stdout: '' })
    const [said = '', does] = stderr.split('\n')
    assert.match(
      said,
      new RegExp(`^jobshim: ${runtime}/${own}/run-\\d+-\\d+-\\d+: can't make the pool \\(${code}\\)$`),
    )
    assert.is(does, '  make room there, or set XDG_RUNTIME_DIR to another directory that is yours alone')
  })
}

const namespace = statSync('/proc/self/ns/pid').ino

test('run :: state directory :: what dead runs left is removed, and nothing else', async () => {
  const runtime = makeWorkspace('run')
  const dead = [`run-${namespace}-999999999-1`, `run-${namespace}-${process.pid}-1`] // none such; the pid is used again
  const others = [`run-1-999999999-1`, `run-${namespace}-999999999`, 'run-x', 'v1-fe00-1-1', 'mine']
  for (const name of [...dead, ...others])
    writeFiles(join(runtime, own), { [`${name}/fifo.ledger`]: '', [`${name}/fifo`]: '' })
  chmodSync(join(runtime, own), 0o700)
  await assertPoolBelow(join(runtime, own), runtime)
  assert.equal(readdirSync(join(runtime, own)).sort(), [...others].sort())
  assert.is(runs(runtime).length, 3)
})

test.run()
