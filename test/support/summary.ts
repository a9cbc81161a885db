/** Returns stderr without the lines that the summary of a run has only where that took longer than a second: those are a matter of the machine. */
export const withoutUse = (stderr: string): string =>
  stderr.replace(
    /^ {2}\d+\.\d of \d+ slots used by tools on average(; some waited for .+)?\n {2}slowest: .+\n/m,
    '',
  )

/** The source of a pattern for what a run with all its tokens back ends with, behind `jobshim: 3 tools ran`. */
export const wholeSummary = String.raw`(?:, (?:\d+ of them )?in their caller's slot)?(?:, (?:the others )?at most \d+ at once)?(?: \(limit \d+\))?(?:; the longest waited \d+\.\d s)?(?:; \d+ more seen [^;\n]*)?\n`
