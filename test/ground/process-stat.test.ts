import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseProcessStat, readProcessStat } from '../../src/ground/process-stat.js'

const line = (name: string): string =>
  `4711 (${name}) T 42 4700 4600 34816 -1 4194304 3 0 0 0 1 2 0 0 20 0 1 0 987654321012 8192 256 18446744073709551615 1 1 0\n`

const stat = {
  kind: 'read',
  state: 'T',
  parent: 42,
  group: 4700,
  foreground: -1,
  start: 987654321012n,
} as const

test('process stat :: a plain name', () => {
  assert.equal(parseProcessStat(line('gcc')), { ...stat, name: 'gcc' })
})

test('process stat :: a name with spaces and parentheses', () => {
  for (const name of ['a b', '(sd-pam)', ') R 1 1 (', 'x) Z 0', ''])
    assert.equal(parseProcessStat(line(name)), { ...stat, name })
})

test('process stat :: half a line', () => {
  for (const half of ['', '4711 (gcc', line('gcc').slice(0, 60)])
    assert.equal(parseProcessStat(half), { kind: 'unreadable', code: 'EBADMSG' })
})

test('process stat :: our own, by its number and by its name', () => {
  const [byName, byNumber] = [readProcessStat('self'), readProcessStat(process.pid)]
  assert.is(byName.kind, 'read')
  if (byName.kind !== 'read' || byNumber.kind !== 'read') return
  assert.equal({ ...byName, state: '' }, { ...byNumber, state: '' })
  assert.is(byName.parent, process.ppid)
  assert.is(`${byName.name}\n`, readFileSync('/proc/self/comm', 'utf8'))
})

test('process stat :: nobody has that number', () => {
  assert.equal(readProcessStat(2 ** 22 + 1), { kind: 'gone' }) // PID_MAX_LIMIT of proc_sys_kernel(5)
})

test.run()
