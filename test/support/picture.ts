/** What a directory looks like, so that a test can tell whether anything in it has changed. */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import { join } from 'node:path'

/** Returns everything below a directory: types, modes, owners, hashes of contents. */
export const pictureOf = (root: string): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .sort()
    .map(name => {
      const path = join(root, name)
      const stats = lstatSync(path)
      const { mode, uid, gid } = stats
      return JSON.stringify([name, mode, uid, gid, contentOf(path, stats)])
    })

function contentOf(path: string, stats: Stats): string {
  if (stats.isSymbolicLink()) return readlinkSync(path)
  return stats.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : ''
}
