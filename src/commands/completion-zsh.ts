/** Renders what completions/jobshim.zsh asks: functions that know the commands. Pure. */
import { quotedForSh } from '../ground/shell-word.js'
import type { Command, CommandOption } from './command.js'
import {
  formsOf,
  helpOption,
  helpWord,
  type Offer,
  offerOf,
  takesValue,
  type Verb,
  verbsOf,
  versionOption,
} from './completion-words.js'

/** Returns the functions, below the line by which zsh finds them. */
export function renderZshCompletion(commands: readonly Command[]): string {
  return [
    '#compdef jobshim\n',
    '# Sets `offered` to the words that may follow those of $1; fails where none may.',
    inCase('_jobshim_verbs', [
      ...[...verbsOf(commands)].map(([before, verbs]): Case => [before, describe(verbs)]),
      ['*', ['return 1']],
    ]),
    '# What may follow jobshim itself.',
    '_jobshim_top() {',
    `  offered+=(${quotedForSh(described(helpWord))})`,
    "  _arguments -S \\\n    '1: :{_describe -t commands command offered}' \\",
    `    ${[helpOption, versionOption].map(exclusive).join(' \\\n    ')}`,
    '}\n',
    '# Completes options and operands of the command $1.',
    inCase(
      '_jobshim_arguments',
      commands.map((command): Case => [command.name, argumentsOf(command)]),
    ),
  ].join('\n')
}

type Case = [pattern: string, body: readonly string[]]

const inCase = (name: string, cases: readonly Case[]): string =>
  [
    `${name}() {`,
    '  case $1 in',
    ...cases.flatMap(([pattern, body]) => [
      `  ${pattern === '*' ? pattern : quotedForSh(pattern)})`,
      ...body.map(line => `    ${line}`),
      '    ;;',
    ]),
    '  esac',
    '}\n',
  ].join('\n')

const described = ({ word, text }: Verb): string => `${word}:${text}`

const describe = (verbs: readonly Verb[]): string[] => [
  'offered=(',
  ...verbs.map(verb => `  ${quotedForSh(described(verb))}`),
  ')',
]

function argumentsOf(command: Command): string[] {
  const specs = [
    ...command.options.map(spec),
    exclusive(helpOption),
    ...(command.operands === undefined ? [] : [operandSpec(command.operands, offerOf(command.completes))]),
  ]
  // -A: behind the first operand, and -S: behind --, no option is ours. Three colons: that -- is no word of the command.
  return [
    `_arguments -s -S ${command.mixed ? '' : "-A '-*' "}\\`,
    ...specs.map((one, index) => `  ${one}${index < specs.length - 1 ? ' \\' : ''}`),
  ]
}

function operandSpec(operands: string, offer: Offer): string {
  if (offer.kind === 'command') return quotedForSh('*:::command: _normal')
  return quotedForSh(`${operands.endsWith('...') ? '*' : '1'}:${plain(operands)}:${action(offer)}`)
}

// In a spec [ ] : \ have a meaning.
const plain = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&')

// The forms of an option exclude each other; --long= and -l+ take a value, in the same word or the next.
function spec(option: CommandOption): string {
  const forms = formsOf(option)
  const marked = forms.map(form =>
    takesValue(option) ? `${form}${form.startsWith('--') ? '=' : '+'}` : form,
  )
  const said = `[${plain(option.text)}]`
  const rest = takesValue(option)
    ? `${said}:${plain(option.value ?? '')}:${action(offerOf(option.completes, option.kind))}`
    : said
  return forms.length === 1
    ? quotedForSh(`${marked}${rest}`)
    : `${quotedForSh(`(${forms.join(' ')})`)}{${marked.join(',')}}${quotedForSh(rest)}`
}

/** An option that stands alone. */
const exclusive = ({ name, letter, text }: { name: string; letter: string; text: string }): string =>
  `'(- *)'{-${letter},--${name}}${quotedForSh(`[${plain(text)}]`)}`

function action(offer: Offer): string {
  switch (offer.kind) {
    case 'choice':
      return `(${offer.values.join(' ')})`
    case 'list':
      return `_sequence compadd - ${offer.values.join(' ')}`
    case 'command':
      return '_normal'
    case 'directory':
      return '_directories'
    case 'file':
      return '_files'
    case 'group':
      return '_groups'
    case 'jobserver':
      return '_jobshim_fifo'
    case 'user':
      return '_users'
    case 'nothing':
      return ' '
  }
}
