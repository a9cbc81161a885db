/** Engines: programs that run a compiler for us, on other machines too. The launcher puts one before the real tool. */
import { execFile } from 'node:child_process'
import { realPath } from './real-path.js'

/** How many compilers an engine can run at once; `ask`: the words that make it tell. */
type Engine = { name: string; slotsWords?: readonly string[]; why: string }

export const engines = [
  { name: 'ccache', why: 'compiles here, or not at all' },
  { name: 'distcc', slotsWords: ['-j'], why: 'sums up the slots of its hosts' },
  { name: 'icecc', why: 'only its scheduler knows, and it changes' },
] as const satisfies readonly Engine[]

/** Returns the number of slots that an engine printed, undefined where it is none. */
export function slotsIn(output: string): number | undefined {
  const [, digits] = /^(\d+)$/.exec(output.trim()) ?? []
  return Number(digits) >= 1 ? Number(digits) : undefined
}

/** Asks the engine how many tools may run at once. Undefined: it can't tell, has no hosts, or is not there. */
export async function engineSlots(name: string, environment: NodeJS.ProcessEnv): Promise<number | undefined> {
  const engine: Engine | undefined = engines.find(row => row.name === name)
  const words = engine?.slotsWords
  if (words === undefined) return undefined
  const env = { ...environment, PATH: realPath(environment.PATH ?? '') }
  return await new Promise(resolve => {
    execFile(name, words, { env }, (_error, stdout) => resolve(slotsIn(stdout)))
  })
}
