/** What is said of a tree that was configured with tools past the shims. */

/** THE table of these advices, each with the reason that it is one of its own. */
export const treeAdvices = {
  'tree-cmake': 'CMake has a variable for a program before its compilers, and before its linkers since 3.21',
  'tree-cmake-old': 'before 3.21 nothing stands before a linker: the compilers are looked for anew',
  'tree-meson': 'Meson reads CC and its like once, and --wipe keeps all options',
  'tree-meson-file': 'a native or cross file names the tool, and only a person may change it',
  'tree-autoconf': 'configure takes its arguments from config.status, with names in place of paths',
  'tree-waf': 'waf has written down how it was called',
  'tree-variable': "a variable of somebody's Makefile",
  'tree-recipe': "a recipe of somebody's Makefile",
  'tree-ninja': 'a generator that is not known wrote build.ninja',
} as const

export type TreeAdviceId = keyof typeof treeAdvices

/** `fix`: for people, whole; `command`: what a shell runs to do it, where that is all there is to do. */
export type TreeAdvice = { id: TreeAdviceId; fix: string; command?: string }

/** Returns an advice that a shell can follow. */
export const byCommand = (id: TreeAdviceId, what: string, command: string): TreeAdvice => ({
  id,
  fix: `${what}: ${command}`,
  command,
})

/** A command of the build as its words up to the tool's own arguments, and what to do if it goes past the shims. */
export type BakedCommand = {
  words: readonly string[]
  advice: TreeAdvice
  file?: string // that names it, where it is not the row's own
}

/** `goesPast`: whether the words of a command start their tool past its shim. */
export type ConfiguredPlace = {
  directory: string // absolute, the configured one
  launcher: string // its path, for an advice that names it
  dirArgument: string // behind `jobshim run`: which shims, if they are not those of the settings
  goesPast(words: readonly string[]): boolean
}
