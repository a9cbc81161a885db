import type { Command } from '../../src/commands/command.js'
import { parseArguments } from '../../src/commands/parser.js'
import { Failure, renderFailure } from '../../src/ground/failure.js'
import { type Outcome, scrubbed } from '../support/jobshim.js'

/** How a command that has no statuses of its own ends where it refuses these words: as `jobshim` would, without another Node. */
export async function refusalOf(command: Command, words: readonly string[], cwd: string): Promise<Outcome> {
  try {
    const parsed = parseArguments(command, words)
    if (parsed.kind === 'call')
      await command.run({ ...parsed, workingDirectory: cwd, environment: scrubbed() })
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { status: error.code, signal: null, stdout: '', stderr: `${renderFailure(error)}\n` }
  }
  throw new Error(`${command.name} ${words.join(' ')}: nothing is refused`)
}
