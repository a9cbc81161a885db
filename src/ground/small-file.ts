/** Files of others, which may be anything. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { pathOf } from './bytes.js'

const mostBytes = 64 * 1024 * 1024

/** Returns the text of a plain file, undefined where there is none, it can't be read or is too large. Waits for no FIFO. */
export function readSmallFile(path: string, most = mostBytes): string | undefined {
  let file: number | undefined
  try {
    file = openSync(pathOf(path), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    const stats = fstatSync(file)
    return stats.isFile() && stats.size <= most ? readFileSync(file, 'utf8') : undefined
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
