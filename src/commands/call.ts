/** Calls a command with the words behind its name, and tells what went wrong. */
import { hasOddBytes } from '../ground/bytes.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { print } from '../ground/print.js'
import { receivedDirectory, receivedEnvironment } from '../ground/received.js'
import { report } from '../ground/report.js'
import type { AnyFlags, Command } from './command.js'
import type { Parsed } from './parser.js'

/** Returns the exit status; all that goes wrong is told on stderr. */
export async function callCommand(command: Command, words: readonly string[]): Promise<number> {
  try {
    const parsed = await parse(command, words)
    if (parsed.kind === 'call') {
      assertText(command, parsed)
      const environment = receivedEnvironment()
      return await command.run({ ...parsed, workingDirectory: workingDirectory(), environment })
    }
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

// What is for us must be text; only a command that we start may have anything.
function assertText(
  command: Command,
  { flags, operands }: { flags: AnyFlags; operands: readonly string[] },
): void {
  const isForCommand = command.completes?.kind === 'command'
  const ours = [...Object.values(flags).flat(), ...(isForCommand ? [] : operands)]
  const odd = ours.find(word => typeof word === 'string' && hasOddBytes(word))
  if (odd !== undefined)
    throw new Failure(`${command.name}: ${odd}: is not UTF-8`, 'give it a name that is', exitCodes.usage)
}

function workingDirectory(): string {
  try {
    return receivedDirectory()
  } catch (error) {
    const code = systemErrorCode(error)
    throw new Failure(`.: the working directory can't be found (${code})`, 'change to one that exists')
  }
}
