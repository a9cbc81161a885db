/** What `jobshim portage` has made, so that nothing of it stays and nothing else goes. */
import { readFileSync } from 'node:fs'
import { Failure, systemErrorCode } from '../ground/failure.js'
import type { PortagePlaces } from './places.js'

const version = 1

/** Returns the text of the file that names what was made: files and directories, the first first. */
export const renderState = (made: readonly string[]): string =>
  `${JSON.stringify({ version, made }, null, 2)}\n`

/** Returns what was made. Throws `Failure` where the file is not ours. */
export function readMade({ state, root }: PortagePlaces): readonly string[] {
  let text: string
  try {
    text = readFileSync(state, 'utf8')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw error
  }
  const made = parseMade(text)
  if (made?.every(path => path.startsWith(root.replace(/\/?$/, '/')) && !path.split('/').includes('..')))
    return made
  throw new Failure(
    `${state}: not of this version of jobshim, or of another root`,
    'move it away, and install again',
  )
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
