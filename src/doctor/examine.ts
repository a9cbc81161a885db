/** All checks, in the order in which they are printed. */

import { findConfigured } from '../bypass/configured.js'
import type { SettingFlags, Settings } from '../config/options.js'
import { environment as namesOfVariables } from '../contract/environment.js'
import { defaultFamilies, familyOf } from '../contract/families.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { layoutOf } from '../shimdir/layout.js'
import { jobserverRows } from './jobserver.js'
import { jobserverFacts, type Limit } from './jobserver-facts.js'
import { launcherRows } from './launcher.js'
import { findLauncherOf, launcherFacts, usablePrograms } from './launcher-facts.js'
import { pathRows } from './path.js'
import { pathFacts, standingOn } from './path-facts.js'
import { placeOf } from './place.js'
import { sandboxRows, standingIn } from './sandbox.js'
import { sandboxFacts } from './sandbox-facts.js'
import { configRows, settingsAndConfig } from './settings.js'
import { shimRows } from './shims.js'
import { shimFacts } from './shims-facts.js'
import { stateFacts } from './state-facts.js'
import { systemRows } from './system.js'
import { systemFacts } from './system-facts.js'
import { treeRows } from './trees.js'
import { variableRows } from './variables.js'
import { variableFacts } from './variables-facts.js'
import { type Check, type CheckRow, judgeAll, type SandboxStanding, unknownAll } from './verdict.js'

/** `settings`: by which it went. */
export type Examination = { checks: Check[]; sandbox: SandboxStanding; settings: Settings }

/**
 * Makes all checks that need no build. Changes nothing, and leaves no process behind. Throws an `AbortError` where `endPrograms` is
 * called meanwhile.
 */
export async function examine(
  flags: SettingFlags,
  workingDirectory: string,
  environment: NodeJS.ProcessEnv,
): Promise<Examination> {
  const { settings: named, config } = await settingsAndConfig(flags, workingDirectory, environment)
  const place = placeOf(flags, named, environment)
  const { dir, dirArgument, install } = place
  const settings = { ...named, dir }
  const shims = shimFacts(settings, install, environment)
  const names = shims.shims.map(({ name }) => name)
  const found = findLauncherOf(dir, environment)
  const variables = variableFacts(settings, install, names, environment)
  // Below a jobserver already, a shim that is not on PATH translates nothing.
  const { isThere } = standingOn(environment.PATH ?? '', dir, names)
  const reached = { shims: isThere || !variables.hasPool ? names : [], install }
  const without = environment[namesOfVariables.noJobserver]
  const joins = without ? without === 'machine' : shims.joins
  const limit: Limit = !isThere || names.length === 0 ? 'not here' : joins ? 'machine' : 'none'
  const ofLauncher = await launcherFacts(found, install, environment)
  const programs = usablePrograms(ofLauncher, environment)
  const ofSandbox = sandboxFacts(programs?.look, environment, settings.rulesText)
  const sandbox = standingIn(ofSandbox)
  const checks = [
    ...judgeAll(configRows, config),
    ...judgeAll(launcherRows, ofLauncher),
    ...judgeAll(shimRows, shims),
    ...judgeAll(sandboxRows, ofSandbox),
    ...(await group(pathRows, () => pathFacts(place, names, environment), sandbox)),
    ...judgeAll(variableRows, variables, sandbox),
    ...(await group(jobserverRows, () => jobserverFacts(programs?.look, { ...reached, limit }, environment))),
    ...(await group(
      treeRows,
      async () => ({
        root: workingDirectory,
        install: names.length > 0 ? undefined : install,
        search: findConfigured(workingDirectory, {
          launcher: layoutOf(dir).launcher,
          dirArgument,
          mayHaveShim: name => (names.length > 0 ? names.includes(name) : isUsual(name)),
        }),
      }),
      sandbox,
    )),
    ...(await group(systemRows, async () => ({
      ...(await stateFacts(programs, environment)),
      system: systemFacts(settings.rulesText),
      description: ofLauncher.description,
    }))),
  ]
  return { checks, sandbox, settings }
}

// What the system does not let us look at is told for the checks that want it; the others go on.
async function group<Facts>(
  rows: readonly CheckRow<Facts>[],
  gather: () => Promise<Facts>,
  sandbox?: SandboxStanding,
): Promise<Check[]> {
  try {
    return judgeAll(rows, await gather(), sandbox)
  } catch (error) {
    if (error instanceof Failure) return unknownAll(rows, error.message)
    if (error instanceof Error && systemErrorCode(error)) return unknownAll(rows, error.message)
    throw error
  }
}

// Where no shims are yet: what an install would make.
const isUsual = (name: string): boolean => defaultFamilies.some(family => family === familyOf(name))
