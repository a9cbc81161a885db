/** What `jobshim timeline --compare` prints. */
import stringWidth from 'string-width'
import { renderColumns } from '../ground/columns.js'
import { renderJson } from '../ground/json.js'
import { visibleLines } from '../ground/visible.js'
import { renderTime } from '../timeline/amounts.js'
import type { Amounts, Change, Comparison } from '../timeline/comparison.js'
import type { Drawing } from '../timeline/drawing.js'
import { shortened } from '../timeline/text.js'
import { nameOf } from './timeline-build.js'

const mostFiles = 10
const nameLetters = 60

/** Microseconds: what took so little longer is no loss that anybody could find. */
const leastLoss = 10_000

/** Where a side of a comparison is from: the journal as it was named, and which of its builds. */
export type Source = { journal: string; number: number | undefined; builds: number }

type Sources = { before: Source; now: Source }

/** Returns the text for people. */
export function renderComparison(
  { before, now, more, kinds, files, onlyBefore, onlyNow }: Comparison,
  sources: Sources,
): string {
  const slower = files.filter(({ more }) => more >= leastLoss)
  return [
    visibleLines([
      ...chosen(sources),
      `took ${renderTime(now.chart.span)}, before ${renderTime(before.chart.span)}: ${renderChange(more)}`,
      ...differences(before, now),
    ]),
    '\n',
    columns('kind', kinds),
    '\n',
    slower.length === 0
      ? `no file took ${renderTime(leastLoss)} longer, or more\n`
      : columns('slower files', slower.slice(0, mostFiles)),
    rest(slower.length),
    only('only now', onlyNow),
    only('only before', onlyBefore),
  ].join('')
}

/** Returns the same for programs, without bounds. */
export function comparisonJson(
  { before, now, more, kinds, files, onlyBefore, onlyNow }: Comparison,
  sources: Sources,
): string {
  const change = ({ before, now, more }: Change) => ({
    beforeSeconds: before.ran / 1e6,
    nowSeconds: now.ran / 1e6,
    moreSeconds: more / 1e6,
    beforeRuns: before.runs,
    nowRuns: now.runs,
  })
  const alone = ({ what, runs, ran }: Amounts & { what: string }) => ({
    file: what,
    seconds: ran / 1e6,
    runs,
  })
  return renderJson({
    before: sideOf(before, sources.before),
    now: sideOf(now, sources.now),
    moreSeconds: more / 1e6,
    kinds: kinds.map(kind => ({ kind: kind.what, ...change(kind) })),
    files: files.map(file => ({ file: file.what, ...change(file) })),
    onlyBefore: onlyBefore.map(alone),
    onlyNow: onlyNow.map(alone),
  })
}

/** Nothing, if each journal has but one build. */
const chosen = ({ before, now }: Sources): string[] =>
  before.builds === 1 && now.builds === 1
    ? []
    : [`${nameOf(now.number, now.builds)}, before ${nameOf(before.number, before.builds)}`]

const sideOf = ({ chart, totals }: Drawing, { journal, number, builds }: Source) => ({
  journal,
  build: number,
  builds,
  command: chart.title,
  tookSeconds: chart.span / 1e6,
  runs: totals.runs,
  ...(chart.limit === undefined ? {} : { limit: chart.limit }),
  ...(chart.cores === undefined ? {} : { cores: chart.cores }),
  slotsUsed: totals.meanSlots,
  ...(totals.cpu === null ? {} : { cpuSeconds: totals.cpu / 1e6 }),
})

/** Without these a time is not to be held against another one. */
function differences(before: Drawing, now: Drawing): string[] {
  const differs = (what: 'limit' | 'cores', text: string): string[] => {
    const [old, young] = [before.chart[what], now.chart[what]]
    return old === young ? [] : [`${text} ${young ?? 'not known'}, before ${old ?? 'not known'}`]
  }
  const found = [...differs('limit', 'limit'), ...differs('cores', 'cores')]
  return [
    `slots used, on average: ${now.totals.meanSlots.toFixed(1)}, before ${before.totals.meanSlots.toFixed(1)}`,
    ...(found.length === 0
      ? []
      : [`${found.join('; ')}: a tool that shares the machine with more others takes longer`]),
  ]
}

const renderChange = (more: number): string =>
  Math.abs(more) < 0.5 ? 'the same' : `${renderTime(Math.abs(more))} ${more > 0 ? 'longer' : 'shorter'}`

const columns = (head: string, rows: readonly Change[]): string =>
  renderColumns(
    [
      [head, 'before', 'now', '', 'runs'],
      ...rows.map(({ what, before, now, more }) => [
        shortened(what, nameLetters, 'start'),
        renderTime(before.ran),
        renderTime(now.ran),
        renderChange(more),
        before.runs === now.runs ? String(now.runs) : `${now.runs}, before ${before.runs}`,
      ]),
    ],
    stringWidth,
  )

const rest = (count: number): string =>
  count > mostFiles ? `and ${count - mostFiles} more: --json has all\n` : ''

function only(head: string, files: readonly (Amounts & { what: string })[]): string {
  if (files.length === 0) return ''
  const rows = files
    .slice(0, mostFiles)
    .map(({ what, ran, runs }) => [shortened(what, nameLetters, 'start'), renderTime(ran), String(runs)])
  return `\n${renderColumns([[head, 'ran', 'runs'], ...rows], stringWidth)}${rest(files.length)}`
}
