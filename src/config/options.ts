/** THE table of settings. The config's schema, its JSON schema and the help texts come from it. */
import { ledgerLayout } from '../contract/ledger-layout.js'
import { type Priority, priorities } from '../contract/priorities.js'
import { type RunKind, runKinds } from '../contract/run-kinds.js'
import { type WithoutJobserver, withoutJobserver } from '../contract/without-jobserver.js'
import { adaptedNames } from '../contract/wrappers.js'

export type SettingType =
  | { kind: 'text' }
  | { kind: 'names' } // array of strings
  | { kind: 'switch' }
  | { kind: 'count'; most: number } // integer from 1 on
  | { kind: 'jobs' } // as many as a FIFO holds tokens, or `auto`
  | { kind: 'seconds' } // number >= 0
  | { kind: 'load' } // number > 0, or one for each core: `1.5x`
  | { kind: 'percentage' } // integer from 1 to 100
  | { kind: 'size' } // bytes, `512M`, or `learn`
  | { kind: 'choice'; values: readonly string[] }
  | { kind: 'switch or auto' } // true, false, or `auto`
  | { kind: 'switch or names'; values: readonly string[] } // true, false, or an array of these
  | { kind: 'program' } // a name or an absolute path
  | { kind: 'program or none' } // as above, or false
  | { kind: 'tools' } // array of names that tools or families can have, one at least
  | { kind: 'path pattern' } // absolute; path-pattern.ts
  | { kind: 'package' } // CATEGORY/NAME, or what it starts with and a *
  | { kind: 'object'; rows: readonly SettingRow[] }
  | { kind: 'objects'; rows: readonly SettingRow[] }

export type SettingRow = {
  key: string
  olderKey?: string // means the same
  type: SettingType
  default: string // for people
  text: string
}

/** Shares of the last ten seconds in which something waited for the resource, by the kernel's PSI: of the own cgroup, else of the machine. */
export const pressureRows = [
  { key: 'cpu', type: { kind: 'percentage' }, default: 'none', text: 'waited for a core' },
  { key: 'io', type: { kind: 'percentage' }, default: 'none', text: 'waited for a disk' },
  { key: 'memory', type: { kind: 'percentage' }, default: 'none', text: 'waited for memory' },
] as const satisfies readonly SettingRow[]

/** Which runs a rule is for. A rule without any of these is for all. */
export const ruleConditionRows = [
  { key: 'tools', type: { kind: 'tools' }, default: 'all', text: 'runs of these families or tools' },
  {
    key: 'kind',
    type: { kind: 'choice', values: runKinds },
    default: 'all',
    text: 'runs whose arguments say that they do this',
  },
  {
    key: 'package',
    type: { kind: 'package' },
    default: 'all',
    text: 'runs for this package, CATEGORY/NAME; a * at the end stands for any rest',
  },
  {
    key: 'program',
    type: { kind: 'path pattern' },
    default: 'all',
    text: 'runs of programs with such a path, which become tools by that: only in a sandbox',
  },
] as const satisfies readonly SettingRow[]

/** What a rule does to a run. A later rule wins. */
export const ruleEffectRows = [
  {
    key: 'tokens',
    type: { kind: 'count', most: ledgerLayout.tokensMax },
    default: '1',
    text: 'slots that one run takes, at most all that the pool has',
  },
  {
    key: 'memory',
    type: { kind: 'size' },
    default: 'none',
    text: 'what a run may need: it starts once so much is free; learn: what 95 of 100 such runs needed',
  },
  {
    key: 'limit',
    type: { kind: 'count', most: 65536 },
    default: 'none',
    text: 'how many such runs there may be at once, however many slots are free',
  },
  {
    key: 'priority',
    type: { kind: 'choice', values: priorities },
    default: 'that of the config',
    text: 'low: leave slots to all others that wait, for at most a minute',
  },
  {
    key: 'engine',
    olderKey: 'launcher',
    type: { kind: 'program or none' },
    default: 'that of the config',
    text: 'program in front of gcc, clang and gfortran; false: none',
  },
] as const satisfies readonly SettingRow[]

export const settingRows = [
  {
    key: 'adapters',
    type: { kind: 'switch or names', values: adaptedNames },
    default: 'true',
    text: 'shims for make, cargo, ccache and the like, so that they find the jobserver: true, false, or names',
  },
  {
    key: 'dir',
    type: { kind: 'text' },
    default: `\${XDG_DATA_HOME:-~/.local/share}/jobshim/shims`,
    text: 'the shim dir; in a config file relative to that file',
  },
  {
    key: 'engine',
    olderKey: 'launcher',
    type: { kind: 'program' },
    default: 'none',
    text: 'program in front of gcc, clang and gfortran, such as distcc: its name or its absolute path',
  },
  {
    key: 'jobs',
    type: { kind: 'jobs' },
    default:
      'auto: the slots of the engine, else -jN of MAKEOPTS, else the number of cores that this process may use',
    text: 'how many tools may run at once below jobshim run, and in the machine pool',
  },
  {
    key: 'join',
    type: { kind: 'switch' },
    default: 'false',
    text: "drop the -jN of a build's own calls of make, ninja >= 1.13 and cmake --build, so that they join",
  },
  {
    key: 'load',
    type: { kind: 'load' },
    default: 'none',
    text: 'above this load average, run one tool at a time; 1.5x: 1.5 for each core',
  },
  {
    key: 'noJobserver',
    type: { kind: 'choice', values: withoutJobserver },
    default: 'pass',
    text: "what a shim does without a usable jobserver: run the tool (pass), fail (error), or take a slot of this user's machine pool (machine)",
  },
  {
    key: 'patience',
    type: { kind: 'seconds' },
    default: '30',
    text: 'seconds without any progress after which a waiting tool runs without a slot; 0: for ever',
  },
  {
    key: 'pressure',
    type: { kind: 'object', rows: pressureRows },
    default: 'none',
    text: 'above these percentages of time in which something waits, run one tool at a time',
  },
  {
    key: 'priority',
    type: { kind: 'choice', values: priorities },
    default: 'normal',
    text: 'low: tools leave slots to all others that wait, for at most a minute',
  },
  {
    key: 'quiet',
    type: { kind: 'switch' },
    default: 'false',
    text: 'no status line and no summary from jobshim run',
  },
  {
    key: 'reserve',
    type: { kind: 'count', most: ledgerLayout.poolMax },
    default: 'none',
    text: 'slots that tools of low priority leave free',
  },
  {
    key: 'rules',
    type: { kind: 'objects', rows: [...ruleConditionRows, ...ruleEffectRows] },
    default: 'none',
    text: 'what some runs of tools may cost; a later rule wins',
  },
  {
    key: 'sandbox',
    type: { kind: 'switch or auto' },
    default: 'false',
    text: 'below jobshim run every tool takes a slot, however it is called; auto: if this kernel can',
  },
  {
    key: 'tools',
    type: { kind: 'names' },
    default: 'clang, gcc, gfortran, ghc, go, ld, rustc',
    text: 'families or names of tools to make shims for',
  },
] as const satisfies readonly SettingRow[]

export type SettingKey = (typeof settingRows)[number]['key']

/** Returns the text of a setting, for the help of the flag of the same name. */
export function settingText(key: SettingKey): string {
  return settingRows.find(row => row.key === key)?.text ?? ''
}

/** A rule as a config file has it. */
export type Rule = {
  tools?: string[] | undefined
  kind?: RunKind | undefined
  package?: string | undefined
  program?: string | undefined
  tokens?: number | undefined
  memory?: number | string | undefined
  limit?: number | undefined
  priority?: Priority | undefined
  engine?: string | false | undefined
}

/** What tool runs may cost, as a config file has it. */
export type Policy = {
  engine?: string | undefined
  load?: number | string | undefined
  pressure?: Partial<Record<(typeof pressureRows)[number]['key'], number>> | undefined
  priority?: Priority | undefined
  reserve?: number | undefined
  rules?: Rule[] | undefined
}

/** Whether a build gets a job sandbox; `auto`: if one can be had. */
export type SandboxWish = boolean | 'auto'

/** What a config file may say; a key it does not name is absent. */
export type ConfigFile = Policy & {
  adapters?: boolean | string[] | undefined
  dir?: string | undefined
  jobs?: number | 'auto' | undefined
  join?: boolean | undefined
  noJobserver?: WithoutJobserver | undefined
  patience?: number | undefined
  quiet?: boolean | undefined
  sandbox?: SandboxWish | undefined
  tools?: string[] | undefined
}

/** All settings after flag > environment > config > default. */
export type Settings = {
  adapters: readonly string[] // their names
  dir: string // absolute
  engine: string | undefined // of all compilers
  jobs: number
  join: boolean | undefined // undefined: nobody said
  machineJobs: number // slots of the machine's pool, if that is joined
  noJobserver: WithoutJobserver | undefined // undefined: nobody said; the launcher's default
  patience: number | undefined // seconds; as above
  quiet: boolean
  sandbox: SandboxWish
  rulesText: string // what tool runs may cost, for our launcher; empty: nobody said
  tools: readonly string[] | undefined // undefined: the default families, those on PATH
  configFile: string | undefined // the nearest config that was read
}

/** The flags that win over the config. `noConfig`: don't look for one. */
export type SettingFlags = {
  config?: string | undefined
  noConfig?: boolean | undefined
  noAdapters?: boolean | undefined
  dir?: string | undefined
  jobs?: number | undefined
  quiet?: boolean | undefined
  sandbox?: boolean | undefined
  tools?: readonly string[] | undefined
}
