/** What is told where no command has the name that was called. */
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { report } from '../ground/report.js'
import { nearestName } from '../ground/suggestion.js'

/** Tells it on stderr; returns the exit status. `names`: those of all commands. */
export function reportUnknown(name: string, words: readonly string[], names: readonly string[]): number {
  const verbs = names.filter(known => known.startsWith(`${name} `))
  return report(verbs.length > 0 ? unknownVerb(name, words, verbs) : unknownName(name, names))
}

function unknownVerb(name: string, words: readonly string[], verbs: readonly string[]): Failure {
  return new Failure(
    words[0] === undefined || words[0].startsWith('-')
      ? `${name}: no subcommand named`
      : `${name}: unknown subcommand '${words[0]}'`,
    verbs.map(verb => `jobshim ${verb}`).join(', '),
    exitCodes.usage,
  )
}

function unknownName(name: string, names: readonly string[]): Failure {
  const nearest = nearestName(name, names)
  const what = name.startsWith('-') ? 'unknown option' : 'unknown command'
  return new Failure(
    `${what} '${name}'`,
    nearest ? `did you mean ${nearest}? see jobshim --help` : 'see jobshim --help',
    exitCodes.usage,
  )
}
