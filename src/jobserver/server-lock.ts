/** The lock of a FIFO's server: on a file beside the FIFO. */
import { lstatSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { HeldDirectory } from '../ground/held-directory.js'
import { type FileLock, takeFileLock } from './file-lock.js'
import { lockedParts } from './locks.js'

const lockOf = (path: string): string => `${path}.lock`

/**
 * Takes the lock of the FIFO at `path`, which lies in `directory`; undefined where another server has it, also one that is stopped.
 * Throws as `takeFileLock`.
 */
export const takeLock = (directory: HeldDirectory, path: string, look: string): FileLock | undefined =>
  takeFileLock(
    {
      path: directory.at(lockOf(basename(path))),
      named: lockOf(path),
      magic: 'jobshim serve\n',
      option: '--fifo',
    },
    look,
  )

/** Tells whether a server of the FIFO at `path` lives, also one that is stopped; undefined where that can't be told. */
export function isServed(path: string): boolean | undefined {
  try {
    const there = lstatSync(lockOf(path), { throwIfNoEntry: false })
    return (
      there !== undefined &&
      lockedParts(there.ino, readFileSync('/proc/locks', 'utf8')).some(({ from }) => from === 0)
    )
  } catch {
    return undefined
  }
}
