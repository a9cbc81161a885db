import { readFileSync } from 'node:fs'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { bundled } from '../ground/paths.js'
import { printExact } from '../ground/print.js'
import { command } from './command.js'

/** The shells whose scripts the build writes: `src/commands/completion-script.ts` renders them. */
const shells: readonly string[] = ['bash', 'zsh', 'fish']

export const completion = command({
  name: 'completion',
  summary: 'print the script by which a shell completes jobshim',
  operands: shells.join('|'),
  completes: { kind: 'choice', values: shells },
  options: [],
  notes:
    'The script knows the commands of this version, and starts no jobshim. What stands behind jobshim run and ' +
    'jobshim exec is completed as if it stood alone (in bash by bash-completion, where that is loaded).',
  examples: [
    {
      line: 'jobshim completion bash >~/.local/share/bash-completion/completions/jobshim',
      text: 'bash with bash-completion; without it write a file of your own and source it in ~/.bashrc',
    },
    {
      line: 'jobshim completion zsh >/usr/local/share/zsh/site-functions/_jobshim',
      text: 'zsh: any directory of $fpath, before compinit',
    },
    { line: 'jobshim completion fish >~/.config/fish/completions/jobshim.fish', text: 'fish' },
  ],
  async run({ operands }) {
    const [shell, ...others] = operands
    if (shell === undefined || others.length > 0)
      throw new Failure('completion: which shell?', `name one: ${shells.join(', ')}`, exitCodes.usage)
    if (!shells.includes(shell))
      throw new Failure(
        `completion: unknown shell ${JSON.stringify(shell)}`,
        `name one of ${shells.join(', ')}`,
        exitCodes.usage,
      )
    printExact(readFileSync(bundled(`completion.${shell}`), 'utf8'))
    return exitCodes.ok
  },
})
