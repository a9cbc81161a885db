/** One at a time in a shim dir: `DIR/.jobshim.lock`, by proper-lockfile. */
import { lstatSync, utimesSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import lockfile from 'proper-lockfile'
import { Failure, systemErrorCode } from '../ground/failure.js'
import type { Layout } from './layout.js'

// The work under the lock takes milliseconds: a lock as old as this (ms) belongs to somebody who was killed.
const stale = 2000
const pause = 50 // ms between two attempts
const attempts = 400

/**
 * Runs `work` alone in the shim dir; returns what it returns. `missing` is called where there is no shim dir
 * (also if it went away while we waited): it makes one, or throws.
 * Throws `Failure` where somebody else keeps the lock for 20 s.
 */
export async function withLock<Result>(
  layout: Layout,
  missing: () => void,
  work: () => Result,
): Promise<Result> {
  const release = await take(layout, missing, attempts)
  try {
    return work()
  } finally {
    await release().catch(error => {
      // Somebody took it for stale while we were stopped; every step they did by now was as atomic as ours.
      if (systemErrorCode(error) !== 'ERELEASED') throw error
    })
  }
}

async function take(layout: Layout, missing: () => void, left: number): Promise<() => Promise<void>> {
  try {
    return await lockfile.lock(layout.own, {
      realpath: false, // .jobshim may not be there yet
      stale,
      update: stale / 2,
      onCompromised: () => undefined, // the default throws from a timer
    })
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT' && left > 0) missing()
    else if (code === 'ELOCKED' && left > 0) {
      ageFromNow(`${layout.own}.lock`)
      await sleep(pause)
    } else if (code === 'ELOCKED')
      throw new Failure(`${layout.dir}: another jobshim is at work here`, 'wait for it, and try again')
    else throw error
    return take(layout, missing, left - 1)
  }
}

// A lock dated in the future, as after the clock was set back, would never be old.
function ageFromNow(lock: string): void {
  const now = Date.now()
  try {
    const touched = lstatSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? now
    if (touched > now + stale) utimesSync(lock, now / 1000, now / 1000)
  } catch {
    // It went meanwhile, or is not ours to date: the next attempt tells.
  }
}
