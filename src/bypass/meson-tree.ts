/** A tree that Meson has configured. */
import { basename, join } from 'node:path'
import { shWord } from '../ground/shell-word.js'
import { readSmallFile } from '../ground/small-file.js'
import { type BakedCommand, byCommand, type ConfiguredPlace, type TreeAdvice } from './tree-advice.js'

/** Returns the commands of a meson-info/intro-targets.json. */
export function mesonCommands(text: string, place: ConfiguredPlace): BakedCommand[] {
  const sources = targetsOf(text)
  const words = sources.flatMap(({ compiler, linker }) => [compiler, linker])
  const distinct = new Map(words.flatMap(list => (list ? [[list.join('\0'), list] as const] : [])))
  const advice = adviceFor(place, sources)
  return [...distinct.values()].map(list => ({ words: list, advice }))
}

/** The variables by which Meson is told its compilers, by the languages of its targets. */
const variables: Readonly<Record<string, string>> = {
  c: 'CC',
  cpp: 'CXX',
  cuda: 'NVCC',
  d: 'DC',
  fortran: 'FC',
  objc: 'OBJC',
  objcpp: 'OBJCXX',
  rust: 'RUSTC',
}

function adviceFor(
  { directory, dirArgument, goesPast }: ConfiguredPlace,
  sources: readonly TargetSources[],
): TreeAdvice {
  const named = readSmallFile(join(directory, 'meson-private/cmd_line.txt')) ?? ''
  const [, files] = /^(?:cross|native)_file = \[(.*)\]$/m.exec(named) ?? []
  const wipe = `meson setup --wipe ${shWord(directory)}`
  if (files !== undefined)
    return {
      id: 'tree-meson-file',
      fix: `name the tool without its directory in ${files.replaceAll("'", '')}, then: ${wipe}`,
    }
  const settings = sources.flatMap(({ language = '', compiler }) => {
    const variable = variables[language]
    if (variable === undefined || compiler === undefined || !goesPast(compiler)) return []
    const [first = '', ...rest] = compiler
    return [`${variable}=${shWord([basename(first), ...rest].join(' '))} `]
  })
  const command = `${[...new Set(settings)].join('')}jobshim run${dirArgument} -- ${wipe}`
  return byCommand('tree-meson', 'configure it below the shims', command)
}

type TargetSources = {
  language?: string | undefined
  compiler?: string[] | undefined
  linker?: string[] | undefined
}

function targetsOf(text: string): TargetSources[] {
  const targets = parseJson(text)
  return listOf(targets)
    .flatMap(target => listOf(property(target, 'target_sources')))
    .map(sources => {
      const language = property(sources, 'language')
      return {
        language: typeof language === 'string' ? language : undefined,
        compiler: stringsOf(property(sources, 'compiler')),
        linker: stringsOf(property(sources, 'linker')),
      }
    })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // being written, or nobody's
  }
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

const property = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined

const stringsOf = (value: unknown): string[] | undefined =>
  Array.isArray(value) && value.every(item => typeof item === 'string') ? value : undefined
