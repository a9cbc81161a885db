import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { packageRoot } from '../ground/paths.js'
import { type Command, command } from './command.js'

/** What renders each shell's view of the commands; completions/ has the rest of its script. */
const shells: Readonly<Record<string, () => Promise<(commands: readonly Command[]) => string>>> = {
  bash: async () => (await import('./completion-bash.js')).renderBashCompletion,
  zsh: async () => (await import('./completion-zsh.js')).renderZshCompletion,
  fish: async () => (await import('./completion-fish.js')).renderFishCompletion,
}

const names = Object.keys(shells)

export const completion = command({
  name: 'completion',
  summary: 'print the script by which a shell completes jobshim',
  operands: names.join('|'),
  completes: { kind: 'choice', values: names },
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
      throw new Failure('completion: which shell?', `name one: ${names.join(', ')}`, exitCodes.usage)
    const load = Object.hasOwn(shells, shell) ? shells[shell] : undefined
    if (load === undefined)
      throw new Failure(
        `completion: unknown shell ${JSON.stringify(shell)}`,
        `name one of ${names.join(', ')}`,
        exitCodes.usage,
      )
    const [render, { loadCommands }] = await Promise.all([load(), import('./command-table.js')])
    const machinery = readFileSync(join(packageRoot, 'completions', `jobshim.${shell}`), 'utf8')
    process.stdout.write(render(await loadCommands()) + machinery)
    return exitCodes.ok
  },
})
