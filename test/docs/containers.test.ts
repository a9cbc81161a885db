/** docs/containers.md, followed to the letter: its lines for each kind of container, with a build in each of two, and one beside them. */
import { readlinkSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as assert from 'uvu/assert'
import { type ClientKey, findClient } from '../support/clients.js'
import { blockOf } from '../support/documents.js'
import { run } from '../support/jobshim.js'
import { maySeeClone } from '../support/other-user.js'
import { inItself, maySystem, ownSystem, packageAt } from '../support/own-system.js'
import { makeRecorder } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, openToOthers, repository, writeFiles } from '../support/workspace.js'

const serve = blockOf('docs/containers.md', 'jobshim serve').replace('-j16', '-j2')
const docker = blockOf('docs/containers.md', 'docker run')
const podman = blockOf('docs/containers.md', 'podman run')
const apptainer = blockOf('docs/containers.md', 'apptainer exec')
const [address = '', bubblewrap = ''] = blockOf('docs/containers.md', 'export').split('\n')

const units = [1, 2, 3, 4, 5, 6]
const places = ['box1', 'box2', 'host']

/** A workspace with a project for each place, and a recorder of what runs in all of them. */
async function makePlaces() {
  const root = makeWorkspace()
  const recorder = makeRecorder(join(root, 'recorder'), { holdMs: 100 })
  writeFiles(root, {
    'bin/jobshim': `#!/bin/sh\nexec ${process.execPath} ${repository}/bin/jobshim.js "$@"\n`,
    'run/.keep': '',
    'image/usr/.keep': '',
    ...Object.fromEntries(
      places.map(place => [
        `${place}/Makefile`,
        `all:\n\tfor i in ${units.join(' ')}; do gcc -E -x c /dev/null -o $$i.i & done; wait\n`,
      ]),
    ),
  })
  const env = {
    HOME: root,
    PATH: `${join(root, 'shims')}:${join(root, 'bin')}:${recorder.bin}:${process.env.PATH}`,
    XDG_RUNTIME_DIR: join(root, 'run'),
  }
  await installShims(join(root, 'shims'), { cwd: root, env })
  return { root, recorder, env }
}

type Places = Awaited<ReturnType<typeof makePlaces>>

/** Serves two slots, and builds in two boxes and beside them; `box` runs `make` in the directory of $place. */
const builds = (root: string, box: string): string => `cd ${root}
${serve} >run/address & server=$!
until [ -s run/address ]; do sleep 0.05; done
${address}
for place in box1 box2; do { ${box} || echo $place failed; } & pids="$pids $!"; done
make -s -C host
wait $pids
kill $server
wait $server`

/** Runs it, and sees that all was built, within the limit. */
async function follow({ root, recorder, env }: Places, command: readonly string[]): Promise<void> {
  const [program = '', ...args] = command
  const { status, stdout, stderr } = await run(program, args, { cwd: root, env })
  assert.equal({ status, stderr }, { status: 0, stderr: '' }, stdout)
  const { runs, peak, unfinished } = recorder.take()
  assert.equal([runs, unfinished], [places.length * units.length, 0], stdout)
  assert.ok(peak > 1 && peak <= 3, `${peak} at once`) // one more than the server has
}

/** A system in which /run has the server's directory alone. */
const inBox = (root: string, script: string): string[] => [
  'bwrap',
  ...['--dev-bind', '/', '/', '--tmpfs', '/run', '--chdir', root],
  ...['sh', '-c', `mkdir -m 700 /run/jobshim\n${script}`],
]

testWith(
  'bwrap',
  'docs :: containers :: bubblewrap, two boxes and the host :: keep the limit of one server',
  async () => {
    const made = await makePlaces()
    const { root } = made
    // What is written here into a box is the box's own, but for the workspace.
    const box = bubblewrap.replace(' make', ` --bind ${root} ${root} --chdir ${root}/$place make`)
    await follow(made, inBox(root, builds(root, box)))
  },
)

/** Takes the words of apptainer's that the page has, and no others; its image is this machine. */
const standIn = `#!/bin/sh
[ $# -eq 7 ] && [ "$1 $2 $4 $6 $7" = "exec --bind --env IMAGE make" ] || exit 2
exec bwrap --ro-bind / / --dev /dev --proc /proc --tmpfs /run --bind "$3" "$3" --bind "$PWD" "$PWD" \\
  --bind "$RECORDER" "$RECORDER" --setenv "\${5%%=*}" "\${5#*=}" --unshare-user make
`

testWith(
  'bwrap',
  'docs :: containers :: apptainer, a stand-in that binds and sets by bubblewrap what the line says :: keep the limit of one server',
  async () => {
    const made = await makePlaces()
    const { root } = made
    writeFiles(root, { 'bin/apptainer': standIn })
    const box = `(cd $place && unset MAKEFLAGS && RECORDER=${root}/recorder ${apptainer})`
    await follow(made, inBox(root, builds(root, box)))
  },
)

/** Of an image these directories are links into /usr, which is mounted: it has the same tools at the same paths. */
const links = ['bin', 'lib', 'lib64', 'sbin']
const isMerged = links.every(name => {
  try {
    return readlinkSync(`/${name}`) === `usr/${name}`
  } catch {
    return false
  }
})

function makeImage(root: string): void {
  for (const name of links) symlinkSync(`usr/${name}`, join(root, 'image', name))
}

/** The words of IMAGE that make it one with the tools, the shims and the project. */
const withTools = (line: string, root: string): string =>
  line.replace(
    ' IMAGE make',
    ` -v /usr:/usr:ro -v ${root}:${root} -e PATH="$PATH" -w ${root}/$place image make`,
  )

/** cgroup v2 alone, as most systems have it; what the containers need of the system around them is its own, too. */
const base = 'mount --make-rshared /\nmount -t cgroup2 none /sys/fs/cgroup'

const copiesWith = (name: string) => ({
  etc: packageAt(name, 'etc'),
  usr: packageAt(name, 'usr'),
})

const mayContain = (key: ClientKey): boolean =>
  isMerged && findClient(key) !== undefined && maySystem(copiesWith(key), base)

const inSystem = (key: ClientKey, script: string): string[] => [
  ...[...inItself, '--net', 'sh', '-ec'],
  `${ownSystem(copiesWith(key))}\n${base}\n${script}`,
]

/** One of the test's own: the machine has one tree of them, for all mounts. */
const cgroupOf = (root: string): string => `/docker-${basename(root)}`

const startDocker = (root: string): string => `export DOCKER_HOST=unix:///run/docker.sock
dockerd --bridge=none --iptables=false --ip6tables=false --storage-driver=vfs --data-root /mnt/docker \\
  --exec-root /run/docker-exec --pidfile /run/dockerd.pid --cgroup-parent=${cgroupOf(root)} -H $DOCKER_HOST >/run/said 2>&1 & daemon=$!
until docker info >/dev/null 2>&1; do kill -0 $daemon || { cat /run/said >&2; exit 1; }; sleep 0.1; done
tar -C image -c . | docker import --change 'CMD ["true"]' - image >/dev/null`

testWith(
  'docker',
  'docs :: containers :: docker, two containers of root’s and the host :: keep the limit of one server',
  async () => {
    const made = await makePlaces()
    const { root } = made
    makeImage(root)
    const ends = `kill $daemon\nwait $daemon\nrmdir /sys/fs/cgroup${cgroupOf(root)}`
    const script = `mkdir -m 700 /run/jobshim\n${startDocker(root)}\n${builds(root, withTools(docker, root))}\n${ends}`
    await follow(made, inSystem('docker', script))
  },
  { may: () => mayContain('docker') },
)

/** How podman is to be where there is no manager of cgroups, and where limits may not be raised. */
const podmanConfig = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "none"
cgroups = "disabled"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
`

/** In dana's home, who has started the server. */
const asDana = (root: string): string => `export HOME=/home/dana XDG_RUNTIME_DIR=/run/dana
unset TMPDIR XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME
export CONTAINERS_CONF=$HOME/containers.conf CONTAINERS_STORAGE_CONF=$HOME/storage.conf
tar -C image -c . | podman import --quiet - image >/dev/null
${builds(root, withTools(podman, root))}`

testWith(
  'podman',
  'docs :: containers :: podman, two containers of an ordinary user and the host :: keep the limit of one server',
  async () => {
    const made = await makePlaces()
    const { root } = made
    makeImage(root)
    openToOthers(root)
    const storage = '[storage]\ndriver = "vfs"\ngraphroot = "/home/dana/graph"\nrunroot = "/run/dana/graph"\n'
    writeFiles(root, {
      'containers.conf': podmanConfig,
      'storage.conf': storage,
      'as-dana': `#!/bin/sh\nset -e\n${asDana(root)}\n`,
    })
    const script = `useradd -m dana
cp containers.conf storage.conf /home/dana
install -d -o dana -m 700 /run/dana
install -d -o dana /run/jobshim
chown -R dana run recorder ${places.join(' ')}
setpriv --reuid=dana --regid=dana --init-groups ./as-dana`
    await follow(made, inSystem('podman', script))
  },
  { may: () => maySeeClone && mayContain('podman') },
)

test('docs :: containers :: what is given to each kind of container names the same directory and address', () => {
  for (const line of [docker, podman, apptainer, bubblewrap]) assert.match(line, /\/run\/jobshim\b/)
  for (const line of [docker, podman, apptainer, address])
    assert.match(line, /MAKEFLAGS="--jobserver-auth=fifo:\/run\/jobshim\/fifo"/)
})

test.run()
