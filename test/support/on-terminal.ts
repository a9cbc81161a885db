/** Commands on a terminal of their own, as a terminal emulator starts them. */
import type { Outcome, Surroundings } from './jobshim.js'
import { run } from './jobshim.js'

// With the status of the command; what it writes comes to stdout.
const program = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))'

/** Runs a command as the leader of a session that has a terminal. Needs Python. */
export const onTerminal = (command: readonly string[], around: Surroundings): Promise<Outcome> =>
  run('python3', ['-c', program, ...command], { ...around, input: '' })
