import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { orderFault } from '../../src/shimdir/order.js'
import { makeBench } from '../support/fake-tools.js'
import { jobshim } from '../support/jobshim.js'

const links = (directory: string): boolean => directory === '/ccache'

for (const { path, expected } of [
  { path: '/ccache:/s:/bin', expected: { directory: '/ccache' } },
  { path: '/opt:/ccache:/x:/s', expected: { directory: '/ccache' } },
  { path: '/s:/ccache:/bin', expected: undefined },
  { path: '/s:/ccache:/s:/bin', expected: undefined },
  { path: '/ccache:/bin', expected: undefined },
  { path: '/opt:/s', expected: undefined },
  { path: '', expected: undefined },
])
  test(`order :: ${path}`, () => {
    assert.equal(orderFault(path, '/s', links), expected)
  })

/** A bench with links to ccache, and one that leads to it by another. */
async function makeLinks() {
  const bench = makeBench(['cc', 'gcc', 'ccache'])
  const ccache = join(bench.root, 'links')
  mkdirSync(ccache)
  symlinkSync('../tools/ccache', join(ccache, 'gcc'))
  const others = join(bench.root, 'others')
  mkdirSync(others)
  symlinkSync('../tools/gcc', join(others, 'gcc'))
  await bench.install()
  const stderr =
    `jobshim: ${ccache}: stands before the shims on PATH, and ccache takes them for the compilers: it may return old objects\n` +
    `  put the shims first: export PATH=${bench.dir}:$PATH\n`
  const env = (...directories: string[]) => ({
    cwd: bench.root,
    env: { HOME: bench.root, PATH: [...directories, bench.path].join(':') },
  })
  return { ...bench, ccache, others, stderr, env }
}

for (const command of ['install', 'list'])
  test(`order :: ${command} :: ccache before the shims is told`, async () => {
    const { dir, ccache, others, stderr, env } = await makeLinks()
    const call = (...directories: string[]) => jobshim([command, '--dir', dir], env(...directories))
    assert.is((await call(others, ccache, dir)).stderr, stderr)
    for (const directories of [[others, dir, ccache], [ccache], []])
      assert.is((await call(...directories)).stderr, '')
    assert.is((await call(ccache, dir)).status, 0)
  })

test('order :: list --json', async () => {
  const { dir, ccache, stderr, env } = await makeLinks()
  const right = await jobshim(['list', '--json', '--dir', dir], env(dir, ccache))
  assert.not.match(right.stdout, /ccacheBefore/)
  const wrong = await jobshim(['list', '--json', '--dir', dir], env(ccache, dir))
  assert.is((JSON.parse(wrong.stdout) as { ccacheBefore: string }).ccacheBefore, ccache)
  assert.is(wrong.stderr, stderr)
})

test.run()
