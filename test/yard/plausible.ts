import { tmpdir } from 'node:os'

/** The errors that the system calls of a launcher may meet, and when they do. */
type Errors = Readonly<Record<string, string>>

const looked: Errors = {
  ENOMEM: 'no memory for the path or what it leads to',
  EACCES: 'a directory may not be searched',
  EINTR: 'a network file system, FUSE',
}

const opened: Errors = {
  EMFILE: 'ulimit -n',
  ENFILE: 'as many files are open on the machine as may be',
  ENOMEM: 'no memory for the file',
  EACCES: 'it may not be opened',
  EINTR: 'a network file system, FUSE; a FIFO that waits for its other end',
}

const read: Errors = {
  EINTR: 'a signal',
  EIO: 'a disk or a device of ours is ill',
  ENOMEM: 'no memory for what /proc is to tell',
}

const started: Errors = { EAGAIN: 'ulimit -u, pids.max', ENOMEM: 'no memory for the process' }

/** By the call's name; fcntl's command stands behind it. */
export const plausible: Readonly<Record<string, Errors>> = {
  stat: looked,
  lstat: looked,
  newfstatat: looked,
  access: looked,
  faccessat: looked,
  readlink: looked,
  readlinkat: looked,
  fstat: { ENOMEM: 'no memory for what a file system is to tell', EIO: 'a disk is ill' },
  statx: { ENOSYS: 'Linux < 4.11, a sandbox', ENOMEM: 'no memory for the answer' },
  open: opened,
  openat: opened,
  mkdir: { ENOSPC: 'a full disk', EROFS: 'a read-only one', EACCES: 'not ours' },
  linkat: { ENOSPC: 'a full disk', EPERM: 'fs.protected_hardlinks, a file system without links' },
  unlinkat: { EIO: 'a disk is ill', EBUSY: 'a network file system' },
  ftruncate: { ENOSPC: 'a full disk', EFBIG: 'ulimit -f', EINTR: 'a signal' },
  pwrite64: { ENOSPC: 'a full disk', EFBIG: 'ulimit -f', EINTR: 'a signal' },
  read,
  pread64: read,
  getcwd: { ENOENT: 'the directory was removed', ENOMEM: 'no memory for its path' },
  getdents64: { EINTR: 'FUSE', ENOMEM: 'no memory for the listing', ENOENT: 'the process ended' },
  write: { EINTR: 'a signal', ENOMEM: "no page for the FIFO's byte", EAGAIN: 'the FIFO is full' },
  close: { EINTR: 'a signal', EIO: 'a disk is ill', ENOSPC: 'a quota, told late' },
  mmap: { ENOMEM: 'ulimit -v, vm.max_map_count', EAGAIN: 'ulimit -l', ENODEV: 'a file system without it' },
  'fcntl F_GETLK': { ENOLCK: 'no memory for locks' },
  'fcntl F_SETLK': { ENOLCK: 'no memory for locks', EAGAIN: 'somebody else has it' },
  'fcntl F_OFD_GETLK': { ENOLCK: 'no memory for locks' },
  'fcntl F_OFD_SETLK': { ENOLCK: 'no memory for locks', EAGAIN: 'somebody else has it' },
  'fcntl F_DUPFD_CLOEXEC': { EMFILE: 'ulimit -n' },
  sysinfo: { ENOSYS: 'a sandbox' },
  epoll_create1: { EMFILE: 'ulimit -n', ENFILE: 'as of open', ENOMEM: 'no memory', ENOSYS: 'a sandbox' },
  epoll_ctl: { ENOMEM: 'no memory', ENOSPC: 'fs.epoll.max_user_watches' },
  flock: { EINTR: 'a signal', ENOLCK: 'no memory for locks', EAGAIN: 'somebody else has it' },
  epoll_pwait: { EINTR: 'a signal' },
  ppoll: { EINTR: 'a signal', ENOMEM: 'no memory' },
  pidfd_open: {
    EMFILE: 'ulimit -n',
    ENFILE: 'as of open',
    ENOMEM: 'no memory',
    ENOSYS: 'Linux < 5.3, a sandbox',
    ESRCH: 'the process ended',
  },
  socket: { EMFILE: 'ulimit -n', ENOMEM: 'no memory', EAFNOSUPPORT: 'no unix sockets', EACCES: 'a sandbox' },
  bind: { EADDRINUSE: "somebody else has that waiter's name", ENOMEM: 'no memory', EACCES: 'a sandbox' },
  connect: { ECONNREFUSED: 'that waiter is gone, or in another network namespace', ENOMEM: 'no memory' },
  sendto: { ECONNREFUSED: 'that waiter is gone', ENOMEM: 'no memory', EINTR: 'a signal', EPERM: 'a sandbox' },
  setsockopt: { ENOMEM: 'no memory', EACCES: 'a sandbox' },
  recvmsg: { EINTR: 'a signal', ENOMEM: 'no memory' },
  poll: { EINTR: 'a signal', ENOMEM: 'no memory' },
  pipe2: { EMFILE: 'ulimit -n', ENFILE: 'as of open' },
  dup2: { EINTR: 'a signal', EBUSY: 'another thread opens a file' },
  dup3: { EINTR: 'a signal', EBUSY: 'another thread opens a file' },
  chdir: looked,
  'fcntl F_SETFL': { EPERM: 'an append-only file' },
  'fcntl F_SETOWN': { ESRCH: 'the process ended' },
  fork: started,
  vfork: started,
  clone: started,
  kill: { ESRCH: 'the process ended', EPERM: "it is another user's" },
  execve: { ...started, ENFILE: 'as of open', ETXTBSY: 'it is being written', EACCES: 'a security module' },
  prctl: { EPERM: 'a sandbox' },
  wait4: { EINTR: 'a signal' },
  rt_sigtimedwait: { EINTR: 'a signal' },
}

/** Calls that can't fail, asked as the launcher asks. */
export const sure: ReadonlySet<string> = new Set([
  'getpid',
  'getppid',
  'geteuid',
  'gettid',
  'fcntl F_GETFL',
  'clock_gettime',
  'fcntl F_GETFD', // EBADF is an answer
  'fcntl F_SETFD',
  'rt_sigaction', // of signals that there are
  'rt_sigprocmask',
  // libc, before main
  'arch_prctl',
  'set_tid_address',
  'set_robust_list',
  'rseq',
  'brk',
  'mprotect',
  'prlimit64',
  'getrandom',
])

/** What a run says and how it ends where it can't be as if nothing were; REASON is the error in words. */
export type Verdict = {
  call: RegExp // its kind, label and number
  errors?: readonly string[] // default: all but EINTR
  says: string // with JOBSHIM_DEBUG=1; the tool runs unless there is a status
  orSays?: string // the same, where what is left of other runs decides which call it is
  status?: number
  why: string
}

const ungoverned = 'jobshim: hold: not governed: '
const unsafe = 'jobshim: hold: no crash safety: '
const noFifo = 'without the jobserver there is nothing to take a slot from'
const noLedger = 'who can have no ledger may take a slot all the same'

/** The directories that test files make theirs in, each by its path and by its name. */
const placesAbove = tmpdir()
  .split('/')
  .slice(1)
  .flatMap((name, index, all) => [name, `/${all.slice(0, index + 1).join('/')}`])
  .map(place => place.replace(/\d+/g, 'N')) // as the names of calls have it

/** The first that fits counts. */
export const verdicts: readonly Verdict[] = [
  {
    call: /^(access|faccessat) \/bin\/hold /,
    errors: ['EACCES'],
    says: 'jobshim: BIN/hold: not executable\n',
    status: 126,
    why: 'this is how a file that may not be executed looks',
  },
  {
    call: /^execve .*\/bin\/look /,
    says: `${ungoverned}look can't be started: REASON\n`,
    why: 'nobody is there who could wait',
  },
  { call: /^prctl 15 /, says: '', why: 'it goes by the name of `look` then' }, // PR_SET_NAME
  { call: /^prctl 21 /, says: '', why: 'the ledger is looked at, as in a filter' }, // PR_GET_SECCOMP
  {
    call: /^(vfork|clone|prctl|execve) /,
    says: `${ungoverned}it can't be started as a child: REASON\n`,
    why: 'the tool has the place of the launcher then, and nobody is left who could give a slot back',
  },
  {
    call: /^(stat|newfstatat|openat|fstat|fcntl F_DUPFD_CLOEXEC) .*\/fifo /,
    says: '',
    why: 'it is found once more: a process above has it open',
  },
  { call: /^read .*\/fifo /, says: `${ungoverned}it can't be read\n`, why: noFifo },
  {
    call: /^(openat|fstat|fcntl F_DUPFD_CLOEXEC) .*\/jobshim-N /,
    says: `${unsafe}the state directory is not a directory that is only ours\n`,
    why: noLedger,
  },
  { call: /^mkdir /, says: `${unsafe}the state directory can't be made\n`, why: noLedger },
  {
    call: /^linkat /,
    says: `jobshim: the ledger can't be created: REASON\n${unsafe}the ledger can't be opened\n`,
    why: noLedger,
  },
  {
    call: /^(openat|ftruncate|pwrite64|fcntl F_DUPFD_CLOEXEC) v1(\.new)? /,
    says: `${unsafe}the ledger can't be opened\n`,
    why: noLedger,
  },
  {
    call: /^fstat (v1 #1|.*\.ledger #2)$/,
    says: `${unsafe}the ledger is not a file of ours\n`,
    why: noLedger,
  },
  {
    call: /^pread64 (v1|.*\.ledger) #1$/,
    says: `${unsafe}the ledger is from another version\n`,
    why: noLedger,
  },
  { call: /^mmap (v1|.*\.ledger) #1$/, says: `${unsafe}the ledger can't be mapped\n`, why: noLedger },
  {
    call: new RegExp(
      `^(openat|fstat|fcntl F_DUPFD_CLOEXEC) ((.*/)?journal|/|${placesAbove.join('|')}|/?place-N|work-\\w+|-) `, // and what is above it
    ),
    says: 'jobshim: JOURNAL: no journal: REASON\n',
    why: 'nobody but who reads it misses a line',
  },
  {
    call: /^write .*\/journal /,
    says: 'jobshim: JOURNAL: no line in the journal: REASON\n',
    why: 'nobody but who reads it misses a line',
  },
]

/**
 * In a filter, as here, the ledger of a pool in MAKEFLAGS is looked at for tools of a sandbox above, too: what that look can't have it does
 * without, and it is not told by a call's number which of the two looks failed.
 */
export const ofLedger = / (.*\/jobshim-N|v1(\.new)?) /
export const saidOfLedger =
  /^(jobshim: the ledger can't be created: REASON\n)?(jobshim: hold: no crash safety: .*\n)?(jobshim: hold: no rule is heeded: .*\n)?$/

/** Where the launcher becomes `look`, which opens the ledger once more: before the others. */
export const verdictsOfRelayed: readonly Verdict[] = [
  { call: /^fstat v1 #2$/, says: `${unsafe}the ledger is not a file of ours\n`, why: noLedger },
  { call: /^pread64 v1 #3$/, says: `${unsafe}the ledger is from another version\n`, why: noLedger },
  { call: /^mmap v1 #3$/, says: `${unsafe}the ledger can't be mapped\n`, why: noLedger },
]

/** In the place of the launcher, where the slot is the caller's: what it says then. */
export const cannotStart: Verdict = {
  call: /^execve /,
  says: "jobshim: BIN/hold: can't be started: REASON\n",
  status: 126,
  why: 'execve has failed, and it is for the caller to try again',
}

const unheeded = 'jobshim: hold: no rule is heeded: '

/** Where rules ask something of the run, before the others. */
export const verdictsOfRules: readonly Verdict[] = [
  {
    call: /^(read .*\/fifo |mmap v1 #3$)/,
    says: "jobshim: hold: the jobserver or the ledger can't be read: run in one slot, not in 2\n",
    why: 'it has its first slot, and does without the second',
  },
  {
    call: /^fcntl F_OFD_SETLK v1 37 #2$/,
    errors: ['ENOLCK'],
    says: `${unheeded}the ledger can't note it\n`,
    why: 'nobody can look at the gates',
  },
  {
    call: /^mmap v1 #2$/,
    says: `${unheeded}the ledger can't note it\n`,
    why: 'its own record is not in the ledger',
  },
]

/** Where it becomes the tool in its caller's slot, before those. */
export const verdictsOfBecoming: readonly Verdict[] = [
  {
    call: /^pread64 v1 #3$/,
    says: `${unheeded}the ledger can't note it\n`,
    why: 'nobody can look at the gates',
  },
  {
    call: /^pwrite64 v1 #[123]$/,
    says: `${unheeded}the ledger can't note it\n`,
    orSays: '',
    why: 'its place in the list, or its own record, is not in the ledger; or what runs before it have left stays: how much that is their pids say',
  },
]

/** What a run says that has no ledger, and so no gates. */
export function withoutRules(verdict: Verdict): Verdict {
  if (!verdict.says.startsWith(unsafe)) return verdict
  return { ...verdict, says: `${verdict.says}${verdict.says.replace(unsafe, unheeded)}` }
}
