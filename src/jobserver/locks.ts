/** Locks of open files (F_OFD_SETLK), as /proc/locks tells them: each lasts as long as somebody has that open file. */

/** A part of a file; `to`: its last byte. */
export type LockedPart = { from: number; to: number }

/**
 * Returns the locked parts of a file, out of /proc/locks (proc_locks(5)):
 * `7: OFDLCK ADVISORY  WRITE -1 00:1f:4711 4096 4159`. The device there is not stat's on every filesystem, so only
 * the inode is compared. Parts side by side that one open file has locked are one.
 */
export function lockedParts(inode: number, locks: string): LockedPart[] {
  const line = /OFDLCK\s+\S+\s+WRITE\s+\S+\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s+(\d+)\s+(\d+|EOF)/g
  return [...locks.matchAll(line)]
    .filter(([, lockedInode]) => Number(lockedInode) === inode)
    .map(([, , from, to]) => ({
      from: Number(from),
      to: to === 'EOF' ? Number.POSITIVE_INFINITY : Number(to),
    }))
}
