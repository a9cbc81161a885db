/** `off` and `on`: a function of the shell does them, which setup writes. Here is what is told if the program itself is called so. */
import { Failure } from '../ground/failure.js'
import { switches } from '../setup/shells.js'
import { command } from './command.js'

type Word = keyof typeof switches

const switchCommand = (name: Word, summary: string, notes: string, example: string) =>
  command({
    name,
    summary,
    options: [],
    notes: `${notes} A shell does this itself, by a function that jobshim setup writes into the files that it reads as it begins.`,
    examples: [{ line: `jobshim ${name}`, text: example }],
    async run() {
      const { sh, fish } = switches[name]
      throw new Failure(
        `${name}: this shell has no function for it, and a program can't do it; nothing was changed`,
        `enter ${sh} (in fish: ${fish}); terminals that you open after jobshim setup have the function`,
      )
    },
  })

export const off = switchCommand(
  'off',
  'in this shell, tools run without a slot from now on',
  'It sets JOBSHIM_DISABLE=1 in the shell that it is typed in: what that starts then takes no slots, also in a shell below a build. ' +
    'What runs already, and other terminals, go on as before.',
  'tools that are started here run at once, whatever else runs',
)

export const on = switchCommand(
  'on',
  'take back jobshim off in this shell',
  'It unsets JOBSHIM_DISABLE in the shell that it is typed in.',
  'tools that are started here take slots again',
)
