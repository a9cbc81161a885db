import { statSync } from 'node:fs'

/** Tells a file from its earlier content, and from another one. */
export function identityOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats ? [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join(' ') : 'none'
}
