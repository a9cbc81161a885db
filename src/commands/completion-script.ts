/** The whole script by which each shell completes jobshim. To render it takes all commands, so the build does that. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../ground/paths.js'
import type { Command } from './command.js'
import { renderBashCompletion } from './completion-bash.js'
import { renderFishCompletion } from './completion-fish.js'
import { renderZshCompletion } from './completion-zsh.js'

const renderers = {
  bash: renderBashCompletion,
  zsh: renderZshCompletion,
  fish: renderFishCompletion,
} as const

/** Returns the scripts by their shells: what is rendered of the commands, then what completions/ has. */
export const completionScripts = (commands: readonly Command[]): [shell: string, script: string][] =>
  Object.entries(renderers).map(([shell, render]) => [
    shell,
    render(commands) + readFileSync(join(packageRoot, 'completions', `jobshim.${shell}`), 'utf8'),
  ])
