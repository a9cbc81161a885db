/** The lock of a FIFO's server: the kernel's, on a file beside the FIFO. It goes with the server however that ends, and no clock counts. */
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  linkSync,
  lstatSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { systemErrorCode } from '../ground/failure.js'
import { noAnswer } from './answers.js'
import { notCalled } from './fifo.js'
import { lockedFrom } from './locks.js'
import { inTheWay, isSame, openOwn, removeSame } from './own-file.js'

const lockOf = (path: string): string => `${path}.lock`

const magic = 'jobshim serve\n' // tells our file from another program's lock

export type ServerLock = { release(): void }

/**
 * Takes the lock of the FIFO at `path`; undefined where another server has it, also one that is stopped.
 * Throws `Failure` where something else has its name, or the system's error.
 */
export function takeLock(path: string, launcher: string): ServerLock | undefined {
  const file = lockOf(path)
  for (;;) {
    const fd = openLock(file)
    let isHeld = false
    try {
      if (!isLock(fd)) throw inTheWay(file)
      if (!lock(file, fd, launcher)) return undefined
      isHeld = isSame(file, fd) // else its server removed it meanwhile, as it ended
    } finally {
      if (!isHeld) closeSync(fd)
    }
    if (isHeld) return lockOn(file, fd)
  }
}

function openLock(file: string): number {
  for (;;) {
    try {
      return openOwn(file, constants.O_RDWR)
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error
      makeLock(file)
    }
  }
}

// Whoever links first wins; nobody meets it empty.
function makeLock(file: string): void {
  const temporary = `${file}.${randomUUID()}`
  try {
    writeFileSync(temporary, magic, { flag: 'wx', mode: 0o600 })
    linkSync(temporary, file)
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error
  } finally {
    rmSync(temporary, { force: true })
  }
}

function isLock(fd: number): boolean {
  const bytes = Buffer.alloc(magic.length + 1)
  return bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, 0)) === magic
}

const lockOn = (file: string, fd: number): ServerLock => ({
  release() {
    removeSame(file, fd)
    closeSync(fd)
  },
})

// The launcher locks the open file that it gets from us, since Node has no such call; from then on the lock is ours.
function lock(file: string, fd: number, launcher: string): boolean {
  const { error, status, stdout } = spawnSync(launcher, ['--lock'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore', fd],
  })
  if (error) throw notCalled(launcher, error)
  if (status === 0 && stdout === 'locked\n') return true
  if (status === 0 && stdout === 'taken\n') return false
  if (status === 1 && /^[1-9]\d{0,3}\n$/.test(stdout))
    throw Object.assign(new Error(`${file}: can't be locked`), { code: getSystemErrorName(-Number(stdout)) })
  throw noAnswer(launcher)
}

/** Tells whether a server of the FIFO at `path` lives, also one that is stopped; undefined where that can't be told. */
export function isServed(path: string): boolean | undefined {
  try {
    const there = lstatSync(lockOf(path), { throwIfNoEntry: false })
    return there !== undefined && lockedFrom(there.ino, readFileSync('/proc/locks', 'utf8')).includes(0)
  } catch {
    return undefined
  }
}
