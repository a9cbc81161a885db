/**
 * Looks at files, and carries out what was planned for them. Each step is atomic, and done by descriptor: they may be another user's,
 * who can move them meanwhile, or lead them elsewhere by links.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { assertOwner, type ForeignLink, type HeldDirectory, holdDirectory } from '../ground/held-directory.js'
import { makeDirectory } from '../ground/make-directory.js'
import { replaceFile } from '../ground/replace-file.js'
import { isOursOrRoots } from '../ground/trust.js'
import { removeIfEmpty } from '../shimdir/apply.js'
import { renderState } from './made.js'
import type { Action, Entry, Ground } from './plan.js'

/** Returns what stands at a path below `root`. Throws `Failure` where it can't be read, or a link leads out. */
export function entryAt({ root, advice }: Ground, path: string): Entry {
  try {
    if (!isBelow(root, path)) return statSync(path).isDirectory() ? { kind: 'directory' } : { kind: 'other' }
    return inPlaceOf(root, path, (directory, name, stats) => {
      if (stats.isDirectory()) return { kind: 'directory' }
      return stats.isFile() ? readEntry(directory.at(name)) : { kind: 'other' }
    })
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT') return { kind: 'nothing' }
    if (code === undefined) throw error
    throw new Failure(`${path}: can't be read (${code})`, advice.read)
  }
}

/** Returns the files beside what a path leads to that a killed one of us was writing. */
export function unfinishedBeside({ root, advice }: Ground, path: string): readonly string[] {
  if (!isBelow(root, path)) return []
  const list = (directory: HeldDirectory): string[] =>
    readdirSync(directory.at('.'))
      .filter(name => temporaryName.test(name) && lstatSync(directory.at(name)).isFile())
      .map(name => join(directory.place, name))
  try {
    return inDirectoryOf(root, path, list)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    if (code === undefined) throw error
    throw new Failure(`${path}: can't be read (${code})`, advice.read)
  }
}

/** Calls `act` with the directory of what a path leads to, or is to be made in. */
function inDirectoryOf<Result>(
  root: string,
  path: string,
  act: (directory: HeldDirectory, name: string, stats?: Stats) => Result,
): Result {
  try {
    return inPlaceOf(root, path, act)
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
    const directory = holdDirectory(dirname(path), root)
    try {
      return act(directory, basename(path))
    } finally {
      directory.close()
    }
  }
}

const isBelow = (root: string, path: string): boolean =>
  path !== root && path.startsWith(root.replace(/\/?$/, '/'))

function readEntry(path: string): Entry {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    return fstatSync(file).isFile() ? { kind: 'file', text: readFileSync(file, 'latin1') } : { kind: 'other' }
  } finally {
    closeSync(file)
  }
}

const mostLinks = 40

/** The links that have led there so far; `named`: the first of them. */
type Way = { named?: string; foreign?: readonly ForeignLink[]; links?: number }

/**
 * Calls `act` with the directory and the name of what a path leads to. Links are followed as far as they stay below `root`; another
 * user's only to what is that user's. Throws ENOENT where nothing is there.
 */
function inPlaceOf<Result>(
  root: string,
  path: string,
  act: (directory: HeldDirectory, name: string, stats: Stats) => Result,
  { named = path, foreign = [], links = 0 }: Way = {},
): Result {
  const directory = holdDirectory(dirname(path), root, links === 0 ? dirname(path) : named)
  let next: { path: string; foreign: ForeignLink[] }
  try {
    const at = directory.at(basename(path))
    const stats = lstatSync(at)
    if (!stats.isSymbolicLink()) {
      assertOwner(stats, foreign)
      return act(directory, basename(path), stats)
    }
    const link = isOursOrRoots(stats) ? [] : [{ at: path, uid: stats.uid }]
    next = { path: resolve(directory.place, readlinkSync(at)), foreign: [...foreign, ...link] }
  } finally {
    directory.close()
  }
  if (links >= mostLinks) throw Object.assign(new Error(path), { code: 'ELOOP' })
  return inPlaceOf(root, next.path, act, { named, foreign: next.foreign, links: links + 1 })
}

/** Does one action. Throws `Failure` where the system won't have it. */
export function apply(ground: Ground, action: Action): void {
  const { root, advice } = ground
  try {
    switch (action.kind) {
      case 'make directory':
        makeBelow(root, action.path)
        break
      case 'write file':
        rewrite(root, action.path, action.text, action.mode)
        break
      case 'remove file':
        removeIn(root, action.path, unlinkSync)
        break
      case 'remove directory':
        removeIn(root, action.path, removeIfEmpty)
        break
      case 'write state':
        writeState(ground, action.made)
        break
    }
  } catch (error) {
    const code = systemErrorCode(error)
    if (error instanceof Failure || code === undefined) throw error
    const path = action.kind === 'write state' ? ground.state : action.path
    throw new Failure(`${path}: can't be changed (${code})`, advice.change)
  }
}

// Its directory is the first that is made, and is named in it.
function writeState({ root, state }: Ground, made: readonly string[]): void {
  if (made.length === 0) {
    removeIn(root, state, unlinkSync)
    return
  }
  makeBelow(root, dirname(state))
  rewrite(root, state, renderState(made))
}

/** Makes a directory below `root`, and those above it, 0755 whatever the umask. One that was there keeps its mode. */
function makeBelow(root: string, path: string): void {
  if (!isBelow(root, path)) {
    makeDirectory(path)
    return
  }
  makeBelow(root, dirname(path))
  const above = holdDirectory(dirname(path), root)
  try {
    const at = above.at(basename(path))
    if (lstatSync(at, { throwIfNoEntry: false })) return
    mkdirSync(at, { mode: 0o755 })
    const made = openSync(at, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
    if (fstatSync(made).uid === process.geteuid?.()) fchmodSync(made, 0o755)
    closeSync(made)
  } finally {
    above.close()
  }
}

function removeIn(root: string, path: string, remove: (path: string) => void): void {
  try {
    const directory = holdDirectory(dirname(path), root)
    try {
      remove(directory.at(basename(path)))
    } finally {
      directory.close()
    }
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
  }
}

/** As latin1, so that every byte stays; with the mode and owner it had, behind a symlink where it is one. */
function rewrite(root: string, path: string, text: string, modeOfNew = 0o644): void {
  const content = Buffer.from(text, 'latin1')
  inDirectoryOf(root, path, (directory, name, before) =>
    replaceFile(directory.at(name), {
      temporary: directory.at(`${temporaryPrefix}${randomBytes(8).toString('hex')}`),
      content,
      mode: before ? before.mode & 0o7777 : modeOfNew,
      owner: before,
    }),
  )
}

const temporaryPrefix = '.jobshim-'
const temporaryName = /^\.jobshim-[0-9a-f]{16}$/
