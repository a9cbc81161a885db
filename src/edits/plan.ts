/** Changes of files that can be taken back. Pure: what is there goes in, actions come out. */
import { dirname } from 'node:path'

/** Where changes are made, and what is to be done where the system won't have them. */
export type Ground = {
  root: string // all lies below it
  state: string // the file that names what was made
  advice: { read: string; change: string }
}

/** What stands at a path; symlinks are followed. A text has a character for each byte. */
export type Entry =
  | { kind: 'nothing' }
  | { kind: 'directory' }
  | { kind: 'file'; text: string }
  | { kind: 'other' }

export type Found = {
  entry: (path: string) => Entry
  unfinished: (path: string) => readonly string[] // files beside it that a killed one of us was writing
  made: readonly string[] // by us, the first first
}

export type Action =
  | { kind: 'make directory'; path: string }
  | { kind: 'write file'; path: string; text: string; mode?: number } // `mode`: of a file that is not there yet; default 0644
  | { kind: 'remove file'; path: string }
  | { kind: 'remove directory'; path: string } // if it is empty
  | { kind: 'write state'; made: readonly string[] }

/** What files are to say. */
export type Texts = readonly (readonly [path: string, text: string, mode?: number])[]

export type Blocked = { kind: 'blocked'; by: string; why: string }

export const textOf = (entry: Entry): string => (entry.kind === 'file' ? entry.text : '')

/**
 * Makes files say this, and the directories that they need; `others`: what somebody else makes then. What is made is noted first: we may
 * be killed in between.
 */
export function planTexts(
  found: Found,
  texts: Texts,
  others: readonly string[] = [],
): Blocked | { kind: 'ready'; actions: readonly Action[] } {
  const { entry, made } = found
  const wrong = texts.find(([path]) => !['file', 'nothing'].includes(entry(path).kind))
  if (wrong) return { kind: 'blocked', by: wrong[0], why: 'not a file' }
  const paths = [...texts.map(([path]) => path), ...others]
  const directories = [...new Set(paths.flatMap(path => missingAbove(path, found)))]
  const missing = paths.filter(path => entry(path).kind === 'nothing')
  const newOnes = [...directories, ...missing].filter(path => !made.includes(path))
  return {
    kind: 'ready',
    actions: [
      ...(newOnes.length > 0 ? [{ kind: 'write state', made: [...made, ...newOnes] } as const] : []),
      ...directories.map((path): Action => ({ kind: 'make directory', path })),
      ...texts
        .filter(([path, text]) => entry(path).kind === 'nothing' || textOf(entry(path)) !== text)
        .map(
          ([path, text, mode]): Action => ({
            kind: 'write file',
            path,
            text,
            ...(mode === undefined ? {} : { mode }),
          }),
        ),
    ],
  }
}

/** Directories above a path that are not there, the highest first. */
function missingAbove(path: string, found: Found): string[] {
  const above = dirname(path)
  return found.entry(above).kind === 'nothing' ? [...missingAbove(above, found), above] : []
}

/**
 * Makes files say this, or takes away those of ours that are empty then, and `whole` ones, and directories of ours. A directory that is
 * `whole` is taken away by who made it. `forgets`: what is left is the user's. `beside`: other files of which a killed one of us may have
 * left an unfinished one.
 */
export function withdraw(
  { entry, unfinished, made }: Found,
  texts: Texts,
  whole: readonly string[],
  { forgets = false, beside = [] }: { forgets?: boolean; beside?: readonly string[] } = {},
): readonly Action[] {
  const empty = texts.filter(([path, text]) => text === '' && made.includes(path)).map(([path]) => path)
  const ours = whole.filter(path => made.includes(path))
  const files = [...empty, ...ours.filter(path => entry(path).kind === 'file')]
  const gone = new Set([...files, ...ours.filter(path => entry(path).kind === 'directory')])
  const emptied: string[] = []
  for (const path of [...made].reverse()) {
    const below = made.filter(other => other.startsWith(`${path}/`))
    const isLeft = below.some(other => !gone.has(other) && entry(other).kind !== 'nothing')
    if (entry(path).kind !== 'directory' || below.length === 0 || isLeft) continue
    gone.add(path)
    emptied.push(path)
  }
  const left = forgets ? [] : made.filter(path => !gone.has(path))
  const places = [...texts.map(([path]) => path), ...whole, ...made, ...beside]
  return [
    ...texts
      .filter(([path, text]) => !empty.includes(path) && textOf(entry(path)) !== text)
      .map(([path, text]): Action => ({ kind: 'write file', path, text })),
    ...[...files, ...new Set(places.flatMap(unfinished))].map(
      (path): Action => ({ kind: 'remove file', path }),
    ),
    // The state lies in one of the directories.
    ...(left.length < made.length ? [{ kind: 'write state', made: left } as const] : []),
    ...emptied.map((path): Action => ({ kind: 'remove directory', path })),
  ]
}
