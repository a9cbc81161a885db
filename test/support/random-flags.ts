/** MAKEFLAGS as people, makes and accidents write them. */

/** `plain` is the same text without the addresses of jobservers, which no make here could reach: a dash, which make skips. */
export type RandomFlags = { text: string; plain: string; words: number }

type Random = () => number
type Word = { text: string; isAddress?: true }

const oneOf = <T>(random: Random, [first, ...others]: readonly [T, ...T[]]): T =>
  others[Math.floor(random() * (others.length + 1)) - 1] ?? first

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)

/** What some of make's options say, which would end make if they said anything else. */
const said = {
  'output-sync': ['none', 'line', 'target', 'recurse'],
  shuffle: ['random', 'reverse', 'none', '17'],
  debug: ['none'],
  'jobserver-style': ['fifo', 'pipe'],
} as const

const asWord = (text: string): string => text.replace(/[\\ \t]/g, '\\$&')

// Anything that a directory's name may be; a backslash may also stand before what needs none.
const name = (random: Random): string =>
  oneOf(random, ['', '\\', '']) +
  asWord(
    `d${times(Math.floor(random() * 6), () => oneOf(random, [...'ab-=j8 \t,:\\/.'] as unknown as [string])).join('')}`,
  )

const separator = (random: Random): string => oneOf(random, [' ', ' ', ' ', '\t', '  ', ' \t'])

const address = (random: Random): string =>
  oneOf(random, ['fifo:/nope', 'fifo:/no\\ pe', 'fifo:/a\\\\b', '3,4', '-2,-2', '97,98', 'x', '3,4x'])

// Text of a makefile: a variable, whose words may look like anything.
const definition = (random: Random): string =>
  asWord(
    oneOf(random, [
      'V = java -jar j',
      'V=1 --jobserver-auth=fifo:/nope',
      'V=-j9 -- -j 8',
      'V=l4\tk',
      'V = a\\b',
    ]),
  )

const count = (random: Random): string => oneOf(random, ['1', '8', '12', '0', '007', '8x', '3\\4'])
const load = (random: Random): string => oneOf(random, ['4', '2.5', '.5', '0', '12'])

const joinOr = (random: Random, option: string, argument: string): string =>
  `${option}${oneOf(random, ['', separator(random)])}${argument}`

/** What may end a word of letters: an option that takes what follows. */
function ending(random: Random): string {
  return oneOf<() => string>(random, [
    () => '',
    () => '',
    () => 'j',
    () => joinOr(random, 'j', count(random)),
    () => 'l',
    () => joinOr(random, 'l', load(random)),
    () => joinOr(random, 'I', name(random)),
    () => joinOr(random, oneOf(random, ['o', 'W']), name(random)), // a -C or -f make 4.4 would obey
    () => joinOr(random, 'E', definition(random)),
    () => `O${oneOf(random, ['', ...said['output-sync']])}`,
  ])()
}

const letters = (random: Random): string =>
  times(Math.floor(random() * 4), () => oneOf(random, [...'BeikLrRsSwmbnZ'] as unknown as [string])).join(
    '',
  ) + ending(random)

function long(random: Random): string {
  const value = (option: string, argument: string): string =>
    `--${option}${oneOf(random, ['=', separator(random)])}${argument}`
  return oneOf<() => string>(random, [
    () =>
      oneOf(random, ['--jobs', '--load-average', '--max-load', '--output-sync', '--no-silent', '--bogus']),
    () =>
      oneOf(random, [
        '--keep-going',
        '--warn-undefined-variables',
        '--no-print-directory',
        '--silent=no',
        '--',
      ]),
    () => value('jobs', count(random)),
    () => value(oneOf(random, ['load-average', 'max-load', 'load', 'max']), load(random)),
    () => value(oneOf(random, ['include-dir', 'incl']), name(random)),
    () => value(oneOf(random, ['eval', 'ev']), definition(random)),
    () => value(oneOf(random, ['what-if', 'assume-old', 'new-file']), name(random)),
    () => `--output-sync=${oneOf(random, said['output-sync'])}`,
    () => `--shuffle=${oneOf(random, said.shuffle)}`,
    () => `--debug=${oneOf(random, said.debug)}`,
    () => `--jobserver-style=${oneOf(random, said['jobserver-style'])}`,
  ])()
}

const variable = (random: Random): string =>
  oneOf(random, ['A=', 'B:=', 'C='] as const) +
  asWord(oneOf(random, ['', '1', '-j9 x', 'cc -g', '--', 'a\\']))

function word(random: Random): Word {
  const kind = random()
  if (kind < 0.4) return { text: `-${letters(random)}` }
  if (kind < 0.7) return { text: long(random) }
  if (kind < 0.8) return { text: variable(random) }
  if (kind < 0.85) return { text: oneOf(random, ['-', 'all', '\\-k', '-\\k', '$(or -k,-r)', '-I$(or a -r)']) }
  const option = oneOf(random, ['auth=', 'auth ', 'fds=', 'a='])
  return { text: `--jobserver-${option}${address(random)}`, isAddress: true }
}

/** Returns what a seed's `random` comes to. */
export function randomFlags(random: Random): RandomFlags {
  const words = times(1 + Math.floor(random() * 12), () => word(random))
  if (random() < 0.4) words.unshift({ text: letters(random) || 'k' })
  if (random() < 0.3)
    words.push({ text: '--' }, ...times(2, () => ({ text: variable(random) })), {
      text: '--jobserver-auth=1,2',
    })
  const { text: last = '', isAddress } = words.at(-1) ?? {}
  // A blank behind a last -j, or a backslash behind an address, would be its argument, or a part of it. What a style says only a make
  // that opens a pool looks at.
  const isOpen = last.endsWith('j') || last === '--jobs' || last.startsWith('--jobserver-style')
  const ends = isOpen || isAddress ? ([''] as const) : ([' ', '\t', '\\'] as const)
  const end = oneOf(random, ['', '', '', ...ends, ' -I', ' --eval', ' A=\\'])
  const start = oneOf(random, ['', '', ' ', '\t'])
  const gaps = words.map((_, index) => (index === 0 ? start : separator(random)))
  const written = (textOf: (word: Word, index: number) => string): string =>
    words.map((each, index) => `${gaps[index]}${textOf(each, index)}`).join('') + end
  const options = words.findIndex(({ text }) => text === '--') // behind it an address is a variable
  return {
    text: written(({ text }) => text),
    plain: written(({ text, isAddress }, index) =>
      isAddress && (options < 0 || index < options) ? '-' : text,
    ),
    words: words.length,
  }
}
