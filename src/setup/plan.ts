/** What `jobshim setup` has to do, and to take back. Pure: what is there goes in, actions come out. */
import { markingOf } from '../edits/marked-lines.js'
import { type Action, type Found, planTexts, type Texts, textOf, withdraw } from '../edits/plan.js'
import type { Line } from './shells.js'

export const ours = markingOf('jobshim setup')

/** What keeps a file from being changed, and what to do then. */
export type Obstacle = { why: string; hint: string }

export type Facts = Found & {
  obstacle: (path: string) => Obstacle | undefined
  own: string // the directory in the shim dir that comes and goes with the shims
  hasShims: boolean
}

/** What becomes of a file: `add`: it gets our lines; `restore`: it loses them. */
export const fileChanges = ['make', 'add', 'restore', 'remove'] as const
export type FileChange = { path: string; how: (typeof fileChanges)[number]; lines: readonly string[] }

/** What becomes of the shims; `renew`: they were there before, and forget the machine's pool. */
export const shimsChanges = ['make', 'keep', 'renew', 'remove', 'none'] as const
export type ShimsChange = (typeof shimsChanges)[number]

export type Plan =
  | ({ kind: 'blocked'; by: string } & Obstacle)
  | { kind: 'ready'; files: readonly FileChange[]; shims: ShimsChange; actions: readonly Action[] }

/** Texts of files have a character for each byte. */
const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
const textFrom = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8')

/** Returns the text with these lines of ours, and no others; as it is where it has them, wherever they stand. */
export function withLines(text: string, lines: readonly string[]): string {
  const wanted = lines.map(bytesOf)
  const there = ours.linesIn(text)
  if (there.length === wanted.length && wanted.every(line => there.includes(line))) return text
  return wanted.reduce((rest, line) => ours.add(rest, line), ours.remove(text))
}

/** Returns what gives the files these lines. */
export function planSetup(facts: Facts, wanted: readonly Line[]): Plan {
  const paths = [...new Set(wanted.map(({ path }) => path))]
  const linesOf = (path: string): string[] =>
    wanted.filter(line => line.path === path).map(({ line }) => line)
  const before = (path: string): string => textOf(facts.entry(path))
  const texts: Texts = paths.map(path => [path, withLines(before(path), linesOf(path))])
  const changed = texts.filter(([path, text]) => text !== before(path)).map(([path]) => path)
  const obstacle = firstObstacle(facts, changed, before)
  if (obstacle) return obstacle
  const plan = planTexts(facts, texts, [facts.own])
  if (plan.kind === 'blocked') return { ...plan, hint: 'move it away' }
  const files = changed.map((path): FileChange => {
    const how = facts.entry(path).kind === 'nothing' ? 'make' : 'add'
    return { path, how, lines: linesOf(path) }
  })
  return { kind: 'ready', files, shims: facts.hasShims ? 'keep' : 'make', actions: plan.actions }
}

/** Returns what takes our lines out of these files, and removes what was made. */
export function planUndo(facts: Facts, paths: readonly string[]): Plan {
  const { entry, made, own, hasShims } = facts
  const before = (path: string): string => textOf(entry(path))
  const texts = [...new Set([...paths, ...made])]
    .filter(path => entry(path).kind === 'file')
    .map(path => [path, ours.remove(before(path))] as const)
    .filter(([path, text]) => text !== before(path) || (text === '' && made.includes(path)))
  const changed = texts.map(([path]) => path)
  const obstacle = firstObstacle(facts, changed)
  if (obstacle) return obstacle
  const actions = withdraw(facts, texts, [own], { forgets: true, beside: paths })
  const removed = actions.flatMap(action => (action.kind === 'remove file' ? [action.path] : []))
  const isMade = made.includes(own) // also if a killed setup has no shims in it yet
  const isEdited = changed.length > 0 || made.length > 0
  return {
    kind: 'ready',
    actions,
    files: changed.map(path => ({
      path,
      how: removed.includes(path) ? 'remove' : 'restore',
      lines: ours.linesIn(before(path)).map(textFrom),
    })),
    shims: isMade ? 'remove' : !hasShims ? 'none' : isEdited ? 'renew' : 'keep',
  }
}

function firstObstacle(
  { obstacle }: Facts,
  paths: readonly string[],
  textBefore?: (path: string) => string,
): Plan | undefined {
  for (const path of paths) {
    const found = obstacle(path) ?? (textBefore && unfinished(textBefore(path)))
    if (found) return { kind: 'blocked', by: path, ...found }
  }
  return undefined
}

const unfinished = (text: string): Obstacle | undefined =>
  /(?<!\\)(\\\\)*\\\n?$/.test(text)
    ? { why: 'its last line ends with a backslash, and would go on in ours', hint: 'remove that backslash' }
    : undefined
