/** Renders what completions/jobshim.bash asks: functions that know the commands. Pure. */
import { quotedForSh } from '../ground/shell-word.js'
import type { Command } from './command.js'
import { type Offer, offerOf, offersOf, optionsOf, topWords, verbsOf } from './completion-words.js'

/** Returns the functions. They set variables, which cost no process. */
export function renderBashCompletion(commands: readonly Command[]): string {
  return [
    `_jobshim_top=${quotedForSh(topWords.join(' '))}`,
    inCase(
      '_jobshim_verbs',
      'Sets `verbs` to the words that may follow those of $1.',
      '$1',
      [...verbsOf(commands)].map(([before, verbs]) => [
        [before],
        `verbs=${quotedForSh(verbs.map(({ word }) => word).join(' '))}`,
      ]),
    ),
    inCase(
      '_jobshim_options',
      'Sets `options` to those of the command $1, and `mixed` where they may stand behind operands.',
      '$1',
      commands.map(command => [
        [command.name],
        `options=${quotedForSh(longForms(command))}${command.mixed ? ' mixed=1' : ''}`,
      ]),
    ),
    inCase(
      '_jobshim_value',
      'Sets `kind` and `values` to what the value of the option $2 of the command $1 may be; leaves them for a switch.',
      '$1 $2',
      offersOf(commands).map(({ offer, options }) => [options, setOffer(offer)]),
    ),
    inCase(
      '_jobshim_operand',
      'Sets them to what the operands of the command $1 may be.',
      '$1',
      commands.flatMap(({ name, completes }) =>
        completes === undefined ? [] : [[[name], setOffer(offerOf(completes))]],
      ),
    ),
  ].join('\n')
}

const longForms = (command: Command): string =>
  optionsOf(command)
    .map(({ name }) => `--${name}`)
    .join(' ')

type Case = [patterns: readonly string[], body: string]

const inCase = (name: string, says: string, subject: string, cases: readonly Case[]): string =>
  [
    `# ${says}`,
    `${name}() {`,
    `  case "${subject}" in`,
    ...cases.map(([patterns, body]) => `  ${patterns.map(quotedForSh).join(' | ')}) ${body} ;;`),
    '  esac',
    '}\n',
  ].join('\n')

const setOffer = (offer: Offer): string =>
  'values' in offer
    ? `kind=${offer.kind} values=${quotedForSh(offer.values.join(' '))}`
    : `kind=${offer.kind}`
