import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { clients } from '../support/clients.js'
import { run } from '../support/jobshim.js'
import { makePool } from '../support/pools.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { makeRoot, npm, pack, pathsIn, sizeOf } from './packing.js'

/** Says which program its caller is: a launcher that holds a slot stays until it ends, as `look` if it had to wait. */
const tool = '#!/usr/bin/sh\nreadlink /proc/$PPID/exe\n'

testWith(
  ['bwrap', 'musl'],
  'package :: a root without compiler, make and git',
  async () => {
    const { tarball, told } = await pack([])
    assert.match(
      told[0] ?? '',
      /^prebuilt for linux-x64: launcher of [\d,]+ bytes, look of [\d,]+, by musl-gcc$/,
    )
    const { path, call } = makeRoot(tarball)
    writeFiles(path, { 'home/user/tools/cc': tool })
    const before = pathsIn(path)
    const began = performance.now()
    const installed = await call(`${npm} install --global --offline --prefix /home/user/npm /jobshim.tgz`)
    assert.equal([installed.status, installed.stderr], [0, ''])
    const seconds = (performance.now() - began) / 1000
    const home = join(path, 'home/user/npm/lib/node_modules/jobshim')
    const bytes = sizeOf(home)
    const tenth = (value: number): string => value.toFixed(1)
    console.log(
      `tarball ${tenth(statSync(tarball).size / 1e6)} MB, installed ${tenth(bytes / 1e6)} MB in ${tenth(seconds)} s`,
    )
    assert.ok(bytes < 12e6, `${bytes} bytes`)

    const build = 'cc -c a.c & cc -c b.c & cc -c c.c & wait'
    const { status, stdout, stderr } = await call(`jobshim run -j2 -- sh -c '${build}'`)
    const shim = '/home/user/.local/share/jobshim/shims/.jobshim/bin/cc\n'
    assert.equal(
      { status, stdout: stdout.replaceAll('/look\n', '/cc\n') },
      { status: 0, stdout: shim.repeat(3) },
      stderr,
    )
    assert.equal(
      readFileSync(join(path, 'home/user/.local/share/jobshim/shims/.jobshim/launcher')),
      readFileSync(join(home, 'prebuilt/linux-x64/launcher')),
    )
    const completion = await call('jobshim completion bash')
    assert.equal([completion.status, completion.stderr], [0, ''])

    const uninstalled = await call(
      `jobshim uninstall && ${npm} uninstall --global --prefix /home/user/npm jobshim && rm -rf ~/.cache/jobshim`,
    )
    assert.equal([uninstalled.status, uninstalled.stderr], [0, ''])
    const left = pathsIn(path).filter(name => !before.includes(name))
    const isDirectory = (name: string): boolean => statSync(join(path, name)).isDirectory()
    assert.equal(
      left.filter(name => !isDirectory(name)),
      [],
    )
  },
  { may: () => process.arch === 'x64' },
)

testWith(['zig', 'qemuArm'], 'package :: arm64 :: its launcher, under qemu', async zig => {
  const { tarball, told } = await pack([zig])
  assert.match(
    told[1] ?? '',
    /^prebuilt for linux-arm64: launcher of [\d,]+ bytes, look of [\d,]+, by zig cc /,
  )
  const root = makeWorkspace('arm64')
  execFileSync('tar', ['-xzf', tarball, '-C', root])
  const place = join(root, 'package/prebuilt/linux-arm64')
  assert.equal(readdirSync(place).sort(), ['bash-sandbox.so', 'launcher', 'look'])
  const emulated = (name: string, args: readonly string[], env = {}) =>
    run(clients.qemuArm.program, [join(place, name), ...args], { env })
  const features = await emulated('look', ['features'])
  assert.equal([features.status, ...features.stdout.split('\0').slice(0, 2)], [0, 'static', 'musl'])
  const passed = await emulated('launcher', ['--', 'echo', 'works'])
  assert.equal(passed, { status: 0, signal: null, stdout: 'works\n', stderr: '' })

  const pool = await makePool(root, 'AB')
  const runtime = join(root, 'run')
  mkdirSync(runtime, { mode: 0o700 })
  const env = { MAKEFLAGS: `-j3 --jobserver-auth=${pool.auth}`, XDG_RUNTIME_DIR: runtime }
  const held = await emulated('launcher', ['--', 'sh', '-c', 'exit 7'], env)
  assert.equal(held, { status: 7, signal: null, stdout: '', stderr: '' })
  assert.is(pool.count(), 'AB')
  pool.close()
})

test.run()
