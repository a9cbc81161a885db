import { asWord, isAddress, readMakeFlags, said, withOptions, withoutJobserver } from './make-flags.js'

/**
 * The jobserver's address in MAKEFLAGS, as the GNU make manual has it ("POSIX Jobserver Interaction").
 * `legacy` is the spelling of make <= 4.1.
 */
export type JobserverAuth =
  | { kind: 'fifo'; path: string }
  | { kind: 'pipe'; readFd: number; writeFd: number; spelling: 'auth' | 'legacy' }

/** Returns the option that names this jobserver to a client. */
export function formatAuth(auth: JobserverAuth): string {
  if (auth.kind === 'fifo') return `--jobserver-auth=fifo:${asWord(auth.path)}`
  const option = auth.spelling === 'legacy' ? '--jobserver-fds' : '--jobserver-auth'
  return `${option}=${auth.readFd},${auth.writeFd}`
}

/** Returns the last usable address in MAKEFLAGS, or undefined. What stands behind ` -- ` are variables. */
export function findAuth(makeflags: string): JobserverAuth | undefined {
  return readMakeFlags(makeflags)
    .flags.filter(isAddress)
    .map(({ means, argument }) =>
      argument === undefined
        ? undefined
        : parseAuth(said(makeflags, argument), means === 'fds' ? 'legacy' : 'auth'),
    )
    .findLast(auth => auth !== undefined)
}

/** Returns MAKEFLAGS with a number of jobs and an address in place of those it had; all else stays as it is. */
export function withJobserver(makeflags: string, jobs: number, auth: JobserverAuth): string {
  const others = withoutJobserver(readMakeFlags(makeflags))
  return withOptions(readMakeFlags(others), [`-j${jobs}`, formatAuth(auth)])
}

const longestPath = 4095 // bytes
const mostFd = 2 ** 31 - 1

function parseAuth(text: string, spelling: 'auth' | 'legacy'): JobserverAuth | undefined {
  const match = /^(?:fifo:(?<path>.+)|(?<read>\d+),(?<write>\d+))$/s.exec(text)
  if (!match?.groups) return undefined
  const { path, read, write } = match.groups
  if (path !== undefined) return Buffer.byteLength(path) > longestPath ? undefined : { kind: 'fifo', path }
  const [readFd, writeFd] = [Number(read), Number(write)]
  return Math.max(readFd, writeFd) > mostFd ? undefined : { kind: 'pipe', readFd, writeFd, spelling }
}
