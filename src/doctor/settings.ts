/** The config: a wrong one is told, and the rest is looked at without it. */
import { loadSettings } from '../config/load.js'
import type { SettingFlags, Settings } from '../config/options.js'
import { environment as names } from '../contract/environment.js'
import { Failure } from '../ground/failure.js'
import { byHand } from './advice.js'
import { broken, type CheckRow, ok } from './verdict.js'

export type ConfigFacts =
  | { kind: 'read'; file: string | undefined }
  | { kind: 'refused'; what: string; fix: string }

/** Returns the settings; where the config is refused, those of a directory without one. */
export async function settingsAndConfig(
  flags: SettingFlags,
  workingDirectory: string,
  environment: NodeJS.ProcessEnv,
): Promise<{ settings: Settings; config: ConfigFacts }> {
  try {
    const settings = await loadSettings(flags, workingDirectory, environment)
    return { settings, config: { kind: 'read', file: settings.configFile } }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const { config: _, ...others } = flags
    const { [names.sandbox]: __, ...withoutSandboxWish } = environment
    const settings = await loadSettings({ ...others, noConfig: true }, workingDirectory, withoutSandboxWish)
    return {
      settings,
      config: { kind: 'refused', what: [error.message, ...error.details].join('; '), fix: error.hint },
    }
  }
}

export const configRows: readonly CheckRow<ConfigFacts>[] = [
  {
    name: 'config',
    why: 'with a wrong one jobshim run ends before the build starts',
    judge: config =>
      config.kind === 'refused'
        ? broken(config.what, byHand('config-refused', config.fix))
        : ok(config.file ?? 'none, and none is needed'),
  },
]
