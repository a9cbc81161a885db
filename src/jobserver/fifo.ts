/** The pool itself: a FIFO with one byte for each free job slot. */
import { constants, openSync, readSync } from 'node:fs'
import { Failure, systemErrorCode } from '../ground/failure.js'
import type { Opened } from './caretaker.js'

/** Opens the FIFO that a caretaker has made. Returns a descriptor that keeps it open, non-blocking. */
export const openFifo = (path: string): number => openSync(path, constants.O_RDWR | constants.O_NONBLOCK)

/** Throws `Failure` where the FIFO could not be made for so many jobs. */
export function assertMade(
  opened: Opened,
  path: string,
  jobs: number,
): asserts opened is Opened & { kind: 'open' } {
  if (opened.kind === 'open') return
  if (opened.errorCode === undefined)
    throw new Failure(
      `${path}: can't make the FIFO: the launcher can't be started`,
      'see jobshim doctor, or fill another shim dir: jobshim install --dir DIR',
    )
  if (opened.errorCode === 'EAGAIN')
    throw new Failure(
      `${jobs} jobs: more tokens than a FIFO holds`,
      'ask for fewer jobs; a FIFO holds 65,536 tokens',
    )
  throw Object.assign(new Error(`${path}: can't make the FIFO`), { code: opened.errorCode })
}

/** Takes all tokens out of the FIFO and returns how many there were. For the end of a pool only. */
export function drainFifo(fd: number): number {
  const bytes = Buffer.alloc(65536)
  let count = 0
  for (;;) {
    const read = readOrNothing(fd, bytes)
    if (read === 0) return count
    count += read
  }
}

function readOrNothing(fd: number, bytes: Buffer): number {
  try {
    return readSync(fd, bytes)
  } catch (error) {
    if (systemErrorCode(error) === 'EAGAIN') return 0
    throw error
  }
}
