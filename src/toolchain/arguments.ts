/**
 * Which arguments tell that a tool run is no work, per family. The first row that matches an argument decides;
 * a run is a probe if any argument is one, or if the family needs an input and none is named.
 */
export type ToolFamily =
  | 'gcc'
  | 'clang'
  | 'gfortran'
  | 'ld'
  | 'rustc'
  | 'go'
  | 'javac'
  | 'ghc'
  | 'as'
  | 'ar'
  | 'ranlib'
  | 'make'
  | 'ninja'
  | 'distcc'
  | 'icecc'
  | 'sccache'

export type ArgumentKind = {
  family: ToolFamily
  flag: string // a trailing * matches any rest
  means: 'probe' | 'work' // work: an exception to a later row
  where: 'anywhere' | 'first' // first: only as argv[1], a subcommand
}

const compilerProbes = [
  '-###', // prints the commands it would run
  '--help*', // prints and exits
  '--print-*', // clang's spelling of -print-*
  '--target-help', // prints and exits
  '--version', // prints and exits
  '-dumpfullversion', // prints and exits
  '-dumpmachine', // prints and exits
  '-dumpspecs', // prints and exits
  '-dumpversion', // prints and exits
  '-print-*', // prints a path or a name and exits
] as const

const probes = (family: ToolFamily, flags: readonly string[]): ArgumentKind[] =>
  flags.map(flag => ({ family, flag, means: 'probe', where: 'anywhere' }))

const subcommands = (family: ToolFamily, names: readonly string[]): ArgumentKind[] =>
  names.map(flag => ({ family, flag, means: 'probe', where: 'first' }))

const work = (family: ToolFamily, flags: readonly string[]): ArgumentKind[] =>
  flags.map(flag => ({ family, flag, means: 'work', where: 'anywhere' }))

export const argumentKinds: readonly ArgumentKind[] = [
  ...probes('ar', ['--help', '--version', '-V']),
  ...probes('as', ['--help', '--target-help', '--version', '-version']),
  ...probes('clang', compilerProbes),
  ...probes('distcc', ['--help', '--show-hosts', '--show-principal', '--version', '-j']), // with no compiler behind it
  ...probes('gcc', compilerProbes),
  ...probes('gfortran', compilerProbes),
  ...probes('ghc', [
    '--help',
    '--info',
    '--numeric-version',
    '--print-*',
    '--supported-*',
    '--version',
    '-?',
    '-V',
  ]),
  ...subcommands('go', ['bug', 'doc', 'env', 'help', 'version']), // no compiler runs below these
  ...probes('icecc', ['--build-native', '--help', '--version']),
  ...probes('javac', ['--help', '--help-extra', '--version', '-X', '-help', '-version']),
  ...probes('ld', [
    '--help',
    '--print-output-format',
    '--print-sysroot',
    '--target-help',
    '--version',
    '-version',
  ]),
  ...probes('make', ['--help', '--version', '-h', '-v']),
  ...probes('ninja', ['--help', '--version', '-h', '-t']), // -t: a tool such as clean or compdb, starts no edge
  ...probes('ranlib', ['--help', '--version', '-V', '-v']),
  ...work('rustc', ['--print=link-args', '--print=native-static-libs']), // printed by a real link
  ...probes('rustc', ['--explain*', '--help', '--print*', '--version', '-V', '-h', '-vV']),
  ...subcommands('sccache', ['-*']), // its server and its figures
]

/** Families whose run without any input file only prints something. `-` is an input, `@file` may name one. */
export const needsInput: readonly ToolFamily[] = [
  'as',
  'clang',
  'gcc',
  'gfortran',
  'ghc',
  'javac',
  'ld',
  'rustc',
]
