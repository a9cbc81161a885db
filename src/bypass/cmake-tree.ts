/** A tree that CMake has configured. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { shWord } from '../ground/shell-word.js'
import { readSmallFile } from '../ground/small-file.js'
import { type BakedCommand, byCommand, type ConfiguredPlace, type TreeAdvice } from './tree-advice.js'

type Compiler = { language: string; path: string; file?: string }

type Value = (name: string) => string

/** Returns the commands of a CMakeCache.txt. */
export function cmakeCommands(text: string, place: ConfiguredPlace): BakedCommand[] {
  const entries = cacheEntries(text)
  const value: Value = name => entries.get(name) ?? ''
  const compilers: Compiler[] = [
    ...[...entries].flatMap(([name, path]) => {
      const [, language] = /^CMAKE_(\w+)_COMPILER$/.exec(name) ?? []
      return language === undefined || language.endsWith('_HOST') ? [] : [{ language, path }]
    }),
    ...(value('CMAKE_TOOLCHAIN_FILE') === '' ? [] : toolchainCompilers(place.directory, value)),
  ]
  const calls = [
    ...compilers.flatMap(({ language, path, file }) =>
      ['COMPILER', 'LINKER'].map(what => {
        const variable = `CMAKE_${language}_${what}_LAUNCHER`
        return { variable, words: [...cmakeList(value(variable)), path], file }
      }),
    ),
    ...archivers.map(variable => ({ variable, words: [value(variable)], file: undefined })),
  ]
  const past = calls.filter(({ words }) => place.goesPast(words))
  const launchesLinkers = version(value) >= 3021 || value('CMAKE_TOOLCHAIN_FILE') !== ''
  const advice = launchesLinkers ? launched(place, past, value) : namedAnew(place, compilers, value)
  return calls.map(({ words, file }) => ({ words, advice, ...(file === undefined ? {} : { file }) }))
}

const archivers = ['CMAKE_AR', 'CMAKE_RANLIB']

/** Returns the entries `NAME:TYPE=VALUE` of a CMakeCache.txt: the values by name. */
function cacheEntries(text: string): Map<string, string> {
  const entries = text.matchAll(/^(?:"([^"]+)"|([\w.+-]+)):\w+=(.*)$/gm)
  return new Map([...entries].map(([, quoted, plain, value = '']) => [quoted ?? plain ?? '', value]))
}

const cmakeList = (text: string): string[] => text.split(';').filter(word => word !== '')

const version = (value: Value): number =>
  Number(value('CMAKE_CACHE_MAJOR_VERSION')) * 1000 + Number(value('CMAKE_CACHE_MINOR_VERSION'))

const fullVersion = (value: Value): string =>
  ['MAJOR', 'MINOR', 'PATCH'].map(part => value(`CMAKE_CACHE_${part}_VERSION`)).join('.')

/** A toolchain file's compilers are not in the cache, but beside it. */
function toolchainCompilers(directory: string, value: Value): Compiler[] {
  return ['ASM', 'C', 'CUDA', 'CXX', 'Fortran', 'HIP', 'OBJC', 'OBJCXX'].flatMap(language => {
    const file = join(directory, 'CMakeFiles', fullVersion(value), `CMake${language}Compiler.cmake`)
    const pattern = new RegExp(`^set\\(CMAKE_${language}_COMPILER "([^"]+)"\\)$`, 'm')
    const [, path] = pattern.exec(readSmallFile(file) ?? '') ?? []
    return path === undefined || value(`CMAKE_${language}_COMPILER`) !== '' ? [] : [{ language, path, file }]
  })
}

// The compiler stays what it is, and so do the generator and all options.
function launched(
  { directory, launcher }: ConfiguredPlace,
  past: readonly { variable: string }[],
  value: Value,
): TreeAdvice {
  const settings = [...new Set(past.map(({ variable }) => variable))].flatMap(variable => {
    const tool = value(variable)
    const shim = join(dirname(dirname(launcher)), tool.slice(tool.lastIndexOf('/') + 1))
    if (archivers.includes(variable)) return existsSync(shim) ? [`-D${variable}=${shim}`] : []
    return [`-D${variable}=${[launcher, ...cmakeList(tool)].join(';')}`]
  })
  const command = ['cmake', ...settings, directory].map(shWord).join(' ')
  return byCommand('tree-cmake', 'put the launcher before it', command)
}

// CMake looks for a compiler again if it has forgotten what it knows of it; the cache keeps the generator and all options.
function namedAnew(
  { directory, dirArgument, goesPast }: ConfiguredPlace,
  compilers: readonly Compiler[],
  value: Value,
): TreeAdvice {
  const named = [
    ...compilers.map(({ language, path }) => ({ variable: `CMAKE_${language}_COMPILER`, path })),
    ...archivers.map(variable => ({ variable, path: value(variable) })),
  ]
  const settings = named
    .filter(({ path }) => goesPast([path]))
    .map(({ variable, path }) => `-D${variable}=${path.slice(path.lastIndexOf('/') + 1)}`)
  const known = shWord(join(directory, 'CMakeFiles', fullVersion(value)))
  const configure = ['cmake', ...settings, directory].map(shWord).join(' ')
  const command = `rm -r ${known} && jobshim run${dirArgument} -- ${configure}`
  return byCommand('tree-cmake-old', 'have it find its compilers below the shims', command)
}
