import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A jobserver's pool, held open by the test itself. */
export type Pool = {
  fd: number // open for reading and writing, O_NONBLOCK
  auth: string // what MAKEFLAGS says after `--jobserver-auth=`; of a pipe handed on as fds 3 and 4
  count(): string // the tokens in it now, as a string of their bytes in order of value (theirs in the pool is nobody's promise); they stay in it
  close(): void
}

function read(fd: number): Buffer {
  const bytes = Buffer.alloc(65536)
  try {
    return bytes.subarray(0, readSync(fd, bytes))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return bytes.subarray(0, 0)
    throw error
  }
}

function count(fd: number): string {
  const tokens = read(fd)
  if (tokens.length > 0) writeSync(fd, tokens)
  return [...tokens.toString('latin1')].sort().join('')
}

function poolOf(path: string, auth: string, tokens: string): Pool {
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  if (tokens !== '') writeSync(fd, tokens)
  return { fd, auth, count: () => count(fd), close: () => closeSync(fd) }
}

/** The FIFO of a server that somebody else started. */
export const poolAt = (path: string): Pool => poolOf(path, `fifo:${path}`, '')

/** The tokens in a pipe or FIFO that somebody else holds open, as `count` has them. */
export function tokensIn(path: string): string {
  const pool = poolOf(path, '', '')
  try {
    return pool.count()
  } finally {
    pool.close()
  }
}

/** A FIFO in `directory` with a byte per token in it. */
export function makeFifo(directory: string, tokens: string, name = 'fifo'): Pool {
  const path = join(directory, name)
  execFileSync('mkfifo', ['-m', '600', path])
  return poolOf(path, `fifo:${path}`, tokens)
}

/** An anonymous pipe with a byte per token in it; hand it on with `fds: [pool.fd, pool.fd]`. */
export async function makePipe(tokens: string): Promise<Pool> {
  const maker = spawn('bash', ['-c', 'exec 3<> <(:); echo; read -r'], { stdio: ['pipe', 'pipe', 'inherit'] })
  await new Promise(resolve => maker.stdout.once('data', resolve))
  const pool = poolOf(`/proc/${maker.pid}/fd/3`, '3,4', tokens)
  await new Promise(resolve => maker.once('close', resolve).stdin.end('\n'))
  return pool
}
