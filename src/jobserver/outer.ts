/** The jobserver that a command would run below, if there is one already. */
import { environment as names } from '../contract/environment.js'
import { processNames } from '../contract/process-names.js'
import { inheritedDescriptors } from '../ground/inherited.js'
import { readProcessStat } from '../ground/process-stat.js'
import { visibleLine } from '../ground/visible.js'
import { lookIn, noAnswer } from '../launcher/answers.js'
import { callLook } from '../launcher/look.js'
import { findAuth } from './auth.js'

/** What there is of a jobserver around us; `why` for people. */
export type Outer = { state: 'none' } | { state: 'usable' } | { state: 'unusable'; why: string }

/** Looks for a jobserver around us. Where nothing hints at one `look` is not asked. */
export async function outerJobserver(look: string, environment: NodeJS.ProcessEnv): Promise<Outer> {
  const { MAKEFLAGS: make = '', CARGO_MAKEFLAGS: cargo = '' } = environment
  const isNamed = Boolean(environment[names.jobserver] || findAuth(make) || findAuth(cargo))
  if (!isNamed && !environment[names.outer] && !isBelowRun()) return { state: 'none' }
  const asked = await tryJobserver(look, environment)
  return asked.state === 'unusable' && !isNamed ? { state: 'none' } : asked
}

/**
 * Asks `look`, which knows how to reach a jobserver, for the one that this environment names. Throws `Failure` where it gives no
 * answer.
 */
export async function tryJobserver(
  look: string,
  environment: NodeJS.ProcessEnv,
): Promise<Exclude<Outer, { state: 'none' }>> {
  const outcome = callLook(look, 'jobserver', { environment, descriptors: inheritedDescriptors() })
  if (outcome.kind === 'answered') {
    if (lookIn(outcome.answer) === undefined) throw noAnswer(look)
    return { state: 'usable' }
  }
  if (outcome.error !== 'noJobserver') throw noAnswer(look)
  return { state: 'unusable', why: `no jobserver: ${visibleLine(outcome.why)}` }
}

/** Whether a `jobshim run` is above us: what has started its command is among our ancestors, also where the environment was cleared. */
export function isBelowRun(): boolean {
  // /proc may count the processes of another PID namespace: there we are `self`.
  for (let stat = readProcessStat('self'); stat.kind === 'read' && stat.parent !== 0; ) {
    stat = readProcessStat(stat.parent)
    if (stat.kind === 'read' && stat.name === processNames.starter) return true
  }
  return false
}
