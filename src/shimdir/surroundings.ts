/** The variables that govern a shell: all that is started in it finds the shims, or starts its tools through the launcher. */
import { type CcachePrefixes, ccacheVariables, prefixBehind } from '../tools/ccache.js'
import { withLauncher, withoutLauncher } from '../tools/goflags.js'
import { behindLauncher, hasShims, isLauncher, wordsBehind } from '../tools/launcher-path.js'
import { layoutOf } from './layout.js'

export const usualPath = '/usr/local/bin:/usr/bin:/bin' // where PATH is not set

/** Returns PATH with the shim dir first. */
export function pathWithShims(path: string | undefined, dir: string): string {
  const given = path || usualPath
  return given.split(':')[0] === dir ? given : `${dir}:${given}`
}

/** Languages for which CMake reads CMAKE_LANGUAGE_COMPILER_LAUNCHER from the environment. */
const languages = ['C', 'CUDA', 'CXX', 'Fortran', 'HIP', 'ISPC', 'OBJC', 'OBJCXX'] as const

const cmakeNames = languages.map(language => `CMAKE_${language}_COMPILER_LAUNCHER`)

type Variables = Record<string, string>

/** Returns the variables of a governed shell. What the user has set stays, behind the launcher; twice is as once. */
export function shellVariables(
  dir: string,
  configured: CcachePrefixes | undefined,
  environment: NodeJS.ProcessEnv,
): Variables {
  const { launcher } = layoutOf(dir)
  return {
    PATH: pathWithShims(environment.PATH, dir),
    ...ccacheVariables(launcher, configured, environment),
    ...cmakeVariables(launcher, environment),
    ...cargoVariables(launcher, environment),
    ...goVariables(launcher, environment),
  }
}

// A list: `launcher;--;ccache` starts the launcher with ccache as its tool.
function cmakeVariables(launcher: string, environment: NodeJS.ProcessEnv): Variables {
  if (launcher.includes(';')) return {}
  return Object.fromEntries(
    cmakeNames.map(name => {
      const given = environment[name] ?? ''
      const [first] = given.split(';').filter(word => word !== '')
      if (isLauncher(first ?? '')) return [name, given]
      return [name, [launcher, ...behindLauncher(first === undefined ? [] : [given])].join(';')]
    }),
  )
}

// One program. One that is set already keeps it: it has a shim, or starts a rustc that has one.
function cargoVariables(launcher: string, { RUSTC_WRAPPER: wrapper }: NodeJS.ProcessEnv): Variables {
  return wrapper ? {} : { RUSTC_WRAPPER: launcher }
}

function goVariables(launcher: string, { GOFLAGS: given = '' }: NodeJS.ProcessEnv): Variables {
  const value = withLauncher(launcher, given)
  return value === undefined ? {} : { GOFLAGS: value }
}

/** What takes a governed shell back: values of variables, and names of those that are set no longer. */
export type Undone = { variables: Variables; unset: string[] }

/** Returns what differs in a shell without any shims. What the user has set, before or since, stays. */
export function undone(
  dir: string,
  configured: CcachePrefixes | undefined,
  environment: NodeJS.ProcessEnv,
): Undone {
  const rows: [name: string, without: (value: string) => string][] = [
    ['PATH', path => pathWithoutShims(path, dir)],
    ['CCACHE_PREFIX', words => ownPrefix(words, configured?.prefix ?? '')],
    ['CCACHE_PREFIX_CPP', words => ownPrefix(words, configured?.cppPrefix ?? '')],
    ...cmakeNames.map((name): [string, typeof ownLaunchers] => [name, ownLaunchers]),
    ['RUSTC_WRAPPER', wrapper => (isLauncher(wrapper) ? '' : wrapper)],
    ['GOFLAGS', withoutLauncher],
  ]
  const changes = rows.flatMap(([name, without]) => {
    const value = environment[name]
    const own = value && without(value)
    return own === undefined || own === value ? [] : [[name, own] as const]
  })
  return {
    variables: Object.fromEntries(changes.filter(([, own]) => own !== '')),
    unset: changes.flatMap(([name, own]) => (own === '' ? [name] : [])),
  }
}

// An empty PATH would mean the working directory.
const pathWithoutShims = (path: string, dir: string): string =>
  path
    .split(':')
    .filter(directory => directory !== dir && !hasShims(directory))
    .join(':') || usualPath

// ccache reads its config itself.
function ownPrefix(words: string, configured: string): string {
  const own = prefixBehind(words)
  return own === undefined ? words : [words, own].includes(configured) ? '' : own
}

const ownLaunchers = (list: string): string => wordsBehind(list.split(';'))?.join(';') ?? list
