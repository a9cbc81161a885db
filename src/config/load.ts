/** Reads the settings: flag > environment > config file > default. */
import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
import { environment as names } from '../contract/environment.js'
import { adaptedNames } from '../contract/wrappers.js'
import { note } from '../ground/note.js'
import { defaultShimDirectory } from '../ground/paths.js'
import { findConfig, type PassedOver } from './find.js'
import { automaticJobs } from './jobs.js'
import type { ConfigFile, SettingFlags, Settings } from './options.js'

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
  const cores = availableParallelism()
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
    jobs: flags.jobs ?? numberOf(config.jobs) ?? (await jobsByEngine(config, environment, cores)),
    join: config.join,
    launcher: config.launcher,
    noJobserver: config.noJobserver,
    patience: config.patience,
    quiet: flags.quiet ?? config.quiet ?? false,
    rulesText: path === undefined ? '' : await (await import('./read.js')).rulesText(path, config, cores),
    tools: flags.tools ?? config.tools,
    configFile: path,
  }
}

const numberOf = (jobs: ConfigFile['jobs']): number | undefined => (jobs === 'auto' ? undefined : jobs)

async function jobsByEngine(
  { launcher }: ConfigFile,
  environment: NodeJS.ProcessEnv,
  cores: number,
): Promise<number> {
  const engine = launcher === undefined ? undefined : await slotsOf(launcher, environment)
  return automaticJobs({ engine, makeopts: environment.MAKEOPTS, cores })
}

const slotsOf = async (launcher: string, environment: NodeJS.ProcessEnv): Promise<number | undefined> =>
  (await import('../tools/engine.js')).engineSlots(launcher, environment)

const namesOf = (adapters: boolean | readonly string[]): readonly string[] =>
  typeof adapters === 'boolean' ? (adapters ? adaptedNames : []) : adapters

const passedOver: Readonly<Record<PassedOver, string>> = {
  foreign: 'belongs to another user',
  large: 'is larger than 1 MiB',
}

const passOver = (path: string, why: PassedOver): void =>
  note(`${path}: the config ${passedOver[why]}, and is passed over`)

function configPath(
  flags: SettingFlags,
  workingDirectory: string,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (flags.config !== undefined) return resolve(workingDirectory, flags.config)
  return flags.noConfig ? undefined : findConfig(workingDirectory, environment.HOME, passOver)
}
