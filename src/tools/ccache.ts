/** How ccache is told to start its compilers through the launcher: so a hit, which starts none, takes no slot. */
import { execFile } from 'node:child_process'
import { Failure } from '../ground/failure.js'
import { isLauncher } from './launcher-path.js'

/** The words that ccache's own config puts before a compiler, and before its preprocessor; empty: none. */
export type CcachePrefixes = { prefix: string; cppPrefix: string }

const longest = 255 // what the launcher has room for

/** Returns what the config of the ccache in these directories says, undefined where there is no ccache. */
export async function readPrefixes(
  directories: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<CcachePrefixes | undefined> {
  const [prefix, cppPrefix] = await Promise.all(
    ['prefix_command', 'prefix_command_cpp'].map(key => ccacheOutput(['-k', key], directories, environment)),
  )
  if (prefix === undefined) return undefined
  for (const words of [prefix, cppPrefix ?? ''])
    if (words.length > longest)
      throw new Failure(
        `ccache's prefix_command: has ${words.length} characters`,
        `shorten it to ${longest}, in ccache's config`,
      )
  return { prefix, cppPrefix: cppPrefix ?? '' }
}

function ccacheOutput(
  words: readonly string[],
  directories: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  // It would make a directory in the last one, just by being asked.
  const { CCACHE_PREFIX: _, CCACHE_PREFIX_CPP: __, XDG_RUNTIME_DIR: ___, ...others } = environment
  const env = { ...others, PATH: directories.join(':') }
  return new Promise(resolve => {
    execFile('ccache', words, { env }, (error, stdout) => resolve(error ? undefined : stdout.trim()))
  })
}

/** Returns the paths of the config files that it reads, or would read; undefined where it does not tell. */
export async function readConfigFiles(
  directories: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string[] | undefined> {
  const told = (await ccacheOutput(['-s', '-v'], directories, environment)) ?? ''
  const [, own] = /^(?:Config file|Primary config):[ \t]*(\/.*)$/m.exec(told) ?? []
  const [, system] = /^(?:System config file|Secondary config):[ \t]*(.*)$/m.exec(told) ?? []
  if (own === undefined || system === undefined) return undefined
  return system === '' ? [own] : [own, system]
}

/**
 * Returns the words with the launcher before them, once. Undefined where its path has a space: ccache splits there, and
 * knows no quotes.
 */
export function chainPrefix(launcher: string, words: string): string | undefined {
  if (/\s/.test(launcher)) return undefined
  const [first = ''] = words.split(' ')
  return isLauncher(first) ? words : [launcher, words].filter(word => word !== '').join(' ')
}

/** Returns the words without the launcher before them; undefined where there is none. */
export function prefixBehind(words: string): string | undefined {
  const [first = ''] = words.split(' ')
  return isLauncher(first) ? words.slice(first.length + 1) : undefined
}

/** Returns the variables that make ccache start everything through the launcher; what the user has set stays, behind it. */
export function ccacheVariables(
  launcher: string,
  configured: CcachePrefixes | undefined,
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  if (configured === undefined) return {}
  const rows: [name: string, words: string][] = [
    ['CCACHE_PREFIX', environment.CCACHE_PREFIX ?? configured.prefix],
    ['CCACHE_PREFIX_CPP', environment.CCACHE_PREFIX_CPP ?? configured.cppPrefix],
  ]
  return Object.fromEntries(
    rows.flatMap(([name, words]) => {
      const chained = chainPrefix(launcher, words)
      return chained === undefined ? [] : [[name, chained]]
    }),
  )
}
