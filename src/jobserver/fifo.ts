/** The pool itself: a FIFO with one byte for each free job slot. */
import { execFile } from 'node:child_process'
import { constants, openSync, readSync, writeSync } from 'node:fs'
import { Failure, systemErrorCode } from '../ground/failure.js'

const TOKEN = '+' // make's byte; clients give back the byte that they read

/**
 * Makes a FIFO (0600) that holds `tokens` bytes. Returns a descriptor that keeps it open, non-blocking.
 * Throws `Failure` where it can't be made, or where the pipe is too small for that many tokens.
 */
export async function createFifo(path: string, tokens: number): Promise<number> {
  await mkfifo(path)
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  if (tokens > 0 && !fits(fd, tokens))
    throw new Failure(
      `${tokens + 1} jobs: more tokens than a FIFO holds`,
      'ask for fewer jobs; a FIFO holds 65,536 tokens',
    )
  return fd
}

/** Puts tokens into the FIFO; returns how many went in. */
export function addTokens(fd: number, tokens: number): number {
  return tokens > 0 && fits(fd, tokens) ? tokens : 0
}

/** Takes at most `tokens` out of the FIFO, as far as they are there; returns how many it took. */
export function takeTokens(fd: number, tokens: number): number {
  return tokens > 0 ? readOrNothing(fd, Buffer.alloc(tokens)) : 0
}

// Node itself has no such call.
function mkfifo(path: string): Promise<void> {
  const env = { ...process.env, PATH: `${process.env.PATH || '/usr/bin'}:/usr/bin:/bin` } // PATH may be the build's alone
  return new Promise((resolve, reject) => {
    execFile('mkfifo', ['-m', '600', path], { env }, (error, _stdout, stderr) => {
      if (!error) return resolve()
      const why = stderr.trim() || error.message
      reject(new Failure(`${path}: can't make the FIFO: ${why}`, 'see that coreutils are there'))
    })
  })
}

function fits(fd: number, tokens: number): boolean {
  try {
    return writeSync(fd, TOKEN.repeat(tokens)) === tokens
  } catch (error) {
    if (systemErrorCode(error) === 'EAGAIN') return false
    throw error
  }
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
