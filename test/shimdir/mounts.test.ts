/** A shim dir on a file system that takes no shims: nothing is left of a first install, and `run` never goes on without them. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeBench } from '../support/fake-tools.js'
import { type Outcome, run, scrubbed } from '../support/jobshim.js'
import { repository } from '../support/workspace.js'

/** As root, and as whoever may only be root of a namespace of their own. */
const spaces = [
  { who: 'root', words: ['unshare', '--mount'] },
  { who: 'a user namespace', words: ['unshare', '--user', '--map-root-user', '--mount'] },
] as const

const mayMount = (words: readonly string[]): boolean =>
  spawnSync(words[0] ?? '', [...words.slice(1), 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0

const jobshim = `${process.execPath} ${join(repository, 'bin/jobshim.js')}`

type Inside = { dir: string; call: (script: string) => Promise<Outcome> }

/** `dir`: a shim dir on a tmpfs that is mounted with these options, and there for one call. */
function makeInside(words: readonly string[], options: string): Inside {
  const { root, path } = makeBench(['cc', 'gcc', 'ld'])
  const disk = join(root, 'disk')
  mkdirSync(disk)
  const env = { PATH: `${path}:${scrubbed().PATH}`, HOME: root, JOBSHIM_DIR: join(disk, 'shims') }
  const mount = `mount -t tmpfs -o ${options},mode=700 none ${disk} || exit 99; jobshim() { ${jobshim} "$@"; }`
  const [program = '', ...rest] = words
  return {
    dir: join(disk, 'shims'),
    call: script =>
      run(program, [...rest, 'sh', '-c', `${mount}; ${script}`], { cwd: root, env, hangSeconds: 600 }),
  }
}

const refusals = [
  {
    what: 'mounted noexec',
    options: 'noexec',
    why: 'no program can be run there: its file system is mounted noexec',
    hint: 'name a directory on another file system with --dir',
  },
  {
    what: 'read-only',
    options: 'ro',
    why: 'on a read-only file system (EROFS)',
    hint: 'name a directory you can write with --dir',
  },
  ...[4, 16, 64, 200, 400, 560].map(kilobytes => ({
    what: `with room for ${kilobytes} KB`,
    options: `size=${kilobytes}k`,
    why: 'no room left (ENOSPC)',
    hint: 'make room there, or name a directory on another file system with --dir',
  })),
]

for (const { who, words } of spaces) {
  if (!mayMount(words)) {
    test.skip(`mounts :: ${who}`)
    continue
  }
  for (const { what, options, why, hint } of refusals)
    test(`mounts :: ${who} :: a shim dir ${what} :: refused, and nothing is left`, async () => {
      const { dir, call } = makeInside(words, options)
      const script =
        'jobshim install --tools cc,gcc,ld; echo $?; find disk; jobshim run -j2 -- echo ran; echo $?'
      const told = `jobshim: ${dir}: ${why}\n  ${hint}\n`
      assert.equal(await call(script), {
        status: 0,
        signal: null,
        stdout: '1\ndisk\n125\n',
        stderr: `${told}${told}`,
      })
    })

  test(`mounts :: ${who} :: nosuid and nodev do not matter`, async () => {
    const { call } = makeInside(words, 'nosuid,nodev')
    const script =
      'jobshim install --tools cc >told && jobshim run -q -j2 -- cc; jobshim uninstall >>told; find disk'
    assert.equal(await call(script), { status: 0, signal: null, stdout: 'cc\ndisk\n', stderr: '' })
  })

  test(`mounts :: ${who} :: no room for new shims :: told each time, and made once there is room`, async () => {
    const { dir, call } = makeInside(words, 'size=8m')
    const filled = 'dd if=/dev/zero of=disk/filling bs=4k 2>dd; cp tools/ld tools/gcc-99'
    const ran = 'jobshim run -j2 -- true'
    const script = `jobshim install >told; ${filled}; ${ran}; ${ran}; rm disk/filling; ${ran}; ls disk/shims`
    const told =
      `jobshim: gcc-99: no shim yet: ${dir}: no room left (ENOSPC)\n` +
      '  make room there, or name a directory on another file system with --dir\n'
    const { status, stdout, stderr } = await call(script)
    assert.is(status, 0)
    assert.ok(stdout.split('\n').includes('gcc-99'), stdout)
    assert.is(stderr.split(told).length, 3, stderr)
  })
}

test('mounts :: what an install had begun as it was killed :: the next run makes it whole', async () => {
  const { dir, call, root } = makeBench(['cc', 'ld'])
  await call('install')
  const manifest = join(dir, '.jobshim/manifest.json')
  const text = readFileSync(manifest, 'utf8')
  const half = JSON.stringify({ ...JSON.parse(text), pending: ['cc', 'ld'] })
  const script = `cp "$1" "$2" && rm ${dir}/cc ${dir}/ld ${dir}/.jobshim/bin/ld && ${jobshim} run -q -j2 -- true && ls ${dir}`
  writeFileSync(join(root, 'half'), half)
  const env = { PATH: `${join(root, 'tools')}:${scrubbed().PATH}`, HOME: root, JOBSHIM_DIR: dir }
  const ended = await run('sh', ['-c', script, 'sh', join(root, 'half'), manifest], { cwd: root, env })
  assert.is(ended.status, 0, ended.stderr)
  assert.ok(
    ['cc', 'ld'].every(name => ended.stdout.split('\n').includes(name)),
    ended.stdout,
  )
  assert.not(readFileSync(manifest, 'utf8').includes('pending'))
})

test.run()
