import { type Outcome, run, type Surroundings } from './jobshim.js'

/** Runs a program below a shell, which ends with 128 and the number of the signal that it died of: Node knows no real-time ones. */
export const belowShell = (words: readonly string[], around: Surroundings): Promise<Outcome> =>
  run('sh', ['-c', 'exec 3>&2 2>/dev/null; "$@" 2>&3 3>&- & wait $!; exit $?', 'sh', ...words], around)

/** The first real-time signal that libc leaves to programs, one of those in the middle, and the last. */
export const realTimeSignals = [34, 40, 64]
