/** Renders what completions/jobshim.fish asks, and what fish is told of each command. Pure. */
import { quotedForFish } from '../ground/shell-word.js'
import type { Command, CommandOption } from './command.js'
import {
  helpOption,
  helpWord,
  type Offer,
  offerOf,
  offersOf,
  optionsOf,
  takesValue,
  verbsOf,
  versionOption,
} from './completion-words.js'

/** Returns the functions and the lines. */
export function renderFishCompletion(commands: readonly Command[]): string {
  const verbs = verbsOf(commands)
  const longer = [...verbs.keys()].filter(before => before !== '')
  return [
    '# Whether $argv[1] is the first word of longer names.',
    'function __jobshim_has_verbs',
    `    contains -- $argv[1] ${[...longer, helpWord.word].map(quotedForFish).join(' ')}`,
    'end\n',
    '# Whether the options of the command $argv[1] may stand behind operands.',
    'function __jobshim_mixes',
    `    contains -- "$argv[1]" ${commands
      .flatMap(({ name, mixed }) => (mixed ? [quotedForFish(name)] : []))
      .join(' ')}`,
    'end\n',
    '# Whether the option $argv[2] of the command $argv[1] takes the next word.',
    'function __jobshim_takes_value',
    `    contains -- "$argv[1] $argv[2]" ${offersOf(commands)
      .flatMap(({ options }) => options)
      .map(quotedForFish)
      .join(' ')}`,
    'end\n',
    'complete -c jobshim -f',
    ...[...verbs].flatMap(([before, words]) =>
      words.map(({ word, text }) => line(at(before, 'option'), `-a ${quotedForFish(word)}`, text)),
    ),
    line(at('', 'option'), `-a ${helpWord.word}`, helpWord.text),
    ...(verbs.get('') ?? []).map(({ word, text }) =>
      line(at(helpWord.word, 'option'), `-a ${quotedForFish(word)}`, text),
    ),
    ...longer.flatMap(before =>
      (verbs.get(before) ?? []).map(({ word, text }) =>
        line(at(`${helpWord.word} ${before}`, 'operand'), `-a ${quotedForFish(word)}`, text),
      ),
    ),
    ...[helpOption, versionOption].map(option => line(at('', 'option'), flags(option), option.text)),
    ...commands.flatMap(renderCommand),
    '',
  ].join('\n')
}

const at = (name: string, place: 'option' | 'operand'): string =>
  `__jobshim_at ${quotedForFish(name)} ${place}`

const line = (condition: string, what: string, text?: string): string =>
  `complete -c jobshim -n ${quotedForFish(condition)} ${what}${text === undefined ? '' : ` -d ${quotedForFish(text)}`}`

const flags = ({ name, letter }: CommandOption): string =>
  `-l ${name}${letter === undefined ? '' : ` -s ${letter}`}`

const renderCommand = (command: Command): string[] => [
  ...optionsOf(command).map(option =>
    line(
      at(command.name, 'option'),
      `${flags(option)}${takesValue(option) ? offered(offerOf(option.completes, option.kind)) : ''}`,
      option.text,
    ),
  ),
  ...(command.completes === undefined
    ? []
    : [
        line(
          at(command.name, 'operand'),
          offered(offerOf(command.completes))
            .replace(/^ -[rx]/, '')
            .trim(),
        ),
      ]),
]

const wordsOf = (values: readonly string[]): string => quotedForFish(values.join(' '))

/** What follows the option, or the command. */
function offered(offer: Offer): string {
  switch (offer.kind) {
    case 'choice':
      return ` -x -a ${wordsOf(offer.values)}`
    case 'list':
      return ` -x -a ${quotedForFish(`(__fish_append , ${offer.values.join(' ')})`)}`
    case 'command':
      return " -x -a '(__jobshim_command)'"
    case 'directory':
      return " -x -a '(__fish_complete_directories)'"
    case 'file':
      return ' -r -F'
    case 'group':
      return " -x -a '(__fish_complete_groups)'"
    case 'jobserver':
      return " -x -a '(__jobshim_fifos)'"
    case 'user':
      return " -x -a '(__fish_complete_users)'"
    case 'nothing':
      return ' -x'
  }
}
