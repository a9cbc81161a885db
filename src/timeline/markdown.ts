/** A build's summary in Markdown, for the page of a CI job. */
import { grouped, renderKnown, renderTime } from './amounts.js'
import type { Chart } from './chart.js'
import { drawingOf } from './drawing.js'
import { factsOf } from './legend.js'
import { textsOf } from './names.js'
import { longestNarrow, renderCause, renderPlace } from './narrow.js'
import { shortened } from './text.js'

const mostFiles = 10
const mostSteps = 5
const nameLetters = 100

/**
 * Returns other people's text as Markdown shows it letter by letter, also in a table: before each sign that could mean
 * something there stands a backslash. What is hidden in it is up to print.
 */
export const asMarkdown = (text: string): string => text.replace(/[!#$&()*+.:<>@[\\\]^_`{|}~-]/g, '\\$&')

/** Returns the lines. */
export function renderMarkdown(chart: Chart): string[] {
  const drawing = drawingOf(chart)
  const name = (text: string, cut: 'start' | 'end'): string => asMarkdown(shortened(text, nameLetters, cut))
  const facts = factsOf(drawing).map(
    ({ name, value, more }) =>
      `${asMarkdown(name)} **${asMarkdown(value)}**${more === undefined ? '' : ` (${asMarkdown(more)})`}`,
  )
  const steps = drawing.path
    .filter(({ kind }) => kind === 'tool')
    .sort((a, b) => b.to - b.from - a.to + a.from)
  const files = drawing.costs.slice(0, mostFiles)
  return [
    `### jobshim: ${name(chart.title, 'end')}`,
    '',
    facts.join(', '),
    ...table(
      ['Slowest files', 'Tools', 'Ran', 'CPU', 'Runs'],
      files.map(({ file, tools, ran, cpu, runs }) => [
        name(file, 'start'),
        name(tools, 'end'),
        asMarkdown(renderTime(ran)),
        asMarkdown(renderKnown(cpu, renderTime)),
        grouped(runs),
      ]),
    ),
    ...table(
      ['One slot used, or none', 'At', 'What ran'],
      longestNarrow(drawing).map(narrow => [
        asMarkdown(renderTime(narrow.to - narrow.from)),
        asMarkdown(renderPlace(narrow)),
        asMarkdown(renderCause(narrow, drawing)),
      ]),
    ),
    ...table(
      ['Longest on the likely critical path', 'Ran'],
      steps
        .slice(0, mostSteps)
        .map(step => [
          name('run' in step ? (textsOf(chart, step.run)[0] ?? '') : '', 'start'),
          asMarkdown(renderTime(step.to - step.from)),
        ]),
    ),
    ...table(
      ['Past the shims', 'Started by', 'Why', 'Runs'],
      chart.past.map(({ tool, caller, why, file, runs }) => [
        name(tool, 'start'),
        name(caller, 'end'),
        asMarkdown([why, file].filter(Boolean).join(': ')),
        grouped(runs),
      ]),
    ),
  ]
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return []
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return ['', line(heads), line(heads.map(() => '---')), ...rows.map(line)]
}
