/** A file's new content, all of it or none. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'

export type Replacement = {
  temporary: string // a path in the same file system where nothing is yet
  content: Buffer
  mode: number // whatever the umask
  owner?: { uid: number; gid: number } | undefined // where it is not to be ours
}

/**
 * Puts a file at `path`, in place of what is there. It is on the disk before it is renamed: after a power cut there is the old
 * file or the new one, never an empty one. Mode and owner are given to the file that was made, whatever has its path by then.
 * Throws system errors, and leaves nothing behind then.
 */
export function replaceFile(path: string, { temporary, content, mode, owner }: Replacement): void {
  const file = openSync(temporary, 'wx', 0o600)
  try {
    writeFileSync(file, content)
    if (owner) fchownSync(file, owner.uid, owner.gid)
    fchmodSync(file, mode)
    fsyncSync(file)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
}
