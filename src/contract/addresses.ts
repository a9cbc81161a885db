/**
 * What may be a jobserver, and why all else is none. The launcher judges by the same tables (shims/pool/address.c), and docs/protocol.md has
 * them for people; test/shims/addresses.test.ts holds the three together.
 */
import { type Stats, statfsSync } from 'node:fs'

/** Why something that an address leads to is no jobserver, as people read it. */
export const refusals = {
  plain: 'it is a plain file: no server is behind it',
  directory: 'it is a directory',
  block: 'it is a block device',
  terminal: 'it is a terminal',
  kernels: "it is a device of the kernel's own: no server is behind it",
  object: "it is one of the kernel's objects, such as an eventfd: no tokens are in it",
  named: 'it is a socket, which no path can open: name its descriptor, N,N',
  listens: 'it is a socket that listens, and is not connected itself',
  unconnected: 'it is a socket that is not connected',
  datagrams: 'it is a socket of datagrams, whose server may go unnoticed',
  foreign: 'it is no Unix socket',
  deserted: 'it is a socket whose other end is closed',
  two: 'R and W are two different files',
  unreadable: 'R is not open for reading',
  unwritable: 'W is not open for writing',
  closed: 'its pipe is closed here, and no ancestor has it',
  closedSocket: "its socket is closed here, and the ancestor that has it can't lend it",
} as const

/**
 * Character devices that the kernel itself serves, by their major number: anything may have them open, and to open some does
 * something (/dev/watchdog). A server's device has another one (CUSE takes a free one).
 */
export const kernelDevices: readonly { major: number; isTerminal: boolean; what: string }[] = [
  { major: 1, isTerminal: false, what: '/dev/null, /dev/zero, /dev/full, /dev/random' },
  { major: 2, isTerminal: true, what: 'old pseudo terminals' },
  { major: 3, isTerminal: true, what: 'old pseudo terminals' },
  { major: 4, isTerminal: true, what: 'consoles, serial lines' },
  { major: 5, isTerminal: true, what: '/dev/tty, /dev/console, /dev/ptmx' },
  { major: 10, isTerminal: false, what: '/dev/fuse, /dev/kvm, /dev/watchdog' },
  { major: 13, isTerminal: false, what: 'keyboards, mice' },
  { major: 166, isTerminal: true, what: 'modems on USB' },
  { major: 188, isTerminal: true, what: 'serial lines on USB' },
  { major: 204, isTerminal: true, what: 'serial lines of many boards' },
  { major: 216, isTerminal: true, what: 'serial lines by Bluetooth' },
  { major: 229, isTerminal: true, what: 'consoles of virtual machines' },
  ...[136, 137, 138, 139, 140, 141, 142, 143].map(major => ({
    major,
    isTerminal: true,
    what: 'pseudo terminals',
  })),
]

const FUSE = 0x65735546 // of statfs(2)

// As the kernel puts them together.
const majorOf = (device: number): number => Math.floor(device / 0x100) % 0x1000

/** What an open file is: one with a server's program behind it, a FIFO or a pipe, or no jobserver. */
export function kindOf(fd: number, stats: Stats): 'served' | 'pipe' | 'none' {
  if (stats.isFIFO()) return 'pipe'
  if (stats.isCharacterDevice())
    return kernelDevices.some(({ major }) => major === majorOf(stats.rdev)) ? 'none' : 'served'
  const isServed = stats.isFile() && stats.size === 0 && statfsSync(`/proc/self/fd/${fd}`).type === FUSE
  return isServed ? 'served' : 'none'
}
