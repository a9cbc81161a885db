/** Journals as builds write them, without a build. */
import { buildsOf } from '../../src/timeline/builds.js'
import { type Chart, chartOf } from '../../src/timeline/chart.js'
import type {
  BypassEvent,
  EndEvent,
  JournalEvent,
  PhaseEvent,
  StartEvent,
  ToolEvent,
} from '../../src/timeline/event.js'
import { random as randomOf } from './random.js'

/** When these builds began: seconds since 1970. */
export const began = 1_800_000_000

export const tool = (event: Partial<ToolEvent> = {}): ToolEvent => ({
  jobshim: 1,
  event: 'tool',
  pid: 1000,
  at: began,
  tool: 'gcc',
  path: '/usr/bin/gcc',
  kind: 'compile',
  file: 'a.c',
  directory: '/build',
  job: '1',
  slot: 'token',
  slots: 1,
  waitedSeconds: 0,
  gatedSeconds: 0,
  gate: 'none',
  ranSeconds: 1,
  userSeconds: 0.8,
  systemSeconds: 0.1,
  memoryBytes: 64 * 1024 ** 2,
  exit: 0,
  ...event,
})

export const start = (event: Partial<StartEvent> = {}): StartEvent => ({
  jobshim: 1,
  event: 'start',
  pid: 900,
  at: began,
  version: '0.1.0',
  jobs: 2,
  cores: 2,
  command: ['./build.sh'],
  directory: '/build',
  ...event,
})

export const end = (event: Partial<EndEvent> = {}): EndEvent => ({
  jobshim: 1,
  event: 'end',
  pid: 900,
  at: began + 10,
  exit: 0,
  coverage: 1,
  ...event,
})

export const phase = (event: Partial<PhaseEvent> = {}): PhaseEvent => ({
  jobshim: 1,
  event: 'phase',
  pid: 900,
  at: began,
  depth: 1,
  command: 'make',
  directory: '/build',
  ranSeconds: 1,
  ...event,
})

export const past = (event: Partial<BypassEvent> = {}): BypassEvent => ({
  jobshim: 1,
  event: 'past',
  pid: 900,
  at: began + 10,
  tool: '/usr/bin/gcc',
  caller: 'cmake',
  why: 'absolute path in CMakeCache.txt',
  file: '/build/CMakeCache.txt',
  fix: 'configure anew below jobshim run',
  runs: 3,
  seconds: 4.5,
  ...event,
})

/** Returns the chart of the only build of these events. */
export function chartFrom(events: readonly JournalEvent[]): Chart {
  const [build, ...more] = buildsOf(events)
  if (!build || more.length > 0) throw new Error('these are not the events of one build')
  return chartOf(build)
}

/** Returns the text of a journal. */
export const journalOf = (events: readonly object[]): string =>
  events.map(event => `${JSON.stringify(event)}\n`).join('')

/**
 * Returns the events of a build of so many tool runs: make pays for a slot, its compilers take tokens as they get free, a link
 * at the end of each directory waits for all of it. The same numbers give the same build.
 */
export function buildOf({ runs, jobs }: { runs: number; jobs: number }) {
  const random = randomOf(runs)
  const free = Array.from({ length: jobs }, () => 0)
  const tools: ToolEvent[] = []
  let asked = 0.05
  for (let index = 0; index < runs - 1; index++) {
    const links = index % 60 === 59
    const slot = links ? free.indexOf(Math.max(...free)) : free.indexOf(Math.min(...free))
    const at = Math.max(free[slot] ?? 0, asked) + 0.0005
    const waitedSeconds = at - asked
    const ranSeconds = (links ? 0.8 : 0.02) + random() ** 4 * (links ? 4 : 3)
    free[slot] = at + ranSeconds
    if (links) free.fill(at + ranSeconds)
    asked = links ? at + ranSeconds : Math.max(asked, at - random() * 2)
    const name = links
      ? 'ld'
      : (['gcc', 'g++', 'gcc', 'rustc', 'as', 'clang'][Math.floor(random() * 6)] ?? 'gcc')
    tools.push(
      tool({
        pid: 2000 + index,
        at: began + at,
        tool: name,
        path: `/usr/bin/${name}`,
        kind: links ? 'link' : name === 'as' ? 'other' : random() < 0.1 ? 'preprocess' : 'compile',
        file: links ? `lib/part${index}.so` : `src/part${Math.floor(index / 60)}/module-${index}.c`,
        job: String(index),
        waitedSeconds,
        ranSeconds,
        userSeconds: ranSeconds * 0.85,
        systemSeconds: ranSeconds * 0.08,
        memoryBytes: Math.round((20 + random() ** 3 * 900) * 1024 ** 2),
        slot: random() < 0.3 ? 'caller' : slot === 0 ? 'implicit' : 'token',
        exit: random() < 0.002 ? 1 : 0,
      }),
    )
  }
  const took = Math.max(...free) + 0.05
  const make = tool({
    pid: 1999,
    at: began + 0.01,
    tool: 'make',
    path: '/usr/bin/make',
    kind: 'client',
    file: '',
    job: 'top',
    slot: 'caller',
    ranSeconds: took - 0.02,
    memoryBytes: 900 * 1024 ** 2,
  })
  return [
    start({ jobs, cores: jobs, command: ['make', '-C', 'tree'] }),
    ...tools,
    make,
    end({ at: began + took }),
  ]
}
