/** The options of GNU make, of 4.3 and 4.4.1: what MAKEFLAGS and the command lines of make are read by, here and in the launcher. */

/** What may stand behind an option: in its own word, or as the next one. */
export const makeArguments = {
  none: 'MAKE_ARGUMENT_NONE',
  required: 'MAKE_ARGUMENT_REQUIRED', // the rest of the word, else the next word, whatever it is
  optional: 'MAKE_ARGUMENT_OPTIONAL', // the rest of the word
  number: 'MAKE_ARGUMENT_NUMBER', // the rest of the word, else the next word if it is all digits
  decimal: 'MAKE_ARGUMENT_DECIMAL', // the rest of the word, else the next word if it begins with a digit or a dot
} as const

export type MakeArgument = keyof typeof makeArguments

/** What an option is to us. */
export const makeMeanings = {
  nothing: 'MAKE_MEANS_NOTHING',
  jobs: 'MAKE_MEANS_JOBS',
  load: 'MAKE_MEANS_LOAD',
  auth: 'MAKE_MEANS_AUTH',
  fds: 'MAKE_MEANS_FDS', // the address as make <= 4.1 spells it
} as const

export type MakeMeaning = keyof typeof makeMeanings

export type MakeOption = {
  letter?: string
  names: readonly string[] // without their dashes; make takes any beginning that only one option has
  argument: MakeArgument
  means?: Exclude<MakeMeaning, 'nothing'>
}

const flag = (letter: string, ...names: string[]): MakeOption => ({ letter, names, argument: 'none' })
const file = (letter: string, ...names: string[]): MakeOption => ({ letter, names, argument: 'required' })
const long = (name: string, argument: MakeArgument): MakeOption => ({ names: [name], argument })

export const makeOptions: readonly MakeOption[] = [
  flag('b'),
  flag('B', 'always-make'),
  flag('d'),
  flag('e', 'environment-overrides'),
  flag('h', 'help'),
  flag('i', 'ignore-errors'),
  flag('k', 'keep-going'),
  flag('L', 'check-symlink-times'),
  flag('m'),
  flag('n', 'just-print', 'dry-run', 'recon'),
  flag('p', 'print-data-base'),
  flag('q', 'question'),
  flag('r', 'no-builtin-rules'),
  flag('R', 'no-builtin-variables'),
  flag('s', 'silent', 'quiet'),
  flag('S', 'no-keep-going', 'stop'),
  flag('t', 'touch'),
  flag('v', 'version'),
  flag('w', 'print-directory'),
  file('C', 'directory'),
  file('E', 'eval'),
  file('f', 'file', 'makefile'),
  file('I', 'include-dir'),
  file('o', 'old-file', 'assume-old'),
  file('W', 'what-if', 'new-file', 'assume-new'),
  { letter: 'j', names: ['jobs'], argument: 'number', means: 'jobs' },
  { letter: 'l', names: ['load-average', 'max-load'], argument: 'decimal', means: 'load' },
  { letter: 'O', names: ['output-sync'], argument: 'optional' },
  { names: ['jobserver-auth'], argument: 'required', means: 'auth' },
  { names: ['jobserver-fds'], argument: 'required', means: 'fds' },
  long('jobserver-style', 'required'),
  long('debug', 'optional'),
  long('no-print-directory', 'none'),
  long('no-silent', 'none'),
  long('shuffle', 'optional'),
  long('sync-mutex', 'required'),
  long('temp-stdin', 'required'),
  long('trace', 'none'),
  long('warn-undefined-variables', 'none'),
]

/** The letters of options with such an argument. */
export const makeLetters = (...wanted: MakeArgument[]): string =>
  makeOptions
    .filter(({ argument }) => wanted.includes(argument))
    .map(({ letter = '' }) => letter)
    .sort()
    .join('')
