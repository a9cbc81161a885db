/** The job sandbox of a build: every tool below it takes a slot, however it is called. */
import { ensureStateDirectory } from '../ground/paths.js'
import { enterSandbox } from '../jobserver/registry.js'
import { reclaim } from '../launcher/reclaim.js'
import { findSandbox, type SandboxPlace } from '../launcher/sandbox.js'
import {
  openSupervisor,
  type Supervisor,
  type SupervisorLoss,
  type UnknownPrograms,
} from '../launcher/supervisor.js'
import type { OpenSandbox } from './governed.js'

export type BuildSandbox = {
  open: OpenSandbox
  /** The build is over. Resolves once its tools have given back their slots, and are in the journal, with those that nobody could look at. */
  close(): Promise<UnknownPrograms | undefined>
}

/** Returns the sandbox of a build, which `open` makes. `say`: tells the user that it is lost. */
export function buildSandbox(place: SandboxPlace, look: string, say: (line: string) => void): BuildSandbox {
  return place === 'own' ? ownSandbox(look, say) : sandboxAbove(look, say)
}

function ownSandbox(look: string, say: (line: string) => void): BuildSandbox {
  let supervisor: Supervisor | undefined
  return {
    async open(environment, descriptors) {
      const socket = enterSandbox(ensureStateDirectory(environment))
      const lost = (loss: SupervisorLoss): void => say(`jobshim: ${losses[loss]}`)
      const gone = (): void => reclaim(look, environment)
      supervisor = await openSupervisor({ look, socket, environment, descriptors, lost, gone })
      return socket
    },
    close: async () => await supervisor?.end(),
  }
}

// Its supervisor answers once it has seen all ends that were there before.
function sandboxAbove(look: string, say: (line: string) => void): BuildSandbox {
  let environment: NodeJS.ProcessEnv | undefined
  return {
    async open(given) {
      environment = given
      return undefined
    },
    async close() {
      if (environment === undefined) return undefined
      const choice = findSandbox(look, environment, '')
      environment = undefined
      if (choice.kind === 'none' ? !choice.isInside : choice.place === 'own') say(`jobshim: ${lostAbove}`)
      return undefined // they are told of by the outer
    },
  }
}

const losses: Readonly<Record<SupervisorLoss, string>> = {
  ended: 'the supervisor of the sandbox has ended: from here on tools run without a limit',
  'stood still':
    'the supervisor of the sandbox stood still for 5 s, and was ended: from here on tools run without a limit',
}

const lostAbove =
  'the supervisor of the sandbox above ended while the command ran: from then on tools ran without a limit'
