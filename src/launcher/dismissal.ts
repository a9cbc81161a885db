/** What still waits for a slot below a run that was interrupted is ended: nobody wants it any more. */
import { Failure } from '../ground/failure.js'
import { inheritedDescriptors } from '../ground/inherited.js'
import { callLook } from './look.js'

/**
 * Ends it, and returns how many have ended. `environment`: names the pool. `run`: names the run there; empty: the pool is its own. If it
 * can't be done, the tools wait on.
 */
export function dismissWaiters(look: string, environment: NodeJS.ProcessEnv, run: string): number {
  try {
    const outcome = callLook(look, 'dismiss', {
      words: [run],
      environment,
      descriptors: inheritedDescriptors(),
    })
    return outcome.kind === 'answered' ? outcome.answer.ended : 0
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return 0
  }
}
