/** Which job sandbox a command can have. */
import { sandboxPlaces } from '../contract/look-commands.js'
import { inheritedDescriptors } from '../ground/inherited.js'
import { noAnswer } from './answers.js'
import { callLook } from './look.js'

/** Whose it is: the command's own; or one above, in which it runs, and which serves it, too. */
export type SandboxPlace = 'own' | 'above'

/**
 * What can be had. `losesPrivileges`: set-uid programs in it run as ordinary ones. `isInside`: the command runs in one, which does not
 * serve it.
 */
export type SandboxChoice =
  | { kind: 'found'; place: 'own'; losesPrivileges: boolean }
  | { kind: 'found'; place: 'above' }
  | { kind: 'none'; why: string; isInside: boolean }

/**
 * Tells which sandbox a command can have with that jobserver in its environment, and those rules; empty: it has none of its own. A
 * process tries. Throws `Failure` where `look` can't be asked.
 */
export function findSandbox(look: string, environment: NodeJS.ProcessEnv, rulesText: string): SandboxChoice {
  const call = { words: [rulesText], environment, descriptors: inheritedDescriptors() }
  const outcome = callLook(look, 'sandbox', call)
  if (outcome.kind !== 'answered') throw noAnswer(look)
  const { place, why } = outcome.answer
  switch (place) {
    case sandboxPlaces.own:
      return { kind: 'found', place: 'own', losesPrivileges: false }
    case sandboxPlaces.unprivileged:
      return { kind: 'found', place: 'own', losesPrivileges: true }
    case sandboxPlaces.above:
      return { kind: 'found', place: 'above' }
    case sandboxPlaces.other:
      return { kind: 'none', why, isInside: true }
    case sandboxPlaces.none:
      return { kind: 'none', why, isInside: false }
    default:
      throw noAnswer(look)
  }
}
