/** Builds the schema of a config file from the table of settings. Pure; imported only where a config was found. */
import { z } from 'zod'
import { parseSize } from '../ground/size.js'
import { disagreeing, withoutOlderKeys } from './older-keys.js'
import { type ConfigFile, ruleEffectRows, type SettingRow, settingRows } from './options.js'
import { expectedOf, objectSchema } from './setting-types.js'

const configSchema = objectSchema(settingRows)

/** `key` is the path of what is wrong inside the config: `jobs`, `rules[1].memory`; empty: the config itself. */
export type ConfigFault =
  | { kind: 'unknown key'; key: string; name: string; known: readonly string[] }
  | { kind: 'wrong type'; key: string; expected: string; value: unknown }
  | { kind: 'two values'; key: string; olderKey: string }
  | { kind: 'no effect'; key: string; effects: readonly string[] }
  | { kind: 'tools and program'; key: string }
  | { kind: 'too much memory'; key: string; wanted: string; there: string }
  | { kind: 'unknown name'; key: string; name: string; known: readonly string[] }

export type ConfigVerdict =
  | { kind: 'good'; config: ConfigFile }
  | { kind: 'bad'; faults: readonly ConfigFault[] } // one at least

/**
 * Returns the config, or all that is wrong with it: what a rule does is asked once every value is one that it may have. `$schema` may stand beside the settings.
 * `memory`: bytes of this machine; no rule may ask for more.
 */
export function checkConfig(value: unknown, memory: number): ConfigVerdict {
  const result = configSchema.safeParse(withoutSchemaKey(value))
  if (!result.success)
    return { kind: 'bad', faults: distinct(result.error.issues.flatMap(issue => faultsOf(issue, value))) }
  const written = result.data as WrittenConfig
  const rules = written.rules?.map(rule => withoutOlderKeys(rule, ruleEffectRows))
  const config: ConfigFile = { ...withoutOlderKeys(written, settingRows), ...(rules && { rules }) }
  const faults = [
    ...twoValuesFaults(written),
    ...(rules ?? []).flatMap((_, index) => ruleFault(config, index, memory) ?? []),
  ]
  return faults.length > 0 ? { kind: 'bad', faults } : { kind: 'good', config }
}

// One value may break several of its type's conditions.
const distinct = (faults: readonly ConfigFault[]): ConfigFault[] => [
  ...new Map(
    faults.map(fault => [`${fault.kind} ${fault.key}${'name' in fault ? ` ${fault.name}` : ''}`, fault]),
  ).values(),
]

/** A config that fits the schema, before older keys are replaced. */
type WrittenConfig = Readonly<Record<string, unknown>> & { rules?: Readonly<Record<string, unknown>>[] }

function twoValuesFaults(config: WrittenConfig): ConfigFault[] {
  const places = [
    { prefix: '', row: disagreeing(config, settingRows) },
    ...(config.rules ?? []).map((rule, index) => ({
      prefix: `rules[${index}].`,
      row: disagreeing(rule, ruleEffectRows),
    })),
  ]
  return places.flatMap(({ prefix, row }) =>
    row?.olderKey === undefined
      ? []
      : [{ kind: 'two values', key: `${prefix}${row.key}`, olderKey: row.olderKey }],
  )
}

function withoutSchemaKey(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const { $schema: _, ...settings } = value as Record<string, unknown>
  return settings
}

function faultsOf(issue: z.core.$ZodIssue, config: unknown): ConfigFault[] {
  const { key, row, rows, value } = placeOf(issue.path, settingRows, config)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(name => ({
      kind: 'unknown key',
      key: key === '' ? name : `${key}.${name}`,
      name,
      known: keysOf(rows),
    }))
  if (row?.type.kind === 'switch or names') {
    const known = row.type.values
    const names = Array.isArray(value) && value.every(name => typeof name === 'string') ? value : []
    const wrong = names.filter(name => !known.includes(name))
    if (wrong.length > 0) return wrong.map(name => ({ kind: 'unknown name', key: row.key, name, known }))
  }
  const expected = row ? expectedOf(row.type) : `an object with the keys ${keysOf(rows).join(', ')}`
  return [{ kind: 'wrong type', key, expected, value }]
}

const keysOf = (rows: readonly SettingRow[]): string[] => rows.map(({ key }) => key)

type Place = { key: string; row: SettingRow | undefined; rows: readonly SettingRow[]; value: unknown }

/** Goes down the tables along a path, and down the config. What is inside a setting that has no table of its own is the setting. */
function placeOf(path: readonly PropertyKey[], rows: readonly SettingRow[], config: unknown): Place {
  const [name, index, ...rest] = path
  const row = rows.find(({ key, olderKey }) => key === name || (olderKey !== undefined && olderKey === name))
  if (name === undefined || row === undefined) return { key: '', row, rows, value: config }
  const value = within(config, name)
  if (row.type.kind === 'object' && index !== undefined) {
    const inner = placeOf([index, ...rest], row.type.rows, value)
    return { ...inner, key: `${row.key}.${inner.key}` }
  }
  if (row.type.kind === 'object') return { key: row.key, row, rows: row.type.rows, value }
  if (row.type.kind === 'objects' && typeof index === 'number') {
    const inner = placeOf(rest, row.type.rows, within(value, index))
    return { ...inner, key: `${row.key}[${index}]${inner.key === '' ? '' : `.${inner.key}`}` }
  }
  return { key: String(name), row, rows, value }
}

const within = (value: unknown, key: PropertyKey): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined

function ruleFault({ rules }: ConfigFile, index: number, memory: number): ConfigFault | undefined {
  const rule = rules?.[index] ?? {}
  const key = `rules[${index}]`
  const effects = keysOf(ruleEffectRows)
  if (rule.program !== undefined && rule.tools !== undefined) return { kind: 'tools and program', key }
  if (rule.program === undefined && !ruleEffectRows.some(row => rule[row.key] !== undefined))
    return { kind: 'no effect', key, effects }
  const { memory: wanted } = rule
  if (wanted === undefined || wanted === 'learn') return undefined
  const bytes = typeof wanted === 'number' ? wanted : parseSize(wanted)
  if (bytes <= memory) return undefined
  return {
    kind: 'too much memory',
    key: `${key}.memory`,
    wanted: String(wanted),
    there: `${Math.floor(memory / 1024 ** 2)}M`,
  }
}

const lineWidth = 110 // of the formatter

/** Returns the JSON schema of a config file, for editors; laid out as the formatter wants it. */
export function renderJsonSchema(): string {
  const schema = z.toJSONSchema(configSchema.extend({ $schema: z.string().optional() }), {
    target: 'draft-7',
  })
  const text = JSON.stringify({ ...schema, title: 'jobshim configuration' }, null, 2)
  const oneLineArrays = text.replace(/^.*\[\s+([^[\]{}]+?)\s+\],?$/gm, (lines: string, items: string) => {
    const line = lines.replace(/\[[\s\S]*\]/, `[${items.replace(/\s+/g, ' ')}]`)
    return line.length <= lineWidth ? line : lines
  })
  return `${oneLineArrays}\n`
}
