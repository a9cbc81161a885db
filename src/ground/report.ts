/** Tells people what went wrong. */
import { exitCodes } from './exit-codes.js'
import { Failure, renderFailure } from './failure.js'
import { print } from './print.js'

/** A command's own exit statuses, where they are not the usual ones. */
export type OwnCodes = { failure?: number; usage?: number }

/** Writes to stderr what was thrown; returns the exit status. */
export function report(error: unknown, own: OwnCodes = {}): number {
  if (!(error instanceof Failure)) {
    print(`jobshim: internal error\n${error instanceof Error ? error.stack : String(error)}\n`, 2)
    return own.failure ?? exitCodes.failed
  }
  print(`${renderFailure(error)}\n`, 2)
  if (error.code === exitCodes.failed) return own.failure ?? error.code
  if (error.code === exitCodes.usage) return own.usage ?? error.code
  return error.code
}
