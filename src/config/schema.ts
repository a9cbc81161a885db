/** Builds the schema of a config file from the table of settings. Pure; imported only where a config was found. */
import { z } from 'zod'
import { type ConfigFile, type SettingRow, type SettingType, settingRows } from './options.js'

const text = z.string().min(1)

const types: { [Kind in SettingType['kind']]: (type: Extract<SettingType, { kind: Kind }>) => z.ZodType } = {
  text: () => text,
  names: () => z.array(text),
  switch: () => z.boolean(),
  count: () => z.number().int().min(1),
  seconds: () => z.number().min(0),
  choice: ({ values }) => z.enum(values),
  'switch or names': ({ values }) => z.union([z.boolean(), z.array(z.enum(values))]),
}

const typeOf = <Kind extends SettingType['kind']>(type: Extract<SettingType, { kind: Kind }>): z.ZodType =>
  types[type.kind as Kind](type)

const expectations: { [Kind in SettingType['kind']]: string } = {
  text: 'a text',
  names: 'an array of names',
  switch: 'true or false',
  count: 'a whole number, 1 or more',
  seconds: 'a number of seconds, 0 or more',
  choice: 'one of',
  'switch or names': 'true, false or an array of',
}

const rows: readonly SettingRow[] = settingRows

const configSchema = z.strictObject(
  Object.fromEntries(rows.map(row => [row.key, typeOf(row.type).optional().describe(describe(row))])),
)

function describe(row: SettingRow): string {
  return `${row.text} (default: ${row.default})`
}

export type ConfigFault =
  | { kind: 'not an object' }
  | { kind: 'unknown key'; key: string }
  | { kind: 'wrong type'; key: string; expected: string }
  | { kind: 'unknown name'; key: string; name: string; known: readonly string[] }

export type ConfigVerdict = { kind: 'good'; config: ConfigFile } | { kind: 'bad'; fault: ConfigFault }

/** Returns the config, or the first thing that is wrong with it. `$schema` may stand beside the settings. */
export function checkConfig(value: unknown): ConfigVerdict {
  const result = configSchema.safeParse(withoutSchemaKey(value))
  if (result.success) return { kind: 'good', config: result.data as ConfigFile }
  return { kind: 'bad', fault: faultOf(result.error.issues[0], value) }
}

function withoutSchemaKey(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const { $schema: _, ...settings } = value as Record<string, unknown>
  return settings
}

function faultOf(issue: z.core.$ZodIssue | undefined, config: unknown): ConfigFault {
  if (issue?.code === 'unrecognized_keys') return { kind: 'unknown key', key: issue.keys[0] ?? '' }
  const row = rows.find(({ key }) => key === issue?.path[0])
  if (!row) return { kind: 'not an object' }
  if (row.type.kind === 'switch or names') {
    const names: unknown = (config as Record<string, unknown>)[row.key] // an issue with a path is one of an object
    const known = row.type.values
    const name = Array.isArray(names) && names.find(one => typeof one === 'string' && !known.includes(one))
    if (typeof name === 'string') return { kind: 'unknown name', key: row.key, name, known }
  }
  return { kind: 'wrong type', key: row.key, expected: expected(row.type) }
}

function expected(type: SettingType): string {
  const words = expectations[type.kind]
  return 'values' in type ? `${words} ${type.values.join(', ')}` : words
}

/** Returns the JSON schema of a config file, for editors; laid out as the formatter wants it. */
export function renderJsonSchema(): string {
  const schema = z.toJSONSchema(configSchema.extend({ $schema: z.string().optional() }), {
    target: 'draft-7',
  })
  const text = JSON.stringify({ ...schema, title: 'jobshim configuration' }, null, 2)
  const oneLineArrays = text.replace(
    /\[\s+([^[\]{}]+?)\s+\]/g,
    (_, items: string) => `[${items.replace(/\s+/g, ' ')}]`,
  )
  return `${oneLineArrays}\n`
}
