/** What `jobshim run` tells at the end of a build. */
import { relative } from 'node:path'
import { type Bypass, renderBypasses } from '../bypass/bypass.js'
import { coverageOf, type ToolUse } from '../bypass/tool-watch.js'
import { gateNames } from '../contract/ledger-layout.js'
import { renderJson } from '../ground/json.js'
import { visibleLine } from '../ground/visible.js'
import type { Settlement } from '../jobserver/pool.js'
import type { UnknownPrograms } from '../launcher/supervisor.js'
import type { BuildReport } from './build.js'

type Told = Pick<BuildReport, 'jobs' | 'settlement' | 'toolUse' | 'bypasses' | 'unknown'>

/** Below that many watched seconds a build has one line, and no slow runs. */
const longEnough = 1

/** Returns the lines that a run ends with; empty where there is nothing to say. */
export function renderSummary(report: Told): string {
  const { jobs, settlement, toolUse, bypasses, unknown } = report
  const isLong = toolUse !== undefined && toolUse.watchedSeconds >= longEnough && toolUse.slowest.length > 0
  const lines = [
    ...(settlement ? [`jobshim: ${totals(settlement, toolUse)}`] : []),
    ...(settlement?.removed === undefined ? [] : removedLines(settlement.removed)),
    ...(settlement && isLong ? [`  ${use(toolUse, jobs, settlement)}`] : []),
    ...(settlement && isLong ? [`  slowest: ${slowest(toolUse)}`] : []),
    ...(bypasses.length > 0 ? bypassLines(report) : []),
    ...(unknown ? [`${settlement ? '  ' : 'jobshim: '}${unknownLine(unknown)}`] : []),
  ]
  return lines.map(visibleLine).join('\n')
}

/** Returns the same for programs; empty likewise. */
export function summaryJson({ jobs, settlement, toolUse, bypasses, unknown }: Told): string {
  if (settlement === undefined && toolUse === undefined && unknown === undefined) return ''
  return renderJson({
    ...settlement,
    jobs,
    ...(toolUse && {
      watchedSeconds: toolUse.watchedSeconds,
      slotsUsed: slotsUsed(toolUse, jobs),
      coverage: coverageOf(toolUse),
      launchedRuns: toolUse.launchedRuns,
      clientRuns: toolUse.clientRuns,
      slowest: toolUse.slowest,
    }),
    past: bypasses,
    ...(unknown && { unknown }),
  })
}

// What has no process above it that has the pool open can't find it any more.
const removedLines = (path: string): string[] => [
  `  ${path}: was removed while the build ran; tools that found no other way to the pool ran without a slot, and without rules`,
  '    set XDG_RUNTIME_DIR to a directory of yours that nothing clears before the build ends',
]

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

// Of another user without CAP_SYS_PTRACE, or of a file that nobody may read; and what a mount of /proc with hidepid hides.
const unknownLine = ({ count, first }: UnknownPrograms): string =>
  `${counted(count, 'program')} could not be looked at${first === '' ? '' : `, the first called ${first}`}: tools among them took no slot`

// Of a jobserver that is not ours nothing else is told.
function bypassLines({ settlement, toolUse, bypasses }: Told): string[] {
  const lines = renderBypasses(bypasses.map(shortened), toolUse && coverageOf(toolUse))
  return settlement
    ? lines.map(line => `  ${line}`)
    : lines.map((line, row) => (row === 0 ? `jobshim: ${line}` : line))
}

// A path below the working directory is shorter without it.
function shortened(bypass: Bypass): Bypass {
  if (bypass.file === undefined) return bypass
  const file = relative(process.cwd(), bypass.file)
  return file.startsWith('../..') ? bypass : { ...bypass, file }
}

/**
 * Slots in which tools ran, on average. What went past the shims ran in none. It is a sample, which may count a tool that only begins
 * to wait: more than all slots can't have been used.
 */
function slotsUsed(
  { governedSeconds, watchedSeconds }: ToolUse,
  jobs = Number.POSITIVE_INFINITY,
): number | undefined {
  return watchedSeconds === 0 ? undefined : Math.min(governedSeconds / watchedSeconds, jobs)
}

function totals(settlement: Settlement, toolUse: ToolUse | undefined): string {
  const { overdrafts, back, total, missing } = settlement
  const { launchedRuns = 0, clientRuns = 0 } = toolUse ?? {}
  return [
    ...(launchedRuns > settlement.runs + settlement.callerRuns
      ? uncounted(settlement, launchedRuns)
      : written(settlement)),
    ...(clientRuns === 0 ? [] : [`${clientRuns} more seen past the shims, in the slots of make or the like`]),
    ...(overdrafts === 0 ? [] : [`${overdrafts} without a slot`]),
    `${back}/${total} tokens back`,
    ...(missing.length === 0 ? [] : [`still held by ${missing.join(', ')}`]),
  ].join(', ')
}

/** By what launchers wrote into the ledger. */
const written = ({ runs, callerRuns, peak, waitedSeconds }: Settlement): string[] => [
  counted(runs + callerRuns, 'tool run'),
  callerRuns === 0
    ? `at most ${peak} at a time`
    : runs === 0
      ? "in their caller's slot"
      : `${callerRuns} in their caller's slot, the others at most ${peak} at a time`,
  `${waitedSeconds.toFixed(1)} s waited`,
]

/** Where some could not write: as many were seen at least, and nobody knows how long they waited. */
const uncounted = ({ runs, callerRuns }: Settlement, seen: number): string[] => [
  `at least ${counted(seen, 'tool run')}`,
  `${runs + callerRuns === 0 ? 'none' : `only ${runs + callerRuns}`} could write the ledger, so how many at a time is not known`,
]

function use(toolUse: ToolUse, jobs: number | undefined, settlement: Settlement): string {
  const { waitedSeconds, gatedSeconds } = settlement
  const gated = gateNames.filter(gate => gatedSeconds[gate] >= 0.05)
  const forSlots = waitedSeconds - gateNames.reduce((sum, gate) => sum + gatedSeconds[gate], 0)
  const waits = [
    ...(forSlots >= 0.05 ? [`${forSlots.toFixed(1)} s for a slot`] : []),
    ...gated.map(gate => `${gatedSeconds[gate].toFixed(1)} s for ${gateTexts[gate]}`),
  ]
  const tools = (slotsUsed(toolUse, jobs) ?? 0).toFixed(1)
  return [
    `${tools} of ${jobs} slots used by tools on average`,
    ...(waits.length > 0 ? [`waited ${waits.join(', ')}`] : []),
  ].join('; ')
}

const gateTexts = {
  limit: 'a limit of such runs',
  load: 'less load',
  pressure: 'less pressure',
  tokens: 'several slots at once',
  memory: 'memory',
} as const

const slowest = ({ slowest: runs }: ToolUse): string =>
  runs
    .map(({ tool, file, seconds }) => `${[tool, file].filter(Boolean).join(' ')} ${seconds.toFixed(1)} s`)
    .join(', ')
