/** The command line: picks the command. The only place that exits. */
import { callCommand } from './commands/call.js'
import { commandTable } from './commands/command-table.js'
import { readOverview } from './commands/overview.js'
import { useCompileCache } from './ground/compile-cache.js'
import { exitCodes } from './ground/exit-codes.js'
import { print } from './ground/print.js'
import { receivedWords } from './ground/received.js'
import { report } from './ground/report.js'
import { packageVersion } from './ground/version.js'

/** What the first words ask for, before any command is loaded. */
type Request = { kind: 'help' } | { kind: 'version' } | { kind: 'command'; name: string; words: string[] }

const versionWords = ['--version', '-V', '-v', 'version']

function requestOf(words: readonly string[]): Request {
  const [first, ...rest] = words
  if (first === undefined || first === '--help' || first === '-h') return { kind: 'help' }
  if (versionWords.includes(first)) return { kind: 'version' }
  if (first !== 'help') return { kind: 'command', name: first, words: rest }
  const [name, ...more] = rest
  return name === undefined ? { kind: 'help' } : { kind: 'command', name, words: [...more, '--help'] }
}

async function main(words: readonly string[]): Promise<number> {
  const request = requestOf(words)
  switch (request.kind) {
    case 'version':
      print(`${packageVersion()}\n`)
      return exitCodes.ok
    case 'help':
      print(readOverview())
      return exitCodes.ok
    case 'command':
      return runCommand(request.name, request.words)
  }
}

/** A command's name may be two words: `portage install`. */
function findCommand(first: string, [second, ...rest]: readonly string[]) {
  const long = commandTable.find(({ name }) => name === `${first} ${second}`)
  if (long) return { row: long, words: rest }
  const row = commandTable.find(({ name }) => name === first)
  return row && { row, words: second === undefined ? [] : [second, ...rest] }
}

async function runCommand(name: string, words: readonly string[]): Promise<number> {
  useCompileCache(process.env)
  const found = findCommand(name, words)
  if (found) return callCommand(await found.row.load(), found.words)
  const { reportUnknown } = await import('./commands/unknown-command.js')
  return reportUnknown(
    name,
    words,
    commandTable.map(row => row.name),
  )
}

main(receivedWords())
  .catch(error => report(error))
  .then(status => process.exit(status))
