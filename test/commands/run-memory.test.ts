/**
 * Eight compilers that need half a gigabyte each, where there are two: in a memory cgroup of their own, which takes root and
 * a hierarchy of version 1 or 2 that may be written.
 */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildProgram } from '../support/built.js'
import { jobshim, type Outcome, run } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { wholeSummary, withoutUse } from '../support/summary.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const gigabyte = 1024 ** 3

type Hierarchy = { root: string; limit: string; swap?: string; killed: { file: string; line: RegExp } }

const hierarchies: readonly Hierarchy[] = [
  {
    root: '/sys/fs/cgroup/memory',
    limit: 'memory.limit_in_bytes',
    killed: { file: 'memory.oom_control', line: /^oom_kill (\d+)$/m },
  },
  {
    root: '/sys/fs/cgroup',
    limit: 'memory.max',
    killed: { file: 'memory.events', line: /^oom_kill (\d+)$/m },
  },
]

/** A new group below ours, that holds two gigabytes; undefined where there can be none. */
function makeGroup(): { directory: string; killed: () => number } | undefined {
  for (const { root, limit, killed } of hierarchies) {
    const directory = join(root, `jobshim-test-${process.pid}`)
    try {
      accessSync(root, constants.W_OK)
      mkdirSync(directory)
    } catch {
      continue
    }
    if (existsSync(join(directory, limit))) {
      writeFileSync(join(directory, limit), String(2 * gigabyte))
      const read = (): number =>
        Number(killed.line.exec(readFileSync(join(directory, killed.file), 'utf8'))?.[1] ?? 0)
      return { directory, killed: read }
    }
    rmdirSync(directory)
  }
  return undefined
}

const group = makeGroup()
test.after(() => group && rmdirSync(group.directory))

const log = (directory: string): string => readFileSync(join(directory, 'log'), 'utf8')

/** The most that ran at once, by what each wrote down before and after. */
function peak(events: string): number {
  let now = 0
  return Math.max(...[...events].map(sign => (now += sign === '+' ? 1 : -1)))
}

async function makeSite(rules: readonly object[]) {
  const root = makeWorkspace()
  buildProgram(join(root, 'eats'), ['hungry.c'])
  writeFiles(root, {
    '.jobshimrc': JSON.stringify({ tools: ['hungry'], rules }),
    'bin/hungry': `#!/bin/sh\nprintf + >>log\n"$PWD/eats" "$@"\nstatus=$?\nprintf - >>log\nexit $status\n`,
    'build.sh': `#!/bin/sh
for name in 1 2 3 4 5 6 7 8; do hungry 500 400 >$name & pids="$pids $!"; done
for pid in $pids; do wait $pid || failed=1; done
exit \${failed:-0}
`,
  })
  const path = [join(root, 'bin'), process.env.PATH].join(delimiter)
  const shims = await installShims(join(root, 'shims'), { cwd: root, env: { PATH: path } })
  const build = (): Promise<Outcome> =>
    run(
      'sh',
      [
        '-c',
        'echo $$ >"$GROUP/cgroup.procs" && exec "$@"',
        'in-group',
        process.execPath,
        join(repository, 'bin/jobshim.js'),
        ...['run', '-j8', '--dir', shims, '--', './build.sh'],
      ],
      { cwd: root, env: { PATH: path, GROUP: group?.directory } },
    )
  return { root, build }
}

const where = 'memory :: eight compilers of half a gigabyte where there are two'
if (group === undefined) {
  test.skip(`${where} :: with a rule none is killed, and three run at once`)
  test.skip(`${where} :: without it some are killed`)
} else {
  test(`${where} :: with a rule none is killed, and three run at once`, async () => {
    const { root, build } = await makeSite([{ memory: '512M' }])
    const before = group.killed()
    const { status, stdout, stderr } = await build()
    assert.is(group.killed() - before, 0)
    assert.is(status, 0)
    assert.is(stdout, '')
    assert.match(withoutUse(stderr), new RegExp(`^jobshim: 8 tools ran${wholeSummary}$`))
    assert.is(log(root).length, 16)
    assert.ok(peak(log(root)) >= 3, log(root))
    for (let name = 1; name <= 8; name++) assert.is(readFileSync(join(root, String(name)), 'utf8'), 'done\n')
  })

  test(`${where} :: without it some are killed`, async () => {
    const { build } = await makeSite([])
    const before = group.killed()
    const { status } = await build()
    assert.ok(group.killed() > before)
    assert.is.not(status, 0)
  })

  test(`${where} :: what was learned stands in for a number`, async () => {
    const { root, build } = await makeSite([{ memory: 'learn' }])
    const once = await jobshim(['run', '-j1', '--dir', join(root, 'shims'), '--', 'hungry', '500', '1'], {
      cwd: root,
      env: { PATH: [join(root, 'bin'), process.env.PATH].join(delimiter) },
    })
    assert.equal(
      { ...once, stderr: withoutUse(once.stderr) },
      {
        status: 0,
        signal: null,
        stdout: 'done\n',
        stderr: "jobshim: 1 tool ran, in their caller's slot\n",
      },
    )
    const before = group.killed()
    const { status } = await build()
    assert.is(group.killed() - before, 0)
    assert.is(status, 0)
    assert.ok(peak(log(root)) >= 2, log(root))
  })
}

test.run()
