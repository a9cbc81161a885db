/** The text of `jobshim --help`. To render it takes all commands, so the build does that: src/bundle.ts. */
import { readFileSync } from 'node:fs'
import { renderColumns } from '../ground/columns.js'
import { bundled } from '../ground/paths.js'
import type { Command } from './command.js'

/** Returns the text as the build has written it. */
export const readOverview = (): string => readFileSync(bundled('overview.txt'), 'utf8')

/** Returns the text. */
export function renderOverview(commands: readonly Command[]): string {
  return [
    'Usage: jobshim COMMAND [options]\n\nMakes every compiler and linker obey one limit of jobs.\n\nCommands:\n',
    renderColumns(commands.map(({ name, summary }) => [`  ${name}`, summary])),
    '\nExamples:\n  jobshim run -j4 -- ./build.sh\n      build it with at most 4 tools at once\n',
    '\njobshim COMMAND --help tells more. jobshim --version prints the version.\n',
  ].join('')
}
