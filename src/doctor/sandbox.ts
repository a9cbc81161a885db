/** The job sandbox: are we in one, or can a build have one? */
import type { SandboxFacts } from './sandbox-facts.js'
import { type CheckRow, note, ok, type SandboxStanding } from './verdict.js'

/** Returns what the facts mean for what only shims need. */
export function standingIn(facts: SandboxFacts): SandboxStanding {
  if (facts.kind === 'untold') return 'none'
  const { choice } = facts
  if (choice.kind === 'none') return choice.isInside ? 'inside' : 'none'
  return choice.place === 'above' ? 'inside' : 'possible'
}

export const sandboxRows: readonly CheckRow<SandboxFacts>[] = [
  {
    name: 'sandbox',
    why: 'in one a tool takes a slot however it is called',
    judge(facts) {
      if (facts.kind === 'untold') return note(`not tried: ${facts.why}`)
      const { choice } = facts
      if (choice.kind === 'none')
        return choice.isInside
          ? note(`this is in one, but no jobshim run --sandbox can be started here: ${choice.why}`)
          : note(`none can be had: ${choice.why}; jobshim run goes by shims`)
      if (choice.place === 'above') return ok('this is in one: a tool takes a slot, however it is called')
      return ok(
        choice.losesPrivileges
          ? 'jobshim run --sandbox works; a set-uid program in it, such as sudo, runs as an ordinary one'
          : 'jobshim run --sandbox works',
      )
    },
  },
]
