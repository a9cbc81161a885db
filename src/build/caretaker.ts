/** The caretaker of a build: it comes once the command has run for a moment, since many are over by then. */

import { type ToolUse, type ToolWatch, watchTools } from '../bypass/tool-watch.js'
import { ensureStateDirectory } from '../ground/paths.js'
import { isBelowRun } from '../jobserver/outer.js'
import { type Caretaker, openCaretaker } from '../launcher/caretaker.js'

const delay = 150 // ms

export type BuildCaretaker = {
  /** The command runs, as process `pid`. `jobserver`: its address; empty if the pool is not ours. */
  begin(pid: number, jobserver: string): void
  /** Returns the number of free tokens; undefined where it can't be told. To be called once at a time. */
  countFree(): Promise<number | undefined>
  /** Ends it, the first time. Returns what tools it saw; undefined where it saw none. */
  end(): Promise<ToolUse | undefined>
}

/** Prepares one; `tend`, of a run with a pool of its own, is called once it is there. Whatever fails of it is no failure of the build. */
export function buildCaretaker(
  look: string,
  environment: NodeJS.ProcessEnv,
  tend?: (caretaker: Caretaker) => void,
): BuildCaretaker {
  let timer: NodeJS.Timeout | undefined
  let caretaker: Caretaker | undefined
  let watch: ToolWatch | undefined
  let ended: Promise<ToolUse | undefined> | undefined
  const end = async (): Promise<ToolUse | undefined> => {
    clearTimeout(timer)
    const toolUse = await watch?.end()
    await caretaker?.end()
    return toolUse
  }
  return {
    begin(pid, jobserver) {
      timer = setTimeout(() => {
        const isWatched = isBelowRun() // another run looks at the tools
        if (isWatched && tend === undefined) return
        try {
          caretaker = openCaretaker(look, environment)
          caretaker.stay(pid)
          tend?.(caretaker)
          if (!isWatched) watch = watchTools(caretaker, ensureStateDirectory(environment), jobserver)
        } catch {
          // The build goes on without one.
        }
      }, delay)
    },
    countFree: async () => caretaker?.countFree(),
    end: () => (ended ??= end()),
  }
}
