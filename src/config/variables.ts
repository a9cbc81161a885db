/** Variables that launchers read by themselves, and pass over in silence if they make no sense. */
import { environment as names } from '../contract/environment.js'
import { withoutJobserver } from '../contract/without-jobserver.js'

type Row = { name: string; pattern: RegExp; expected: string; otherwise: string }

const rows: readonly Row[] = [
  {
    name: names.patience,
    pattern: /^(?:\d+\.?\d*|\.\d+)$/,
    expected: 'a number of seconds',
    otherwise: 'is ignored',
  },
  { name: names.join, pattern: /^[01]$/, expected: '1 or 0', otherwise: 'counts as 0' },
  {
    name: names.noJobserver,
    pattern: new RegExp(`^(?:${withoutJobserver.join('|')})$`),
    expected: withoutJobserver.join(', ').replace(/, (\w+)$/, ' or $1'),
    otherwise: 'counts as pass',
  },
  { name: names.log, pattern: /^\//, expected: 'an absolute path', otherwise: 'is ignored' },
]

/** `text`: for people. */
export type WrongVariable = { name: string; text: string }

/** Returns those that say nothing a launcher understands. An empty one is as none. */
export const wrongVariables = (environment: NodeJS.ProcessEnv): WrongVariable[] =>
  rows.flatMap(({ name, pattern, expected, otherwise }) => {
    const value = environment[name]
    if (value === undefined || value === '' || pattern.test(value)) return []
    return [{ name, text: `${name}=${value}: expected ${expected}; it ${otherwise}` }]
  })
