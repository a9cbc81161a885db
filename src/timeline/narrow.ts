/** The longest times in which one slot was used, or none, and what ran meanwhile: that is why. */
import { renderInstant, renderTime } from './amounts.js'
import type { Drawing } from './drawing.js'
import { textsOf } from './names.js'
import { type Phase, sharesOf } from './phases.js'
import type { Stretch } from './quantities.js'
import { shortened } from './text.js'

/** `during`: programs that are no tools, and how long each was the innermost one. Microseconds. */
export type Narrow = Stretch & { during: { phase: Phase; time: number }[] }

const mostStretches = 5
const mostPrograms = 3
const leastPart = 0.1 // of the stretch

/** Returns the longest first; none that are shorter than a two hundredth of the build. */
export function longestNarrow({ chart, narrow }: Pick<Drawing, 'chart' | 'narrow'>): Narrow[] {
  const least = chart.span / 200
  return narrow
    .filter(({ from, to }) => to - from >= least)
    .sort((a, b) => b.to - b.from - (a.to - a.from))
    .slice(0, mostStretches)
    .map(stretch => ({
      ...stretch,
      during: sharesOf(chart.phases, stretch.from, stretch.to)
        .slice(0, mostPrograms)
        .filter(({ time }) => time > (stretch.to - stretch.from) * leastPart),
    }))
}

/** Returns when it was. */
export const renderPlace = ({ from, to }: Narrow): string =>
  renderInstant(from, Math.max(1e5, (to - from) / 100))

/** Returns what ran in it. */
export function renderCause({ run, during }: Narrow, { chart }: Pick<Drawing, 'chart'>): string {
  const tool = shortened(textsOf(chart, run)[0] ?? '', 60, 'start')
  const programs = during.map(
    ({ phase, time }) => `${shortened(phase.name, 40, 'end')} for ${renderTime(time)}`,
  )
  const last = run === -1 ? 'no tool' : programs.length === 0 ? tool : `longest tool: ${tool}`
  return [...(programs.length === 0 ? [] : [programs.join(', ')]), last].join('; ')
}
