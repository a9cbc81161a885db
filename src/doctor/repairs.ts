/** What `doctor --fix` does by itself: only to what jobshim owns, and nothing that a build or a person may still want. */
import type { Settings } from '../config/options.js'
import { Failure } from '../ground/failure.js'
import { findStateDirectory } from '../ground/paths.js'
import { sweepEntries } from '../jobserver/registry.js'
import { ensureShims } from '../shimdir/ensure.js'
import { renewLauncher } from '../shimdir/install.js'
import type { AdviceId } from './advice.js'
import type { Check } from './verdict.js'

type Repair = {
  why: string // it is safe
  apply(settings: Settings, environment: NodeJS.ProcessEnv): Promise<void>
}

const renewed: Repair = {
  why: 'the launcher is a copy of what the package has; the shims and their settings stay',
  apply: async ({ dir }, environment) => await renewLauncher(dir, environment),
}

const added: Repair = {
  why: 'jobshim run would do the same; shims are added, and none is removed',
  async apply(settings, environment) {
    await ensureShims(settings.dir, settings, environment)
  },
}

/** THE table of repairs, by the advice that they follow. All else changes what is not jobshim's, or takes a decision. */
const repairs: Partial<Record<AdviceId, Repair>> = {
  'launcher-broken': renewed,
  'launcher-missing': renewed,
  'launcher-other': renewed,
  'shims-none': added,
  'tools-uncovered': added,
  'state-left': {
    why: 'files of processes that have ended, in a directory of jobshim alone',
    async apply(_, environment) {
      const directory = findStateDirectory(environment)
      if (directory !== undefined) sweepEntries(directory)
    },
  },
}

/** What was done, or why it could not be. */
export type Repaired = { name: string; text: string; failure?: Failure }

/** Does what is safe, each repair once. Returns what it was for. */
export async function repair(
  checks: readonly Check[],
  settings: Settings,
  environment: NodeJS.ProcessEnv,
): Promise<Repaired[]> {
  const done: Repaired[] = []
  const applied = new Set<Repair>()
  for (const check of checks) {
    const row = 'advice' in check && check.advice !== undefined ? repairs[check.advice] : undefined
    if (row === undefined || applied.has(row)) continue
    applied.add(row)
    const { name, text } = check
    try {
      await row.apply(settings, environment)
      done.push({ name, text })
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      done.push({ name, text, failure: error })
    }
  }
  return done
}
