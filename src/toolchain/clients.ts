/**
 * Programs whose name matters when the launcher walks up its ancestors. Everything else is told apart by
 * O_CLOEXEC on the jobserver's fds alone. Names are compared with the basename of /proc/PID/exe; a version
 * suffix such as `-4.4` is allowed.
 */
export type ClientName = { name: string; means: 'make' | 'pipe-client' | 'carrier' }

const shells = ['ash', 'bash', 'busybox', 'dash', 'fish', 'ksh', 'mksh', 'oksh', 'posh', 'sh', 'yash', 'zsh']

const byName: readonly ClientName[] = [
  { name: 'cargo', means: 'pipe-client' }, // holds its own R,W; a build script's Python may have closed them
  { name: 'gmake', means: 'make' }, // make <= 4.3 clears O_CLOEXEC around the start of a `+` recipe
  { name: 'gnumake', means: 'make' }, // as above
  { name: 'make', means: 'make' }, // as above
  { name: 'node', means: 'carrier' }, // marks inherited fds below 16 close-on-exec at start (uv_disable_stdio_inheritance)
  { name: 'remake', means: 'make' }, // as make
  { name: 'rustc', means: 'pipe-client' }, // as cargo
]

/** A shell keeps what a redirection covers (`{ cc a.c & cc b.c & } 3>log`) close-on-exec until it is over. */
export const clientNames: readonly ClientName[] = [
  ...byName,
  ...shells.map(name => ({ name, means: 'carrier' as const })),
].sort((a, b) => (a.name < b.name ? -1 : 1))
