/** Reads the settings: flag > environment > config file > default. */
import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
import { environment as names } from '../contract/environment.js'
import { adaptedNames } from '../contract/wrappers.js'
import { hasOddBytes } from '../ground/bytes.js'
import { Failure } from '../ground/failure.js'
import { note } from '../ground/note.js'
import { defaultShimDirectory } from '../ground/paths.js'
import { processors } from '../ground/processors.js'
import { findConfig, type Ignored } from './find.js'
import { automaticJobs } from './jobs.js'
import type { ConfigFile, SandboxWish, SettingFlags, Settings } from './options.js'

/**
 * Returns all settings. What reads a config file is loaded only where one was found: most runs have none.
 * Throws `Failure` (exit 2) for a config that can't be read, that another user could have written, or that is wrong.
 */
export async function loadSettings(
  flags: SettingFlags,
  workingDirectory: string,
  environment: NodeJS.ProcessEnv,
): Promise<Settings> {
  const path = configPath(flags, workingDirectory, environment)
  const config: ConfigFile = path === undefined ? {} : await (await import('./read.js')).readConfig(path)
  const cores = availableParallelism() // load is that of the machine, whatever share of it is ours
  const fromEnvironment = environment[names.dir]
  const dir = flags.dir
    ? resolve(workingDirectory, flags.dir)
    : fromEnvironment
      ? resolve(workingDirectory, fromEnvironment)
      : config.dir && path
        ? resolve(dirname(path), config.dir)
        : defaultShimDirectory(environment)
  if (hasOddBytes(dir))
    throw new Failure(
      `${dir}: the shim dir is not UTF-8`,
      'name another one, with --dir, JOBSHIM_DIR or dir in the config',
    )
  const sandbox = flags.sandbox ?? sandboxOf(environment[names.sandbox]) ?? config.sandbox ?? false
  const engine = sandbox === true ? undefined : config.engine // no shim puts it before a compiler there
  return {
    adapters: namesOf(flags.noAdapters ? false : (config.adapters ?? true)),
    dir,
    engine: config.engine,
    jobs: flags.jobs ?? numberOf(config.jobs) ?? (await jobsByEngine(engine, environment)),
    join: config.join,
    noJobserver: config.noJobserver,
    patience: config.patience,
    quiet: flags.quiet ?? config.quiet ?? false,
    sandbox,
    rulesText: path === undefined ? '' : await (await import('./read.js')).rulesText(path, config, cores),
    tools: flags.tools ?? config.tools,
    configFile: path,
  }
}

function sandboxOf(value: string | undefined): SandboxWish | undefined {
  if (value === undefined || value === '') return undefined
  const wish = sandboxWishes.get(value)
  if (wish !== undefined) return wish
  throw new Failure(`${names.sandbox}=${value}: expected 1, 0 or auto`, 'set it to one of these, or unset it')
}

const sandboxWishes: ReadonlyMap<string, SandboxWish> = new Map<string, SandboxWish>([
  ['1', true],
  ['0', false],
  ['auto', 'auto'],
])

const numberOf = (jobs: ConfigFile['jobs']): number | undefined => (jobs === 'auto' ? undefined : jobs)

async function jobsByEngine(engine: string | undefined, environment: NodeJS.ProcessEnv): Promise<number> {
  const slots = engine === undefined ? undefined : await slotsOf(engine, environment)
  return automaticJobs({ engine: slots, makeopts: environment.MAKEOPTS, cores: processors() })
}

const slotsOf = async (engine: string, environment: NodeJS.ProcessEnv): Promise<number | undefined> =>
  (await import('../tools/engine.js')).engineSlots(engine, environment)

const namesOf = (adapters: boolean | readonly string[]): readonly string[] =>
  typeof adapters === 'boolean' ? (adapters ? adaptedNames : []) : adapters

const ignoredTexts: Readonly<Record<Ignored, string>> = {
  foreign: 'belongs to another user',
  large: 'is larger than 1 MiB',
}

const onIgnored = (path: string, why: Ignored): void =>
  note(`${path}: the config ${ignoredTexts[why]}, and is ignored`)

function configPath(
  flags: SettingFlags,
  workingDirectory: string,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (flags.config !== undefined) return resolve(workingDirectory, flags.config)
  return flags.noConfig ? undefined : findConfig(workingDirectory, environment.HOME, onIgnored)
}
