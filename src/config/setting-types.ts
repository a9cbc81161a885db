/** What each type of setting accepts, and how that is told. Pure. */
import { z } from 'zod'
import { ledgerLayout } from '../contract/ledger-layout.js'
import { parseSize, sizePattern } from '../ground/size.js'
import { toolName } from '../tools/tool-name.js'
import type { SettingRow, SettingType } from './options.js'
import { isPathPattern } from './path-pattern.js'

type Of<Kind extends SettingType['kind']> = Extract<SettingType, { kind: Kind }>

type TypeRow<Kind extends SettingType['kind']> = {
  schema: (type: Of<Kind>) => z.ZodType
  expected: (type: Of<Kind>) => string
}

const text = z.string().min(1)
const wholeNumber = z.number().int().min(1)
const mostLoad = 1e6 // its text for the launcher has so many digits, and no exponent

// No line break: the launcher reads lines.
const program = z
  .string()
  .regex(/^(\w[\w.+-]*|\/[ -~\u0080-\uffff]+)$/)
  .max(1000)

const keysOf = ({ rows }: { rows: readonly SettingRow[] }): string => rows.map(({ key }) => key).join(', ')

const types: { [Kind in SettingType['kind']]: TypeRow<Kind> } = {
  text: { schema: () => text, expected: () => 'a text' },
  names: { schema: () => z.array(text), expected: () => 'an array of names' },
  switch: { schema: () => z.boolean(), expected: () => 'true or false' },
  count: {
    schema: ({ most }) => wholeNumber.max(most),
    expected: ({ most }) => `a whole number, 1 to ${most}`,
  },
  jobs: {
    schema: () => z.union([z.literal('auto'), wholeNumber.max(ledgerLayout.poolMax)]),
    expected: () => `auto, or a whole number, 1 to ${ledgerLayout.poolMax}`,
  },
  seconds: { schema: () => z.number().min(0), expected: () => 'a number of seconds, 0 or more' },
  load: {
    schema: () =>
      z.union([
        z.number().min(0.01).max(mostLoad),
        z
          .string()
          .regex(/^\d{1,4}(\.\d+)?x$/)
          .refine(value => Number.parseFloat(value) > 0),
      ]),
    expected: () => 'a load average above 0 such as 12, or one for each core such as 1.5x',
  },
  percentage: { schema: () => wholeNumber.max(100), expected: () => 'a whole percentage, 1 to 100' },
  size: {
    schema: () =>
      z.union([
        z.literal('learn'),
        wholeNumber.min(1024),
        z
          .string()
          .regex(sizePattern)
          .refine(value => parseSize(value) >= 1024),
      ]),
    expected: () => 'a size of at least 1K such as 512M or 1.5G, a number of bytes, or learn',
  },
  choice: { schema: ({ values }) => z.enum(values), expected: ({ values }) => `one of ${values.join(', ')}` },
  'switch or auto': {
    schema: () => z.union([z.boolean(), z.literal('auto')]),
    expected: () => 'true, false or auto',
  },
  'switch or names': {
    schema: ({ values }) => z.union([z.boolean(), z.array(z.enum(values))]),
    expected: ({ values }) => `true, false or an array of ${values.join(', ')}`,
  },
  program: { schema: () => program, expected: () => 'the name of a program, or its absolute path' },
  'program or none': {
    schema: () => z.union([z.literal(false), program]),
    expected: () => 'the name of a program, or its absolute path, or false for none',
  },
  tools: {
    schema: () => z.array(z.string().regex(toolName)).min(1),
    expected: () => 'an array with names of families or tools, such as [gcc, protoc]',
  },
  package: {
    schema: () =>
      z
        .string()
        .regex(/^\w[\w.+-]*(\/\w[\w+-]*|(\/(\w[\w+-]*)?)?\*)$/)
        .max(200),
    expected: () => 'a package such as dev-qt/qtwebengine, or dev-qt/* for all that starts so',
  },
  'path pattern': {
    schema: () => z.string().max(1000).refine(isPathPattern),
    expected: () => 'an absolute path such as /usr/bin/protoc, or a pattern such as **/target/*/deps/*',
  },
  object: {
    schema: ({ rows }) => objectSchema(rows),
    expected: type => `an object with the keys ${keysOf(type)}`,
  },
  objects: {
    schema: ({ rows }) => z.array(objectSchema(rows)),
    expected: type => `an array of objects with the keys ${keysOf(type)}`,
  },
}

const rowOf = <Kind extends SettingType['kind']>(type: Of<Kind>): TypeRow<Kind> => types[type.kind as Kind]

/** Returns the schema of an object whose keys are these settings, each of them optional. */
export function objectSchema(rows: readonly SettingRow[]): z.ZodObject {
  return z.strictObject(
    Object.fromEntries(
      rows.flatMap(row => {
        const value = rowOf(row.type).schema(row.type).optional()
        const today = [row.key, value.describe(describe(row))] as const
        if (row.olderKey === undefined) return [today]
        const older = value.meta({ description: `older name of ${row.key}`, deprecated: true })
        return [today, [row.olderKey, older] as const]
      }),
    ),
  )
}

const describe = (row: SettingRow): string => `${row.text} (default: ${row.default})`

/** Returns what a value of this type is, for people. */
export const expectedOf = (type: SettingType): string => rowOf(type).expected(type)
