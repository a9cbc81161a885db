/** What went past the shims while a build ran. */

import { type Bypass, bypassText } from '../bypass/bypass.js'
import { coverageOf, type ToolUse } from '../bypass/tool-watch.js'
import { type Ending, signalName } from '../launcher/foreground.js'
import { byHand } from './advice.js'
import { broken, type CheckRow, note, ok, type Verdict } from './verdict.js'

export type BuildFacts = {
  ending: Ending
  toolUse: ToolUse | undefined // undefined where nobody looked
  bypasses: readonly Bypass[]
}

const unwatched = (): Verdict =>
  note(
    'not watched: it was over at once, or an outer jobshim run watches it',
    byHand('build-short', 'try a longer build'),
  )

export const buildRows: readonly CheckRow<BuildFacts>[] = [
  {
    name: 'build',
    why: 'a build that ends early shows only a part of its tools',
    judge({ ending }) {
      if (ending.kind === 'signal')
        return note(`it died of ${signalName(ending.number)}: what comes later is not seen`)
      if (ending.status === 0) return ok('it succeeded')
      return note(`it ended with status ${ending.status}: what comes later is not seen`)
    },
  },
  {
    name: 'past the shims',
    why: 'these ran without a slot',
    needs: 'shims',
    judge({ toolUse, bypasses }) {
      if (toolUse === undefined) return unwatched()
      if (bypasses.length === 0) return ok('no tool was seen there')
      return bypasses.map(bypass =>
        broken(
          `${bypassText(bypass)}: ${bypass.runs === 1 ? '1 run' : `${bypass.runs} runs`}, ${bypass.seconds.toFixed(1)} s`,
          byHand('past', bypass.fix),
        ),
      )
    },
  },
  {
    name: 'coverage',
    why: "the share of the tools' time that the pool governed",
    judge({ toolUse }) {
      if (toolUse === undefined) return unwatched()
      const coverage = coverageOf(toolUse)
      if (coverage === undefined) return note('no tool ran long enough to be seen')
      const all = toolUse.governedSeconds + toolUse.bypassingSeconds
      const text = `${Math.floor(coverage * 100)} % of ${all.toFixed(1)} s in tools`
      return coverage === 1 ? ok(text) : note(text)
    },
  },
]
