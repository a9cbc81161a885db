/** One build below one limit, and what is to be told of it at its end. */

import type { Bypass } from '../bypass/bypass.js'
import type { ToolUse } from '../bypass/tool-watch.js'
import { environment as names } from '../contract/environment.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import type { Settlement } from '../jobserver/pool.js'
import {
  type CaughtSignals,
  catchSignals,
  type Ending,
  endLike,
  isInterrupted,
} from '../launcher/foreground.js'
import type { UnknownPrograms } from '../launcher/supervisor.js'
import { layoutOf } from '../shimdir/layout.js'
import type { Account, BuildOrder, StartedPlace } from './order.js'
import { placeOf } from './place.js'

/** How a build ended. */
export type BuildReport = {
  ending: Ending
  jobs: number | undefined // slots of its own pool; undefined: it joined somebody else's
  settlement: Settlement | undefined // of that pool
  toolUse: ToolUse | undefined // undefined where it was over before anybody looked
  bypasses: readonly Bypass[]
  dismissed?: number | undefined // tools that still waited, and were ended; undefined: the build was not interrupted
  unknown?: UnknownPrograms | undefined // programs that the sandbox could not look at
  end(): Promise<number> // the exit status; where a signal ended the build we die of it, too
}

/** Runs the build. Throws `Failure` where it can't be started. */
export async function build(order: BuildOrder): Promise<BuildReport> {
  const { environment, journal: path, settings, words } = order
  const { launcher } = layoutOf(settings.dir)
  const journal = path === undefined ? undefined : await openJournalOf(path, order)
  const governed = journal ? { ...environment, [names.journal]: journal.path } : environment
  const place = await placeOf({ ...order, environment: governed })
  const signals = catchSignals() // until the end: none may end us before what is made for the build is removed
  journal?.start(place.jobs, words)
  try {
    const {
      ending,
      dismissed,
      settlement,
      toolUse: seen,
      unknown,
    } = await runIn(place.start(signals), signals)
    const toolUse = order.sandbox ? withoutPast(seen) : seen
    const bypasses = toolUse ? await explained(toolUse, launcher) : []
    journal?.end(ending, toolUse, bypasses)
    const end = async (): Promise<number> => {
      if (ending.kind === 'signal') signals.release()
      return await endLike(ending)
    }
    return { ending, jobs: place.jobs, settlement, toolUse, bypasses, dismissed, unknown, end }
  } catch (error) {
    journal?.end(
      { kind: 'exit', status: error instanceof Failure ? error.code : exitCodes.jobshim },
      undefined,
      [],
    )
    throw error
  }
}

// In a sandbox none comes past: what make has started in its own slot was counted, too.
const withoutPast = (seen: ToolUse | undefined): ToolUse | undefined =>
  seen && { ...seen, launchedRuns: seen.launchedRuns + seen.clientRuns, clientRuns: 0 }

async function runIn(
  place: StartedPlace,
  signals: CaughtSignals,
): Promise<Account & { ending: Ending; dismissed: number | undefined }> {
  try {
    const ending = await place.run()
    // We may hear of a signal only after the end that it has caused. A sandbox lets go what waits in it: so this comes first.
    const isEnded = isInterrupted(ending) || (signals.askedToEnd() && !isSuccess(ending))
    const dismissed = isEnded ? place.dismiss() : undefined
    return { ending, dismissed, ...(await place.settle()) }
  } finally {
    await place.close()
  }
}

// A command may go on after a ^C, as a shell does at its prompt.
const isSuccess = (ending: Ending): boolean => ending.kind === 'exit' && ending.status === 0

const openJournalOf = async (path: string, order: BuildOrder) =>
  (await import('./journal.js')).openBuildJournal(path, order)

async function explained({ bypassing }: ToolUse, launcher: string): Promise<Bypass[]> {
  if (bypassing.length === 0) return []
  const { explainBypass } = await import('../bypass/explanation.js')
  return bypassing.map(tools => explainBypass(tools, launcher))
}
