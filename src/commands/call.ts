/** Calls a command with the words behind its name, and tells what went wrong. */
import { exitCodes } from '../ground/exit-codes.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { print } from '../ground/print.js'
import { report } from '../ground/report.js'
import type { Command } from './command.js'
import type { Parsed } from './parser.js'

/** Returns the exit status; all that goes wrong is told on stderr. */
export async function callCommand(command: Command, words: readonly string[]): Promise<number> {
  try {
    const parsed = await parse(command, words)
    if (parsed.kind === 'call')
      return await command.run({ ...parsed, workingDirectory: workingDirectory(), environment: process.env })
    print(parsed.text)
    return exitCodes.ok
  } catch (error) {
    return report(error, command)
  }
}

// Without an option there is nothing to parse, and commander is not loaded for it.
async function parse(command: Command, words: readonly string[]): Promise<Parsed> {
  const [first, ...operands] = words
  if (first === undefined || (first === '--' && command.operands))
    return { kind: 'call', flags: {}, operands }
  const { parseArguments } = await import('./parser.js')
  return parseArguments(command, words)
}

function workingDirectory(): string {
  try {
    return process.cwd()
  } catch (error) {
    const code = systemErrorCode(error)
    throw new Failure(`.: the working directory can't be found (${code})`, 'change to one that exists')
  }
}
