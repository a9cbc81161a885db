/** Returns stderr without the lines that the summary of a run has only where that took longer than a second: those are a matter of the machine. */
export const withoutUse = (stderr: string): string =>
  stderr.replace(/^ {2}\d+\.\d of \d+ slots used by tools on average(; waited .+)?\n {2}slowest: .+\n/m, '')
