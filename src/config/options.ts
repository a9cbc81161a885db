/** THE table of settings. The config's schema, its JSON schema and the help texts come from it. */
import { adapterNames } from '../toolchain/adapters.js'

export type SettingType =
  | { kind: 'text' }
  | { kind: 'names' } // array of strings
  | { kind: 'switch' }
  | { kind: 'count' } // integer >= 1
  | { kind: 'seconds' } // number >= 0
  | { kind: 'choice'; values: readonly string[] }
  | { kind: 'switch or names'; values: readonly string[] } // true, false, or an array of these

export type SettingRow = {
  key: string
  type: SettingType
  default: string // for people
  text: string
}

export const settingRows = [
  {
    key: 'adapters',
    type: { kind: 'switch or names', values: adapterNames },
    default: 'true',
    text: 'install shims for what starts tools too, which mend what it is told of the jobserver: true, false, or names',
  },
  {
    key: 'dir',
    type: { kind: 'text' },
    default: `\${XDG_DATA_HOME:-~/.local/share}/jobshim/shims`,
    text: 'the shim dir; in a config file relative to that file',
  },
  {
    key: 'jobs',
    type: { kind: 'count' },
    default: 'the number of cores',
    text: 'how many tools may run at once below jobshim run',
  },
  {
    key: 'join',
    type: { kind: 'switch' },
    default: 'false',
    text: "drop a -jN that a build's own call of make, ninja >= 1.13 or cmake --build has, so that it joins",
  },
  {
    key: 'noJobserver',
    type: { kind: 'choice', values: ['pass', 'error'] },
    default: 'pass',
    text: 'what a shim does where no jobserver can be used: run the tool (pass), or fail (error)',
  },
  {
    key: 'patience',
    type: { kind: 'seconds' },
    default: '30',
    text: 'seconds to wait on an idle machine before a tool runs without a token; 0 = for ever',
  },
  {
    key: 'quiet',
    type: { kind: 'switch' },
    default: 'false',
    text: 'print no summary at the end of jobshim run',
  },
  {
    key: 'tools',
    type: { kind: 'names' },
    default: 'clang, gcc, gfortran, ghc, go, javac, ld, rustc',
    text: 'families of tools, or names of tools, to make shims for',
  },
] as const satisfies readonly SettingRow[]

export type SettingKey = (typeof settingRows)[number]['key']

/** Returns the text of a setting, for the help of the flag of the same name. */
export function settingText(key: SettingKey): string {
  return settingRows.find(row => row.key === key)?.text ?? ''
}

/** What a config file may say; a key it does not name is absent. */
export type ConfigFile = {
  adapters?: boolean | string[] | undefined
  dir?: string | undefined
  jobs?: number | undefined
  join?: boolean | undefined
  noJobserver?: 'pass' | 'error' | undefined
  patience?: number | undefined
  quiet?: boolean | undefined
  tools?: string[] | undefined
}

/** All settings after flag > environment > config > default. */
export type Settings = {
  adapters: readonly string[] // their names
  dir: string // absolute
  jobs: number
  join: boolean | undefined // undefined: nobody said
  noJobserver: 'pass' | 'error' | undefined // undefined: nobody said; the launcher's default
  patience: number | undefined // seconds; as above
  quiet: boolean
  tools: readonly string[] | undefined // undefined: the default families, those on PATH
  configFile: string | undefined // where the config was read from
}

/** The flags that win over the config. `noConfig`: don't look for one. */
export type SettingFlags = {
  config?: string | undefined
  noConfig?: boolean | undefined
  noAdapters?: boolean | undefined
  dir?: string | undefined
  jobs?: number | undefined
  quiet?: boolean | undefined
  tools?: readonly string[] | undefined
}
