/**
 * A directory that is held open. What is done in it by `at` is done there, wherever another user moves it meanwhile, and
 * whatever they put in its place.
 */
import { closeSync, constants, fstatSync, openSync, readlinkSync, realpathSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { Failure } from './failure.js'
import { isOursOrRoots, stepsTo, trustOf } from './trust.js'

export type HeldDirectory = {
  place: string // its path without links
  stats: Stats
  fd: number
  at(name: string): string // the path of what has this name in it
  inChild(name: string, descriptor: number): string // the same for a child that has it open there
  close(): void
}

const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

/**
 * Opens the directory at an absolute path, which must lie below `top`. Another user's symlink is followed only to what is that user's.
 * `named`: what people know it by.
 * Throws system errors, and `Failure` where a link leads elsewhere.
 */
export function holdDirectory(path: string, top = '/', named = path): HeldDirectory {
  const { place, foreign } = resolveAll(path)
  if (!isBelow(place, realpathSync(top)))
    throw new Failure(`${named}: leads out of ${top}, to ${place}`, hint)
  const fd = openSync(place, flags)
  try {
    const stats = fstatSync(fd)
    const by = byDescriptor(fd)
    if (by === undefined ? trustOf(place, 'group').kind !== 'trusted' : by.place !== place)
      throw new Failure(`${path}: another user can move it, or did so just now`, hint)
    assertOwner(stats, foreign)
    return {
      place,
      stats,
      fd,
      at: name => join(by?.directory ?? place, name),
      inChild: (name, descriptor) => join(by ? `/proc/self/fd/${descriptor}` : place, name),
      close: () => closeSync(fd),
    }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

const hint = 'name a place that only you can write'

/** A symlink of another user's. */
export type ForeignLink = { at: string; uid: number }

/** Throws `Failure` where one of the links belongs to another user than what it leads to: that one could not have written it. */
export function assertOwner({ uid }: Stats, foreign: readonly ForeignLink[]): void {
  const wrong = foreign.find(link => link.uid !== uid)
  if (wrong) throw new Failure(`${wrong.at}: another user's symlink to what is not theirs`, hint)
}

function resolveAll(path: string): { place: string; foreign: ForeignLink[] } {
  const foreign: ForeignLink[] = []
  let place = '/'
  for (const step of stepsTo(path)) {
    if (step.kind === 'missing') throw systemError(path, 'ENOENT')
    if (step.kind === 'unreachable') throw systemError(path, step.code)
    if (step.kind === 'entry') place = step.at
    else if (!isOursOrRoots(step.stats)) foreign.push({ at: step.at, uid: step.stats.uid })
  }
  return { place, foreign }
}

/** Where it is, by the kernel's own word; undefined without /proc. */
function byDescriptor(fd: number): { directory: string; place: string } | undefined {
  const directory = `/proc/self/fd/${fd}`
  try {
    return { directory, place: readlinkSync(directory) }
  } catch {
    return undefined
  }
}

const systemError = (path: string, code: string): Error =>
  Object.assign(new Error(`${code}: ${path}`), { code })

const isBelow = (place: string, top: string): boolean =>
  top === '/' || place === top || place.startsWith(`${top}/`)
