/** The words around a picture: its head, and what its colours mean. */
import { grouped, renderMemory, renderPart, renderTime, unknown } from './amounts.js'
import type { Chart } from './chart.js'
import type { Drawing } from './drawing.js'
import { kindLooks } from './layers.js'
import { textsOf } from './names.js'
import { pathTotals } from './path.js'
import { kindOf, type Totals } from './quantities.js'
import { shortened } from './text.js'
import { themes } from './theme.js'

/** `colour`: the place of a tool's colour in a theme. */
export type ToolEntry = { name: string; colour: number }

/** Returns the tools that have a colour of their own, the costliest first, and `others` for all else. */
export function toolEntries({ chart, colours }: Drawing): ToolEntry[] {
  const others = themes.light.tools.length - 1
  const entries = chart.names.tools.map((name, tool) => ({ name, colour: colours[tool] ?? others }))
  const own = entries.filter(({ colour }) => colour < others).sort((a, b) => a.colour - b.colour)
  const rest = entries.filter(({ colour }) => colour === others)
  if (rest.length === 0) return own
  const [only] = rest
  return [
    ...own,
    { name: rest.length === 1 && only ? only.name : `${rest.length} other tools`, colour: others },
  ]
}

const kindTexts: Readonly<Record<string, string>> = {
  compile: 'compile',
  link: 'link',
  preprocess: 'preprocess',
  other: 'other work',
  client: 'make and the like: pay for the slot that their children use',
}

/** Returns the kinds of runs that there are, with what they mean. */
export function kindEntries({ chart }: Drawing): { kind: string; text: string }[] {
  const there = new Set(chart.runs.kind.map((_, run) => kindOf(chart, run)))
  return Object.keys(kindLooks).flatMap(kind =>
    there.has(kind) ? [{ kind, text: kindTexts[kind] ?? kind }] : [],
  )
}

/** More slots than cores: what a tool then gets is less than a core, and its time says nothing of its work. */
function coresFact({ cores, limit, span }: Chart, { cpu }: Totals): Fact {
  const name = 'Cores busy, on average'
  if (cpu === null) return { name, value: unknown }
  const value = `${(cpu / span).toFixed(1)}${cores === undefined ? '' : ` of ${cores}`}`
  return cores === undefined || limit === undefined || limit <= cores
    ? { name, value }
    : { name, value, more: `${limit} slots share ${cores} ${cores === 1 ? 'core' : 'cores'}` }
}

export type Fact = { name: string; value: string; more?: string }

function pathFact({ path }: Drawing): Fact[] {
  if (path.length === 0) return []
  const { tools, inTools, full, waited, other } = pathTotals(path)
  const more = [
    `in ${grouped(tools)} ${tools === 1 ? 'tool' : 'tools'}`,
    ...(full > 0 ? [`${renderTime(full)} with all slots in use`] : []),
    ...(waited > 0 ? [`${renderTime(waited)} waiting for a slot`] : []),
    ...(other > 0 ? [`${renderTime(other)} in what else ran`] : []),
  ]
  return [{ name: 'Likely critical path', value: renderTime(inTools), more: more.join(', ') }]
}

const nameOf = (text: string): string => shortened(text, 40, 'start')

function waitFact({ chart, totals }: Drawing): Fact {
  const { longestWait, gated } = totals
  const name = 'Longest wait'
  if (longestWait === -1) return { name, value: 'none' }
  const more = [
    nameOf(textsOf(chart, longestWait)[0] ?? ''),
    ...(gated > 0 ? [`${renderTime(gated)} for rules, all together`] : []),
  ]
  return { name, value: renderTime(chart.runs.waited[longestWait] ?? 0), more: more.join(', ') }
}

function slowestFact({ costs }: Drawing): Fact[] {
  const slowest = costs.find(({ isFile }) => isFile)
  return slowest === undefined
    ? []
    : [{ name: 'Slowest file', value: renderTime(slowest.ran), more: nameOf(slowest.file) }]
}

/** Returns what a build came to, in words. */
export function factsOf(drawing: Drawing): Fact[] {
  const { chart, totals } = drawing
  const { limit, span, coverage } = chart
  const part = totals.narrow / span
  const endings = [
    ...(totals.failed > 0 ? [`${grouped(totals.failed)} failed`] : []),
    ...(totals.denied > 0
      ? [`${grouped(totals.denied)} ${totals.denied === 1 ? 'probe' : 'probes'} said no`]
      : []),
  ]
  return [
    { name: 'Took', value: renderTime(span) },
    {
      name: 'Tool runs',
      value: grouped(totals.runs),
      ...(endings.length > 0 ? { more: endings.join(', ') } : {}),
    },
    {
      name: 'Slots used, on average',
      value: `${totals.meanSlots.toFixed(1)}${limit === undefined ? '' : ` of ${limit}`}`,
      more: `at most ${totals.peakSlots}`,
    },
    ...(limit === 1
      ? []
      : [{ name: 'One slot used, or none', value: renderPart(part), more: renderTime(totals.narrow) }]),
    ...slowestFact(drawing),
    ...pathFact(drawing),
    coresFact(chart, totals),
    waitFact(drawing),
    totals.peakMemory === null
      ? { name: 'Memory, at most', value: unknown }
      : { name: 'Memory, at most', value: renderMemory(totals.peakMemory), more: 'sum of the peaks' },
    ...(coverage === undefined ? [] : [{ name: 'Went through the shims', value: renderPart(coverage) }]),
    ...(totals.overdrafts > 0
      ? [{ name: 'Without a slot', value: grouped(totals.overdrafts), more: 'overdrafts' }]
      : []),
  ]
}
