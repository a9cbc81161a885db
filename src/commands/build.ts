/** One build below one limit, and what is to be told of it at its end. */
import { environment as names } from '../ground/environment.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { catchSignals, type Ending, endLike } from '../ground/foreground.js'
import type { Settlement } from '../jobserver/pool.js'
import type { Sighting } from '../jobserver/tool-watch.js'
import { layoutOf } from '../shimdir/layout.js'
import type { Bypass } from '../toolchain/bypass.js'
import { type BuildOrder, placeOf } from './build-place.js'

/** How a build ended. */
export type BuildReport = {
  ending: Ending
  jobs: number | undefined // slots of its own pool; undefined: it joined somebody else's
  settlement: Settlement | undefined // of that pool
  sighting: Sighting | undefined // undefined where it was over before anybody looked
  bypasses: readonly Bypass[]
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
    const { ending, settlement, sighting } = await place.run(signals)
    const bypasses = sighting ? await explained(sighting, launcher) : []
    journal?.end(ending, sighting, bypasses)
    const end = async (): Promise<number> => {
      if (ending.kind === 'signal') signals.release()
      return await endLike(ending)
    }
    return { ending, jobs: place.jobs, settlement, sighting, bypasses, end }
  } catch (error) {
    journal?.end(
      { kind: 'exit', status: error instanceof Failure ? error.code : exitCodes.jobshim },
      undefined,
      [],
    )
    throw error
  }
}

const openJournalOf = async (path: string, order: BuildOrder) =>
  (await import('./build-journal.js')).openBuildJournal(path, order)

async function explained({ past }: Sighting, launcher: string): Promise<Bypass[]> {
  if (past.length === 0) return []
  const { explainPast } = await import('../toolchain/explain-past.js')
  return past.map(tools => explainPast(tools, launcher))
}
