import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { buildLauncher } from '../support/built.js'
import {
  type Diagnosis,
  type Examination,
  examined,
  makePatient,
  type Patient,
  pathOf,
  verdicts,
} from '../support/patient.js'
import { plainLauncher } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { repository, writeFiles } from '../support/workspace.js'
import { errno, filterFile, machine, type Rule } from './seccomp.js'

const patient = await makePatient()
const { runtime, root } = patient
const state = `jobshim-${currentUid()}`

const isRoot = currentUid() === 0
const testAsRoot = (title: string, body: () => Promise<void>): void =>
  isRoot ? test(title, body) : test.skip(title)
const path = { PATH: `${patient.env.PATH}:${process.env.PATH}` }

/** Runs doctor where a script has set up mounts of its own. */
const mounted = (script: string): Examination => ({
  wrap: ['unshare', '-m', 'sh', '-ec', `${script}\nexec "$@"`, 'sh'],
  env: path,
})

test('doctor :: state directory :: fine, whether it is there or not, and left as it was', async () => {
  const fine = { state: 'ok', text: join(runtime, state) }
  assert.equal(await verdicts(patient, 'state directory'), [fine])
  assert.equal(readdirSync(runtime), [])
  mkdirSync(join(runtime, state), { mode: 0o700 })
  writeFileSync(join(runtime, state, 'kept'), '')
  assert.equal(await verdicts(patient, 'state directory'), [fine])
  assert.equal(readdirSync(join(runtime, state)), ['kept'])
})

const hint = 'remove it, or set XDG_RUNTIME_DIR to a directory that is yours alone'

test('doctor :: state directory :: open to others, a symlink, a file', async () => {
  const other = await makePatient()
  const place = join(other.runtime, state)
  const says = async (what: string): Promise<void> => {
    const { checks } = await examined(other)
    const of = (wanted: string) => checks.find(({ name }) => name === wanted)
    assert.equal(of('state directory'), {
      name: 'state directory',
      state: 'broken',
      text: `${place}: ${what}`,
      fix: hint,
    })
    const untried = { state: 'note', text: 'not tried: no state directory' }
    assert.equal(of('ledger'), { name: 'ledger', ...untried })
    assert.equal(of('locks'), { name: 'locks', ...untried })
  }
  mkdirSync(place, { mode: 0o755 })
  await says('is open to other users')
  renameSync(place, `${place}.old`)
  symlinkSync(`${place}.old`, place)
  await says('is a symlink, which anybody may have put there')
  renameSync(place, `${place}.link`)
  writeFileSync(place, '', { mode: 0o600 })
  await says('is not a directory')
})

test('doctor :: state directory :: XDG_RUNTIME_DIR is gone', async () => {
  const there = join('/tmp', state)
  const before = existsSync(there)
  const [verdict] = await verdicts(patient, 'state directory', {
    env: { XDG_RUNTIME_DIR: join(root, 'gone') },
  })
  assert.equal(verdict, {
    state: 'note',
    text: `${root}/gone/${state} can't be made; jobshim run takes ${there}, and tools below another jobserver have no crash safety`,
    fix: 'set XDG_RUNTIME_DIR to a directory that is yours alone',
  })
  assert.is(existsSync(there), before)
  assert.not(existsSync(join(root, 'gone')))
})

const tmpfs = `mount -t tmpfs -o size=64k,mode=700 none ${runtime}; mkdir -m 700 ${runtime}/${state}`
const noRoom = 'make room there, or set XDG_RUNTIME_DIR to another directory that is yours alone'

for (const { name, script, code } of [
  { name: 'read-only', script: `${tmpfs}; mount -o remount,ro ${runtime}`, code: 'EROFS' },
  {
    name: 'full',
    script: `${tmpfs}; head -c 1000000 /dev/zero >${runtime}/full 2>/dev/null || true`,
    code: 'ENOSPC',
  },
])
  testAsRoot(`doctor :: state directory :: on a disk that is ${name}`, async () => {
    assert.equal(await verdicts(patient, 'state directory', mounted(script)), [
      { state: 'broken', text: `${runtime}/${state}: can't be written (${code})`, fix: noRoom },
    ])
  })

const elsewhere =
  'set XDG_RUNTIME_DIR to a directory on a local filesystem that has room; JOBSHIM_DEBUG=1 jobshim run -j2 -- CMD says more'

/** Asserts that the tools which doctor tried were not in its ledger. */
function assertNobodySeen({ checks }: Diagnosis): void {
  assert.equal(
    checks.filter(({ name }) => name === 'ledger' || name === 'locks'),
    [
      {
        name: 'ledger',
        state: 'broken',
        text: 'two tools were tried, and the ledger has neither',
        fix: elsewhere,
      },
      {
        name: 'locks',
        state: 'note',
        text: 'not known: the ledger does not have both tools that were tried',
      },
    ],
  )
}

testAsRoot('doctor :: ledger :: no room for the records of tools', async () => {
  assertNobodySeen(await examined(patient, mounted(`mount -t tmpfs -o size=4k,mode=700 none ${runtime}`)))
})

const tried = 'two tools were tried, each had its slot'
const seen = "seen while a launcher lives; a killed one's token came back"

test('doctor :: ledger, locks, /proc, kernel :: fine', async () => {
  const { checks } = await examined(patient)
  const texts = Object.fromEntries(checks.map(({ name, state, text }) => [name, `${state}: ${text}`]))
  assert.is(texts.ledger, `ok: ${tried}`)
  assert.is(texts.locks, `ok: ${seen}`)
  assert.is(texts['/proc'], 'ok: all that launchers read is there')
  assert.match(texts.kernel ?? '', /^ok: Linux \S+ has all that launchers use$/)
})

/** A launcher below which some system calls fail, in the place of the patient's. */
async function makeFiltered(rules: readonly Rule[]): Promise<Patient> {
  const filtered = await makePatient()
  const filter = filterFile(join(filtered.root, 'filter'), rules)
  const own = join(filtered.shims, '.jobshim')
  const bwrap = pathOf('bwrap')
  mkdirSync(join(own, 'real'))
  for (const name of ['launcher', 'look']) {
    const real = join(own, 'real', name)
    renameSync(join(own, name), real)
    writeFiles(own, {
      [name]: `#!/bin/sh\nexec ${bwrap} --dev-bind / / --seccomp 9 ${real} "$@" 9<${filter}\n`,
    })
  }
  return filtered
}

const mayFilter = (): boolean =>
  isRoot && machine !== undefined && spawnSync('bwrap', ['--dev-bind', '/', '/', 'true']).status === 0
const testFiltered = (title: string, body: () => Promise<void>): void =>
  testWith('bwrap', title, body, { may: mayFilter })

for (const { feature, rule, needed, text } of [
  {
    feature: 'ofd-locks',
    rule: { call: 'fcntl', argument: 1, is: 37, error: errno.EINVAL },
    needed: true,
    text: 'ofd-locks (Invalid argument): a killed launcher looks like a living one',
  },
  {
    feature: 'pdeathsig',
    rule: { call: 'prctl', argument: 0, is: 1, error: errno.EPERM },
    needed: true,
    text: 'pdeathsig (Operation not permitted): no tool can be started in a slot',
  },
  {
    feature: 'epoll-exclusive',
    rule: { call: 'epoll_create1', error: errno.ENOSYS },
    needed: false,
    text: 'epoll-exclusive (Function not implemented): a token wakes all launchers that wait',
  },
  {
    feature: 'pidfd',
    rule: { call: 'pidfd_open', error: errno.ENOSYS },
    needed: false,
    text: "pidfd (Function not implemented): a launcher that waits for its job's own slot polls",
  },
  {
    feature: 'statx',
    rule: { call: 'statx', error: errno.ENOSYS },
    needed: false,
    text: 'statx (Function not implemented): a new FIFO may be taken for an older one',
  },
  {
    feature: 'unix-datagrams',
    rule: { call: 'socket', argument: 0, is: 1, error: errno.EACCES },
    needed: false,
    text: 'unix-datagrams (Permission denied): a queue moves on only as its launchers poll',
  },
] as const)
  testFiltered(`doctor :: kernel :: without ${feature}`, async () => {
    const filtered = await makeFiltered([rule])
    const [verdict] = await verdicts(filtered, 'kernel')
    assert.is(verdict?.state, needed ? 'broken' : 'note', verdict?.text)
    assert.is(verdict?.text, text)
    assert.match(
      verdict && 'fix' in verdict ? (verdict.fix ?? '') : '',
      new RegExp(`^Linux \\S+ has ${feature}; if the kernel is newer, a sandbox`),
    )
  })

testFiltered('doctor :: ledger :: tools that get no slot, since the kernel forbids it', async () => {
  const filtered = await makeFiltered([{ call: 'prctl', argument: 0, is: 1, error: errno.EPERM }])
  const [verdict] = await verdicts(filtered, 'ledger')
  assert.is(verdict?.state, 'broken')
  assert.match(verdict?.text ?? '', /^a pool of our own does not work: jobshim: /)
})

testFiltered('doctor :: ledger, locks :: without locks nobody is seen in it', async () => {
  const filtered = await makeFiltered([{ call: 'fcntl', argument: 1, is: 37, error: errno.EINVAL }])
  assertNobodySeen(await examined(filtered))
})

const bwrap = (...options: string[]): Examination => ({
  wrap: [pathOf('bwrap'), '--dev-bind', '/', '/', ...options],
  env: path,
})

testWith('bwrap', 'doctor :: locks :: /proc/locks is empty', async () => {
  writeFileSync(join(root, 'empty'), '')
  const { checks } = await examined(patient, bwrap('--ro-bind', join(root, 'empty'), '/proc/locks'))
  const locks = checks.find(({ name }) => name === 'locks')
  assert.equal(locks, {
    name: 'locks',
    state: 'broken',
    text: 'locks of living launchers are not seen in /proc/locks',
    fix: elsewhere,
  })
})

test('doctor :: locks :: a launcher that gives back no token of a killed one', async () => {
  const other = await makePatient()
  const look = join(other.shims, '.jobshim/look')
  buildLauncher(`${look}.new`, { wraps: ['no-reclaim.c'] }, 'look')
  renameSync(`${look}.new`, look)
  assert.equal(await verdicts(other, 'locks'), [
    {
      state: 'broken',
      text: 'the token of a killed launcher did not come back',
      fix: elsewhere,
    },
  ])
})

testWith('bwrap', 'doctor :: locks, /proc :: /proc/locks can not be read', async () => {
  const { checks } = await examined(patient, bwrap('--ro-bind', '/dev/null', '/proc/locks'))
  const of = (wanted: string) => checks.find(({ name }) => name === wanted)
  assert.is(of('locks')?.state, 'broken')
  assert.match(of('locks')?.text ?? '', /^\/proc\/locks can't be read: EACCES/)
  assert.equal(of('/proc'), {
    name: '/proc',
    state: 'broken',
    text: "can't be read: /proc/locks (EACCES): which launchers live",
    fix: 'mount a /proc of this PID namespace',
  })
})

testWith('bwrap', 'doctor :: /proc :: there is none', async () => {
  const [verdict] = await verdicts(patient, '/proc', bwrap('--tmpfs', '/proc'))
  assert.is(verdict?.state, 'broken')
  assert.match(verdict?.text ?? '', /^can't be read: \/proc\/self\/stat \(ENOENT\): who started a tool; /)
})

testAsRoot('doctor :: /proc :: hides the processes of others', async () => {
  const other = await makePatient()
  for (let directory = other.root; directory !== '/'; directory = dirname(directory))
    if ((statSync(directory).mode & 1) === 0) chmodSync(directory, statSync(directory).mode | 0o011)
  for (const directory of [repository, dirname(plainLauncher)])
    assert.ok(statSync(directory).mode & 1, directory)
  const runtime = join(other.root, 'theirs')
  mkdirSync(runtime)
  chmodSync(runtime, 0o1777)
  const wrap = [
    ...['unshare', '-m', 'sh', '-ec', 'mount -t proc -o hidepid=2 proc /proc; exec "$@"', 'sh'],
    ...[
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      '--bounding-set=-all',
      '--inh-caps=-all',
    ],
  ]
  const [verdict] = await verdicts(other, '/proc', {
    wrap,
    env: { ...path, HOME: '/', XDG_RUNTIME_DIR: runtime },
  })
  assert.equal(verdict, {
    state: 'note',
    text: 'hides the processes of others (hidepid): tokens lost with killed clients are not found',
    fix: 'mount /proc without hidepid, or with gid= a group of yours',
  })
})

testWith('bwrap', 'doctor :: kernel :: no /proc/pressure, which the config goes by', async () => {
  const config = join(root, 'pressure.json')
  writeFileSync(config, '{ "pressure": { "cpu": 50 } }')
  const hidden = bwrap('--tmpfs', '/proc/pressure')
  const args = ['--config', config]
  const [fine] = await verdicts(patient, 'kernel', hidden)
  assert.is(fine?.state, 'ok')
  const [verdict] = await verdicts(patient, 'kernel', { ...hidden, args })
  assert.equal(verdict, {
    state: 'broken',
    text: "no /proc/pressure, which the config's pressure goes by",
    fix: 'boot with psi=1, or take pressure out of the config',
  })
})

test.run()
