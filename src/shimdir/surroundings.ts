/** The variables that govern a shell: all that is started in it finds the shims, or starts its tools through the launcher. */
import { type CcachePrefixes, ccacheVariables } from '../tools/ccache.js'
import { isLauncher } from '../tools/launcher-path.js'
import { layoutOf } from './layout.js'

export const usualPath = '/usr/local/bin:/usr/bin:/bin' // where PATH is not set

/** Returns PATH with the shim dir first. */
export function pathWithShims(path: string | undefined, dir: string): string {
  const given = path || usualPath
  return given.split(':')[0] === dir ? given : `${dir}:${given}`
}

/** Languages for which CMake reads CMAKE_LANGUAGE_COMPILER_LAUNCHER from the environment. */
const languages = ['C', 'CUDA', 'CXX', 'Fortran', 'HIP', 'ISPC', 'OBJC', 'OBJCXX'] as const

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

// Without the dashes the launcher takes only a path, or a name that has a shim.
const behind = (words: readonly string[]): string[] => (words.length === 0 ? [] : ['--', ...words])

// A list: `launcher;--;ccache` starts the launcher with ccache as its tool.
function cmakeVariables(launcher: string, environment: NodeJS.ProcessEnv): Variables {
  if (launcher.includes(';')) return {}
  return Object.fromEntries(
    languages.map(language => {
      const name = `CMAKE_${language}_COMPILER_LAUNCHER`
      const words = (environment[name] ?? '').split(';').filter(word => word !== '')
      return [name, isLauncher(words[0] ?? '') ? words.join(';') : [launcher, ...behind(words)].join(';')]
    }),
  )
}

// One program. One that is set already keeps it: it has a shim, or starts a rustc that has one.
function cargoVariables(launcher: string, { RUSTC_WRAPPER: wrapper }: NodeJS.ProcessEnv): Variables {
  return wrapper ? {} : { RUSTC_WRAPPER: launcher }
}

const toolexec = /^--?toolexec=/

// Flags with spaces between them. One that has a space is quoted as a whole, and its command's words once more.
// The launcher does the same for the go that it starts (shims/adapt/goflags.c).
function goVariables(launcher: string, { GOFLAGS: given = '' }: NodeJS.ProcessEnv): Variables {
  const flags = splitQuoted(given)
  const command = flags.findLast(flag => toolexec.test(flag))?.replace(toolexec, '') ?? ''
  const words = splitQuoted(command)
  const chained = isLauncher(words[0] ?? '') ? words : [launcher, ...behind(words)]
  const value = joinQuoted([
    ...flags.filter(flag => !toolexec.test(flag)),
    `-toolexec=${joinQuoted(chained) ?? ''}`,
  ])
  return joinQuoted(chained) === undefined || value === undefined ? {} : { GOFLAGS: value }
}

/** Splits as go does: a word may stand between quotes of either kind, in which no other sign means anything. */
function splitQuoted(text: string): string[] {
  return [...text.matchAll(/'([^']*)'|"([^"]*)"|\S+/g)].map(
    ([all, single, double]) => single ?? double ?? all,
  )
}

/** The reverse; undefined where a word has both kinds of quotes, which go can't be told. */
function joinQuoted(words: readonly string[]): string | undefined {
  const quoted = words.map(word => {
    if (!/[\s'"]/.test(word)) return word
    if (!word.includes("'")) return `'${word}'`
    return word.includes('"') ? undefined : `"${word}"`
  })
  return quoted.includes(undefined) ? undefined : quoted.join(' ')
}
