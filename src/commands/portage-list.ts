import { resolve } from 'node:path'
import stringWidth from 'string-width'
import { renderColumns } from '../ground/columns.js'
import { exitCodes } from '../ground/exit-codes.js'
import { renderJson } from '../ground/json.js'
import { print } from '../ground/print.js'
import { shWord } from '../ground/shell-word.js'
import { visibleLines } from '../ground/visible.js'
import { type PortageState, readPortage } from '../portage/setup.js'
import { command } from './command.js'
import { jsonOption, rootOption } from './setting-options.js'

export const list = command({
  name: 'portage list',
  summary: 'list the packages that are opted in',
  options: [{ ...rootOption, text: 'root of the system that is looked at (default: /)' }, jsonOption],
  notes: 'Behind each package stands how its phases are governed: shims, or a sandbox.',
  examples: [
    { line: 'jobshim portage list', text: 'which packages are governed' },
    { line: 'jobshim portage list --json', text: 'the same for programs' },
  ],
  async run({ flags, workingDirectory }) {
    const state = readPortage(resolve(workingDirectory, flags.root ?? '/'))
    if (flags.json) print(`${renderJson(state)}\n`)
    else {
      print(
        renderColumns(
          state.packages.map(({ atom, way }) => [atom, way]),
          stringWidth,
        ),
      )
      print(visibleLines(lacking(state)), 2)
    }
    return exitCodes.ok
  },
})

/** Returns what there is to be done before a package is governed. */
function lacking({ root, installed, packages }: PortageState): string[] {
  const below = root === '/' ? '' : ` --root ${shWord(root)}`
  if (!installed) return [`jobshim: not installed in Portage`, `  jobshim portage install${below} does it`]
  return packages.length > 0
    ? []
    : ['jobshim: no package is opted in', `  jobshim portage enable${below} CAT/PKG does it`]
}
