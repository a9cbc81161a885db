/** One line in the last row of the terminal that stderr is, while others write above it. */
import { spawn } from 'node:child_process'

export type BottomLine = {
  /** Shows one line of text, which must fit; nothing while the terminal is used otherwise, as by a full-screen program. */
  draw(text: string): void
  /** Whether anybody is there who draws: not where the terminal can't be opened. */
  isOpen(): boolean
  /** Gives the row back. Resolves once that is done. */
  close(): Promise<void>
}

// The first ones move no cursor; the kernel's own console takes the size that programs are told for its real one.
const plainTerminals: ReadonlySet<string> = new Set(['', 'dumb', 'unknown', 'linux'])

/** Returns whether a terminal with this environment can have such a line, and wants it. */
export const allowsBottomLine = ({ TERM = '', CI = '' }: NodeJS.ProcessEnv): boolean =>
  !plainTerminals.has(TERM) && (CI === '' || CI === 'false')

/**
 * Opens the line. `look` draws it: it can ask what the terminal is used for right before each write, and gives the row
 * back even where we are killed. Whatever fails there is no failure of ours.
 */
export function openBottomLine(look: string): BottomLine {
  const helper = spawn(look, ['bottom-line'], { env: {}, stdio: ['pipe', 'ignore', 'inherit'] })
  const ended = new Promise<void>(resolve => {
    helper.once('close', () => resolve())
    helper.once('error', () => resolve())
  })
  helper.stdin.on('error', () => {}) // it is gone, or never came
  return {
    draw(text) {
      if (!helper.stdin.writableNeedDrain) helper.stdin.write(`${text}\n`) // else the terminal is stopped
    },
    isOpen: () => helper.exitCode === null && helper.signalCode === null && !helper.stdin.destroyed,
    close() {
      helper.stdin.end()
      helper.kill('SIGCONT') // somebody may have stopped it
      return ended
    },
  }
}
