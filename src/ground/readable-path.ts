/**
 * Paths as MAKEFLAGS name them. Each client reads them in its own way (docs/protocol.md, "Paths"): only one that all read alike may
 * be a pool's. The launcher has the same rule (shims/pool/auth.c).
 */

/** Characters that one client or another does not take for themselves. */
export const unreadable = '\\$ \t\n\v\f\r'

const faults: readonly { is: RegExp; what: string }[] = [
  { is: /[ \t]/, what: 'has a blank, at which ninja, cargo and gcc end a path' },
  { is: /[\n\v\f\r]/, what: 'has a line break, and an address is one line' },
  { is: /\\/, what: 'has a backslash, which make reads as a sign for the next character' },
  { is: /\$/, what: 'has a dollar, which make reads as the sign of a variable' },
  { is: /[\ufffd\ud800-\udfff]/u, what: 'is not UTF-8, and cargo reads nothing else' }, // what Node makes of such a byte, and what we do
]

/** Returns what keeps one client or another from reading this path in MAKEFLAGS; undefined: nothing does. */
export const readingFault = (path: string): string | undefined => faults.find(({ is }) => is.test(path))?.what

/** Whether every client reads this path in MAKEFLAGS as it is written. */
export const isReadByAll = (path: string): boolean => readingFault(path) === undefined
