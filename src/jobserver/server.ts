/** A FIFO that several builds share, and its ledger: made under a lock, looked after, and removed at the end. */
import { closeSync, constants, lstatSync, unlinkSync } from 'node:fs'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { openFifo } from './fifo.js'
import type { FileLock } from './file-lock.js'
import { isLedger, writeSize } from './ledger.js'
import { inTheWay, isOurs, openOwn, removeSame } from './own-file.js'
import { type Access, assertServerPlace, makeServerFiles } from './server-files.js'
import { takeLock } from './server-lock.js'

export type Server = {
  path: string
  fifoFd: number
  ledgerFd: number
  tokens: number // that it has: whoever looks after it tells of each change
  lock: FileLock
}

export const ledgerOf = (path: string): string => `${path}.ledger`

/**
 * Makes the FIFO at `path` with `jobs` tokens, and its ledger. Takes the place of a server that was killed.
 * Throws `Failure` where one is alive, where something of somebody else is in the way, or where it can't be made.
 */
export function openServer(path: string, jobs: number, access: Access, launcher: string): Server {
  assertServerPlace(path)
  const lock = lockServer(path, launcher)
  try {
    clearWay(path)
    return { path, tokens: jobs, ...makeServerFiles(path, jobs, access, launcher), lock }
  } catch (error) {
    lock.release()
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    throw new Failure(
      `${path}: can't make the jobserver (${code})`,
      'name a place that you can write with --fifo',
    )
  }
}

function lockServer(path: string, launcher: string): FileLock {
  try {
    const lock = takeLock(path, launcher)
    if (lock) return lock
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    throw new Failure(`${path}: can't be locked (${code})`, 'name a place that you can write with --fifo')
  }
  throw new Failure(`${path}: another jobshim serves it`, 'join it, or end that one first')
}

/**
 * Removes what a killed server left: a ledger, and the FIFO that it names. Its clients go on among themselves. The FIFO goes first, here as
 * at a server's end: one without its ledger would be nobody's.
 */
function clearWay(path: string): void {
  const file = ledgerOf(path)
  const ledger = lstatSync(file, { throwIfNoEntry: false }) && openOwn(file, constants.O_RDONLY)
  try {
    if (ledger !== undefined && !isLedger(ledger)) throw inTheWay(file)
    const fifo = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    if (fifo) {
      const isLeft = ledger !== undefined && fifo.isFIFO() && isOurs(fifo) && isLedger(ledger, fifo)
      if (!isLeft) throw inTheWay(path)
      unlinkSync(path)
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
export function closeServer({ path, fifoFd, ledgerFd, lock }: Server): void {
  for (const [file, fd] of [
    [path, fifoFd],
    [ledgerOf(path), ledgerFd],
  ] as const) {
    removeSame(file, fd)
    closeSync(fd)
  }
  lock.release()
}
