import * as assert from 'uvu/assert'
import { callBare } from '../support/transparent-calls.js'

/**
 * An interactive shell on a terminal of its own. Its prompt is `ready> `; its ^T inserts all that may stand at the
 * cursor, its ^D lists it, its ^O shows the line as `<<[LINE]>>` and clears it. `PATH` stands before the rest of it.
 */
export type TerminalShell = {
  command: readonly string[]
  env: Readonly<Record<string, string>> & { PATH: string }
}

const keys = { insertAll: '\\024', list: '\\004', show: '\\017' }

async function converse(
  { command, env }: TerminalShell,
  dialog: readonly string[],
  terminal = 'dumb',
): Promise<string> {
  const { status, stdout, stderr } = await callBare('caller', {
    setup: ['terminal'],
    tool: command,
    dialog: ['expect ready> ', ...dialog, 'send exit 0\\n'],
    behind: env.PATH,
    env: { ...env, TERM: terminal },
  })
  assert.is(status, 0, `${stdout}${stderr}`)
  return stdout
}

const linesAtOnce = 16 // a conversation with a terminal is bounded

/** Types each line and returns what it became. Throws where the shell doesn't answer. A line may hold no backslash. */
export async function completeOnTerminal(shell: TerminalShell, lines: readonly string[]): Promise<string[]> {
  if (lines.length > linesAtOnce)
    return [
      ...(await completeOnTerminal(shell, lines.slice(0, linesAtOnce))),
      ...(await completeOnTerminal(shell, lines.slice(linesAtOnce))),
    ]
  const screen = await converse(
    shell,
    lines.flatMap(line => [`send ${line}${keys.insertAll}${keys.show}`, 'expect ]>>']),
  )
  const shown = [...screen.matchAll(/<<\[(.*?)\]>>/gs)].map(([, line = '']) => line)
  assert.is(shown.length, lines.length, screen)
  assert.not.match(screen, /not found|syntax error/)
  return shown
}

/** Types the line and returns what the terminal shows of what may stand at its end. `last`: what is shown last. */
export const listOnTerminal = (shell: TerminalShell, line: string, last: string): Promise<string> =>
  converse(shell, [`send ${line}${keys.list}`, `expect ${last}`, `send ${keys.show}`, 'expect ]>>'], 'xterm')
