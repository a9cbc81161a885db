/** What was made for changes of files, so that nothing of it stays and nothing else goes. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { currentUid } from '../ground/paths.js'
import type { Ground } from './plan.js'

const version = 1

/** Returns the text of the file that names what was made: files and directories, the first first. */
export const renderState = (made: readonly string[]): string =>
  `${JSON.stringify({ version, made }, null, 2)}\n`

/** Returns what was made. Throws `Failure` where the file is not ours: what it names is removed. */
export function readMade({ state, root }: Ground): readonly string[] {
  let text: string
  try {
    text = readOwn(state)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT') return []
    if (code === undefined) throw error
    throw new Failure(
      `${state}: the list of what was made can't be read (${code})`,
      'find out who put it there, and move it away',
    )
  }
  const made = parseMade(text)
  if (made?.every(path => path.startsWith(root.replace(/\/?$/, '/')) && !path.split('/').includes('..')))
    return made
  throw new Failure(
    `${state}: not of this version of jobshim, or of another root`,
    'move it away, and install again',
  )
}

// One that somebody else may write is not believed.
function readOwn(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(file)
    if (stats.isFile() && [0, currentUid()].includes(stats.uid) && (stats.mode & 0o022) === 0)
      return readFileSync(file, 'utf8')
    throw new Failure(
      `${path}: not a file that only you may write`,
      'find out who put it there, and move it away',
    )
  } finally {
    closeSync(file)
  }
}

function parseMade(text: string): string[] | undefined {
  try {
    const value = JSON.parse(text) as { version?: unknown; made?: unknown } | null
    if (value?.version !== version || !Array.isArray(value.made)) return undefined
    return value.made.every(path => typeof path === 'string') ? value.made : undefined
  } catch {
    return undefined
  }
}
