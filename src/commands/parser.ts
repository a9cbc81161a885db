/** Turns a command's definition into a parser, and what the parser yields into flags. */
import { CommanderError, Option, Command as Parser } from 'commander'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import type { AnyFlags, Command, CommandOption } from './command.js'

/** `help`: the text to print, where that was asked for. */
export type Parsed = { kind: 'help'; text: string } | { kind: 'call'; flags: AnyFlags; operands: string[] }

const helpWidth = 100

/** Parses what stands behind the command's name. Throws `Failure` (usage) for what the command doesn't know. */
export function parseArguments(command: Command, words: readonly string[]): Parsed {
  const parser = parserFor(command)
  try {
    parser.parse([...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed') return { kind: 'help', text: renderHelp(command) }
    throw wrongUsage(command, error)
  }
  if (!command.operands && parser.args.length > 0)
    throw new Failure(
      `${command.name}: takes no operands, got ${parser.args.join(' ')}`,
      seeHelp(command),
      exitCodes.usage,
    )
  return { kind: 'call', flags: flagsOf(command, parser.opts()), operands: parser.args }
}

/** Returns the text of `jobshim NAME --help`. */
export function renderHelp(command: Command): string {
  const examples = command.examples.map(({ line, text }) => `  ${line}\n      ${text}`)
  const parser = parserFor(command)
  if (command.notes) parser.addHelpText('after', `\n${wrap(command.notes)}`)
  parser.addHelpText('after', `\nExamples:\n${examples.join('\n')}`)
  let text = ''
  parser.configureOutput({
    writeOut: part => {
      text += part
    },
  })
  parser.outputHelp()
  return text
}

function wrap(text: string): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line === '') lines[lines.length - 1] = word
    else if (line.length + word.length < helpWidth) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines.join('\n')
}

function parserFor(command: Command): Parser {
  const parser = new Parser(`jobshim ${command.name}`)
    .usage(['[options]', command.operands].filter(Boolean).join(' '))
    .description(command.summary)
    .argument('[operands...]')
    .helpOption('-h, --help', 'print this')
    .configureHelp({ helpWidth, visibleArguments: () => [] })
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
    .exitOverride()
    .passThroughOptions(command.operands !== undefined && !command.mixed)
  for (const row of command.options) parser.addOption(optionFor(command, row))
  return parser
}

function optionFor(command: Command, row: CommandOption): Option {
  const flags = `${row.letter ? `-${row.letter}, ` : ''}--${row.name}${row.kind === 'switch' ? '' : ` <${row.value ?? 'value'}>`}`
  const option = new Option(flags, row.text)
  if (row.kind === 'number') option.argParser(value => wholeNumber(command, row, value))
  if (row.kind === 'names')
    option.argParser((value, before?: string[]) => [...(before ?? []), ...names(value)])
  return option
}

const names = (value: string): string[] => value.split(',').filter(name => name !== '')

function wholeNumber(command: Command, row: CommandOption, value: string): number {
  if (/^[0-9]{1,9}$/.test(value) && Number(value) >= 1) return Number(value)
  const flag = row.letter ? `-${row.letter}` : `--${row.name}`
  throw new Failure(
    `${command.name}: ${flag}: expected a whole number, 1 or more, got ${JSON.stringify(value)}`,
    seeHelp(command),
    exitCodes.usage,
  )
}

// Commander yields --no-config as `config: false`; our flags say `noConfig: true`.
function flagsOf(command: Command, values: Record<string, AnyFlags[string]>): AnyFlags {
  return Object.fromEntries(
    command.options.flatMap(row => {
      const option = new Option(`--${row.name}`)
      const value = values[option.attributeName()]
      if (option.negate) return value === false ? [[camelCase(row.name), true]] : []
      return value === undefined || (typeof value === 'boolean') !== (row.kind === 'switch')
        ? []
        : [[camelCase(row.name), value]]
    }),
  )
}

const camelCase = (name: string): string =>
  name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

function wrongUsage(command: Command, error: CommanderError): Failure {
  const [what, suggestion] = error.message.replace(/^error: /, '').split('\n')
  const meant = suggestion?.match(/^\(Did you mean (.*)\?\)$/)?.[1]
  return new Failure(
    `${command.name}: ${what}`,
    meant ? `did you mean ${meant}? ${seeHelp(command)}` : seeHelp(command),
    exitCodes.usage,
  )
}

const seeHelp = (command: Command): string => `see jobshim ${command.name} --help`
