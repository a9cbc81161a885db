import { execFileSync } from 'node:child_process'
import { existsSync, lchownSync, linkSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../support/jobshim.js'
import { writeFiles } from '../support/workspace.js'
import { killStarted } from '../yard/held.js'
import { holdOnce, ran } from '../yard/hold-once.js'
import { makeYard, type Yard } from '../yard/yard.js'

test.after.each(killStarted)

const isRoot = process.geteuid?.() === 0
const eve = 4126

const logOf = ({ root }: Yard): string => join(root, 'log')

/** A tool that can't be governed: its jobserver is not there. */
const unserved = (yard: Yard) => ({ JOBSHIM_JOBSERVER: `fifo:${yard.root}/none`, JOBSHIM_LOG: logOf(yard) })
const why = 'hold: not governed: its FIFO does not exist'

type Line = { at: number; pid: number; text: string }

/** All lines, which must be whole. */
function linesOf(path: string): Line[] {
  const text = readFileSync(path, 'utf8')
  assert.ok(text.endsWith('\n'))
  return text
    .slice(0, -1)
    .split('\n')
    .map(line => {
      const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (\d+) (.+)$/.exec(line)
      assert.ok(parts, line)
      const [, at = '', pid, rest = ''] = parts ?? []
      return { at: Date.parse(at), pid: Number(pid), text: rest }
    })
}

const textsOf = (path: string): string[] => linesOf(path).map(({ text }) => text)

test('log :: a tool that is not governed :: a line with the time, its pid and why, and nothing on stderr', async () => {
  const yard = await makeYard('A')
  const before = Date.now()
  const script = 'echo $$; exec hold </dev/null'
  const { status, stdout, stderr } = await run('sh', ['-c', script], {
    env: { ...yard.env, ...unserved(yard), TZ: 'Asia/Tokyo' },
  })
  assert.equal([status, stderr], [7, ''])
  const [pid] = stdout.split('\n')
  const [line, ...more] = linesOf(logOf(yard))
  assert.equal(more, [])
  assert.equal([line?.pid, line?.text], [Number(pid), why])
  assert.ok(line !== undefined && line.at >= before && line.at <= Date.now(), `${line?.at}`)
  assert.is(statSync(logOf(yard)).mode & 0o777, 0o600)
  assert.is(yard.pool.count(), 'A')
})

test('log :: with JOBSHIM_DEBUG=1 :: the line is in both', async () => {
  const yard = await makeYard('A')
  assert.equal(await holdOnce(yard, { ...unserved(yard), JOBSHIM_DEBUG: '1' }), ran(`jobshim: ${why}\n`))
  assert.equal(textsOf(logOf(yard)), [why])
  assert.is(yard.pool.count(), 'A')
})

test('log :: a tool that has a slot :: the same run, and no line', async () => {
  const yard = await makeYard('A')
  assert.equal(await holdOnce(yard, { ...yard.governed, JOBSHIM_LOG: logOf(yard) }), ran())
  assert.not.ok(existsSync(logOf(yard)))
  assert.is(yard.pool.count(), 'A')
})

test('log :: an error of two lines :: on stderr as ever, and each line in the log has its pid', async () => {
  const yard = await makeYard('A')
  const launcher = join(yard.shims, '.jobshim/launcher')
  const env = { ...yard.env, JOBSHIM_LOG: logOf(yard) }
  const { status, stderr } = await run(launcher, ['nothing-such'], { env })
  assert.is(status, 125)
  const told =
    'launcher: nothing-such has no shim\n  launcher -- nothing-such, or its path, where that is the tool\n'
  assert.is(stderr, `jobshim: ${told}`)
  const lines = linesOf(logOf(yard))
  assert.equal(
    lines.map(({ text }) => text),
    [
      'launcher: nothing-such has no shim',
      'launcher:   launcher -- nothing-such, or its path, where that is the tool',
    ],
  )
  assert.is(lines[0]?.pid, lines[1]?.pid)
})

test('log :: a tool that is not there :: the error is in both', async () => {
  const yard = await makeYard('A')
  const launcher = join(yard.shims, '.jobshim/launcher')
  const env = { ...yard.env, JOBSHIM_LOG: logOf(yard) }
  const { status, stderr } = await run(launcher, ['--', './a\nb'], { env })
  assert.equal([status, stderr], [127, 'jobshim: ./a\\x0ab: not found\n'])
  assert.equal(textsOf(logOf(yard)), ['launcher: ./a\\x0ab: not found'])
})

test('log :: 200 tools side by side :: a line each, none of them mixed', async () => {
  const yard = await makeYard('A')
  const script = 'for i in $(seq 200); do sh -c "echo \\$\\$; exec hold </dev/null" & done; wait'
  const { status, stdout, stderr } = await run('sh', ['-c', script], {
    env: { ...yard.env, ...unserved(yard) },
  })
  assert.equal([status, stderr], [0, ''])
  const pids = stdout.split('\n').filter(line => /^\d+$/.test(line))
  assert.is(pids.length, 200)
  const lines = linesOf(logOf(yard))
  assert.equal(lines.map(({ pid }) => `${pid}`).sort(), pids.sort())
  assert.equal([...new Set(lines.map(({ text }) => text))], [why])
  assert.is(yard.pool.count(), 'A')
})

test('log :: the tool has no descriptor of it, nor other arguments', async () => {
  const yard = await makeYard('A')
  const show = '#!/bin/sh\necho "$0 $*"; ls -l /proc/$$/fd 2>/dev/null | grep -c "$JOBSHIM_LOG"\nexit 7\n'
  writeFiles(yard.root, { 'bin/hold': show })
  const shown = ran('', `${yard.root}/bin/hold a b\n0\n`)
  for (const more of [unserved(yard), { ...yard.governed, JOBSHIM_LOG: logOf(yard) }])
    assert.equal(await run('hold', ['a', 'b'], { env: { ...yard.env, ...more } }), shown)
  assert.equal(textsOf(logOf(yard)), [why])
  assert.is(yard.pool.count(), 'A')
})

test('log :: without look :: the tool runs, and JOBSHIM_DEBUG tells', async () => {
  const yard = await makeYard('A')
  const look = join(yard.shims, '.jobshim/bin/look')
  execFileSync('mv', [look, `${look}.away`])
  const env = { ...yard.governed, JOBSHIM_LOG: logOf(yard) }
  assert.equal(await holdOnce(yard, env), ran())
  assert.equal(
    await holdOnce(yard, { ...env, JOBSHIM_DEBUG: '1' }),
    ran(`jobshim: hold: no log: ${look}: No such file or directory\n`),
  )
  assert.is(yard.pool.count(), 'A')
})

/** A place that takes no line: the tool runs as ever, and only JOBSHIM_DEBUG tells, once. */
const bad: readonly { name: string; make: (yard: Yard) => string; says: string; asRoot?: true }[] = [
  { name: 'a directory', make: ({ root }) => root, says: 'Is a directory' },
  {
    name: 'in a directory that is missing',
    make: ({ root }) => join(root, 'none/log'),
    says: 'No such file or directory',
  },
  {
    name: 'a FIFO that nobody reads',
    make: yard => {
      execFileSync('mkfifo', [logOf(yard)])
      return logOf(yard)
    },
    says: 'No such device or address',
  },
  { name: 'a device', make: () => '/dev/null', says: 'not a regular file' },
  { name: 'a full disk', make: () => '/dev/full', says: 'not a regular file' },
  { name: 'a relative path', make: () => 'log', says: 'not an absolute path' },
  {
    name: "another user's symlink",
    make: yard => {
      execFileSync('install', ['-d', '-m', '755', '-o', `${eve}`, join(yard.root, 'theirs')])
      const log = join(yard.root, 'theirs/log')
      symlinkSync(join(yard.root, 'precious'), log)
      lchownSync(log, eve, eve)
      return log
    },
    says: "another user's symlink",
    asRoot: true,
  },
  {
    name: 'a name that another user gave to a file of ours',
    make: yard => {
      execFileSync('install', ['-d', '-m', '777', '-o', `${eve}`, join(yard.root, 'theirs')])
      writeFileSync(join(yard.root, 'precious'), '')
      linkSync(join(yard.root, 'precious'), join(yard.root, 'theirs/log'))
      return join(yard.root, 'theirs/log')
    },
    says: 'a link to another file',
    asRoot: true,
  },
]

for (const { name, make, says, asRoot } of bad) {
  const title = `log :: bad place :: ${name}`
  if (asRoot && !isRoot) test.skip(title)
  else
    test(title, async () => {
      const yard = await makeYard('A')
      const log = make(yard)
      const env = { ...unserved(yard), JOBSHIM_LOG: log }
      assert.equal(await holdOnce(yard, env), ran())
      assert.equal(
        await holdOnce(yard, { ...env, JOBSHIM_DEBUG: '1' }),
        ran(`jobshim: ${why}\njobshim: ${log}: no log: ${says}\n`),
      )
      const precious = join(yard.root, 'precious')
      assert.ok(!existsSync(precious) || readFileSync(precious, 'utf8') === '')
      assert.is(yard.pool.count(), 'A')
    })
}

test('log :: above ulimit -f :: the tool ends as ever, and JOBSHIM_DEBUG tells', async () => {
  const yard = await makeYard('A')
  writeFileSync(logOf(yard), '\n'.repeat(600 * 1024))
  const script = 'ulimit -f 600; hold </dev/null; JOBSHIM_DEBUG=1 hold </dev/null; echo $?'
  const { status, stdout, stderr } = await run('bash', ['-c', script], {
    env: { ...yard.env, ...unserved(yard) },
  })
  assert.is(status, 0)
  assert.match(stdout, /^held \d+\nheld \d+\n7\n$/)
  assert.is(stderr, `jobshim: ${why}\njobshim: ${logOf(yard)}: no log: File too large\n`)
  assert.is(statSync(logOf(yard)).size, 600 * 1024)
})

test.run()
