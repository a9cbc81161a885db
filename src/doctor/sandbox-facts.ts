/** What is known of a job sandbox here. */
import { Failure } from '../ground/failure.js'
import { findSandbox, type SandboxChoice } from '../launcher/sandbox.js'

export type SandboxFacts = { kind: 'told'; choice: SandboxChoice } | { kind: 'untold'; why: string }

/** Tries it. `look`: undefined if there is none that answers. */
export function sandboxFacts(
  look: string | undefined,
  environment: NodeJS.ProcessEnv,
  rulesText: string,
): SandboxFacts {
  if (look === undefined) return { kind: 'untold', why: 'no launcher that runs' }
  try {
    return { kind: 'told', choice: findSandbox(look, environment, rulesText) }
  } catch (error) {
    if (error instanceof Failure) return { kind: 'untold', why: error.message }
    throw error
  }
}
