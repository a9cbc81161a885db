/**
 * Whether another user could put something in a path's place. Each directory from the root on must belong to us or to root,
 * and others may write it only where it is sticky, as /tmp: there nobody moves what is ours.
 */
import { lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemErrorCode } from './failure.js'

export type Trust =
  | { kind: 'trusted'; place: string; stats: Stats } // `place`: its path without links. Whose it is itself `stats` tells
  | { kind: 'missing' } // what there is above it is trusted
  | { kind: 'foreign' | 'open'; at: string; what: string } // another user's, or others may write there
  | { kind: 'unreachable'; at: string; code: string }

/** Who else may write a directory on the way that is not sticky. */
export type Writers = 'nobody' | 'group'

const refusedModes: Readonly<Record<Writers, number>> = { nobody: 0o022, group: 0o002 }

/** Whether a file is ours or root's. */
export const isOursOrRoots = ({ uid }: Stats): boolean => uid === 0 || uid === process.geteuid?.()

/** Returns what can be said of an absolute path. */
export function trustOf(path: string, writers: Writers = 'nobody'): Trust {
  let met: Trust = { kind: 'missing' }
  for (const step of stepsTo(path)) {
    if (step.kind === 'missing' || step.kind === 'unreachable') return step
    const { at, stats } = step
    if (!isOursOrRoots(stats) && !isUnmapped(stats.uid))
      return {
        kind: 'foreign',
        at,
        what: step.kind === 'link' ? "another user's symlink" : 'belongs to another user',
      }
    const isOpen = step.kind === 'entry' && (stats.mode & refusedModes[writers]) !== 0
    if (isOpen && !(stats.isDirectory() && (stats.mode & 0o1000) !== 0))
      return {
        kind: 'open',
        at,
        what: (stats.mode & 0o002) === 0 ? 'can be written by its group' : 'can be written by everybody',
      }
    met = { kind: 'trusted', place: at, stats }
  }
  return met
}

/** One more name of a path, as it is met. */
export type Step =
  | { kind: 'entry' | 'link'; at: string; stats: Stats } // a link is followed by what it leads to
  | { kind: 'missing' }
  | { kind: 'unreachable'; at: string; code: string }

const mostLinks = 40 // as the kernel has it

/** Goes along an absolute path from the root, through its links. Nothing holds what was met in its place. */
export function* stepsTo(path: string): Generator<Step> {
  const names = path.split('/')
  let place = '/'
  let links = 0
  let step = stepAt(place)
  yield step
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    if (name === '' || name === '.') continue
    if (step.kind === 'entry' && !step.stats.isDirectory()) {
      yield { kind: 'unreachable', at: place, code: 'ENOTDIR' }
      return
    }
    const at = name === '..' ? dirname(place) : join(place, name)
    step = stepAt(at)
    yield step
    if (step.kind === 'missing' || step.kind === 'unreachable') return
    if (step.kind === 'entry') {
      place = at
      continue
    }
    links += 1
    const target = links > mostLinks ? undefined : targetOf(at)
    if (target === undefined) {
      yield { kind: 'unreachable', at, code: 'ELOOP' }
      return
    }
    if (target.startsWith('/')) place = '/'
    names.unshift(...target.split('/'))
    step = stepAt(place)
    yield step
  }
}

function stepAt(at: string): Step {
  try {
    const stats = lstatSync(at, { throwIfNoEntry: false })
    if (stats === undefined) return { kind: 'missing' }
    return { kind: stats.isSymbolicLink() ? 'link' : 'entry', at, stats }
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    return { kind: 'unreachable', at, code }
  }
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch {
    return undefined // it was one just now
  }
}

/**
 * Whether a user namespace has no number for this user, and shows another one, as it does for the owner of / below `unshare -r`. Whose it
 * is can't be told then: for a directory on the way it has to do.
 */
function isUnmapped(uid: number): boolean {
  if (uid !== (numberIn('/proc/sys/kernel/overflowuid') ?? 65534)) return false
  return !/^\s*0\s+0\s+4294967295\s*$/.test(textOf('/proc/self/uid_map') ?? '')
}

const numberIn = (file: string): number | undefined => {
  const text = textOf(file)
  return text === undefined ? undefined : Number(text)
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return undefined // no /proc
  }
}
