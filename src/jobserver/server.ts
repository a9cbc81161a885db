/** A FIFO that several builds share, and its ledger: made under a lock, looked after, and removed at the end. */
import { closeSync, constants, lstatSync, unlinkSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { type HeldDirectory, holdDirectory } from '../ground/held-directory.js'
import { openFifo } from './fifo.js'
import type { FileLock } from './file-lock.js'
import { isLedger, writeSize } from './ledger.js'
import { inTheWay, isOurs, openOwn, removeSame } from './own-file.js'
import { type Access, assertNoMachinePool, assertServerPlace, makeServerFiles } from './server-files.js'
import { takeLock } from './server-lock.js'

export type Server = {
  path: string
  fifoFd: number
  ledgerFd: number
  tokens: number // that it has: whoever looks after it tells of each change
  lock: FileLock
  directory: HeldDirectory // in which all lies: another user who owns it may move it, and put links in its place
}

export const ledgerOf = (path: string): string => `${path}.ledger`

/**
 * Makes the FIFO at `path` with `jobs` tokens, and its ledger. Takes the place of a server that was killed.
 * Throws `Failure` where one is alive, where something of somebody else is in the way, or where it can't be made.
 */
export function openServer(path: string, jobs: number, access: Access, look: string): Server {
  assertServerPlace(path)
  const directory = holdPlace(path)
  let lock: FileLock | undefined
  try {
    assertNoMachinePool(directory, path)
    lock = lockServer(directory, path, look)
    clearWay(directory, path)
    return {
      path,
      tokens: jobs,
      ...makeServerFiles(directory, path, jobs, access, look),
      lock,
      directory,
    }
  } catch (error) {
    lock?.release()
    directory.close()
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    throw new Failure(
      `${path}: can't make the jobserver (${code})`,
      'name a place that you can write with --fifo',
    )
  }
}

function holdPlace(path: string): HeldDirectory {
  try {
    return holdDirectory(dirname(path))
  } catch (error) {
    throw notLocked(path, error)
  }
}

function notLocked(path: string, error: unknown): unknown {
  const code = systemErrorCode(error)
  if (code === undefined) return error
  return new Failure(`${path}: can't be locked (${code})`, 'name a place that you can write with --fifo')
}

function lockServer(directory: HeldDirectory, path: string, look: string): FileLock {
  try {
    const lock = takeLock(directory, path, look)
    if (lock) return lock
  } catch (error) {
    throw notLocked(path, error)
  }
  throw new Failure(`${path}: another jobshim serves it`, 'join it, or end that one first')
}

/**
 * Removes what a killed server left: a ledger, and the FIFO that it names. Its clients go on among themselves. The FIFO goes first, here as
 * at a server's end: one without its ledger would be nobody's.
 */
function clearWay(directory: HeldDirectory, path: string): void {
  const at = directory.at(basename(path))
  const file = ledgerOf(at)
  const ledger =
    lstatSync(file, { throwIfNoEntry: false }) && openOwn(file, constants.O_RDONLY, ledgerOf(path))
  try {
    if (ledger !== undefined && !isLedger(ledger)) throw inTheWay(ledgerOf(path))
    const fifo = lstatSync(at, { bigint: true, throwIfNoEntry: false })
    if (fifo) {
      const isLeft = ledger !== undefined && fifo.isFIFO() && isOurs(fifo) && isLedger(ledger, fifo)
      if (!isLeft) throw inTheWay(path)
      unlinkSync(at)
    }
    if (ledger !== undefined) removeSame(file, ledger)
  } finally {
    if (ledger !== undefined) closeSync(ledger)
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
export function closeServer({ path, fifoFd, ledgerFd, lock, directory }: Server): void {
  const at = directory.at(basename(path))
  for (const [file, fd] of [
    [at, fifoFd],
    [ledgerOf(at), ledgerFd],
  ] as const) {
    removeSame(file, fd)
    closeSync(fd)
  }
  lock.release()
  directory.close()
}
