/** setup --system: what it writes, refuses and takes back; and that users of its group share one limit after it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { systemPool } from '../../src/contract/machine-pool.js'
import { type Service, serveByHand, systemPlaces, systemTexts } from '../../src/setup/system-files.js'
import { afterEach } from '../support/after-each.js'
import { blockOf } from '../support/documents.js'
import { jobshim } from '../support/jobshim.js'
import { eve, maySeeClone } from '../support/other-user.js'
import { inItself, maySystem, ownSystem } from '../support/own-system.js'
import { pictureOf } from '../support/picture.js'
import { makeRecorder } from '../support/recording.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, openToOthers, repository, writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'

const signs = { systemd: 'usr/lib/systemd/systemd', openrc: 'sbin/openrc-run' } as const
const script = join(repository, 'bin/jobshim.js')

function makeRoot(...programs: readonly string[]): string {
  const root = join(makeWorkspace('system'), 'root')
  writeFiles(root, { 'etc/group': 'root:x:0:\n', ...Object.fromEntries(programs.map(path => [path, ''])) })
  writeFiles(root, { '../bin/cc': '#!/bin/sh\n' })
  return root
}

const call = (root: string, ...words: readonly string[]) =>
  jobshim(['setup', '--system', '--root', root, ...words], {
    cwd: root,
    env: { HOME: root, PATH: join(root, '../bin') },
  })

type Told = {
  changed: boolean
  slots: number
  shims: string
  files: { path: string; how: string }[]
  steps: string[]
}

async function told(root: string, ...words: readonly string[]): Promise<Told> {
  const { status, stdout, stderr } = await call(root, ...words, '--json')
  assert.equal([status, stderr], [0, ''])
  return JSON.parse(stdout) as Told
}

for (const init of ['systemd', 'openrc'] as const)
  test(`setup --system :: ${init} :: setup, setup, other jobs, --undo :: byte for byte as before`, async () => {
    const root = makeRoot(signs[init])
    const places = systemPlaces(root)
    const before = pictureOf(root)
    const shown = await told(root, '--print')
    assert.equal(pictureOf(root), before, '--print')
    const done = await told(root, '--yes')
    assert.equal(done, { ...shown, changed: true })
    assert.equal(
      done.files.map(({ path, how }) => [path, how]),
      [
        [places.services[init], 'make'],
        [places.profile, 'make'],
      ],
    )
    assert.equal([done.shims, done.steps], ['make', []])
    assert.is(statSync(places.services[init]).mode & 0o777, init === 'openrc' ? 0o755 : 0o644)
    const after = pictureOf(root)
    assert.equal((await told(root, '--yes')).changed, false)
    assert.equal(pictureOf(root), after, 'twice')
    assert.equal((await told(root, '--yes', '--jobs', '3')).slots, 3)
    assert.match(readFileSync(places.services[init], 'utf8'), / -j3'?\n/)
    const kept = await told(root, '--yes')
    assert.equal([kept.changed, kept.slots], [false, 3])
    assert.is((await told(root, '--undo')).shims, 'remove')
    assert.equal(pictureOf(root), before, '--undo')
    assert.is((await told(root, '--undo')).changed, false)
    assert.equal(pictureOf(root), before, '--undo, twice')
  })

const place = (root: string, name: string, text = 'mine\n'): string => {
  writeFiles(root, { [name]: text })
  return join(root, name)
}

const refusals: readonly {
  name: string
  sign?: string
  prepare?: (root: string) => void
  says: string // ROOT stands for the root, SERVE for what starts the server
  hint: string
  follow: ((root: string) => void) | undefined
}[] = [
  {
    name: 'neither systemd nor OpenRC',
    sign: 'usr/lib/other',
    says: 'setup --system: neither systemd nor OpenRC is there, for which it would write ROOT/etc/systemd/system/jobshim.service or ROOT/etc/init.d/jobshim; nothing was changed',
    hint: 'have this started at boot: SERVE',
    follow: undefined,
  },
  {
    name: 'a unit of that name',
    prepare: root => void place(root, 'etc/systemd/system/jobshim.service'),
    says: 'ROOT/etc/systemd/system/jobshim.service: not made by jobshim; nothing was changed',
    hint: 'move it away',
    follow: root => execFileSync('rm', [join(root, 'etc/systemd/system/jobshim.service')]),
  },
  {
    name: 'a profile of that name',
    prepare: root => void place(root, 'etc/profile.d/jobshim.sh'),
    says: 'ROOT/etc/profile.d/jobshim.sh: not made by jobshim; nothing was changed',
    hint: 'move it away',
    follow: root => execFileSync('rm', [join(root, 'etc/profile.d/jobshim.sh')]),
  },
  {
    name: 'a directory that its group may write',
    prepare: root => {
      mkdirSync(join(root, 'etc/profile.d'))
      chmodSync(join(root, 'etc/profile.d'), 0o775)
    },
    says: 'ROOT/etc/profile.d/jobshim.sh: ROOT/etc/profile.d can be written by its group; nothing was changed',
    hint: 'chmod go-w ROOT/etc/profile.d',
    follow: root => chmodSync(join(root, 'etc/profile.d'), 0o755),
  },
  {
    name: 'a root that everybody may write',
    prepare: root => chmodSync(root, 0o777),
    says: 'ROOT: can be written by everybody',
    hint: 'name a system that only you can move with --root',
    follow: root => chmodSync(root, 0o755),
  },
]

for (const { name, sign = signs.systemd, prepare, says, hint, follow } of refusals)
  test(`setup --system :: ${name} :: refused, and the advice helps`, async () => {
    const root = makeRoot(sign)
    prepare?.(root)
    const before = pictureOf(root)
    const service: Service = { node: process.execPath, script, jobs: undefined }
    const meant = (text: string): string =>
      text.replaceAll('ROOT', root).replace('SERVE', () => serveByHand(service))
    assert.equal(await call(root, '--yes'), {
      status: 1,
      signal: null,
      stdout: '',
      stderr: `jobshim: ${meant(says)}\n  ${meant(hint)}\n`,
    })
    assert.equal(pictureOf(root), before)
    if (follow === undefined) return
    follow(root)
    assert.ok((await told(root, '--yes')).changed)
  })

for (const { words, says } of [
  { words: ['setup', '--root', '/mnt'], says: 'setup: --root without --system\n  add --system\n' },
  {
    words: ['setup', '--system', '--shell', 'zsh'],
    says: 'setup: --shell with --system: login shells of all users read /etc/profile.d\n  leave out --shell, or --system\n',
  },
])
  test(`${words.join(' ')} :: refused`, async () => {
    const outcome = await jobshim(words)
    assert.equal(outcome, { status: 2, signal: null, stdout: '', stderr: `jobshim: ${says}` })
  })

const testAsOthers = maySeeClone ? test : test.skip

testAsOthers('setup --system :: not root :: refused, and says how', async () => {
  const root = makeWorkspace()
  openToOthers(root)
  const words = ['--reuid', String(eve), '--regid', String(eve), '--clear-groups', process.execPath, script]
  const { status, stdout, stderr } = spawnSync('setpriv', [...words, 'setup', '--system', '--yes'], {
    cwd: '/',
    encoding: 'utf8',
    env: { HOME: root, PATH: process.env.PATH },
  })
  assert.equal([status, stdout], [1, ''])
  assert.is(
    stderr,
    'jobshim: setup --system: changes files of root; nothing was changed\n  sudo jobshim setup --system; for this user alone: jobshim setup\n',
  )
})

testAsOthers(
  'setup --system :: jobshim in a directory of an ordinary user :: root does not run it',
  async () => {
    const root = makeRoot(signs.systemd)
    openToOthers(root)
    const theirs = join(root, '../theirs')
    execFileSync('cp', [
      '-r',
      join(repository, 'package.json'),
      join(repository, 'bin'),
      '-t',
      makeDir(theirs),
    ])
    mkdirSync(join(theirs, 'dist'))
    execFileSync('cp', ['-r', join(repository, 'dist/bundle'), join(theirs, 'dist')])
    chownSync(theirs, eve, eve)
    const before = pictureOf(root)
    const words = [join(theirs, 'bin/jobshim.js'), 'setup', '--system', '--root', root, '--yes']
    const { status, stdout, stderr } = spawnSync(process.execPath, words, {
      cwd: '/',
      encoding: 'utf8',
      env: { HOME: makeWorkspace(), PATH: process.env.PATH },
    })
    assert.equal([status, stdout], [1, ''])
    assert.is(
      stderr,
      `jobshim: ${theirs}/bin/jobshim.js: ${theirs} belongs to another user, and root would run it as a service; nothing was changed\n  install Node and jobshim for all users, as root: npm install --global jobshim\n`,
    )
    assert.equal(pictureOf(root), before)
  },
)

function makeDir(path: string): string {
  mkdirSync(path)
  return path
}

const odd: Service = { node: '/opt/a b/node', script: `/opt/100%/$HOME's/"jobshim".js`, jobs: 4 }
const textOf = (init: 'systemd' | 'openrc', service: Service): string => {
  const places = systemPlaces('/')
  return systemTexts(places, init, service, false).find(([path]) => path === places.services[init])?.[1] ?? ''
}

test('setup --system :: OpenRC, a path with blanks and quotes :: the words are those', () => {
  const shell = `. "$0"; eval set -- "$command" $command_args; printf '%s\\n' "$@"; checkpath() { echo "$@"; }; start_pre`
  const file = join(makeWorkspace(), 'service')
  writeFileSync(file, textOf('openrc', { ...odd, node: '/opt/node' }))
  const { stdout, stderr } = spawnSync('sh', ['-euc', shell, file], { encoding: 'utf8' })
  assert.is(stderr, '')
  const serve = ['serve', '--no-config', '--dir', '/usr/lib/jobshim/shims', '--fifo', systemPool.fifo]
  assert.equal(stdout.trim().split('\n'), [
    ...['/opt/node', odd.script, ...serve, '--group', 'jobshim', '-j4'],
    '--directory --mode 0755 /run/jobshim',
  ])
})

const verifies = existsSync('/usr/bin/systemd-analyze') ? test : test.skip

verifies('setup --system :: systemd :: finds no fault in the unit', () => {
  const directory = makeWorkspace()
  const file = join(directory, 'jobshim.service')
  writeFileSync(file, textOf('systemd', { node: process.execPath, script, jobs: 4 }))
  const { status, stderr } = spawnSync('/usr/bin/systemd-analyze', ['verify', '--man=no', file], {
    encoding: 'utf8',
  })
  assert.equal([status, stderr.split('\n').filter(line => line.includes('jobshim'))], [0, []])
})

const copies = { etc: undefined, 'usr/lib': undefined }
const programs = ['useradd', 'su', 'groupadd', 'groupdel', 'systemctl'].every(
  name => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0,
)

// A manager of services that does what it is told by running what the unit says.
const systemctl = `#!/bin/sh
echo "$*" >>"$CALLS"
case $1 in
restart)
	mkdir -p /run/jobshim
	eval "exec setsid $(sed -n 's/^ExecStart=//p' /etc/systemd/system/jobshim.service)" >/dev/null 2>/run/said &
	echo $! >/run/server
	;;
disable) kill $(cat /run/server) && while kill -0 $(cat /run/server) 2>/dev/null; do sleep 0.05; done ;;
esac
`

const onSystem = `picture() { (cd / && find etc usr/lib/jobshim ! -name '*-' \\( -type f -o -type d -o -type l \\) -printf '%p %y %m %u %g %l\\n' -type f -exec sha256sum {} + 2>/dev/null | sort); }
mkdir -p /run/systemd/system
mount --bind "$FAKE" "$(command -v systemctl)"
for user in alice bob carol; do useradd -m -s /bin/bash $user; done
picture >/run/before
mkdir /run/bin
printf '#!/bin/sh\\nexec "$@"\\n' >/run/bin/sudo
printf '#!/bin/sh\\nexec "$NODE" "$SCRIPT" "$@"\\n' >/run/bin/jobshim
chmod 755 /run/bin/*
echo y | PATH=/run/bin:$PATH python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' sh -ec "$PAGE"
usermod --append --groups jobshim bob
until test -p /run/jobshim/machine; do kill -0 $(cat /run/server) || { cat /run/said; exit 1; }; sleep 0.05; done
stat -c '%U %G %a' /run/jobshim/machine
picture >/run/set-up
"$NODE" "$SCRIPT" setup --system --yes
picture | cmp - /run/set-up
echo "PATH=$BIN:\\"\\$PATH\\"" >/etc/profile.d/a-recorder.sh
build() { su -l $1 -c 'command -v cc; echo "int one(void) { return 1; }" >unit.c; printf "all: 1 2 3 4 5 6 7 8\\n1 2 3 4 5 6 7 8:\\n\\t@cc -c unit.c -o \\$@.o\\n" >Makefile; make -j8'; }
builds=
for user in alice bob; do build $user & builds="$builds $!"; done
for one in $builds; do wait $one; done
echo together
rm /etc/profile.d/a-recorder.sh
for user in alice bob; do gpasswd --delete $user jobshim >/dev/null; done
"$NODE" "$SCRIPT" setup --system --undo
picture | diff /run/before -
test ! -e /run/jobshim/machine
echo as before`

testWith(
  'python',
  'setup --system :: a system with three users, set up as docs/agents.md has it :: two share its pool, and --undo leaves all as before',
  async () => {
    const root = makeWorkspace()
    const recorder = makeRecorder(join(root, 'recorder'), { holdMs: 100 })
    openToOthers(root)
    writeFileSync(join(root, 'recorder/log'), '')
    chmodSync(join(root, 'recorder/log'), 0o666)
    writeFiles(root, { systemctl })
    const calls = join(root, 'calls')
    const env = {
      CALLS: calls,
      PAGE: blockOf('docs/agents.md', 'sudo jobshim setup').replace('--jobs 8', '--jobs 2'), // by root, who is asked
      FAKE: join(root, 'systemctl'),
      NODE: process.execPath,
      SCRIPT: script,
      BIN: recorder.bin,
    }
    const place = start({
      env: { ...env, HOME: root },
      // Where its input is a socket, as here, bash takes itself for one that rshd has started.
      command: [...inItself, 'bash', '--norc', '-euc', `${ownSystem(copies)}\n${onSystem}`],
    })
    const { status, stdout, stderr } = await place.ended
    assert.equal([status, stderr], [0, ''], `${stdout}${stderr}`)
    assert.match(stdout, `${'/usr/lib/jobshim/shims/cc\n'.repeat(2)}together\n`)
    assert.match(stdout, /^root jobshim 660$/m)
    assert.match(stdout, /\nas before\n$/)
    const { runs, peak, unfinished } = recorder.take()
    assert.equal({ runs, peak, unfinished }, { runs: 16, peak: 2, unfinished: 0 })
    assert.equal(readFileSync(calls, 'utf8').trim().split('\n'), [
      ...['daemon-reload', 'enable jobshim.service', 'restart jobshim.service'],
      ...['disable --now jobshim.service', 'daemon-reload'],
    ])
  },
  { may: () => maySeeClone && programs && maySystem(copies) },
)

afterEach(killStarted)
test.run()
