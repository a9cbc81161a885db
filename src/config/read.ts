/** Reads a config file. */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { totalmem } from 'node:os'
import { basename, extname } from 'node:path'
import { ledgerLayout } from '../contract/ledger-layout.js'
import { pathOf } from '../ground/bytes.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { currentUid } from '../ground/paths.js'
import { mostConfigBytes } from './find.js'
import type { ConfigFile } from './options.js'
import type { ConfigFault } from './schema.js'

/** Throws `Failure` for a file that can't be read, that another user could have written, or that is wrong. */
export const readConfig = async (path: string): Promise<ConfigFile> =>
  await configFrom(path, readTrusted(path))

/** Returns what a text says in a config at this path. Throws `Failure` where it is wrong. */
export async function configFrom(path: string, text: string): Promise<ConfigFile> {
  const value = await parse(path, text)
  const { checkConfig } = await import('./schema.js')
  const verdict = checkConfig(
    basename(path) === 'package.json' ? property(value, 'jobshim') : value,
    totalmem(),
  )
  if (verdict.kind === 'good') return verdict.config
  throw await configFailure(path, verdict.faults)
}

/**
 * Only cosmiconfig's loaders are used, not its search: that one runs `.config/config.js` of the working directory
 * (its own settings) and follows `$import` to code, and a config that is looked for must never run code.
 */
async function parse(path: string, text: string): Promise<unknown> {
  const { defaultLoadersSync: loaders } = await import('cosmiconfig')
  const load = extname(path) === '.json' ? loaders['.json'] : loaders['.yaml']
  try {
    return text.trim() === '' ? {} : load(path, text)
  } catch (error) {
    const why =
      error instanceof Error
        ? (error.message.split('\n').find((line, index) => index > 0 && line.trim() !== '') ?? '').trim()
        : String(error)
    throw new Failure(
      `${path}: not readable as ${extname(path) === '.json' ? 'JSON' : 'YAML'}: ${why}`,
      hint,
      code,
    )
  }
}

const hint = 'mend the file, name another with --config, or use none with --no-config'
const code = exitCodes.usage

const distrust: readonly { is: (stats: Stats) => boolean; what: string }[] = [
  { is: stats => !stats.isFile(), what: 'is not a plain file' },
  { is: stats => stats.uid !== currentUid() && stats.uid !== 0, what: 'belongs to another user' },
  { is: stats => (stats.mode & 0o002) !== 0, what: 'can be written by everybody' },
  { is: stats => stats.size > mostConfigBytes, what: 'is larger than 1 MiB' },
]

// A config names the directory whose programs we run: whoever can write it can run programs as us.
function readTrusted(path: string): string {
  const file = open(path)
  try {
    const stats = fstatSync(file)
    const fault = distrust.find(({ is }) => is(stats))
    if (fault) throw new Failure(`${path}: the config ${fault.what}`, distrustHint, code)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

const distrustHint = 'take it over with chown and chmod if you trust it, or use none with --no-config'

function open(path: string): number {
  try {
    // A FIFO is refused, not waited for.
    return openSync(pathOf(path), constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw new Failure(`${path}: can't read the config (${systemErrorCode(error)})`, hint, code)
  }
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined
}

/** What is wrong, and what to do. */
type Told = { what: string; advice: string }

/** One fault is told with its advice; several are told a line each. */
async function configFailure(path: string, faults: readonly ConfigFault[]): Promise<Failure> {
  const told = await Promise.all(faults.map(toldOf))
  const [first, ...others] = told
  if (first === undefined) throw new Error('a config without a fault is good')
  if (others.length === 0) return new Failure(`${path}: ${first.what}`, first.advice, code)
  const lines = told.map(({ what, advice }) => (advice === hint ? what : `${what}: ${advice}`))
  return new Failure(`${path}: ${told.length} mistakes`, hint, code, lines)
}

async function toldOf(fault: ConfigFault): Promise<Told> {
  const place = fault.key === '' ? '' : `${fault.key}: `
  switch (fault.kind) {
    case 'unknown key':
      return {
        what: `unknown key ${fault.key}`,
        advice: (await didYouMean(fault.name, fault.known)) ?? `known keys: ${fault.known.join(', ')}`,
      }
    case 'unknown name':
      return {
        what: `${place}unknown name ${fault.name}`,
        advice: (await didYouMean(fault.name, fault.known)) ?? `known names: ${fault.known.join(', ')}`,
      }
    case 'wrong type':
      return { what: `${place}expected ${fault.expected}, got ${shown(fault.value)}`, advice: hint }
    case 'two values':
      return {
        what: `${place}its older name ${fault.olderKey} has another value`,
        advice: `remove ${fault.olderKey}`,
      }
    case 'no effect':
      return {
        what: `${place}does nothing`,
        advice: `give it one of ${fault.effects.join(', ')}, or remove it`,
      }
    case 'tools and program':
      return { what: `${place}names both tools and program`, advice: 'make two rules of it' }
    case 'too much memory':
      return {
        what: `${place}${fault.wanted} is more than the ${fault.there} of this machine`,
        advice: 'allow less, or write learn: what such runs really needed',
      }
  }
}

async function didYouMean(name: string, known: readonly string[]): Promise<string | undefined> {
  const { nearestName } = await import('../ground/suggestion.js')
  const nearest = nearestName(name, known)
  return nearest && `did you mean ${nearest}?`
}

const mostShown = 60 // characters of a value

/** A value as JSON has it, or how that begins. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length <= mostShown ? text : `${text.slice(0, mostShown)}...`
}

/** Returns the rules of a config as our launcher reads them. Throws `Failure` where it would not read them all. */
export async function rulesText(path: string, config: ConfigFile, cores: number): Promise<string> {
  const { renderRules } = await import('./rules-text.js')
  const text = renderRules(config, cores)
  if (Buffer.byteLength(text) < ledgerLayout.rulesFileMax) return text
  throw new Failure(
    `${path}: rules: more than the ${ledgerLayout.rulesFileMax} bytes that a shim reads`,
    'name families instead of tools, or packages with a * at the end',
    code,
  )
}
