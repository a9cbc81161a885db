/** Renders `shims/contract.h`, the C side's view of the tables both halves share. */

import { exitCodes } from '../ground/exit-codes.js'
import { unreadable } from '../ground/readable-path.js'
import { hidden } from '../ground/visible.js'
import { type AdapterFamily, adapters, pathKeepers } from './adapters.js'
import { kernelDevices, refusals } from './addresses.js'
import { argumentKinds, familyRuns, sourceSuffixes, valuedFlags } from './arguments.js'
import { bypassReasons } from './bypass-reasons.js'
import { type ClientName, clientNames } from './clients.js'
import { costBounds, costKinds, costsLayout } from './costs-layout.js'
import { environment } from './environment.js'
import { compilerParts, familyRows, machines } from './families.js'
import { jobsOptions } from './jobs-options.js'
import { journalLayout } from './journal-layout.js'
import { launcherOptions } from './launcher-options.js'
import {
  asks,
  gates,
  headerFields,
  type LedgerField,
  ledgerLayout,
  recordFields,
  recordStates,
  slotKinds,
} from './ledger-layout.js'
import { caretakerOrders, caretakerReports, lookCommands, lookErrors } from './look-commands.js'
import { makeArguments, makeMeanings, makeOptions } from './make-options.js'
import { processNames } from './process-names.js'
import { type RunKind, runKinds } from './run-kinds.js'
import { wrappers } from './wrappers.js'

const lower = (name: string): string =>
  name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/-/g, '_')
    .toLowerCase()
const upper = (name: string): string => lower(name).toUpperCase()
const names = (table: readonly { name: string }[]): string[] => table.map(({ name }) => name)
const quoted = (text: string): string => JSON.stringify(text).replace(/\?/g, '\\?')
const literal = (value: string | number): string =>
  typeof value === 'number' ? String(value) : quoted(value).replace(/\\u0000/g, '\\0')

const defines = (prefix: string, table: Readonly<Record<string, string | number>>): string =>
  Object.entries(table)
    .map(([name, value]) => `#define ${prefix}_${upper(name)} ${literal(value)}`)
    .join('\n')

/** An enum whose constants count from 0, in the order of a table. */
const enumOf = (name: string, prefix: string, words: readonly string[]): string =>
  `enum ${name} { ${words.map(word => `${prefix}_${upper(word)}`).join(', ')} };`

const rows = (type: string, name: string, cells: readonly string[]): string =>
  `static const struct ${type} ${name}[] __attribute__((unused)) = {\n${cells.map(cell => `\t{ ${cell} },\n`).join('')}};`

const constants = (type: string, prefix: string, table: Readonly<Record<string, number>>): string =>
  `enum ${type} { ${Object.entries(table)
    .map(([name, value]) => `${prefix}_${upper(name)} = ${value}`)
    .join(', ')} };`

const snake = (name: string): string => upper(name).toLowerCase()

const typeOf = {
  char: 'char',
  u8: 'uint8_t',
  u16: 'uint16_t',
  u32: 'uint32_t',
  i32: 'int32_t',
  u64: 'uint64_t',
} as const

const sizeOf = { char: 1, u8: 1, u16: 2, u32: 4, i32: 4, u64: 8 } as const

/** A struct whose fields lie where the table says: what it leaves out is filled, and the compiler checks each place. */
function structOf(name: string, fields: Readonly<Record<string, LedgerField>>, size: number): string {
  const lines: string[] = []
  const checks: string[] = []
  let end = 0
  const fill = (to: number): void => {
    if (to > end) lines.push(`\tuint8_t unused_${end}[${to - end}];`)
  }
  for (const [field, { at, type, count }] of Object.entries(fields)) {
    fill(at)
    lines.push(`\t${typeOf[type]} ${snake(field)}${count === undefined ? '' : `[${count}]`};`)
    checks.push(
      `_Static_assert(offsetof(struct ${name}, ${snake(field)}) == ${at}, "${name}.${snake(field)}");`,
    )
    end = at + sizeOf[type] * (count ?? 1)
  }
  fill(size)
  checks.push(`_Static_assert(sizeof(struct ${name}) == ${size}, "${name}");`)
  return `struct ${name} {\n${lines.join('\n')}\n};\n${checks.join('\n')}`
}

const meansOf = {
  make: 'CLIENT_MAKE',
  'pipe-client': 'CLIENT_PIPE',
  'fifo-client': 'CLIENT_FIFO',
  carrier: 'CLIENT_CARRIER',
} as const satisfies Record<ClientName['means'], string>

const holdsOf = {
  nothing: 'HOLDS_NOTHING',
  'a token a child': 'HOLDS_BY_CHILD',
  'a token a child or thread': 'HOLDS_BY_CHILD_OR_THREAD',
  'any number': 'HOLDS_ANY',
} as const satisfies Record<ClientName['holds'], string>

const sleepOf = {
  epoll: 'SLEEP_EPOLL',
  futex: 'SLEEP_FUTEX',
} as const satisfies Record<NonNullable<ClientName['sleepsIn']>, string>

const runKindOf = (kind: RunKind): string => `RUN_${kind.toUpperCase()}`

const adapterKindOf = {
  bmake: 'ADAPTER_BMAKE',
  cargo: 'ADAPTER_CARGO',
  cmake: 'ADAPTER_CMAKE',
  ctest: 'ADAPTER_CTEST',
  go: 'ADAPTER_GO',
  make: 'ADAPTER_MAKE',
  ninja: 'ADAPTER_NINJA',
} as const satisfies Record<AdapterFamily, string>

// One for each name; those of one option have its number.
const makeOptionRows = makeOptions.flatMap(({ letter, names, argument, means }, number) =>
  (names.length === 0 ? [''] : names).map(
    name =>
      `${letter ? `'${letter}'` : 0}, ${quoted(name)}, ${makeArguments[argument]}, ${makeMeanings[means ?? 'nothing']}, ${number}`,
  ),
)

/** Returns the text of `shims/contract.h`. */
export function renderContract(): string {
  return [
    '/* Generated by `npm run generate` from src/; do not edit. */',
    '#ifndef CONTRACT_H\n#define CONTRACT_H\n\n#include <stddef.h>\n#include <stdint.h>',
    defines('EXIT', {
      jobshim: exitCodes.jobshim,
      notExecutable: exitCodes.notExecutable,
      notFound: exitCodes.notFound,
    }),
    defines('ENV', environment),
    defines('LEDGER', ledgerLayout),
    constants('record_state', 'STATE', recordStates),
    constants('slot_kind', 'SLOT', slotKinds),
    constants('asks', 'ASKS', asks),
    constants('gate_kind', 'GATE', gates),
    structOf('ledger_header', headerFields, ledgerLayout.headerBytes),
    structOf('ledger_record', recordFields, ledgerLayout.recordBytes),
    `#define GATE_NAMES { ${Object.keys(gates).map(quoted).join(', ')} }`,
    defines('JOURNAL', journalLayout),
    defines('COSTS', {
      ...costsLayout,
      ...Object.fromEntries(costKinds.map((kind, index) => [kind, index])),
    }),
    '/* The most KiB that each bucket counts. */',
    `static const uint64_t costs_bounds[] __attribute__((unused)) = { ${costBounds.join(', ')} };`,
    defines('REFUSED', refusals),
    `#define PATH_UNREADABLE ${quoted(unreadable).replace('\\u000b', '\\v')}`,
    'struct kernel_device { unsigned major; int is_terminal; };',
    rows(
      'kernel_device',
      'kernel_devices',
      kernelDevices.map(({ major, isTerminal }) => `${major}, ${isTerminal ? 1 : 0}`),
    ),
    enumOf('bypass_reason', 'BYPASS', Object.keys(bypassReasons)),
    'struct bypass_reason_row { const char *name; const char *text; };',
    rows(
      'bypass_reason_row',
      'bypass_reasons',
      Object.entries(bypassReasons).map(([name, { why }]) => `${quoted(name)}, ${quoted(why)}`),
    ),
    defines('PROCESS', processNames),
    'enum client_means { CLIENT_MAKE, CLIENT_PIPE, CLIENT_FIFO, CLIENT_CARRIER };',
    'enum client_holds { HOLDS_NOTHING, HOLDS_BY_CHILD, HOLDS_BY_CHILD_OR_THREAD, HOLDS_ANY };',
    'enum client_sleep { SLEEP_ANYWHERE, SLEEP_EPOLL, SLEEP_FUTEX };',
    'struct client_name { const char *name; enum client_means means; enum client_holds holds; enum client_sleep sleeps; int marks; int is_script; int is_tool; };',
    rows(
      'client_name',
      'client_names',
      clientNames.map(
        ({ name, means, holds, sleepsIn, marks, isScript, isTool }) =>
          `${quoted(name)}, ${meansOf[means]}, ${holdsOf[holds]}, ${sleepsIn ? sleepOf[sleepsIn] : 'SLEEP_ANYWHERE'}, ${marks ? 1 : 0}, ${isScript ? 1 : 0}, ${isTool ? 1 : 0}`,
      ),
    ),
    `enum adapter_kind { ${Object.values(adapterKindOf).join(', ')} };`,
    'struct adapter { const char *name; const char *family; enum adapter_kind kind; int versioned; int keeps_name; int fifo_since_major; int fifo_since_minor; };',
    rows(
      'adapter',
      'adapters',
      adapters.map(
        ({ name, family, versioned, keepsName, fifoSince = [0, 0] }) =>
          `${quoted(name)}, ${quoted(family)}, ${adapterKindOf[family]}, ${versioned ? 1 : 0}, ${keepsName ? 1 : 0}, ${fifoSince.join(', ')}`,
      ),
    ),
    `static const char *const path_keepers[] __attribute__((unused)) = { ${pathKeepers.map(quoted).join(', ')} };`,
    defines('OPTION', launcherOptions),
    enumOf('look_command', 'LOOK', names(lookCommands)),
    ...lookCommands
      .filter(({ answer }) => answer.length > 0)
      .map(({ name, answer }) => enumOf(`${lower(name)}_answer`, upper(name), names(answer))),
    `enum { ANSWER_WORDS_MAX = ${Math.max(...lookCommands.map(({ answer }) => answer.length))} };`,
    'struct look_command_row { const char *name; int words; unsigned answer_words; };',
    rows(
      'look_command_row',
      'look_commands',
      lookCommands.map(({ name, words, answer }) => `${quoted(name)}, ${words}, ${answer.length}`),
    ),
    defines('ERROR', lookErrors),
    enumOf('caretaker_order', 'ORDER', Object.keys(caretakerOrders)),
    'struct caretaker_order_row { const char *name; int words; };',
    rows(
      'caretaker_order_row',
      'caretaker_orders',
      Object.entries(caretakerOrders).map(([name, words]) => `${quoted(name)}, ${words}`),
    ),
    `enum { ORDER_WORDS_MAX = ${Math.max(...Object.values(caretakerOrders))} };`,
    defines('REPORT', caretakerReports),
    'struct jobs_option { const char *family; const char *long_name; int needs_number; int refuses_zero; int letters; const char *taking; const char *ending; int beyond; int gnu_make; const char *long_taking; const char *heeding; };',
    rows(
      'jobs_option',
      'jobs_options',
      jobsOptions.map(
        ({
          family,
          long,
          number,
          zero,
          letters,
          taking,
          ending,
          beyond,
          longOptions,
          longTaking = '',
          heeding = '',
        }) =>
          `${quoted(family)}, ${quoted(long)}, ${number === 'must follow' ? 1 : 0}, ${zero === 'refused' ? 1 : 0}, ${letters ? 1 : 0}, ${quoted(taking)}, ${quoted(ending)}, ${beyond ? 1 : 0}, ${longOptions ? 1 : 0}, ${quoted(longTaking)}, ${quoted(heeding)}`,
      ),
    ),
    'struct family_name { const char *name; const char *family; int triple; int version; int by_default; };',
    rows(
      'family_name',
      'family_names',
      familyRows.flatMap(({ family, names, triple, version, byDefault }) =>
        names.map(
          name =>
            `${quoted(name)}, ${quoted(family)}, ${triple ? 1 : 0}, ${version ? 1 : 0}, ${byDefault ? 1 : 0}`,
        ),
      ),
    ),
    'struct compiler_part { const char *name; const char *below; };',
    rows(
      'compiler_part',
      'compiler_parts',
      compilerParts.map(({ name, below }) => `${quoted(name)}, ${quoted(below)}`),
    ),
    `static const char *const machines[] __attribute__((unused)) = { ${machines.map(quoted).join(', ')} };`,
    `enum make_argument { ${Object.values(makeArguments).join(', ')} };`,
    `enum make_means { ${Object.values(makeMeanings).join(', ')} };`,
    'struct make_option { char letter; const char *name; enum make_argument argument; enum make_means means; int number; };',
    rows('make_option', 'make_options', makeOptionRows),
    'struct wrapper { const char *name; const char *prefix; const char *cpp_prefix; int server; };',
    rows(
      'wrapper',
      'wrappers',
      wrappers.map(
        ({ name, prefixes: [prefix = '', cppPrefix = ''], server }) =>
          `${[name, prefix, cppPrefix].map(quoted).join(', ')}, ${server ? 1 : 0}`,
      ),
    ),
    `enum run_kind { ${runKinds.map(runKindOf).join(', ')} };`,
    'struct argument_kind { const char *family; const char *flag; enum run_kind kind; int first; };',
    rows(
      'argument_kind',
      'argument_kinds',
      argumentKinds.map(
        ({ family, flag, means, where }) =>
          `${quoted(family)}, ${quoted(flag)}, ${runKindOf(means)}, ${where === 'first' ? 1 : 0}`,
      ),
    ),
    'struct family_run { const char *family; int needs_input; enum run_kind otherwise; };',
    rows(
      'family_run',
      'family_runs',
      familyRuns.map(
        ({ family, needsInput, otherwise }) =>
          `${quoted(family)}, ${needsInput ? 1 : 0}, ${runKindOf(otherwise)}`,
      ),
    ),
    `static const char *const source_suffixes[] __attribute__((unused)) = { ${sourceSuffixes.map(quoted).join(', ')} };`,
    `static const char *const valued_flags[] __attribute__((unused)) = { ${valuedFlags.map(quoted).join(', ')} };`,
    'struct hidden_range { unsigned from; unsigned to; };',
    rows(
      'hidden_range',
      'hidden_ranges',
      hidden.map(([from, to]) => `0x${from.toString(16)}, 0x${to.toString(16)}`),
    ),
    `static const char *const run_kind_names[] __attribute__((unused)) = { ${runKinds.map(quoted).join(', ')} };`,
    '#endif\n',
  ].join('\n\n')
}
