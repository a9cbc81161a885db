/**
 * The jobserver's address in MAKEFLAGS, as the GNU make manual has it ("POSIX Jobserver Interaction").
 * `legacy` is the spelling of make <= 4.1.
 */
export type JobserverAuth =
  | { kind: 'fifo'; path: string }
  | { kind: 'pipe'; readFd: number; writeFd: number; spelling: 'auth' | 'legacy' }

/** Returns the option that names this jobserver to a client. */
export function formatAuth(auth: JobserverAuth): string {
  if (auth.kind === 'fifo') return `--jobserver-auth=fifo:${auth.path}`
  const option = auth.spelling === 'legacy' ? '--jobserver-fds' : '--jobserver-auth'
  return `${option}=${auth.readFd},${auth.writeFd}`
}

/** Returns the last usable address in MAKEFLAGS, or undefined. What stands behind ` -- ` are variables. */
export function findAuth(makeflags: string): JobserverAuth | undefined {
  return splitFlags(makeflags)
    .words.map(parseWord)
    .findLast(auth => auth !== undefined)
}

/** Returns MAKEFLAGS with a number of jobs and an address in place of those it had; other flags stay. */
export function withJobserver(makeflags: string, jobs: number, auth: JobserverAuth): string {
  const { words, variables } = splitFlags(makeflags)
  const kept = words.map(withoutJobs).filter(word => word !== '' && !word.startsWith('--jobserver-'))
  // The first word of MAKEFLAGS may be single letters without a dash; where there are none a space stands for them.
  const letters = kept[0] !== undefined && !kept[0].startsWith('-') ? [] : ['']
  return [...letters, ...kept, `-j${jobs}`, formatAuth(auth), ...variables].join(' ')
}

function splitFlags(makeflags: string): { words: string[]; variables: string[] } {
  const all = makeflags.split(/\s+/).filter(word => word !== '')
  const end = all.indexOf('--')
  return end < 0 ? { words: all, variables: [] } : { words: all.slice(0, end), variables: all.slice(end) }
}

function parseWord(word: string): JobserverAuth | undefined {
  const match = /^--jobserver-(?<option>auth|fds)=(?:fifo:(?<path>.+)|(?<read>\d+),(?<write>\d+))$/.exec(word)
  if (!match?.groups) return undefined
  const { option, path, read, write } = match.groups
  if (path !== undefined) return { kind: 'fifo', path }
  return {
    kind: 'pipe',
    readFd: Number(read),
    writeFd: Number(write),
    spelling: option === 'fds' ? 'legacy' : 'auth',
  }
}

// `-j8`, `--jobs=8`, and the j among single letters: `kj8`, `-kj`.
function withoutJobs(word: string): string {
  if (/^--jobs(=.*)?$/.test(word)) return ''
  if (!/^-?[a-zA-Z]+\d*$/.test(word)) return word
  const rest = word.replace(/j\d*/, '')
  return rest === '-' ? '' : rest
}
