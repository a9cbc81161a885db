import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assertSame, callBare, calls, callThroughShim, doors, places } from '../support/transparent-calls.js'

/** What a tool finds when it starts is the same by each of the launcher's three paths. */
type Row = {
  name: string
  setup?: readonly string[] | ((directory: string) => readonly string[])
  shows: RegExp // in the tool's report: that the surroundings were made at all
}

const rows: readonly Row[] = [
  { name: 'nothing special', shows: /^fd 2 / },
  { name: 'stdin :: a file', setup: directory => [`in=${directory}/input`], shows: /^stdin from a file$/ },
  { name: 'stdin :: a pipe', setup: ['pipe=through a pipe'], shows: /^stdin through a pipe$/ },
  {
    name: 'stdin :: a terminal',
    setup: ['pty=typed\n\u0004'],
    shows: /^pgrp <process 2> session <process 2> foreground <process 2>$/,
  },
  { name: 'stdin :: closed', setup: ['close=0'], shows: /^stdin ends: Bad file descriptor$/ },
  { name: 'stdout :: closed', setup: ['close=1'], shows: /^stdout: Bad file descriptor$/ },
  { name: 'stderr :: closed', setup: ['close=2'], shows: /^stderr: Bad file descriptor$/ },
  {
    name: 'stdin, stdout and stderr closed',
    setup: ['close=0', 'close=1', 'close=2'],
    shows: /^stderr: Bad file descriptor$/,
  },
  { name: '100 inherited fds', setup: ['fds=100'], shows: /^fd 102 \/dev\/zero / },
  { name: '100 inherited fds and no stdin', setup: ['fds=100', 'close=0'], shows: /^fd 102 \/dev\/zero / },
  {
    name: 'signals :: ignored',
    setup: [1, 2, 3, 7, 13, 15, 17, 20, 21, 22, 25, 34, 63].map(signal => `ignore=${signal}`),
    shows: /^SigIgn:\t4000000201395047$/,
  },
  {
    name: 'signals :: blocked',
    setup: [1, 2, 3, 7, 10, 15, 17, 18, 20, 28, 34, 50, 63, 64].map(signal => `block=${signal}`),
    shows: /^SigBlk:\tc0020002080b4247$/,
  },
  { name: 'process group of its own', setup: ['pgrp'], shows: /^pgrp <process 2> session <process 1> / },
  { name: 'session of its own', setup: ['session'], shows: /^pgrp <process 2> session <process 2> / },
  {
    name: 'cwd',
    setup: directory => [`cwd=${directory}/else where`],
    shows: /^umask \d+ cwd .*\/else where$/,
  },
  { name: 'umask', setup: ['umask=077'], shows: /^umask 077 / },
  { name: 'rlimits', setup: ['files=700'], shows: /^Max open files +700 +700 / },
]

const hasLine = (text: string, line: RegExp): boolean => text.split('\n').some(one => line.test(one))

for (const place of doors) {
  for (const { name, setup = [], shows } of rows)
    test(`transparent :: ${place} :: ${name}`, async () => {
      const { directory, tools } = await calls()
      mkdirSync(join(directory, 'else where'), { recursive: true })
      writeFileSync(join(directory, 'input'), 'from a file')
      const words = typeof setup === 'function' ? setup(directory) : setup
      const { report, stdout } = await assertSame(place, { setup: words })
      assert.match(stdout, /^status 0$/m)
      const first = place === 'sandbox' ? 'probe' : `${tools}/probe`
      assert.ok(report.startsWith(`argv 0 ${first}\n`), report)
      assert.ok(hasLine(report, shows), report)
    })

  test(`transparent :: ${place} :: 100 KB of arguments`, async () => {
    const short = Array.from({ length: 5000 }, (_, index) => `-DNAME_${index}=1`)
    const tool = ['probe', 'look', ...short, 'x'.repeat(60_000), '', 'a b', "'", '\n', '--', '-', '\u00e4']
    assert.ok(tool.join(' ').length > 100_000)
    const { report } = await assertSame(place, { tool })
    assert.ok(hasLine(report, /^argv 5001 -DNAME_4999=1$/), report)
    assert.ok(hasLine(report, /^argv 5002 of 60000 bytes, /), report)
  })
}

for (const place of places)
  test(`transparent :: ${place} :: environment differs in PATH and JOBSHIM_HOPS alone`, async () => {
    const env = { LD_PRELOAD: '', EMPTY: '', 'odd name': 'x=y', JOBSHIM_SOMETHING: 'else' }
    const variables = (report: string) => report.split('\n').filter(line => line.startsWith('env '))
    const bare = variables((await callBare(place, { env })).report)
    const shimmed = variables((await callThroughShim(place, { env })).report)
    const { tools, shims } = await calls()
    assert.equal(shimmed, [...bare, 'env JOBSHIM_HOPS=1'])
    assert.ok(shimmed.includes(`env PATH=${tools}:${process.env.PATH}`))
    assert.not.ok(shimmed.some(line => line.startsWith('env PATH=') && line.includes(shims)))
    assert.ok(shimmed.includes('env odd name=x=y'))
  })

test.run()
