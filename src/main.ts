/** The command line: picks the command. The only place that catches, and the only one that exits. */
import type { Command } from './commands/command.js'
import { commandTable, loadCommands } from './commands/command-table.js'
import { exitCodes } from './ground/exit-codes.js'
import { Failure, renderFailure, systemErrorCode } from './ground/failure.js'

/** What the first words ask for, before any command is loaded. */
type Request =
  | { kind: 'help' }
  | { kind: 'version' }
  | { kind: 'command'; name: string; words: string[] }
  | { kind: 'none' }

function requestOf(words: readonly string[]): Request {
  const [first, ...rest] = words
  if (first === undefined) return { kind: 'none' }
  if (first === '--version' || first === '-V') return { kind: 'version' }
  if (first === '--help' || first === '-h') return { kind: 'help' }
  if (first !== 'help') return { kind: 'command', name: first, words: rest }
  const [name, ...more] = rest
  return name === undefined ? { kind: 'help' } : { kind: 'command', name, words: [...more, '--help'] }
}

async function main(words: readonly string[]): Promise<number> {
  const request = requestOf(words)
  switch (request.kind) {
    case 'none':
      throw new Failure('no command named', 'see jobshim --help', exitCodes.usage)
    case 'version':
      process.stdout.write(`${(await import('./ground/paths.js')).packageVersion()}\n`)
      return exitCodes.ok
    case 'help':
      process.stdout.write(await renderOverview())
      return exitCodes.ok
    case 'command':
      return callCommand(request.name, request.words)
  }
}

/** A command's name may be two words: `portage install`. */
function findCommand(first: string, [second, ...rest]: readonly string[]) {
  const long = commandTable.find(({ name }) => name === `${first} ${second}`)
  if (long) return { row: long, words: rest }
  const row = commandTable.find(({ name }) => name === first)
  return row && { row, words: second === undefined ? [] : [second, ...rest] }
}

async function callCommand(name: string, all: readonly string[]): Promise<number> {
  const found = findCommand(name, all)
  if (!found) throw await unknownCommand(name, all)
  const { row, words } = found
  const [command, { parseArguments }] = await Promise.all([row.load(), import('./commands/parser.js')])
  try {
    const parsed = parseArguments(command, words)
    if (parsed.kind === 'call')
      return await command.run({ ...parsed, workingDirectory: workingDirectory(), environment: process.env })
    process.stdout.write(parsed.text)
    return exitCodes.ok
  } catch (error) {
    return report(error, command)
  }
}

function workingDirectory(): string {
  try {
    return process.cwd()
  } catch (error) {
    const code = systemErrorCode(error)
    throw new Failure(`.: the working directory can't be found (${code})`, 'change to one that exists')
  }
}

async function unknownCommand(name: string, words: readonly string[]): Promise<Failure> {
  const verbs = commandTable.flatMap(row => (row.name.startsWith(`${name} `) ? [row.name] : []))
  if (verbs.length > 0)
    return new Failure(
      words[0] === undefined || words[0].startsWith('-')
        ? `${name}: what of it?`
        : `unknown command '${name} ${words[0]}'`,
      verbs.map(verb => `jobshim ${verb}`).join(', '),
      exitCodes.usage,
    )
  const { nearestName } = await import('./ground/suggestion.js')
  const nearest = nearestName(
    name,
    commandTable.map(row => row.name),
  )
  const what = name.startsWith('-') ? 'unknown option' : 'unknown command'
  return new Failure(
    `${what} '${name}'`,
    nearest ? `did you mean ${nearest}? see jobshim --help` : 'see jobshim --help',
    exitCodes.usage,
  )
}

async function renderOverview(): Promise<string> {
  const { renderColumns } = await import('./ground/columns.js')
  const commands = await loadCommands()
  return [
    'Usage: jobshim COMMAND [options]\n\nMakes every compiler and linker obey one limit of jobs.\n\nCommands:\n',
    renderColumns(commands.map(({ name, summary }) => [`  ${name}`, summary])),
    '\nExamples:\n  jobshim run -j4 -- ./build.sh\n      build it with at most 4 tools at once\n',
    '\njobshim COMMAND --help tells more. jobshim --version prints the version.\n',
  ].join('')
}

function report(error: unknown, command?: Command): number {
  if (!(error instanceof Failure)) {
    process.stderr.write(`jobshim: internal error\n${error instanceof Error ? error.stack : String(error)}\n`)
    return command?.failure ?? exitCodes.failed
  }
  process.stderr.write(`${renderFailure(error)}\n`)
  const own = new Map([
    [exitCodes.failed, command?.failure],
    [exitCodes.usage, command?.usage],
  ] as [number, number | undefined][])
  return own.get(error.code) ?? error.code
}

process.exit(await main(process.argv.slice(2)).catch(error => report(error)))
