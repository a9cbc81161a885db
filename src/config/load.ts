/** Reads the settings: flag > environment > nearest config file > that of the home directory > default. */
import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
import { environment as names } from '../contract/environment.js'
import { adaptedNames } from '../contract/wrappers.js'
import { hasOddBytes } from '../ground/bytes.js'
import { Failure } from '../ground/failure.js'
import { defaultShimDirectory } from '../ground/paths.js'
import { processors } from '../ground/processors.js'
import { automaticJobs } from './jobs.js'
import { type Layer, layerOf, poolConfig, readLayers, together } from './layers.js'
import type { ConfigFile, SandboxWish, SettingFlags, Settings } from './options.js'

/**
 * Returns all settings.
 * Throws `Failure` (exit 2) for a config that can't be read, that another user could have written, or that is wrong.
 */
export async function loadSettings(
  flags: SettingFlags,
  workingDirectory: string,
  environment: NodeJS.ProcessEnv,
): Promise<Settings> {
  const layers = await readLayers(flags, workingDirectory, environment)
  const config = together(layers)
  const dir = shimDirectory(flags, layers, workingDirectory, environment)
  const sandbox = flags.sandbox ?? sandboxOf(environment[names.sandbox]) ?? config.sandbox ?? false
  const jobsOf = async ({ jobs, engine }: ConfigFile): Promise<number> =>
    numberOf(jobs) ?? (await jobsByEngine(sandbox === true ? undefined : engine, environment)) // no shim puts it before a compiler there
  const jobs = flags.jobs ?? (await jobsOf(config))
  const joinsMachine = (environment[names.noJobserver] || config.noJobserver) === 'machine'
  return {
    adapters: namesOf(flags.noAdapters ? false : (config.adapters ?? true)),
    dir,
    engine: config.engine,
    jobs,
    join: config.join,
    machineJobs: joinsMachine ? await jobsOf(poolConfig(layers)) : jobs,
    noJobserver: config.noJobserver,
    patience: config.patience,
    quiet: flags.quiet ?? config.quiet ?? false,
    sandbox,
    rulesText: await rulesOf(layers, config),
    tools: flags.tools ?? config.tools,
    configFile: layers[0]?.path,
  }
}

function shimDirectory(
  flags: SettingFlags,
  layers: readonly Layer[],
  workingDirectory: string,
  environment: NodeJS.ProcessEnv,
): string {
  const named = flags.dir || environment[names.dir]
  const { path, config } = layerOf(layers, 'dir') ?? {}
  const dir = named
    ? resolve(workingDirectory, named)
    : path && config?.dir
      ? resolve(dirname(path), config.dir)
      : defaultShimDirectory(environment)
  if (!hasOddBytes(dir)) return dir
  throw new Failure(
    `${dir}: the shim dir is not UTF-8`,
    'name another one, with --dir, JOBSHIM_DIR or dir in the config',
  )
}

async function rulesOf(layers: readonly Layer[], config: ConfigFile): Promise<string> {
  const { path } = layerOf(layers, 'rules') ?? layers[0] ?? {}
  const cores = availableParallelism() // load is that of the machine, whatever share of it is ours
  return path === undefined ? '' : await (await import('./read.js')).rulesText(path, config, cores)
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
