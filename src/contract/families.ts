/**
 * Families of tool names, as `--tools` takes them. TRIPLE- is a prefix such as `x86_64-linux-gnu-`, -VERSION a suffix
 * such as `-12` or `-15.0.7`. A name belongs to the first row that matches it.
 */
import type { AdapterFamily } from './adapters.js'
import type { ToolFamily } from './arguments.js'

export type FamilyName = Exclude<ToolFamily, Exclude<AdapterFamily, 'go'> | 'distcc' | 'icecc' | 'sccache'>

export type FamilyRow = {
  family: FamilyName
  names: readonly string[]
  triple: boolean // also with TRIPLE- before it
  version: boolean // also with -VERSION behind it
  byDefault: boolean // wanted where nobody names tools
  why: string
}

const row = (
  family: FamilyName,
  names: readonly string[],
  shape: 'plain' | 'triple' | 'version' | 'triple and version',
  byDefault: boolean,
  why: string,
): FamilyRow => ({
  family,
  names,
  triple: shape.startsWith('triple'),
  version: shape.endsWith('version'),
  byDefault,
  why,
})

export const familyRows: readonly FamilyRow[] = [
  row('ar', ['ar'], 'triple', false, 'short and bound by the disk: waiting costs more than it saves'),
  row(
    'as',
    ['as'],
    'triple',
    false,
    'run by gcc, which holds a slot already; wanted where builds call it by themselves',
  ),
  row(
    'clang',
    ['clang', 'clang++'],
    'triple and version',
    true,
    'compiles and links; clang-format and the like start no work worth a slot',
  ),
  row(
    'gcc',
    ['c++', 'cc', 'g++', 'gcc'],
    'triple and version',
    true,
    'compiles and links; gcc-ar, gcc-nm and gcc-ranlib only wrap binutils',
  ),
  row('gcc', ['c89', 'c89-gcc', 'c99', 'c99-gcc'], 'plain', true, 'the names POSIX gives the compiler'),
  row('gfortran', ['gfortran'], 'triple and version', true, 'compiles and links'),
  row('ghc', ['ghc'], 'version', true, 'compiles and links; ghc-pkg and ghci do not'),
  row('go', ['go'], 'plain', true, 'starts its compilers itself, as many as there are cores'),
  row(
    'javac',
    ['javac'],
    'plain',
    false,
    'scripts take the directory above its realpath for JAVA_HOME: a shim has no JDK around it',
  ),
  row(
    'ld',
    ['ld', 'ld.bfd', 'ld.gold', 'ld.lld', 'ld.mold'],
    'triple',
    true,
    'links: the largest programs of a build',
  ),
  row('ld', ['lld', 'mold'], 'plain', true, 'links, called by its own name'),
  row('ranlib', ['ranlib'], 'triple', false, 'as ar'),
  row('rustc', ['rustc'], 'plain', true, 'compiles and links'),
]

/**
 * What compilers start, and the directory that their path must have. If no compiler is seen above it (it has a name of its own, ld.so
 * has loaded it, there is none) such a part is the tool. clang and rustc compile in one process.
 */
export const compilerParts: readonly { name: string; below: string }[] = [
  ...['cc1', 'cc1obj', 'cc1objplus', 'cc1plus', 'd21', 'f951', 'gnat1', 'go1', 'lto1'].map(name => ({
    name,
    below: '/',
  })),
  ...['asm', 'compile', 'link'].map(name => ({ name, below: '/pkg/tool/' })), // go's
]

/** All names `--tools` knows as families, sorted. */
export const familyNames: readonly FamilyName[] = [...new Set(familyRows.map(({ family }) => family))].sort()

/** The families that are wanted where nobody names tools, sorted. */
export const defaultFamilies: readonly FamilyName[] = familyNames.filter(name =>
  familyRows.some(({ family, byDefault }) => family === name && byDefault),
)

/** A triple is told by its machine: by shape alone `gcc-ar`, `llvm-as` and `ccache-cc` would have one too. `[3-6]` is a range, and `*` at the end any rest. */
export const machines: readonly string[] = [
  'aarch64*',
  'alpha*',
  'amdgcn',
  'arm*',
  'avr',
  'hppa*',
  'i[3-6]86',
  'ia64',
  'loongarch*',
  'm68k',
  'mips*',
  'msp430',
  'nvptx*',
  'or1k',
  'powerpc*',
  'ppc*',
  'riscv*',
  's390',
  's390x',
  'sh[1-4]*',
  'sparc*',
  'wasm[0-9]*',
  'x86_64',
  'xtensa*',
]
const machine = new RegExp(`^(?:${machines.join('|').replaceAll('*', '\\w*')})$`)

// A tool's name is no part of a triple: x86_64-linux-gnu-gcc-ar is gcc-ar.
function isTriple(text: string): boolean {
  const [first = '', ...others] = text.split('-')
  return (
    others.length <= 3 &&
    machine.test(first) &&
    others.every(part => /^(?!(gcc|clang|llvm)$)[\w.]+$/.test(part))
  )
}

const namedBy = (name: string): ((row: FamilyRow) => boolean) => {
  const unversioned = name.replace(/-\d[\d.]*$/, '')
  return row => {
    const rest = row.version ? unversioned : name
    return row.names.some(
      own =>
        rest === own || (row.triple && rest.endsWith(`-${own}`) && isTriple(rest.slice(0, -own.length - 1))),
    )
  }
}

const familiesByName = new Map(
  familyRows.flatMap(({ family, names }) => names.map(name => [name, family] as const)),
)

// Most of the programs on PATH are told by this alone.
const ends = [...familiesByName.keys()].map(name => name.replaceAll(/[.+]/g, '\\$&')).join('|')
const mayBeTool = new RegExp(`(?:^|-)(?:${ends})(?:-\\d[\\d.]*)?$`)

/** Returns the family a program of this name belongs to, or undefined. */
export const familyOf = (name: string): FamilyName | undefined =>
  familiesByName.get(name) ?? (mayBeTool.test(name) ? familyRows.find(namedBy(name))?.family : undefined)

/** Tells a family's name from a literal tool's. */
export function isFamily(name: string): name is FamilyName {
  return familyNames.some(family => family === name)
}
