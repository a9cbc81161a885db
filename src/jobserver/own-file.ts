/** Which files are ours to use and to remove: others may put anything where we want to be. */
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, rmSync } from 'node:fs'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { currentUid } from '../ground/paths.js'

/** Whether what is at `path` is the file that we have open. */
export function isSame(path: string, fd: number): boolean {
  const there = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  const { dev, ino } = fstatSync(fd, { bigint: true })
  return there?.dev === dev && there.ino === ino
}

/** Removes what is at `path`, if that still is the file that we have open. */
export function removeSame(path: string, fd: number): void {
  if (isSame(path, fd)) rmSync(path, { force: true })
}

/** Whether a file belongs to us; to root each one does. */
export const isOurs = ({ uid }: BigIntStats): boolean => currentUid() === 0 || uid === BigInt(currentUid())

/** By which people name another place. */
export type PlaceOption = '--fifo' | '--dir'

/** What is thrown where something of somebody else is at `path`. */
export const inTheWay = (path: string, option: PlaceOption = '--fifo'): Failure =>
  new Failure(
    `${path}: exists, and was not made by jobshim`,
    `remove it, or name another place with ${option}`,
  )

const neverOpened: readonly string[] = ['EISDIR', 'ELOOP', 'ENXIO'] // a directory, a symlink, a socket

/**
 * Opens the plain file at `path` that belongs to us, with `flags` of open(2). `named`: what people know it by.
 * Throws `Failure` where something else is there, or the system's error.
 */
export function openOwn(path: string, flags: number, named = path, option?: PlaceOption): number {
  let fd: number
  try {
    fd = openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    throw neverOpened.includes(systemErrorCode(error) ?? '') ? inTheWay(named, option) : error
  }
  const stats = fstatSync(fd, { bigint: true })
  if (stats.isFile() && isOurs(stats)) return fd
  closeSync(fd)
  throw inTheWay(named, option)
}
