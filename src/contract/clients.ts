/**
 * Programs whose name matters when the launcher walks up its ancestors, and to the census. Everything else is told apart
 * by O_CLOEXEC on the jobserver's fds alone. Names are compared with the basename of /proc/PID/exe; a version suffix
 * such as `-4.4` is allowed.
 */
import { processNames } from './process-names.js'
import { wrappers } from './wrappers.js'

export type ClientName = {
  name: string
  means: 'make' | 'pipe-client' | 'fifo-client' | 'carrier'
  holds: 'nothing' | 'a token a child' | 'a token a child or thread' | 'any number' // at most, and one more in its hand
  sleepsIn?: 'epoll' | 'futex' // where its first thread waits, with nothing in its hand; anywhere else that can be any number
  marks?: true // it sets O_CLOEXEC on what it uses: where all of it was inherited without, it only carries it
  isScript?: true // Python runs it: named by its command line; to the census alone
  isEmerge?: true // its packages may hold a token while they wait for their turn
  isTool?: true // there are shims of that name; also with `x86_64-linux-gnu-` or the like before it
}

const shells = ['ash', 'bash', 'busybox', 'dash', 'fish', 'ksh', 'mksh', 'oksh', 'posh', 'sh', 'yash', 'zsh']
// What a build starts by the thousand, and what inherits R,W below a make < 4.4. None of them ever takes a token; cat, dd
// and head, with which scripts do that, are left out.
const compilers =
  'ar as cc1 cc1obj cc1objplus cc1plus collect2 f951 g++ gcc gfortran gnat1 ld ld.bfd ld.gold lld mold nm objcopy objdump ' +
  'ranlib strip'
const fileTools =
  'awk basename chmod chown cmp cp cut date diff dirname env expr find gawk grep gzip install ln ls mawk mkdir mktemp mv ' +
  'nohup patch readlink rm sed sleep sort stat stdbuf tar tee timeout touch tr uniq wc xargs xz'
const wrapperNames = wrappers.map(({ name }) => name)
const makes = ['gmake', 'gnumake', 'make', 'remake'] // make <= 4.3 clears O_CLOEXEC around the start of a `+` recipe

const byName: readonly ClientName[] = [
  { name: 'bazel', means: 'carrier', holds: 'nothing' }, // fills a pool of its own, with --experimental_local_jobserver
  // Holds its own R,W; a build script's Python may have closed them. A thread takes tokens also while the first one can't write.
  { name: 'cargo', means: 'pipe-client', holds: 'a token a child or thread', sleepsIn: 'futex' },
  { name: 'clang', means: 'carrier', holds: 'any number', marks: true, isTool: true }, // --offload-jobs=jobserver: takes all to count them
  { name: 'clang-linker-wrapper', means: 'fifo-client', holds: 'any number', marks: true }, // as clang, with --wrapper-jobs=jobserver
  { name: 'ctest', means: 'fifo-client', holds: 'a token a child' }, // since 3.29
  // One a package.
  {
    name: 'emerge',
    means: 'fifo-client',
    holds: 'a token a child',
    sleepsIn: 'epoll',
    isScript: true,
    isEmerge: true,
  },
  { name: 'jobserver-exec', means: 'fifo-client', holds: 'any number', marks: true, isScript: true }, // all that are free, for one child
  { name: processNames.starter, means: 'carrier', holds: 'nothing' }, // has `run`'s command as its child (shims/look/starter.c)
  { name: 'lto1', means: 'fifo-client', holds: 'a token a child or thread' }, // gcc's link time optimisation, since gcc 13
  { name: 'ninja', means: 'fifo-client', holds: 'a token a child' }, // since 1.13
  { name: 'node', means: 'carrier', holds: 'nothing' }, // marks inherited fds below 16 close-on-exec at start (uv_disable_stdio_inheritance)
  { name: 'rustc', means: 'pipe-client', holds: 'a token a child or thread' }, // as cargo
  { name: 'spack', means: 'fifo-client', holds: 'a token a child', sleepsIn: 'epoll', isScript: true }, // one a package
  { name: 'sphinx-build-wrapper', means: 'fifo-client', holds: 'any number', marks: true, isScript: true }, // as jobserver-exec
  { name: 'swift-driver', means: 'fifo-client', holds: 'any number', marks: true }, // a thread takes them, before others start jobs
  { name: 'wild', means: 'carrier', holds: 'any number', marks: true, isTool: true }, // all that are free, for threads that it starts then
]

/** A shell keeps what a redirection covers (`{ cc a.c & cc b.c & } 3>log`) close-on-exec until it is over. */
export const clientNames: readonly ClientName[] = [
  ...byName,
  ...makes.map(name => ({ name, means: 'make' as const, holds: 'a token a child' as const })),
  ...[...shells, ...fileTools.split(' ')].map(name => ({
    name,
    means: 'carrier' as const,
    holds: 'nothing' as const,
  })),
  ...[...compilers.split(' '), ...wrapperNames].map(name => ({
    name,
    means: 'carrier' as const,
    holds: 'nothing' as const,
    isTool: true as const,
  })),
].sort((a, b) => (a.name < b.name ? -1 : 1))
