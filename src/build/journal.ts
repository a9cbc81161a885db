/** What `jobshim run` itself writes into a journal. */
import { availableParallelism } from 'node:os'
import type { Bypass } from '../bypass/bypass.js'
import { coverageOf, type ToolUse } from '../bypass/tool-watch.js'
import { packageVersion } from '../ground/version.js'
import type { Ending } from '../launcher/foreground.js'
import { openJournal } from '../timeline/write.js'

export type BuildJournal = {
  path: string
  start(jobs: number | undefined, words: readonly string[]): void
  end(ending: Ending, toolUse: ToolUse | undefined, bypasses: readonly Bypass[]): void
}

/** Opens the journal of a build. `path` is absolute. Throws `Failure` where it can't be written. */
export function openBuildJournal(path: string, { directory }: { directory: string }): BuildJournal {
  const journal = openJournal(path)
  return {
    path,
    start(jobs, words) {
      journal.append({
        event: 'start',
        version: packageVersion(),
        jobs,
        cores: availableParallelism(),
        command: [...words],
        directory,
      })
    },
    end(ending, toolUse, bypasses) {
      for (const { depth, at, seconds, directory, command } of toolUse?.phases ?? [])
        journal.append({ event: 'phase', at, depth, command, directory, ranSeconds: seconds })
      for (const { tool, caller, why, file, fix, runs, seconds } of bypasses)
        journal.append({ event: 'past', tool, caller, why, file, fix, runs, seconds })
      journal.append({
        event: 'end',
        ...(ending.kind === 'exit' ? { exit: ending.status } : { signal: ending.number }),
        coverage: toolUse ? coverageOf(toolUse) : undefined,
      })
      journal.close()
    },
  }
}
