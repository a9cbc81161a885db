/** What the user's config has to say so that all that finds no jobserver joins the machine's pool. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { ConfigFile } from '../config/options.js'
import type { Obstacle } from './plan.js'

type Wanted = Pick<ConfigFile, 'noJobserver' | 'join' | 'jobs'>

/**
 * Returns the lines of ours that a config needs beside what its user has written there (`own`), or what is in their way. `before`: our
 * lines in it; how many slots they give stays, where nobody says otherwise.
 */
export function poolLines(
  own: ConfigFile,
  before: readonly string[],
  jobs: number | undefined,
): { kind: 'ready'; lines: string[]; wanted: Wanted } | ({ kind: 'blocked' } & Obstacle) {
  const kept = before.map(line => /^jobs: (\d+)$/.exec(line)?.[1]).find(Boolean)
  const slots = jobs ?? (kept === undefined || own.jobs !== undefined ? undefined : Number(kept))
  const wanted: Wanted = {
    noJobserver: 'machine',
    join: true,
    ...(slots === undefined ? {} : { jobs: slots }),
  }
  const rows = Object.entries(wanted)
  const ownValues = new Map<string, unknown>(Object.entries(own))
  const other = rows.find(([key, value]) => ownValues.has(key) && ownValues.get(key) !== value)
  if (other) {
    const [key, value] = other
    return {
      kind: 'blocked',
      why: `has ${key}: ${String(ownValues.get(key))}, and setup would write ${key}: ${String(value)}`,
      hint: key === 'jobs' ? 'change it there, or leave out --jobs' : 'remove that line, or change it',
    }
  }
  const lines = rows.filter(([key]) => !ownValues.has(key)).map(([key, value]) => `${key}: ${String(value)}`)
  return { kind: 'ready', lines, wanted }
}

/** Whether a config says with our lines what it said without them, and what was wanted. */
export const saysBoth = (after: ConfigFile, own: ConfigFile, wanted: Wanted): boolean =>
  isDeepStrictEqual(after, { ...own, ...wanted })

/** What to do with a config that takes no lines at its end, such as JSON. */
export const byHand = (wanted: Wanted): string =>
  `write into it ${JSON.stringify(wanted)
    .slice(1, -1)
    .replace(/([:,])/g, '$1 ')}, then run jobshim setup again`
