import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type CgroupPlaces, processors } from '../../src/ground/processors.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

/** A test root for the reader: the files of cgroups as they lie in /sys/fs/cgroup. */
function placesOf(own: string, files: Record<string, string>): CgroupPlaces {
  const root = makeWorkspace()
  writeFiles(root, { own, ...files })
  return { own: join(root, 'own'), version2: join(root, 'two'), version1: join(root, 'one') }
}

const rows: readonly { title: string; own: string; files: Record<string, string>; expected: number }[] = [
  { title: 'no cgroup', own: '', files: {}, expected: 64 },
  { title: 'version 2, no quota', own: '0::/a\n', files: { 'two/a/cpu.max': 'max 100000\n' }, expected: 64 },
  { title: 'version 2', own: '0::/a\n', files: { 'two/a/cpu.max': '200000 100000\n' }, expected: 2 },
  {
    title: 'version 2, part of a processor counts',
    own: '0::/a\n',
    files: { 'two/a/cpu.max': '110000 100000\n' },
    expected: 2,
  },
  {
    title: 'version 2, less than one',
    own: '0::/a\n',
    files: { 'two/a/cpu.max': '20000 100000\n' },
    expected: 1,
  },
  {
    title: 'version 2, more than the machine has',
    own: '0::/a\n',
    files: { 'two/a/cpu.max': '9900000 100000\n' },
    expected: 64,
  },
  {
    title: 'version 2, the group above',
    own: '0::/a/b/c\n',
    files: {
      'two/a/cpu.max': '300000 100000\n',
      'two/a/b/cpu.max': 'max 100000\n',
      'two/a/b/c/cpu.max': '400000 100000\n',
    },
    expected: 3,
  },
  {
    title: 'version 2, the mount is the group of a container',
    own: '0::/../host\n',
    files: { 'two/cpu.max': '200000 100000\n' },
    expected: 2,
  },
  {
    title: 'version 1',
    own: '3:cpu,cpuacct:/a\n0::/\n',
    files: { 'one/a/cpu.cfs_quota_us': '200000\n', 'one/a/cpu.cfs_period_us': '100000\n' },
    expected: 2,
  },
  {
    title: 'version 1, no quota',
    own: '3:cpu:/a\n',
    files: { 'one/a/cpu.cfs_quota_us': '-1\n', 'one/a/cpu.cfs_period_us': '100000\n' },
    expected: 64,
  },
  {
    title: 'version 1, another controller',
    own: '3:cpuset:/a\n',
    files: { 'one/a/cpu.cfs_quota_us': '200000\n', 'one/a/cpu.cfs_period_us': '100000\n' },
    expected: 64,
  },
  {
    title: 'not what a kernel writes',
    own: '0::/a\nhalf',
    files: { 'two/a/cpu.max': '0 0\n', 'two/cpu.max': 'x' },
    expected: 64,
  },
]

for (const { title, own, files, expected } of rows)
  test(`processors :: with a test root for cgroups :: ${title}`, () => {
    assert.is(processors(placesOf(own, files), 64), expected)
  })

test('processors :: this process :: no more than nproc(1) says, and one at least', () => {
  const most = Number(execFileSync('nproc', { encoding: 'utf8', env: { PATH: process.env.PATH } }))
  assert.ok(processors() >= 1 && processors() <= most, `${processors()} of ${most}`)
})

/** The hierarchies in which root can make a group with a quota. */
const real = [
  {
    version: 1,
    root: '/sys/fs/cgroup/cpu',
    sign: 'cpu.cfs_quota_us',
    file: 'cpu.cfs_quota_us',
    quota: '100000',
  },
  {
    version: 2,
    root: '/sys/fs/cgroup',
    sign: 'cgroup.subtree_control',
    file: 'cpu.max',
    quota: '100000 100000',
  },
]

function makeGroup({ root, sign, file, quota }: (typeof real)[number]): string | undefined {
  const group = join(root, `jobshim-test-${process.pid}`)
  try {
    if (!existsSync(join(root, sign))) return undefined
    accessSync(root, constants.W_OK)
    mkdirSync(group)
    writeFileSync(join(group, file), quota)
    return group
  } catch {
    if (existsSync(group)) rmdirSync(group)
    return undefined
  }
}

for (const kind of real) {
  const title = `processors :: in a cgroup of version ${kind.version} with a quota of one :: jobs: auto is one`
  const group = makeGroup(kind)
  if (group === undefined) {
    test.skip(title)
    continue
  }
  test(title, () => {
    try {
      const said = execFileSync(
        'sh',
        [
          '-c',
          'echo $$ >"$1/cgroup.procs" && shift && exec "$@"',
          'sh',
          group,
          process.execPath,
          join(repository, 'bin/jobshim.js'),
          ...['run', '--quiet', '--no-config', '--', 'sh', '-c', 'echo "$MAKEFLAGS"'],
        ],
        { encoding: 'utf8', env: { ...process.env, MAKEFLAGS: '', MAKEOPTS: '' } },
      )
      assert.match(said, / -j1( |$)/m)
    } finally {
      rmdirSync(group)
    }
  })
}

test.run()
