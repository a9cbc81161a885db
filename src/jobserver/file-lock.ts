/** A lock of the kernel's on a file: it goes with who has it however that ends, stopped or not, and no clock counts. */
import { randomUUID } from 'node:crypto'
import { closeSync, constants, linkSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { systemErrorCode } from '../ground/failure.js'
import { noAnswer } from '../launcher/answers.js'
import { callLook } from '../launcher/look.js'
import { inTheWay, isSame, openOwn, type PlaceOption, removeSame } from './own-file.js'

export type LockFile = {
  path: string
  named: string // what people know it by
  magic: string // all that it holds: tells our file from another program's
  option: PlaceOption // names another place
}

export type FileLock = { release(): void }

/**
 * Takes the lock; undefined where another process has it, also one that is stopped. The file is made, and goes with the lock.
 * Throws `Failure` where something else has its name, or the system's error.
 */
export function takeFileLock(file: LockFile, look: string): FileLock | undefined {
  const { path, named, option } = file
  for (;;) {
    const fd = openLock(file)
    let isHeld = false
    try {
      if (!isLock(fd, file)) throw inTheWay(named, option)
      if (!lock(named, fd, look)) return undefined
      isHeld = isSame(path, fd) // else who had it removed it meanwhile, at the end
    } finally {
      if (!isHeld) closeSync(fd)
    }
    if (isHeld) return lockOn(path, fd)
  }
}

function openLock(file: LockFile): number {
  for (;;) {
    try {
      return openOwn(file.path, constants.O_RDWR, file.named, file.option)
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error
      makeLock(file)
    }
  }
}

function makeLock({ path, magic }: LockFile): void {
  try {
    if (magic === '') writeFileSync(path, '', { flag: 'wx', mode: 0o600 })
    else makeWhole(path, magic)
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error
  }
}

// Whoever links first wins; nobody meets it empty.
function makeWhole(path: string, magic: string): void {
  const temporary = `${path}.${randomUUID()}`
  try {
    writeFileSync(temporary, magic, { flag: 'wx', mode: 0o600 })
    linkSync(temporary, path)
  } finally {
    rmSync(temporary, { force: true })
  }
}

function isLock(fd: number, { magic }: LockFile): boolean {
  const bytes = Buffer.alloc(magic.length + 1)
  return bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, 0)) === magic
}

const lockOn = (path: string, fd: number): FileLock => ({
  release() {
    removeSame(path, fd)
    closeSync(fd)
  },
})

// `look` locks the open file that it gets from us, since Node has no such call; from then on the lock is ours.
function lock(named: string, fd: number, look: string): boolean {
  const outcome = callLook(look, 'lock', { descriptors: [fd] })
  if (outcome.kind === 'refused' && outcome.error === 'system')
    throw Object.assign(new Error(`${named}: can't be locked`), { code: getSystemErrorName(-outcome.errno) })
  const answer = outcome.kind === 'answered' ? outcome.answer.outcome : ''
  if (answer === 'locked') return true
  if (answer === 'taken') return false
  throw noAnswer(look)
}
