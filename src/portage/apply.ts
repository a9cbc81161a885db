/** Looks at a system that Portage keeps, and carries out what was planned for it. Each step is atomic. */
import { randomBytes } from 'node:crypto'
import { readFileSync, realpathSync, rmSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { replaceFile } from '../ground/replace-file.js'
import { makeDirectory, removeIfEmpty } from '../shimdir/apply.js'
import type { PortagePlaces } from './places.js'
import type { Action, Entry } from './plan.js'
import { renderState } from './state.js'

/** Returns what stands at a path. Throws `Failure` where it can't be read. */
export function entryAt(path: string): Entry {
  const stats = statOrNothing(path)
  if (stats === undefined) return { kind: 'nothing' }
  if (stats.isDirectory()) return { kind: 'directory' }
  return stats.isFile() ? { kind: 'file', text: readFileSync(path, 'latin1') } : { kind: 'other' }
}

function statOrNothing(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT') return undefined
    throw new Failure(`${path}: can't be read (${code})`, 'mend it, or name another system with --root')
  }
}

/** Does one action. Throws `Failure` where the system won't have it. */
export function apply(places: PortagePlaces, action: Action): void {
  try {
    switch (action.kind) {
      case 'make directory':
        makeDirectory(action.path)
        break
      case 'write file':
        rewrite(action.path, action.text)
        break
      case 'remove file':
        rmSync(action.path, { force: true })
        break
      case 'remove directory':
        removeIfEmpty(action.path)
        break
      case 'write state':
        writeState(places, action.made)
        break
    }
  } catch (error) {
    const code = systemErrorCode(error)
    if (error instanceof Failure || code === undefined) throw error
    const path = action.kind === 'write state' ? places.state : action.path
    throw new Failure(
      `${path}: can't be changed (${code})`,
      'run it as root, or name another system with --root',
    )
  }
}

// Its directory is the first that is made, and is named in it.
function writeState({ state }: PortagePlaces, made: readonly string[]): void {
  if (made.length === 0) {
    rmSync(state, { force: true })
    return
  }
  makeDirectory(dirname(state))
  rewrite(state, renderState(made))
}

/** As latin1, so that every byte stays; with the mode and owner it had, behind a symlink where it is one. */
function rewrite(path: string, text: string): void {
  const before = statOrNothing(path)
  const target = before === undefined ? path : realpathSync(path)
  replaceFile(target, {
    temporary: join(dirname(target), `.jobshim-${randomBytes(8).toString('hex')}`),
    content: Buffer.from(text, 'latin1'),
    mode: before ? before.mode & 0o7777 : 0o644,
    owner: before,
  })
}
