import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { thisProcess } from '../../src/jobserver/owner.js'
import { entryPath } from '../../src/jobserver/registry.js'
import { addTools, pathOf } from '../support/patient.js'
import { test } from '../support/test-with.js'
import { writeFiles } from '../support/workspace.js'
import { advised, makeShell, type Shell, type Sick } from './advised.js'
import { errno, filterFile, machine } from './seccomp.js'

const state = `jobshim-${currentUid()}`
const asRoot = { may: () => currentUid() === 0 }

/** A row of a shell, and another XDG_RUNTIME_DIR that a person makes. */
async function elsewhere(row: string, around: (shell: Shell) => Partial<Sick>): Promise<Sick> {
  const shell = await makeShell()
  const own = join(shell.root, 'own')
  mkdirSync(own, { mode: 0o700 })
  const byHand = () => ({ env: { ...shell.env, XDG_RUNTIME_DIR: own } })
  return { row, work: shell.work, env: shell.env, byHand, ...around(shell) }
}

/** Starts a shell where root has changed the mounts. */
const mounted = (line: string): readonly string[] => [
  'unshare',
  '-m',
  'sh',
  '-ec',
  `${line}\nexec "$@"`,
  'sh',
]

advised(
  'state-refused',
  'a directory that is open to others',
  async () =>
    await elsewhere('state directory', ({ runtime, env }) => {
      const place = join(runtime, state)
      mkdirSync(place, { mode: 0o755 })
      const byHand = () => {
        rmdirSync(place)
        return { env }
      }
      return { byHand }
    }),
)
advised(
  'state-moved',
  'XDG_RUNTIME_DIR is gone',
  async () =>
    await elsewhere('state directory', ({ root, env }) => ({
      env: { ...env, XDG_RUNTIME_DIR: join(root, 'gone') },
    })),
)
advised(
  'state-full',
  'a disk without room',
  async () =>
    await elsewhere('state directory', ({ runtime }) => {
      const made = `mount -t tmpfs -o size=64k,mode=700 none ${runtime}; mkdir -m 700 ${runtime}/${state}`
      const full = `${made}; head -c 1000000 /dev/zero >${runtime}/full 2>/dev/null || true`
      return { wrap: mounted(full), byHand: () => ({ wrap: mounted(`${full}; rm ${runtime}/full`) }) }
    }),
  asRoot,
)
advised(
  'state-elsewhere',
  'no room for records',
  async () =>
    await elsewhere('ledger', ({ runtime }) => ({
      wrap: mounted(`mount -t tmpfs -o size=4k,mode=700 none ${runtime}`),
    })),
  asRoot,
)
advised('state-left', 'what a killed run has left', async () => {
  const { work, runtime, env } = await makeShell()
  const { pid } = spawnSync('true')
  const place = join(runtime, state)
  mkdirSync(place, { mode: 0o700 })
  mkdirSync(entryPath(place, 'run', { ...thisProcess(), pid, start: 1n }))
  return { row: 'state files', work, env }
})

advised(
  'proc-mount',
  '/proc/locks is hidden',
  async () => {
    const { work, root, env } = await makeShell()
    const hidden = 'mount --bind /dev/null /proc/locks; mount -o remount,bind,nodev /proc/locks'
    return {
      row: '/proc',
      work,
      env: { ...env, HOME: root },
      wrap: mounted(hidden),
      byHand: () => ({ wrap: mounted(`${hidden}; mount -t proc proc /proc`) }),
    }
  },
  asRoot,
)
advised(
  'proc-hidden',
  'hidepid, which an ordinary user meets',
  async () => {
    const { work, runtime, env, root } = await makeShell()
    const theirs = join(root, 'theirs')
    mkdirSync(theirs, { mode: 0o700 })
    execFileSync('chown', ['65534', theirs])
    for (let directory = root; directory !== '/'; directory = join(directory, '..'))
      execFileSync('chmod', ['a+x', directory])
    const nobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all'
    const as = (line: string): readonly string[] => [
      ...['unshare', '-m', 'sh', '-ec'],
      ...[`${line}\nexec ${nobody} "$@"`, 'sh'],
    ]
    const hidden = 'mount -t proc -o hidepid=2 proc /proc'
    return {
      row: '/proc',
      work,
      env: { ...env, HOME: '/', XDG_RUNTIME_DIR: theirs, TMPDIR: runtime },
      wrap: as(hidden),
      byHand: () => ({ wrap: as(`${hidden}; mount -t proc -o hidepid=0 proc /proc`) }),
    }
  },
  asRoot,
)
advised(
  'pressure-none',
  'taken out of the config',
  async () => {
    const { work, root, env } = await makeShell()
    const file = join(work, '.jobshimrc')
    writeFileSync(file, '{ "pressure": { "cpu": 50 } }')
    mkdirSync(join(root, 'empty'))
    const byHand = () => {
      writeFileSync(file, '{}')
      return {}
    }
    return { row: 'kernel', work, env, wrap: mounted(`mount --bind ${root}/empty /proc/pressure`), byHand }
  },
  asRoot,
)
advised(
  'kernel-old',
  'a seccomp filter forbids a call',
  async () => {
    const { work, root, shims, env } = await makeShell()
    const filter = filterFile(join(root, 'filter'), [{ call: 'pidfd_open', error: errno.ENOSYS }])
    const look = join(shims, '.jobshim/look')
    const real = join(root, 'real-look')
    renameSync(look, real)
    const inFilter = `exec ${pathOf('bwrap')} --dev-bind / / --seccomp 9 ${real} "$@" 9<${filter}`
    writeFiles(join(shims, '.jobshim'), { look: `#!/bin/sh\n${inFilter}\n` })
    const byHand = () => {
      renameSync(real, look)
      return {}
    }
    return { row: 'kernel', work, env, byHand }
  },
  { needs: 'bwrap', may: () => machine !== undefined },
)
advised(
  'launcher-noexec',
  'the shims are on a filesystem that runs no programs',
  async () => {
    const { work, shims, root, env } = await makeShell()
    const noexec = `mount --bind ${shims} ${shims}; mount -o remount,bind,noexec ${shims}`
    const byHand = (fix: string) => {
      assert.match(fix, /name a directory there by dir in the config, or by JOBSHIM_DIR$/)
      return { env: { ...env, JOBSHIM_DIR: join(root, 'run-here') }, first: 'jobshim install >&2' }
    }
    return { row: 'launcher', work, env, wrap: mounted(noexec), byHand }
  },
  asRoot,
)

const slow = `#include <time.h>
#include <unistd.h>
int main(void) { while (clock() < CLOCKS_PER_SEC / 30) { } sleep(1); return 0; }
`

/** A shell whose gcc is seen by the watch. */
async function withSlowTool(): Promise<Shell> {
  const shell = await makeShell()
  writeFiles(shell.root, { 'slow.c': slow })
  rmSync(join(shell.tools, 'gcc'))
  execFileSync('cc', ['-o', join(shell.root, 'slow'), join(shell.root, 'slow.c')])
  addTools(shell.tools, { gcc: join(shell.root, 'slow') })
  return shell
}

advised('build-short', 'a longer build', async () => {
  const { work, env } = await withSlowTool()
  return {
    row: 'past the shims',
    work,
    env,
    words: '-- true',
    byHand: () => ({ words: "-- sh -c 'gcc; gcc'" }),
  }
})
advised('past', 'a Makefile names a compiler by its path', async () => {
  const { work, tools, env } = await withSlowTool()
  const makefile = (tool: string): string => `CC = ${tool}\nall:\n\t$(CC) -c a.c\n\tgcc -c b.c\n`
  writeFiles(work, { Makefile: makefile(`${tools}/gcc`) })
  const byHand = (fix: string) => {
    assert.match(fix, /write CC = gcc in Makefile, or call make CC=gcc$/)
    writeFiles(work, { Makefile: makefile('gcc') })
    return {}
  }
  return { row: 'past the shims', work, env, words: '-- env -u MAKEFLAGS make -s -j2', byHand }
})

test.run()
