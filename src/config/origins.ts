/** What each setting is, and who says so: for people who look at them. */
import { environment as names } from '../contract/environment.js'
import { type Layer, layerOf, readLayers } from './layers.js'
import { loadSettings } from './load.js'
import { type SettingFlags, type SettingKey, type SettingRow, type Settings, settingRows } from './options.js'

export type Origin =
  | { from: 'flag'; name: string }
  | { from: 'environment'; name: string }
  | { from: 'file'; path: string }
  | { from: 'default' }

/** `value`: undefined if nobody says one, and the default is no single value: `text` tells it then. */
export type ExplainedSetting = { key: SettingKey; value: unknown; text: string } & Origin

/** What sets a key besides a config, in the order in which one wins. */
type Sources = {
  flag?: keyof SettingFlags & ('dir' | 'jobs' | 'quiet' | 'sandbox' | 'tools')
  variables?: readonly string[]
  inForce?: (settings: Settings) => unknown // if nobody says a value
}

const sources: Readonly<Record<SettingKey, Sources>> = {
  adapters: { inForce: ({ adapters }) => adapters.join(', ') || 'none' },
  dir: { flag: 'dir', variables: [names.dir], inForce: ({ dir }) => dir },
  engine: { variables: [names.engine, names.launcher] },
  jobs: { flag: 'jobs', inForce: ({ jobs }) => jobs },
  join: { variables: [names.join], inForce: () => false },
  load: {},
  noJobserver: { variables: [names.noJobserver], inForce: () => 'pass' },
  patience: { variables: [names.patience], inForce: () => 30 },
  pressure: {},
  priority: { variables: [names.priority], inForce: () => 'normal' },
  quiet: { flag: 'quiet', inForce: ({ quiet }) => quiet },
  reserve: {},
  rules: { variables: [names.rules] },
  sandbox: { flag: 'sandbox', variables: [names.sandbox], inForce: ({ sandbox }) => sandbox },
  tools: { flag: 'tools' },
}

/** Returns all settings, in the order of their table. Throws `Failure` as `loadSettings` does. */
export async function explainSettings(
  flags: SettingFlags,
  workingDirectory: string,
  environment: NodeJS.ProcessEnv,
): Promise<{ configFile: string | undefined; settings: ExplainedSetting[] }> {
  const settings = await loadSettings(flags, workingDirectory, environment)
  const layers = await readLayers(flags, workingDirectory, environment)
  return {
    configFile: settings.configFile,
    settings: settingRows.map(row => explain(row, { flags, environment, layers, settings })),
  }
}

type Facts = {
  flags: SettingFlags
  environment: NodeJS.ProcessEnv
  layers: readonly Layer[]
  settings: Settings
}

function explain(row: SettingRow & { key: SettingKey }, facts: Facts): ExplainedSetting {
  const { flags, environment, layers, settings } = facts
  const { flag, variables = [], inForce } = sources[row.key]
  const found = { key: row.key, text: row.default }
  if (flag !== undefined && flags[flag] !== undefined)
    return { ...found, value: settings[flag], from: 'flag', name: `--${flag}` }
  const name = variables.find(variable => (environment[variable] ?? '') !== '')
  if (name !== undefined)
    return { ...found, value: asInForce(row.key, environment[name], settings), from: 'environment', name }
  const layer = layerOf(layers, row.key)
  if (layer !== undefined)
    return {
      ...found,
      value: asInForce(row.key, layer.config[row.key], settings),
      from: 'file',
      path: layer.path,
    }
  return { ...found, value: inForce?.(settings), from: 'default' }
}

/** A path in a config is relative to it, adapters are told by name, and what `auto` is by its number. */
const asInForce = (key: SettingKey, value: unknown, settings: Settings): unknown =>
  key === 'dir' || key === 'adapters' || key === 'jobs' || key === 'sandbox' ? settings[key] : value
