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

type Told = Pick<BuildReport, 'jobs' | 'settlement' | 'toolUse' | 'bypasses' | 'dismissed' | 'unknown'>

/** Below that many watched seconds a build has one line, and no slow runs. */
const longEnough = 1

/** Returns the lines that a run ends with; empty where there is nothing to say. */
export function renderSummary(report: Told): string {
  const { jobs, settlement, toolUse, bypasses, dismissed, unknown } = report
  const isLong = toolUse !== undefined && toolUse.watchedSeconds >= longEnough && toolUse.slowest.length > 0
  const lines = [
    ...(settlement ? [`jobshim: ${totals(settlement, toolUse, jobs)}`] : []),
    ...(dismissed ? [`${settlement ? '  ' : 'jobshim: '}${dismissedLine(dismissed)}`] : []),
    ...(settlement?.removed === undefined ? [] : removedLines(settlement.removed)),
    ...(settlement && isLong ? [`  ${use(toolUse, jobs, settlement)}`] : []),
    ...(settlement && isLong ? [`  slowest: ${slowest(toolUse)}`] : []),
    ...(bypasses.length > 0 ? bypassLines(report) : []),
    ...(unknown ? [`${settlement ? '  ' : 'jobshim: '}${unknownLine(unknown)}`] : []),
  ]
  return lines.map(visibleLine).join('\n')
}

/** Returns the same for programs; empty likewise. */
export function summaryJson({ jobs, settlement, toolUse, bypasses, dismissed, unknown }: Told): string {
  if (settlement === undefined && toolUse === undefined && dismissed === undefined && unknown === undefined)
    return ''
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
    dismissed,
    ...(unknown && { unknown }),
  })
}

// What has no process above it that has the pool open can't find it any more.
const removedLines = (path: string): string[] => [
  `  ${path}: was removed while the build ran; tools that found no other way to the pool ran without a slot, and without rules`,
  '    set XDG_RUNTIME_DIR to a directory of yours that nothing clears before the build ends',
]

const dismissedLine = (count: number): string =>
  `${counted(count, 'tool')} still waited for a slot, and ${count === 1 ? 'was' : 'were'} ended`

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

function totals(settlement: Settlement, toolUse: ToolUse | undefined, jobs: number | undefined): string {
  const { overdrafts, longestWaitSeconds } = settlement
  const { launchedRuns = 0, clientRuns = 0 } = toolUse ?? {}
  return [
    launchedRuns > settlement.runs + settlement.callerRuns
      ? uncounted(settlement, launchedRuns)
      : written(settlement, jobs),
    ...(longestWaitSeconds < notable ? [] : [`the longest waited ${longestWaitSeconds.toFixed(1)} s`]),
    ...(clientRuns === 0 ? [] : [`${clientRuns} more seen past the shims, in the slots of make or the like`]),
    ...(overdrafts === 0 ? [] : [`${overdrafts} ran without a slot`]),
    ...tokens(settlement),
  ].join('; ')
}

/** Seconds; shorter waits are 0.0 s. */
const notable = 0.05

/** By what launchers wrote into the ledger. */
function written({ runs, callerRuns, peak }: Settlement, jobs: number | undefined): string {
  const all = runs + callerRuns
  const most = `at most ${peak} at once (limit ${jobs})`
  if (all === 0) return `0 tools ran (limit ${jobs})`
  if (callerRuns === 0) return `${counted(all, 'tool')} ran, ${most}`
  if (runs === 0) return `${counted(all, 'tool')} ran, in their caller's slot`
  return `${counted(all, 'tool')} ran, ${callerRuns} of them in their caller's slot, the others ${most}`
}

/** If some could not write: as many were seen at least, and nobody knows how long they waited. */
function uncounted({ runs, callerRuns }: Settlement, seen: number): string {
  const noted = runs + callerRuns === 0 ? 'none' : `only ${runs + callerRuns}`
  return `at least ${counted(seen, 'tool')} ran; ${noted} could write the ledger, so how many ran at once is not known`
}

/** Of tokens people are told only if their number is wrong, or if somebody still has one. */
function tokens({ back, total, missing }: Settlement): string[] {
  const holders = missing.length === 0 ? '' : `, held by ${missing.join(', ')}`
  if (back > total) return [`${back} tokens are back, of ${total} that there were${holders}`]
  if (back === total) return holders === '' ? [] : [`all tokens are back${holders}`]
  return [
    `${total - back} of ${counted(total, 'token')} ${total - back === 1 ? 'is' : 'are'} missing${holders}`,
  ]
}

function use(toolUse: ToolUse, jobs: number | undefined, { gatedSeconds }: Settlement): string {
  const gated = gateNames.filter(gate => gatedSeconds[gate] >= notable).map(gate => gateTexts[gate])
  const used = `${(slotsUsed(toolUse, jobs) ?? 0).toFixed(1)} of ${jobs} slots used by tools on average`
  return gated.length === 0 ? used : `${used}; some waited for ${gated.join(', ')}`
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
