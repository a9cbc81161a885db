/** The config files that hold together: the nearest, and for what it does not say that of the home directory. */
import { dirname, isAbsolute, resolve } from 'node:path'
import { note } from '../ground/note.js'
import { findConfig, type Ignored } from './find.js'
import type { ConfigFile, SettingFlags, SettingKey } from './options.js'

/** A config file, and what it says. */
export type Layer = { path: string; config: ConfigFile }

/**
 * Returns the config files, the nearest first. One that a flag names stands alone. Throws `Failure` (exit 2) for one that can't be read,
 * that another user could have written, or that is wrong.
 */
export async function readLayers(
  flags: SettingFlags,
  workingDirectory: string,
  environment: NodeJS.ProcessEnv,
): Promise<Layer[]> {
  const paths = configPaths(flags, workingDirectory, environment.HOME)
  if (paths.length === 0) return [] // most runs: what reads a config is not loaded for them
  const { readConfig } = await import('./read.js')
  return Promise.all(paths.map(async path => ({ path, config: await readConfig(path) })))
}

function configPaths(flags: SettingFlags, workingDirectory: string, home: string | undefined): string[] {
  if (flags.config !== undefined) return [resolve(workingDirectory, flags.config)]
  const nearest = flags.noConfig ? undefined : findConfig(workingDirectory, home, onIgnored)
  if (nearest === undefined) return []
  if (home === undefined || !isAbsolute(home) || dirname(nearest) === home) return [nearest]
  const own = findConfig(home, home, onIgnored)
  return own === undefined || own === nearest ? [nearest] : [nearest, own]
}

const ignoredTexts: Readonly<Record<Ignored, string>> = {
  foreign: 'belongs to another user',
  large: 'is larger than 1 MiB',
}

const onIgnored = (path: string, why: Ignored): void =>
  note(`${path}: the config ${ignoredTexts[why]}, and is ignored`)

/** Returns what they say together: the nearest that says a key wins. */
export function together(layers: readonly Layer[]): ConfigFile {
  const config: ConfigFile = {}
  for (const layer of [...layers].reverse()) Object.assign(config, layer.config)
  return config
}

/** Returns the one whose word counts for a key. */
export const layerOf = (layers: readonly Layer[], key: SettingKey): Layer | undefined =>
  layers.find(({ config }) => config[key] !== undefined)

/** Returns what says how many slots the machine's pool has: that of the home directory if it says anything of it, whatever a project says. */
export function poolConfig(layers: readonly Layer[]): ConfigFile {
  const own = layers.at(-1)?.config ?? {}
  return own.jobs !== undefined || own.noJobserver === 'machine' ? own : together(layers)
}
