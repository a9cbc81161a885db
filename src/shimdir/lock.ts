/** One at a time in a shim dir: `DIR/.jobshim.lock`. */
import { lstatSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { type FileLock, takeFileLock } from '../jobserver/file-lock.js'
import type { Layout } from './layout.js'

const pause = 50 // ms between two attempts
const attempts = 400 // the work under the lock takes milliseconds

/**
 * Runs `work` alone in the shim dir; returns what it returns. `missing` is called where there is no shim dir
 * (also if it went away while we waited): it makes one, or throws. `look` locks for us: without one there is no lock, but
 * no install either.
 * Throws `Failure` where somebody else keeps the lock for 20 s, or where something else has its name.
 */
export async function withLock<Result>(
  layout: Layout,
  look: string | undefined,
  missing: () => void,
  work: () => Result,
): Promise<Result> {
  const lock = look === undefined ? undefined : await take(layout, look, missing)
  try {
    return work()
  } finally {
    lock?.release()
  }
}

async function take({ dir }: Layout, look: string, missing: () => void): Promise<FileLock> {
  const path = join(dir, '.jobshim.lock')
  const file = { path, named: path, magic: '', option: '--dir' } as const
  for (let left = attempts; left > 0; left--) {
    try {
      removeOld(file.path)
      const lock = takeFileLock(file, look)
      if (lock !== undefined) return lock
      await sleep(pause)
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error
      missing()
    }
  }
  throw new Failure(`${dir}: another jobshim is at work here`, 'wait for it, and try again')
}

// In older versions it was a directory.
function removeOld(path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  try {
    rmdirSync(path)
  } catch {
    // not empty, or gone: the next one tells
  }
}
