/** Reads the settings: flag > environment > config file > default. */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname, extname, resolve } from 'node:path'
import { environment as names } from '../ground/environment.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { currentUid, defaultShimDirectory } from '../ground/paths.js'
import { adapterNames } from '../toolchain/adapters.js'
import { findConfig } from './find.js'
import { type ConfigFile, type SettingFlags, type Settings, settingRows } from './options.js'
import type { ConfigFault } from './schema.js'

/**
 * Returns all settings. Loads cosmiconfig and zod only where a config file was found.
 * Throws `Failure` (exit 2) for a config that can't be read, that another user could have written, or that is wrong.
 */
export async function loadSettings(
  flags: SettingFlags,
  workingDirectory: string,
  environment: NodeJS.ProcessEnv,
): Promise<Settings> {
  const path = configPath(flags, workingDirectory, environment)
  const config: ConfigFile = path === undefined ? {} : await readConfig(path)
  const fromEnvironment = environment[names.dir]
  return {
    adapters: namesOf(flags.noAdapters ? false : (config.adapters ?? true)),
    dir: flags.dir
      ? resolve(workingDirectory, flags.dir)
      : fromEnvironment
        ? resolve(workingDirectory, fromEnvironment)
        : config.dir && path
          ? resolve(dirname(path), config.dir)
          : defaultShimDirectory(environment),
    jobs: flags.jobs ?? config.jobs ?? availableParallelism(),
    join: config.join,
    noJobserver: config.noJobserver,
    patience: config.patience,
    quiet: flags.quiet ?? config.quiet ?? false,
    tools: flags.tools ?? config.tools,
    configFile: path,
  }
}

const namesOf = (adapters: boolean | readonly string[]): readonly string[] =>
  typeof adapters === 'boolean' ? (adapters ? adapterNames : []) : adapters

function configPath(
  flags: SettingFlags,
  workingDirectory: string,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (flags.config !== undefined) return resolve(workingDirectory, flags.config)
  return flags.noConfig ? undefined : findConfig(workingDirectory, environment.HOME)
}

async function readConfig(path: string): Promise<ConfigFile> {
  const value = await parse(path, readTrusted(path))
  const { checkConfig } = await import('./schema.js')
  const verdict = checkConfig(basename(path) === 'package.json' ? property(value, 'jobshim') : value)
  if (verdict.kind === 'good') return verdict.config
  throw await configFailure(path, verdict.fault)
}

/**
 * Only cosmiconfig's loaders are used, not its search: that one runs `.config/config.js` of the working directory
 * (its own settings) and follows `$import` to code, and a config that is looked for must never run code.
 */
async function parse(path: string, text: string): Promise<unknown> {
  const { defaultLoadersSync: loaders } = await import('cosmiconfig')
  const load = extname(path) === '.json' ? loaders['.json'] : loaders['.yaml']
  try {
    return text.trim() === '' ? {} : load(path, text)
  } catch (error) {
    const why =
      error instanceof Error
        ? (error.message.split('\n').find((line, index) => index > 0 && line.trim() !== '') ?? '').trim()
        : String(error)
    throw new Failure(
      `${path}: not readable as ${extname(path) === '.json' ? 'JSON' : 'YAML'}: ${why}`,
      hint,
      code,
    )
  }
}

const hint = 'mend the file, name another with --config, or use none with --no-config'
const code = exitCodes.usage

const distrust: readonly { is: (stats: Stats) => boolean; what: string }[] = [
  { is: stats => !stats.isFile(), what: 'is not a plain file' },
  { is: stats => stats.uid !== currentUid() && stats.uid !== 0, what: 'belongs to another user' },
  { is: stats => (stats.mode & 0o002) !== 0, what: 'can be written by everybody' },
]

// A config names the directory whose programs we run: whoever can write it can run programs as us.
function readTrusted(path: string): string {
  const file = open(path)
  try {
    const stats = fstatSync(file)
    const fault = distrust.find(({ is }) => is(stats))
    if (fault) throw new Failure(`${path}: the config ${fault.what}`, distrustHint, code)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

const distrustHint = 'take it over with chown and chmod if you trust it, or use none with --no-config'

function open(path: string): number {
  try {
    // A FIFO is refused, not waited for.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw new Failure(`${path}: can't read the config (${systemErrorCode(error)})`, hint, code)
  }
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined
}

async function didYouMean(name: string, known: readonly string[]): Promise<string | undefined> {
  const { nearestName } = await import('../ground/suggestion.js')
  const nearest = nearestName(name, known)
  return nearest && `did you mean ${nearest}?`
}

async function configFailure(path: string, fault: ConfigFault): Promise<Failure> {
  const keys = settingRows.map(({ key }) => key)
  switch (fault.kind) {
    case 'unknown key': {
      const advice = (await didYouMean(fault.key, keys)) ?? `known keys: ${keys.join(', ')}`
      return new Failure(`${path}: unknown key ${fault.key}`, advice, code)
    }
    case 'unknown name': {
      const advice = (await didYouMean(fault.name, fault.known)) ?? `known names: ${fault.known.join(', ')}`
      return new Failure(`${path}: ${fault.key}: unknown name ${fault.name}`, advice, code)
    }
    case 'wrong type':
      return new Failure(`${path}: ${fault.key}: expected ${fault.expected}`, hint, code)
    case 'not an object':
      return new Failure(`${path}: expected an object with the keys ${keys.join(', ')}`, hint, code)
  }
}
