/** Carries out what the planner decided. Every step is atomic, overwrites no link, and may be repeated. */

import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { getSystemErrorName } from 'node:util'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { makeDirectory } from '../ground/make-directory.js'
import { replaceFile } from '../ground/replace-file.js'
import { callLook } from '../launcher/look.js'
import { costFiles, entryOf } from './inspect.js'
import { type Layout, lookBeside, shimTarget, temporaryPrefix } from './layout.js'
import { renderManifest } from './manifest.js'
import { type Action, isOurs } from './plan.js'

type Effect<Kind extends Action['kind']> = (
  layout: Layout,
  action: Extract<Action, { kind: Kind }>,
  launcher: string | undefined,
) => void

const effects: { [Kind in Action['kind']]: Effect<Kind> } = {
  'write manifest': (layout, { names, pending }) =>
    rewrite(layout, layout.manifest, renderManifest(names, pending), 0o644),
  'write tool file': (layout, { name, text }) => {
    makeDirectory(layout.tools)
    rewrite(layout, layout.toolFile(name), text, 0o644)
  },
  'remove tool file': (layout, { name }) => rmSync(layout.toolFile(name), { force: true }),
  'write wanted': (layout, { text }) => rewrite(layout, layout.wanted, text, 0o644),
  'remove wanted': layout => rmSync(layout.wanted, { force: true }),
  'write rules': (layout, { text }) => rewrite(layout, layout.rules, text, 0o644),
  'remove rules': layout => rmSync(layout.rules, { force: true }),
  'make costs': layout => {
    mkdirSync(layout.costs)
    chmodSync(layout.costs, 0o755)
  },
  'remove costs': layout => {
    for (const path of costFiles(layout)) rmSync(path, { force: true })
    removeIfEmpty(layout.costs)
  },
  'copy launcher': (layout, _, launcher) => {
    if (launcher === undefined) return
    const look = readFileSync(lookBeside(launcher))
    makeDirectory(layout.bin)
    for (const path of [layout.look, layout.relay]) rewrite(layout, path, look, 0o755)
    rewrite(layout, layout.launcher, readFileSync(launcher), 0o755)
  },
  'fill files': layout => {
    makeDirectory(layout.bin)
    const outcome = callLook(layout.look, 'freshen')
    if (outcome.kind === 'refused')
      throw new Failure(
        `${layout.bin}: can't be filled${outcome.error === 'system' ? ` (${getSystemErrorName(-outcome.errno)})` : ''}`,
        'name a directory that you can write, and in which programs can be run, with --dir',
      )
  },
  'remove file': (layout, { name }) => rmSync(layout.file(name), { force: true }),
  'add link': (layout, { name }) => addLink(layout, name),
  'renew link': (layout, { name }) => {
    const temporary = temporaryPath(layout)
    symlinkSync(shimTarget(name), temporary)
    if (entryOf(layout, name).kind === 'old shim') renameSync(temporary, layout.shim(name))
    else unlinkSync(temporary)
  },
  'remove link': (layout, { name }) => {
    if (isOurs(entryOf(layout, name))) unlinkSync(layout.shim(name))
  },
}

/** Does one action. Throws `Failure` where the system won't have it. */
export function apply<Kind extends Action['kind']>(
  layout: Layout,
  action: Extract<Action, { kind: Kind }>,
  launcher: string | undefined,
): void {
  const effect: Effect<Kind> = effects[action.kind as Kind]
  effect(layout, action, launcher)
}

// Not empty, gone, a symlink, or in a directory that isn't ours: it stays.
const removalFailures = ['EACCES', 'EBUSY', 'EEXIST', 'ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EPERM', 'EROFS']

/** Removes a directory where it is empty and can be removed. */
export function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch (error) {
    if (!removalFailures.includes(systemErrorCode(error) ?? '')) throw error
  }
}

// symlink(2) is atomic by itself, and unlike rename(2) it never overwrites a file that came between.
function addLink(layout: Layout, name: string): void {
  try {
    symlinkSync(shimTarget(name), layout.shim(name))
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST' || entryOf(layout, name).kind !== 'shim') throw error
  }
}

function rewrite(layout: Layout, path: string, content: string | Buffer, mode: number): void {
  replaceFile(path, { temporary: temporaryPath(layout), content: Buffer.from(content), mode })
}

/** Throws `Failure` if no program can be run in the dir: asked before there is a shim, which nobody could run. Call it under the lock. */
export function checkRunsPrograms(layout: Layout): void {
  makeDirectory(layout.own)
  const path = temporaryPath(layout)
  writeFileSync(path, '', { flag: 'wx', mode: 0o700 })
  try {
    accessSync(path, constants.X_OK)
  } catch (error) {
    if (systemErrorCode(error) !== 'EACCES') throw error
    throw new Failure(
      `${layout.dir}: no program can be run there: its file system is mounted noexec`,
      'name a directory on another file system with --dir',
    )
  } finally {
    rmSync(path, { force: true })
  }
}

const temporaryPath = (layout: Layout): string =>
  join(layout.own, `${temporaryPrefix}${randomBytes(8).toString('hex')}`)

/** Removes what a killed install, or a killed launcher, left half written. Call it under the lock. */
export function removeTemporaryFiles(directory: string): void {
  for (const name of readdirSync(directory))
    if (name.startsWith(temporaryPrefix)) rmSync(join(directory, name), { force: true })
}

/** Returns the `Failure` for a system error met in the shim dir, or the error itself if it is none of the usual. */
export function explain(layout: Layout, error: unknown): unknown {
  const code = systemErrorCode(error)
  const why = code === undefined ? undefined : usualErrors.get(code)
  if (why === undefined) return error
  const hint = noRoom.includes(code ?? '')
    ? 'make room there, or name a directory on another file system with --dir'
    : 'name a directory you can write with --dir'
  return new Failure(`${layout.dir}: ${why} (${code})`, hint)
}

const noRoom = ['EDQUOT', 'ENOSPC']

const usualErrors = new Map([
  ['EACCES', "can't be written"],
  ['EDQUOT', 'no room left'],
  ['ELOOP', 'a symlink that leads to itself'],
  ['EEXIST', 'a file came in the way'],
  ['ENAMETOOLONG', 'the path is too long'],
  ['ENOSPC', 'no room left'],
  ['ENOTDIR', 'a part of the path is not a directory'],
  ['EPERM', "can't be written"],
  ['EROFS', 'on a read-only file system'],
])
