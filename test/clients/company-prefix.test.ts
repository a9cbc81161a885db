import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Settlement } from '../../src/jobserver/pool.js'
import { jobshim, run } from '../support/jobshim.js'
import { makePool } from '../support/pools.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

const usual = process.env.PATH ?? ''

/** A ccache that tells what was set for it, and whose config has a prefix. */
const ccache = `#!/bin/sh
case $2 in
  prefix_command) echo distcc ;;
  prefix_command_cpp) echo ;;
  *) echo "$CCACHE_PREFIX|$CCACHE_PREFIX_CPP|$JOBSHIM_HOPS|$*" ;;
esac
`

async function makePlace(name = 'shims') {
  const root = makeWorkspace()
  writeFiles(root, { 'bin/ccache': ccache })
  mkdirSync(join(root, 'links'))
  symlinkSync('bin/ccache', join(root, 'ccache-4'))
  symlinkSync('../ccache-4', join(root, 'links/gcc')) // link by link
  const path = [join(root, 'links'), join(root, 'bin'), usual].join(':')
  const shims = await installShims(join(root, name), { cwd: root, env: { HOME: root, PATH: path } })
  return { root, path, shims, launcher: join(shims, '.jobshim/launcher') }
}

/** What ccache is told, called by its link and by its name, where this is set. */
const cases: readonly {
  name: string
  env: Readonly<Record<string, string>>
  expected: (launcher: string) => string
}[] = [
  { name: 'its own prefix stays behind the launcher', env: {}, expected: l => `${l} distcc|${l}|1` },
  { name: "the user's wins over it", env: { CCACHE_PREFIX: 'icecc' }, expected: l => `${l} icecc|${l}|1` },
  { name: 'set to nothing', env: { CCACHE_PREFIX: '' }, expected: l => `${l}|${l}|1` },
  {
    name: 'a launcher is there already',
    env: { CCACHE_PREFIX: '/x/.jobshim/launcher distcc' },
    expected: l => `/x/.jobshim/launcher distcc|${l}|1`,
  },
  { name: 'below another launcher', env: { JOBSHIM_HOPS: '3' }, expected: l => `${l} distcc|${l}|4` },
]

test('company :: the shims tell ccache its prefix', async () => {
  const { root, path, shims, launcher } = await makePlace()
  const pool = await makePool(root, '')
  try {
    for (const { name, env, expected } of cases)
      for (const words of [['gcc'], ['ccache', 'gcc'], ['ccache', 'A=b', `${shims}/gcc`]]) {
        const args = words.slice(1).map(word => word.replace(`${shims}/`, ''))
        const told = await run('env', [...words, '-c', 'a.c'], {
          cwd: root,
          env: { ...env, PATH: `${shims}:${path}`, JOBSHIM_JOBSERVER: pool.auth },
        })
        const stdout = `${expected(launcher)}|${[...args, '-c', 'a.c'].join(' ')}\n`
        assert.equal(told, { status: 0, signal: null, stdout, stderr: '' }, name)
      }
    assert.is(pool.count(), '') // no slot was needed
  } finally {
    pool.close()
  }
})

test('company :: ccache is told nothing without a jobserver, or where the shims are off', async () => {
  const { root, path, shims } = await makePlace()
  const pool = await makePool(root, '')
  for (const env of [{}, { JOBSHIM_DISABLE: '1', JOBSHIM_JOBSERVER: pool.auth }]) {
    const told = await run('gcc', ['-c', 'a.c'], { cwd: root, env: { PATH: `${shims}:${path}`, ...env } })
    assert.equal(told, { status: 0, signal: null, stdout: `||1|-c a.c\n`, stderr: '' })
  }
  pool.close()
})

test('company :: a shim dir with a space: ccache takes a slot itself', async () => {
  const { root, path, shims } = await makePlace('the shims')
  const { status, stdout, stderr } = await jobshim(
    ['run', '-j1', '--json', '--dir', shims, '--', 'gcc', '-c', 'a.c'],
    { cwd: root, env: { HOME: root, PATH: path } },
  )
  assert.equal([status, stdout], [0, '||1|-c a.c\n'], stderr)
  assert.is((JSON.parse(stderr) as { callerRuns: number }).callerRuns, 1)
})

for (const { name, env, expected } of [
  { name: 'its own prefix stays', env: {}, expected: (l: string) => `${l} distcc|${l}` },
  {
    name: "the user's",
    env: { CCACHE_PREFIX: 'icecc', CCACHE_PREFIX_CPP: 'nice' },
    expected: (l: string) => `${l} icecc|${l} nice`,
  },
])
  test(`company :: run sets ccache's prefix, nested as well :: ${name}`, async () => {
    const { root, path, shims, launcher } = await makePlace()
    const show = ['sh', '-c', 'echo "$CCACHE_PREFIX|$CCACHE_PREFIX_CPP"']
    const line = ['run', '-j1', '--quiet', '--dir', shims, '--']
    const around = { cwd: root, env: { HOME: root, PATH: path, ...env } }
    const good = { status: 0, signal: null, stdout: `${expected(launcher)}\n`, stderr: '' }
    assert.equal(await jobshim([...line, ...show], around), good)
    const inner = [process.execPath, process.argv[1]?.replace(/dist\/test\/.*/, 'bin/jobshim.js') ?? '']
    assert.equal(await jobshim([...line, ...inner, ...line, ...show], around), good)
  })

test('company :: what a tool starts runs in its slot, whatever the tool is called', async () => {
  for (const name of ['gcc', 'distcc', 'ld']) {
    const root = makeWorkspace()
    const shims = join(root, 'shims')
    writeFiles(root, {
      [`bin/${name}`]: `#!/bin/sh\n${shims}/.jobshim/launcher -- sh -c 'echo "$1"' sh "$1"\n`,
    })
    const env = { HOME: root, PATH: `${root}/bin:${usual}` }
    await installShims(shims, { cwd: root, env, args: ['--tools', name] })
    const command = ['run', '-j1', '--json', '--dir', shims, '--', 'sh', '-c', `${name} a.c & wait`]
    const { status, stdout, stderr } = await jobshim(command, {
      cwd: root,
      env: { ...env, JOBSHIM_PATIENCE: '0' },
    })
    assert.equal([status, stdout], [0, 'a.c\n'], stderr)
    const { runs, callerRuns, overdrafts } = JSON.parse(stderr) as Settlement
    assert.equal([runs, callerRuns, overdrafts], [1, 1, 0], name)
  }
})

testWith('ccache', "company :: the real ccache's config", async () => {
  const root = makeWorkspace()
  writeFiles(root, { 'ccache.conf': 'prefix_command = nice -n 1\n' })
  const env = { HOME: root, CCACHE_CONFIGPATH: join(root, 'ccache.conf') }
  const dir = join(root, 'shims')
  const { stdout } = await jobshim(['env', '--json', '--dir', dir], { cwd: root, env })
  const { variables } = JSON.parse(stdout) as { variables: Record<string, string> }
  assert.is(variables.CCACHE_PREFIX, `${dir}/.jobshim/launcher nice -n 1`)
  assert.is(variables.CCACHE_PREFIX_CPP, `${dir}/.jobshim/launcher`)
  assert.equal(readdirSync(root).sort(), ['ccache.conf', 'shims']) // nothing of its own was made
})

test.run()
