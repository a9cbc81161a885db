/** Settings that have an older key, which means the same. Pure. */
import type { SettingRow } from './options.js'

type Settings = Readonly<Record<string, unknown>>

/** Returns the row whose two keys have different values. */
export const disagreeing = (settings: Settings, rows: readonly SettingRow[]): SettingRow | undefined =>
  rows.find(({ key, olderKey }) => {
    if (olderKey === undefined) return false
    const [value, older] = [settings[key], settings[olderKey]]
    return value !== undefined && older !== undefined && value !== older
  })

/** Returns the settings without older keys. */
export function withoutOlderKeys(settings: Settings, rows: readonly SettingRow[]): Settings {
  const keys = new Map(rows.map(({ key, olderKey }) => [olderKey, key]))
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [keys.get(key) ?? key, value]))
}
