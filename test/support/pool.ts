import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A jobserver's pool, held open by the test itself. */
export type Pool = {
  fd: number // open for reading and writing, O_NONBLOCK
  auth: string // what MAKEFLAGS says after `--jobserver-auth=`; of a pipe handed on as fds 3 and 4
  count(): string // the tokens in it now, as a string of their bytes; they stay in it
  close(): void
}

function poolOf(path: string, auth: string, tokens: string): Pool {
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  if (tokens !== '') writeSync(fd, tokens)
  return {
    fd,
    auth,
    count() {
      const buffer = Buffer.alloc(65536)
      let length = 0
      try {
        length = readSync(fd, buffer)
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
      }
      if (length > 0) writeSync(fd, buffer, 0, length)
      return buffer.toString('latin1', 0, length)
    },
    close: () => closeSync(fd),
  }
}

/** The FIFO of a server that somebody else started. */
export const poolAt = (path: string): Pool => poolOf(path, `fifo:${path}`, '')

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
