/**
 * What kind of run a tool's arguments make it, per family: the first row that matches any of them decides. Where none
 * does it is what `familyRuns` says.
 */
import type { AdapterFamily } from './adapters.js'
import type { RunKind } from './run-kinds.js'

export type ToolFamily =
  | 'gcc'
  | 'clang'
  | 'gfortran'
  | 'ld'
  | 'rustc'
  | 'javac'
  | 'ghc'
  | 'as'
  | 'ar'
  | 'ranlib'
  | 'distcc'
  | 'icecc'
  | 'sccache'
  | AdapterFamily

export type ArgumentKind = {
  family: ToolFamily
  flag: string // a trailing * matches any rest; `--flag=value` also matches `--flag value`
  means: RunKind
  where: 'anywhere' | 'first' // first: only as argv[1], a subcommand
}

const rows = (
  family: ToolFamily,
  means: RunKind,
  flags: readonly string[],
  where: ArgumentKind['where'] = 'anywhere',
): ArgumentKind[] => flags.map(flag => ({ family, flag, means, where }))

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

// A compiler's driver stops after the earliest phase that is asked for.
const driver = (family: ToolFamily, compile: readonly string[]) => [
  ...rows(family, 'preprocess', ['-E', '-M', '-MM']),
  ...rows(family, 'compile', ['-S', '-c', ...compile]),
]

/** No rustc runs below these. */
const quietCargo =
  'add clean fmt help init locate-project login logout metadata new owner pkgid read-manifest remove search tree ' +
  'uninstall update version yank'

export const argumentKinds: readonly ArgumentKind[] = [
  ...rows('ar', 'probe', ['--help', '--version', '-V']),
  ...rows('as', 'probe', ['--help', '--target-help', '--version', '-version']),
  ...rows('cargo', 'probe', ['--help', '--list', '--version', '-V', '-h', '-vV']),
  ...rows('cargo', 'probe', quietCargo.split(' '), 'first'),
  ...rows('clang', 'probe', compilerProbes),
  ...driver('clang', ['-cc1', '-cc1as', '-fsyntax-only', '-x=c++-header', '-x=c-header']), // -cc1: what the driver starts
  ...rows('ctest', 'probe', ['--help*', '--show-only*', '--version', '-N']), // -N: it only lists the tests
  ...rows('distcc', 'probe', ['--help', '--show-hosts', '--show-principal', '--version', '-j']), // with no compiler behind it
  ...rows('gcc', 'probe', compilerProbes),
  ...driver('gcc', ['-fsyntax-only', '-x=c++-header', '-x=c-header']),
  ...rows('gfortran', 'probe', compilerProbes),
  ...driver('gfortran', ['-fsyntax-only']),
  ...rows('ghc', 'probe', [
    '--help',
    '--info',
    '--numeric-version',
    '--print-*',
    '--supported-*',
    '--version',
    '-?',
    '-V',
  ]),
  ...rows('ghc', 'preprocess', ['-E', '-M']),
  ...rows('ghc', 'compile', ['-C', '-S', '-c', '-fno-code', '-no-link']),
  ...rows('go', 'probe', ['bug', 'doc', 'env', 'help', 'version'], 'first'), // no compiler runs below these
  ...rows('icecc', 'probe', ['--build-native', '--help', '--version']),
  ...rows('javac', 'probe', ['--help', '--help-extra', '--version', '-X', '-help', '-version']),
  ...rows('ld', 'probe', [
    '--help',
    '--print-output-format',
    '--print-sysroot',
    '--target-help',
    '--version',
    '-version',
  ]),
  ...rows('make', 'probe', ['--help', '--version', '-h', '-v']),
  ...rows('ninja', 'probe', ['--help', '--version', '-h', '-t']), // -t: a tool such as clean or compdb, starts no edge
  ...rows('ranlib', 'probe', ['--help', '--version', '-V', '-v']),
  ...rows('rustc', 'link', ['--print=link-args', '--print=native-static-libs']), // printed by a real link
  ...rows('rustc', 'probe', ['--explain*', '--help', '--print*', '--version', '-V', '-h', '-vV']),
  ...rows('rustc', 'compile', [
    '--emit=asm',
    '--emit=dep-info,metadata', // cargo check
    '--emit=llvm-*',
    '--emit=metadata',
    '--emit=mir',
    '--emit=obj',
  ]),
  ...rows('rustc', 'link', [
    '--crate-type=bin',
    '--crate-type=cdylib*',
    '--crate-type=dylib*',
    '--crate-type=proc-macro',
    '--crate-type=staticlib*',
    '--test',
  ]),
  ...rows('rustc', 'compile', ['--crate-type=lib', '--crate-type=rlib']),
  ...rows('sccache', 'probe', ['-*'], 'first'), // its figures, and its server, which it starts with no argument
]

/**
 * What a run is whose arguments match no row. `needsInput`: without any input file it is a probe; `-` is an input,
 * `@file` may name one.
 */
export type FamilyRun = { family: ToolFamily; needsInput: boolean; otherwise: RunKind }

export const familyRuns: readonly FamilyRun[] = [
  { family: 'ar', needsInput: false, otherwise: 'other' },
  { family: 'as', needsInput: true, otherwise: 'compile' },
  { family: 'bmake', needsInput: false, otherwise: 'other' },
  { family: 'cargo', needsInput: false, otherwise: 'other' },
  { family: 'clang', needsInput: true, otherwise: 'link' },
  { family: 'cmake', needsInput: false, otherwise: 'other' },
  { family: 'ctest', needsInput: false, otherwise: 'other' },
  { family: 'distcc', needsInput: false, otherwise: 'other' },
  { family: 'gcc', needsInput: true, otherwise: 'link' },
  { family: 'gfortran', needsInput: true, otherwise: 'link' },
  { family: 'ghc', needsInput: true, otherwise: 'link' },
  { family: 'go', needsInput: false, otherwise: 'other' },
  { family: 'icecc', needsInput: false, otherwise: 'other' },
  { family: 'javac', needsInput: true, otherwise: 'compile' },
  { family: 'ld', needsInput: true, otherwise: 'link' },
  { family: 'make', needsInput: false, otherwise: 'other' },
  { family: 'ninja', needsInput: false, otherwise: 'other' },
  { family: 'ranlib', needsInput: false, otherwise: 'other' },
  { family: 'rustc', needsInput: true, otherwise: 'link' },
  { family: 'sccache', needsInput: true, otherwise: 'other' },
]

/** By their ends, what compilers compile: names a run for people. */
export const sourceSuffixes = (
  'c C cc CC cp cpp cxx c++ cu d f F for FOR f77 f90 F90 f95 F95 f03 F03 f08 F08 go hs i ii java lhs ll m M mi mii mm pyx rs ' +
  's S sx swift vala y h hh hpp hxx'
).split(' ')

/** What stands behind one of these is no source of the run. */
export const valuedFlags = (
  '-I -L -MF -MQ -MT -T -Xassembler -Xclang -Xlinker -Xpreprocessor -aux-info -dumpbase -idirafter -imacros -imultilib ' +
  '-include -include-pch -iprefix -iquote -isysroot -isystem -iwithprefix -iwithprefixbefore'
).split(' ')
