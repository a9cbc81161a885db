/** Tokens of dead launchers and supervisors, back in their pool at once. */
import { Failure } from '../ground/failure.js'
import { inheritedDescriptors } from '../ground/inherited.js'
import { callLook } from './look.js'

/** Gives them back. `environment`: names the jobserver. Who can't do it leaves it to the next launcher. */
export function reclaim(look: string, environment: NodeJS.ProcessEnv): void {
  try {
    callLook(look, 'reclaim', { environment, descriptors: inheritedDescriptors() })
  } catch (error) {
    if (!(error instanceof Failure)) throw error
  }
}
