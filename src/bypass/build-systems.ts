/**
 * Where build systems keep the tools that they found when a tree was configured. Most write absolute paths, which go past
 * shims that came later.
 */
import { basename, join } from 'node:path'
import { shWord } from '../ground/shell-word.js'
import { readSmallFile } from '../ground/small-file.js'

/** A command of the build as its words up to the tool's own arguments, and what to do if it goes past the shims. */
export type BakedCommand = {
  words: readonly string[]
  fix: string
  file?: string // that names it, where it is not the row's own
}

/** `directory`: the absolute path of the configured one. `launcher`: of the launcher, for a fix that names it. */
export type ConfiguredPlace = { directory: string; launcher: string }

export type BuildSystem = {
  name: string
  file: string // below a directory; there it is configured
  writtenBy?: readonly string[] // files of other rows: where one is, this file is only what came of it
  why: string
  commands(text: string, place: ConfiguredPlace): BakedCommand[]
}

export const buildSystems: readonly BuildSystem[] = [
  {
    name: 'cmake',
    file: 'CMakeCache.txt',
    why: 'CMake looks for a compiler once, and keeps its absolute path',
    commands: cmakeCommands,
  },
  {
    name: 'meson',
    file: 'meson-info/intro-targets.json',
    why: 'a compiler is kept as CC or a native file names it; ccache and sccache by their absolute paths since Meson 1.2',
    commands: mesonCommands,
  },
  {
    name: 'autoconf',
    file: 'config.status',
    why: 'configure keeps CC as it was called with',
    commands: autoconfCommands,
  },
  ...['GNUmakefile', 'makefile', 'Makefile'].map(
    (file): BuildSystem => ({
      name: 'make',
      file,
      writtenBy: ['CMakeCache.txt', 'config.status', 'CMakeFiles/progress.marks'],
      why: 'people and generators write paths into variables and recipes',
      commands: text => makeCommands(text, file),
    }),
  ),
  {
    name: 'ninja',
    file: 'build.ninja',
    writtenBy: ['CMakeCache.txt', 'meson-info/intro-targets.json'],
    why: 'always generated: by gn, a configure.py and others',
    commands: ninjaCommands,
  },
]

/** Returns the entries `NAME:TYPE=VALUE` of a CMakeCache.txt. */
function cacheEntries(text: string): Map<string, { type: string; value: string }> {
  const entries = text.matchAll(/^(?:"([^"]+)"|([\w.+-]+)):(\w+)=(.*)$/gm)
  return new Map(
    [...entries].map(([, quoted, plain, type = '', value = '']) => [quoted ?? plain ?? '', { type, value }]),
  )
}

const cmakeList = (text = ''): string[] => text.split(';').filter(word => word !== '')

function cmakeCommands(text: string, { directory, launcher }: ConfiguredPlace): BakedCommand[] {
  const entries = cacheEntries(text)
  const value = (name: string): string => entries.get(name)?.value ?? ''
  const again = freshly(directory, value)
  const compilers = [
    ...[...entries].flatMap(([name, entry]) => {
      const [, language] = /^CMAKE_(\w+)_COMPILER$/.exec(name) ?? []
      return language === undefined || language.endsWith('_HOST') ? [] : [{ language, ...entry }]
    }),
    ...(value('CMAKE_TOOLCHAIN_FILE') === '' ? [] : toolchainCompilers(directory, value)),
  ]
  const archivers = ['CMAKE_AR', 'CMAKE_RANLIB'].map(name => ({ words: [value(name)], fix: again }))
  return [
    ...compilers.flatMap(({ language, value: compiler, type, ...rest }) => {
      // A compiler that somebody named is named again; a launcher before it holds all the same.
      const fix = type === 'STRING' || 'file' in rest ? launched(directory, language, launcher) : again
      return ['COMPILER', 'LINKER'].map(what => ({
        words: [...cmakeList(value(`CMAKE_${language}_${what}_LAUNCHER`)), compiler],
        fix,
        ...rest,
      }))
    }),
    ...archivers,
  ]
}

/** A toolchain file's compilers are not in the cache, but beside it. */
function toolchainCompilers(
  directory: string,
  value: (name: string) => string,
): { language: string; type: string; value: string; file: string }[] {
  const version = ['MAJOR', 'MINOR', 'PATCH'].map(part => value(`CMAKE_CACHE_${part}_VERSION`)).join('.')
  return ['ASM', 'C', 'CUDA', 'CXX', 'Fortran', 'HIP', 'OBJC', 'OBJCXX'].flatMap(language => {
    const file = join(directory, 'CMakeFiles', version, `CMake${language}Compiler.cmake`)
    const pattern = new RegExp(`^set\\(CMAKE_${language}_COMPILER "([^"]+)"\\)$`, 'm')
    const [, compiler] = pattern.exec(readSmallFile(file) ?? '') ?? []
    return compiler === undefined || value(`CMAKE_${language}_COMPILER`) !== ''
      ? []
      : [{ language, type: 'FILEPATH', value: compiler, file }]
  })
}

// --fresh is CMake's since 3.24.
function freshly(directory: string, value: (name: string) => string): string {
  const version =
    Number(value('CMAKE_CACHE_MAJOR_VERSION')) * 1000 + Number(value('CMAKE_CACHE_MINOR_VERSION'))
  const source = shWord(value('CMAKE_HOME_DIRECTORY') || '.')
  const build = shWord(directory)
  const configure = `cmake${version >= 3024 ? ' --fresh' : ''} -S ${source} -B ${build}`
  const before =
    version >= 3024
      ? ''
      : `rm -r ${shWord(join(directory, 'CMakeCache.txt'))} ${shWord(join(directory, 'CMakeFiles'))} && `
  return `configure it below the shims, with the options of the first time: ${before}jobshim run -- ${configure}`
}

const launched = (directory: string, language: string, launcher: string): string =>
  `put the launcher before it: cmake ${['COMPILER', 'LINKER']
    .map(what => shWord(`-DCMAKE_${language}_${what}_LAUNCHER=${launcher}`))
    .join(' ')} ${shWord(directory)}`

function mesonCommands(text: string, { directory }: ConfiguredPlace): BakedCommand[] {
  const named = readSmallFile(join(directory, 'meson-private/cmd_line.txt')) ?? ''
  const [, files] = /^(?:cross|native)_file = \[(.*)\]$/m.exec(named) ?? []
  const wipe = `meson setup --wipe ${shWord(directory)}`
  const fix =
    files === undefined
      ? `configure it below the shims, with no path in CC and its like: jobshim run -- ${wipe}`
      : `name the tool without its directory in ${files.replaceAll("'", '')}, then: ${wipe}`
  const words = targetsOf(text).flatMap(({ compiler, linker }) => [compiler, linker])
  const distinct = new Map(words.flatMap(list => (list ? [[list.join('\0'), list] as const] : [])))
  return [...distinct.values()].map(list => ({ words: list, fix }))
}

type TargetSources = { compiler?: string[] | undefined; linker?: string[] | undefined }

function targetsOf(text: string): TargetSources[] {
  const targets = parseJson(text)
  return listOf(targets)
    .flatMap(target => listOf(property(target, 'target_sources')))
    .map(sources => ({
      compiler: stringsOf(property(sources, 'compiler')),
      linker: stringsOf(property(sources, 'linker')),
    }))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // being written, or nobody's
  }
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

const property = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined

const stringsOf = (value: unknown): string[] | undefined =>
  Array.isArray(value) && value.every(item => typeof item === 'string') ? value : undefined

const wordsOf = (text: string): string[] => text.split(/\s+/).filter(word => word !== '')

// LD is left out: libtool sets it to an absolute path whatever it is called with, and links by CC.
function autoconfCommands(text: string, { directory }: ConfiguredPlace): BakedCommand[] {
  const [, source = '.'] = /^srcdir='(.*)'$/m.exec(text) ?? []
  const configure = shWord(join(source, 'configure'))
  return [...text.matchAll(/^S\["(?!ac_ct_)(\w+)"\]="(\/.*)"$/gm)].flatMap(([, name = '', value = '']) => {
    const words = wordsOf(value)
    const called = [basename(words[0] ?? ''), ...words.slice(1)].join(' ')
    const setting = shWord(`${name}=${called}`)
    const again = `eval "set -- $(./config.status --config)" && ${configure} "$@" ${setting}`
    const fix = `configure it again with ${setting}: cd ${shWord(directory)} && ${again}`
    return name === 'LD' ? [] : [{ words, fix }]
  })
}

const assignment = /^\s*(?:override\s+|export\s+)*([\w.-]+)\s*(?:::?:?|\?|!)?=\s*(\/[^#]*)/

function makeCommands(text: string, file: string): BakedCommand[] {
  return logicalLines(text, '\\').flatMap(line => {
    const [, variable, value = ''] = line.startsWith('\t') ? [] : (assignment.exec(line) ?? [])
    if (variable !== undefined) {
      const words = wordsOf(value)
      const name = basename(words[0] ?? '')
      return [{ words, fix: `write ${variable} = ${name} in ${file}, or call make ${variable}=${name}` }]
    }
    return line.startsWith('\t') ? recipeCommands(line.replace(/^[\t@+-]+/, ''), file) : []
  })
}

function ninjaCommands(text: string): BakedCommand[] {
  return logicalLines(text, '$').flatMap(line => {
    const [, value] = /^\s*[\w.-]+\s*=\s*(.*)$/.exec(line) ?? []
    return value === undefined || line.startsWith('#') ? [] : recipeCommands(value, 'what writes build.ninja')
  })
}

// A recipe may have several commands; what stands before one (a variable, `env`) is not looked through.
const recipeCommands = (recipe: string, file: string): BakedCommand[] =>
  recipe
    .split(/&&|\|\||[;|]/)
    .map(wordsOf)
    .filter(([first]) => first?.startsWith('/'))
    .map(words => ({ words, fix: `write ${basename(words[0] ?? '')} without its directory in ${file}` }))

const logicalLines = (text: string, joiner: '\\' | '$'): string[] =>
  text.replaceAll(`${joiner}\n`, ' ').split('\n')
