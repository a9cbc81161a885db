/** A FIFO that several builds share, and its ledger: made under a lock, looked after, and removed at the end. */
import { closeSync, fstatSync, lstatSync, rmSync, unlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import lockfile from 'proper-lockfile'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { currentUid } from '../ground/paths.js'
import { openFifo } from './fifo.js'
import { writeSize } from './ledger.js'
import { type Access, assertServerPlace, makeServerFiles } from './server-files.js'

export type Server = {
  path: string
  fifoFd: number
  ledgerFd: number
  release: () => Promise<void> // of the lock
}

const stale = 5000 // ms; a lock as old as this belongs to a server that was killed
const pause = 100 // ms between two looks at somebody's lock

export const ledgerOf = (path: string): string => `${path}.ledger`

/**
 * Makes the FIFO at `path` with `jobs` tokens, and its ledger. Takes the place of a server that is gone.
 * Throws `Failure` where one is alive, where something of somebody else is in the way, or where it can't be made.
 */
export async function openServer(
  path: string,
  jobs: number,
  access: Access,
  launcher: string,
): Promise<Server> {
  assertServerPlace(path)
  const release = await lock(path)
  try {
    clearWay(path)
    return { path, ...makeServerFiles(path, jobs, access, launcher), release }
  } catch (error) {
    await release()
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    throw new Failure(
      `${path}: can't make the jobserver (${code})`,
      'name a place that you can write with --fifo',
    )
  }
}

// A live server touches its lock now and then; that of a dead one grows old.
async function lock(path: string): Promise<() => Promise<void>> {
  const first = lockTime(path)
  for (let look = 0; look * pause <= 2 * stale; look++) {
    const release = await tryLock(path)
    if (release) return release
    if (first !== undefined && lockTime(path) !== first) break
    await sleep(pause)
  }
  throw new Failure(`${path}: another jobshim serves it`, 'join it, or end that one first')
}

const lockTime = (path: string): number | undefined =>
  lstatSync(`${path}.lock`, { throwIfNoEntry: false })?.mtimeMs

/** Tells whether a server lives: one touches its lock now and then. */
export function isServed(path: string): boolean {
  const touched = lockTime(path)
  return touched !== undefined && Date.now() - touched < stale
}

async function tryLock(path: string): Promise<(() => Promise<void>) | undefined> {
  try {
    return await lockfile.lock(path, {
      realpath: false, // there is no such file yet
      stale,
      update: stale / 3,
      onCompromised: () => undefined, // the default throws from a timer
    })
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ELOCKED') return undefined
    throw new Failure(`${path}: can't be locked (${code})`, 'name a place that you can write with --fifo')
  }
}

// What a killed server left: a FIFO and a ledger of ours. Its clients go on among themselves.
function clearWay(path: string): void {
  for (const [file, isOurs] of [
    [path, lstatSync(path, { throwIfNoEntry: false })?.isFIFO()],
    [ledgerOf(path), lstatSync(ledgerOf(path), { throwIfNoEntry: false })?.isFile()],
  ] as const) {
    const stats = lstatSync(file, { throwIfNoEntry: false })
    if (!stats) continue
    if (!isOurs || (currentUid() !== 0 && stats.uid !== currentUid()))
      throw new Failure(
        `${file}: is in the way, and not ours`,
        'remove it, or name another place with --fifo',
      )
    unlinkSync(file)
  }
}

/** Says how many tokens there shall be. Surplus ones are taken as they are given back. */
export const wantSize = (ledgerFd: number, tokens: number): void => writeSize(ledgerFd, 'wanted', tokens)

/** Wakes the server of a FIFO, whose caretaker sleeps until somebody opens it. Where that can't be, the server will soon see why. */
export function wakeServer(path: string): void {
  try {
    closeSync(openFifo(path))
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
  }
}

/** Removes the FIFO and the ledger, if they are still ours. Who has them open goes on without a server. */
export async function closeServer({ path, fifoFd, ledgerFd, release }: Server): Promise<void> {
  for (const [file, fd] of [
    [path, fifoFd],
    [ledgerOf(path), ledgerFd],
  ] as const) {
    if (isSame(file, fd)) rmSync(file, { force: true })
    closeSync(fd)
  }
  await release()
}

function isSame(path: string, fd: number): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false })
  const { dev, ino } = fstatSync(fd)
  return there?.dev === dev && there.ino === ino
}
