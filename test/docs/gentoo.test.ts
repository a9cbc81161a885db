/** docs/gentoo.md, followed to the letter, by OpenRC and by Portage, in a system of its own. */

import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { blockOf } from '../support/documents.js'
import { run } from '../support/jobshim.js'
import { maySeeClone } from '../support/other-user.js'
import { inItself, maySystem, ownSystem, packageAt } from '../support/own-system.js'
import { canBuild, makePortage, type Package } from '../support/portage.js'
import { makeRecorder } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const service = blockOf('docs/gentoo.md', 'rc-service jobshim start')
const byHand = blockOf('docs/gentoo.md', 'install -d /run/jobshim').replace('-j8', '-j2')
const makeConf = blockOf('docs/gentoo.md', 'MAKEFLAGS=')
const optIn = blockOf('docs/gentoo.md', 'jobshim portage install')
const sandboxed = blockOf('docs/gentoo.md', 'jobshim portage enable --sandbox')

const own = `#!/bin/sh\nexec ${process.execPath} ${repository}/bin/jobshim.js "$@"\n`
const units = [1, 2, 3, 4, 5, 6]
const compiles = `for i in ${units.join(' ')}; do gcc -c a.c -o $i.o & done; wait`

const withOpenrc = {
  etc: packageAt('openrc', 'etc'),
  'usr/bin': packageAt('openrc', 'bin'),
  'usr/lib': packageAt('openrc', 'lib'),
  'usr/sbin': packageAt('openrc', 'sbin'),
}

/** As OpenRC leaves /run when it has started a system. */
const started = `touch /etc/insserv.conf
for d in starting started stopping inactive wasinactive failed hotplugged daemons options exclusive scheduled init.d tmp; do
	mkdir -p /run/openrc/$d
done
touch /run/openrc/softlevel
getent group portage >/dev/null || groupadd portage`

testWith(
  'openrc',
  'docs :: gentoo :: rc-service, a build with the MAKEFLAGS of make.conf :: keeps the limit of the service',
  async () => {
    const root = makeWorkspace()
    const recorder = makeRecorder(join(root, 'recorder'), { holdMs: 100 })
    writeFiles(root, {
      jobshim: own,
      'make.conf': makeConf,
      'work/a.c': 'int a;\n',
      'work/Makefile': `all:\n\t@${compiles.replaceAll('$', '$$$$')}\n`,
    })
    const env = { HOME: root, PATH: `${join(root, 'shims')}:${recorder.bin}:${process.env.PATH}` }
    await installShims(join(root, 'shims'), { cwd: root, env })
    const script = `${ownSystem(withOpenrc)}
${started}
install -m 755 ${repository}/examples/serve/jobshim.initd /etc/init.d/jobshim
install -m 755 jobshim /usr/bin/jobshim
(${service}
) >/run/said 2>&1
until [ -p /run/jobshim/fifo ]; do sleep 0.05; done
stat -c '%U %G %a' /run/jobshim/fifo
(. ./make.conf; export MAKEFLAGS; make -s -C work)
rc-service jobshim stop >>/run/said 2>&1
ls /run/jobshim`
    const outcome = await run('unshare', [...inItself.slice(1), 'sh', '-ec', script], { cwd: root, env })
    assert.equal(outcome, { status: 0, signal: null, stdout: 'root portage 660\n', stderr: '' })
    const { runs, peak, unfinished } = recorder.take()
    assert.equal([runs, unfinished], [units.length, 0])
    assert.ok(peak <= availableParallelism() + 1, `${peak} at once`)
  },
  { may: () => maySeeClone && maySystem(withOpenrc, started) },
)

const copies = { etc: undefined, 'usr/lib': undefined, var: undefined }

const rude: Package = {
  name: 'qtwebengine',
  files: { 'a.c': 'int a;\n' },
  phases: { src_compile: compiles, src_install: 'insinto /usr/lib/it\ndoins *.o' },
}

const features =
  '-news -merge-sync -strict -sandbox -usersandbox -userpriv -pid-sandbox -network-sandbox -ipc-sandbox -mount-sandbox -userfetch'

testWith(
  'portage',
  'docs :: gentoo :: a jobserver by hand, make.conf, and a package that is opted in, by shims and by a sandbox :: keep its limit',
  async () => {
    const recorder = makeRecorder(join(makeWorkspace(), 'recorder'), { holdMs: 100 })
    const path = [recorder.bin, process.env.PATH].join(':')
    const portage = makePortage([rude], {
      path,
      makeopts: '-j6',
      settings: [makeConf, 'EMERGE_DEFAULT_OPTS="--buildpkgonly --nodeps --quiet-build=n"'],
    })
    writeFiles(portage.root, { 'bin/jobshim': own, serve: `trap : TERM\n${byHand}` })
    const { env } = portage.emerge([])
    const named = (block: string): string => block.replaceAll('dev-qt/', 'app-misc/')
    const script = `${ownSystem(copies)}
mkdir -p /etc/portage
mount --bind ${portage.configRoot}/etc/portage /etc/portage
sh ./serve >/run/address & server=$!
until [ -s /run/address ]; do sleep 0.05; done
stat -c '%U %G %a' /run/jobshim/fifo
for way in shims sandbox; do
	if [ $way = sandbox ]; then
		${named(sandboxed)}
		emerge app-misc/qtwebengine
	else
${named(optIn)}
	fi >/run/said 2>&1 || { cat /run/said; exit 1; }
	echo $way: $(grep -c '^jobshim:' /run/said)
done
cat /etc/portage/package.env/jobshim
kill -TERM -1
wait $server
ls /run/jobshim`
    const { status, stdout, stderr } = await run('unshare', [...inItself.slice(1), 'sh', '-ec', script], {
      cwd: portage.root,
      env: {
        ...env,
        PATH: `${join(portage.root, 'bin')}:${env.PATH}`,
        PORTAGE_CONFIGROOT: '/',
        FEATURES: features,
      },
    })
    assert.equal([status, stderr], [0, ''], stdout)
    const row = 'app-misc/qtwebengine jobshim-sandbox.conf # jobshim\n'
    assert.is(stdout, `root portage 660\nshims: 0\nsandbox: 0\n${row}`)
    const { runs, peak, unfinished } = recorder.take()
    assert.equal([runs, unfinished], [2 * units.length, 0])
    assert.ok(peak > 1 && peak <= 2, `${peak} at once`)
  },
  { may: () => maySeeClone && canBuild(undefined, false) && maySystem(copies) },
)

test.run()
