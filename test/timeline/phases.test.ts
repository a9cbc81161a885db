import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Build, buildsOf } from '../../src/timeline/builds.js'
import type { PhaseEvent } from '../../src/timeline/event.js'
import { phasesAt, sharesOf } from '../../src/timeline/phases.js'
import { traceOf } from '../../src/timeline/trace.js'
import { began, chartFrom, end, phase, start, tool } from '../support/journals.js'

const second = 1e6
const ran = (from: number, to: number, command: string, event: Partial<PhaseEvent> = {}): PhaseEvent =>
  phase({ at: began + from, ranSeconds: to - from, command, ...event })

const chartWith = (...phases: PhaseEvent[]) => chartFrom([start(), tool({ at: began + 5 }), ...phases, end()])
const placed = (...phases: PhaseEvent[]) =>
  chartWith(...phases).phases.map(({ from, to, row, name }) => [from / second, to / second, row, name])

test('phases :: what ran below another one is a row below it; one that follows is in its row', () => {
  assert.equal(
    placed(
      ran(4.1, 9, 'make -j4'),
      ran(1, 4, '/bin/sh ./configure --prefix=/x'),
      ran(2, 3, '/usr/bin/python3.11 tools/gen.py out.h', { depth: 2 }),
    ),
    [
      [1, 4, 0, 'configure --prefix=/x'],
      [2, 3, 1, 'gen.py out.h'],
      [4.1, 9, 0, 'make -j4'],
    ],
  )
})

test('phases :: an end that was told too late is that of the next beginning', () => {
  assert.equal(placed(ran(1, 4.2, './configure'), ran(4, 9, 'make')), [
    [1, 4, 0, 'configure'],
    [4, 9, 0, 'make'],
  ])
})

test('phases :: three rows at most, none for the build itself, nothing outside of it', () => {
  assert.equal(
    placed(
      ran(0, 10, './build.sh', { depth: 0 }),
      ran(1, 9, 'a'),
      ran(2, 8, 'b'),
      ran(3, 7, 'c'),
      ran(4, 6, 'd'),
      ran(9.5, 12, 'e'),
    ),
    [
      [1, 9, 0, 'a'],
      [2, 8, 1, 'b'],
      [3, 7, 2, 'c'],
      [9.5, 10, 0, 'e'],
    ],
  )
})

test('phases :: a time is that of what was innermost in it', () => {
  const { phases } = chartWith(
    ran(0, 4, './configure'),
    ran(1, 2.5, 'python3 gen.py', { depth: 2 }),
    ran(4, 9, 'make'),
  )
  const shares = (from: number, to: number) =>
    sharesOf(phases, from * second, to * second).map(({ phase, time }) => [phase.name, time / second])
  assert.equal(shares(0, 5), [
    ['configure', 2.5],
    ['gen.py', 1.5],
    ['make', 1],
  ])
  assert.equal(shares(1.5, 2), [['gen.py', 0.5]])
  assert.equal(shares(9.2, 10), [])
  assert.equal(
    phasesAt(phases, 2 * second).map(({ command }) => command),
    ['./configure', 'python3 gen.py'],
  )
})

test('phases :: they belong to the run that wrote them, by its pid and time', () => {
  const builds = buildsOf([
    start(),
    ran(1, 2, 'first'),
    end(),
    start({ at: began + 20 }),
    ran(21, 22, 'second'),
    end({ at: began + 30 }),
  ]) as [Build, Build]
  assert.equal(
    builds.map(({ phases }) => phases.map(({ command }) => command)),
    [['first'], ['second']],
  )
})

test('phases :: in a trace they are a process of their own', () => {
  const events = traceOf(chartWith(ran(1, 4, 'make -j4')))
  assert.equal(
    events.filter(({ pid }) => pid === 4),
    [
      { ph: 'M', name: 'process_name', pid: 4, args: { name: 'what else ran' } },
      {
        ph: 'X',
        name: 'make -j4',
        cat: 'phase',
        pid: 4,
        tid: 1,
        ts: second,
        dur: 3 * second,
        args: { command: 'make -j4', directory: '/build' },
      },
    ],
  )
})

test.run()
