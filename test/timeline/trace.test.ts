import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Build, buildsOf } from '../../src/timeline/builds.js'
import { chartOf } from '../../src/timeline/chart.js'
import { renderTrace } from '../../src/timeline/trace.js'
import { began, buildOf, end, start, tool } from '../support/journals.js'

type Event = {
  ph: string
  name: string
  cat?: string
  pid: number
  tid?: number
  ts?: number
  dur?: number
  args: Record<string, unknown>
}

function trace(events: Parameters<typeof buildsOf>[0]): Event[] {
  const [build] = buildsOf(events) as [Build]
  return (JSON.parse(renderTrace(chartOf(build))) as { traceEvents: Event[] }).traceEvents
}

test('trace :: slots are threads, runs slices in microseconds, amounts counters', () => {
  const events = trace([
    start({ jobs: 2 }),
    tool({ at: began + 1, waitedSeconds: 0.5, exit: 3 }),
    tool({
      at: began + 1,
      ranSeconds: 2,
      file: '',
      tool: 'ar',
      kind: 'other',
      slot: 'overdraft',
      userSeconds: undefined,
      memoryBytes: 0,
    }),
    end(),
  ])
  assert.equal(
    events
      .filter(({ ph }) => ph === 'M')
      .map(({ name, pid, tid, args }) => [name, pid, tid, args.name ?? args.sort_index]),
    [
      ['process_name', 1, undefined, './build.sh'],
      ['thread_name', 1, 1, 'slot 1'],
      ['thread_sort_index', 1, 1, 1],
      ['thread_name', 1, 2, 'slot 2'],
      ['thread_sort_index', 1, 2, 2],
      ['thread_name', 2, 1, 'run 1'],
      ['thread_sort_index', 2, 1, 1],
      ['process_name', 2, undefined, 'without a slot'],
      ['process_name', 3, undefined, 'amounts'],
      ['process_name', 5, undefined, 'likely critical path'],
    ],
  )
  assert.equal(
    events
      .filter(({ ph, cat }) => ph === 'X' && cat !== 'path')
      .map(({ name, pid, tid, ts, dur, args }) => [
        name,
        pid,
        tid,
        ts,
        dur,
        args.exit,
        args.waitedMicroseconds,
      ]),
    [
      ['gcc a.c', 1, 1, 1e6, 1e6, 3, 500_000],
      ['ar', 2, 1, 1e6, 2e6, 0, 0],
    ],
  )
  assert.equal(
    events
      .filter(({ ph }) => ph === 'C')
      .map(({ name, ts, args }) => [
        name,
        ts,
        ...Object.values(args).map(value => Math.round(Number(value) * 1e6) / 1e6),
      ]),
    [
      ['slots in use', 1e6, 1],
      ['slots in use', 2e6, 0],
      ['cores busy', 1e6, 0.9],
      ['cores busy', 2e6, 0],
      ['waiting', 5e5, 1],
      ['waiting', 1e6, 0],
      ['memory, sum of peaks (KiB)', 1e6, 65536],
      ['memory, sum of peaks (KiB)', 2e6, 0],
    ],
  )
})

test('trace :: every run is there once; slices of a thread lie beside or inside each other', () => {
  const events = trace(buildOf({ runs: 1000, jobs: 4 })).filter(({ ph, cat }) => ph === 'X' && cat !== 'path')
  assert.is(events.length, 1000)
  const ends = new Map<number, number[]>()
  for (const { tid = 0, ts = 0, dur = 0 } of events) {
    const open = (ends.get(tid) ?? []).filter(end => end > ts)
    for (const end of open) assert.ok(ts + dur <= end, 'viewers drop what sticks out of another slice')
    ends.set(tid, [...open, ts + dur])
  }
})

test('trace :: the likely critical path has a thread of its own, without what no tool is on', () => {
  const events = trace([start({ jobs: 2 }), tool({ at: began + 1 }), end({ at: began + 3 })])
  assert.equal(
    events
      .filter(({ cat }) => cat === 'path')
      .map(({ name, pid, tid, ts, dur }) => [name, pid, tid, ts, dur]),
    [['gcc a.c', 5, 1, 1e6, 1e6]],
  )
})

test.run()
