/** A FIFO that several builds share, and its ledger: made under a lock, looked after, and removed at the end. */
import {
  chmodSync,
  chownSync,
  closeSync,
  fstatSync,
  lstatSync,
  mkdtempSync,
  renameSync,
  rmSync,
  unlinkSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import lockfile from 'proper-lockfile'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { currentUid } from '../ground/paths.js'
import { makeFifo, openFifo } from './fifo.js'
import { createLedger, writeSize } from './ledger.js'
import { thisProcess } from './owner.js'

/** Who may use it: the mode of the FIFO and its ledger, and their owners where they are to be others than we are. */
export type Access = { mode: number; uid: number | undefined; gid: number | undefined }

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
  const release = await lock(path)
  try {
    clearWay(path)
    return { path, ...create(path, jobs, access, launcher), release }
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

// In a directory that only we can enter, then renamed: nobody meets it half made or with wider permissions.
function create(
  path: string,
  jobs: number,
  access: Access,
  launcher: string,
): { fifoFd: number; ledgerFd: number } {
  const workshop = mkdtempSync(join(dirname(path), `.${basename(path)}.`))
  try {
    const fifo = join(workshop, 'fifo')
    const { fifoFd } = makeFifo(launcher, process.env, { path: fifo, tokens: jobs, jobs })
    const ledgerFd = createLedger(ledgerOf(fifo), jobs, { ...thisProcess(), pid: 0 })
    // Nobody trusts a ledger that everybody may write: where everybody may take tokens, others do so without a record.
    for (const [from, to, mode] of [
      [ledgerOf(fifo), ledgerOf(path), access.mode & ~0o002],
      [fifo, path, access.mode],
    ] as const) {
      if (access.uid !== undefined || access.gid !== undefined)
        chownSync(from, access.uid ?? currentUid(), access.gid ?? lstatSync(from).gid)
      chmodSync(from, mode)
      renameSync(from, to)
    }
    return { fifoFd, ledgerFd }
  } finally {
    rmSync(workshop, { recursive: true, force: true })
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
