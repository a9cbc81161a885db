import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemErrorCode } from './failure.js'

/**
 * Makes a directory, 0755 whatever the umask, and those above it, as the umask has them. One that was there keeps its mode. Throws the error
 * that the system gives: Node's own way to make several says ENOENT of a read-only file system.
 */
export function makeDirectory(path: string): void {
  if (make(path)) chmodSync(path, 0o755)
}

/** Returns whether it was missing. */
function make(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o755 })
    return true
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'EEXIST' && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false
    if (code !== 'ENOENT' || dirname(path) === path || !make(dirname(path))) throw error
    return make(path)
  }
}
