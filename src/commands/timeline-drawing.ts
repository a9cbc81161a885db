/** A journal's build as a file, by the suffix of its name. */
import { resolve } from 'node:path'
import { Failure } from '../ground/failure.js'
import { buildsOf } from '../timeline/builds.js'
import { type Chart, chartOf } from '../timeline/chart.js'
import { readJournal, type Skipped } from '../timeline/read.js'
import { type Format, formatBySuffix } from './timeline-format.js'
import { checkTarget, writeTarget } from './timeline-target.js'

/** What draws is loaded only where it is wanted. */
export const formats = {
  html: async (chart: Chart, skipped: Skipped) =>
    (await import('../timeline/html.js')).renderHtml(chart, skipped),
  svg: async (chart: Chart) => (await import('../timeline/svg.js')).renderSvg(chart),
  json: async (chart: Chart) => (await import('../timeline/trace.js')).renderTrace(chart),
} as const satisfies Record<Format, unknown>

/** Draws the last build of a journal. `journal`: its path. Throws `Failure` where it can't. */
export async function drawLast(journal: string, output: string, workingDirectory: string): Promise<void> {
  const { events, skipped } = readJournal(journal)
  const build = buildsOf(events).at(-1)
  const format = formatBySuffix(output)
  if (!format || !build || (build.tools.length === 0 && build.past.length === 0))
    throw new Failure(
      `${output}: not drawn, since no tool ran through a shim`,
      'jobshim doctor tells why a build is not governed',
    )
  const target = { path: resolve(workingDirectory, output), name: output, isNamed: true, journal }
  checkTarget(target)
  writeTarget(target, Buffer.from(await formats[format](chartOf(build), skipped)))
}
