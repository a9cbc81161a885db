/** Tools that went past the shims, with the file that names them, where one was found. */
export type Bypass = {
  tool: string // its path
  caller: string // who started it
  why: string
  file?: string // absolute path of the file that names the tool by its path
  fix: string
  runs: number
  seconds: number
}

/** Returns `/usr/bin/gcc by make (absolute path in /x/CMakeCache.txt)`. */
export const bypassText = ({ tool, caller, why, file }: Bypass): string =>
  `${tool} by ${caller} (${file === undefined ? why : `${why} in ${file}`})`

/** Returns lines for people. `coverage`: governed tool seconds / all tool seconds, where it is known. */
export const renderBypasses = (bypasses: readonly Bypass[], coverage: number | undefined): string[] => [
  `past the shims: ${coverage === undefined ? 'some' : `${Math.floor(coverage * 100)} %`} of the tools' time was governed`,
  ...bypasses.flatMap(bypass => [
    `  ${bypassText(bypass)}: ${bypass.runs === 1 ? '1 run' : `${bypass.runs} runs`}, ${bypass.seconds.toFixed(1)} s`,
    `    ${bypass.fix}`,
  ]),
]
