/**
 * What `jobshim` and the portage hook have the program beside the launcher do: `look COMMAND WORDS`. It exits 0 and prints its answer, or
 * 1 and prints the name of one of `lookErrors` and a word. Each ends with a NUL.
 */
export type AnswerField = { name: string; is: 'text' | 'count' | 'count or -1' }

export type LookCommand = {
  name: string
  words: number // behind it; less than 0: so many or more
  does: string
  answer: readonly AnswerField[] // of what answers otherwise, or not at all: none
  repeats?: true // the answer is such a row any number of times
}

const why = { name: 'why', is: 'text' } as const // why it can't be told, for people; empty: it can

export const lookCommands = [
  {
    name: 'jobserver',
    words: 0,
    does: 'tells which jobserver a tool started here would use',
    answer: [
      { name: 'address', is: 'text' }, // fifo:PATH, or R,W where no path leads to it
      { name: 'free', is: 'count or -1' }, // tokens; -1: its server does not tell
      { name: 'ledger', is: 'text' }, // its path; empty: there is none
      { name: 'accounts', is: 'count' }, // 1: its server keeps its own account
    ],
  },
  {
    name: 'census',
    words: 0,
    does: 'counts the tokens that are free, and those that clients may hold',
    answer: [{ name: 'free', is: 'count or -1' }, { name: 'held', is: 'count' }, why], // -1: they move
  },
  {
    name: 'lost',
    words: 0,
    does: 'counts the tokens that were lost with killed clients',
    answer: [{ name: 'lost', is: 'count or -1' }, why],
  },
  {
    name: 'builds',
    words: 0,
    does: 'tells the build of each record, and of each client and what that has started',
    answer: [
      { name: 'is', is: 'text' }, // one of buildRows
      { name: 'record', is: 'count or -1' }, // its number in the ledger; -1: it is none
      { name: 'pid', is: 'count or -1' }, // of the launcher or tool as /proc here has it; -1: it can't be seen
      { name: 'client', is: 'count or -1' }, // of what a client has started: that client; of a payer's record: for which it pays
      { name: 'build', is: 'text' }, // one of buildKinds
      { name: 'of', is: 'count or -1' }, // the process that the build is named after
      { name: 'name', is: 'text' }, // of a named one
    ],
    repeats: true,
  },
  { name: 'reclaim', words: 0, does: 'gives back the tokens of dead launchers', answer: [] },
  {
    name: 'dismiss', // RUN, as JOBSHIM_RUN names it; empty: all that uses the pool is below it
    words: 1,
    does: 'ends what still waits for a slot below a run that was interrupted',
    answer: [{ name: 'ended', is: 'count' }],
  },
  { name: 'ready', words: 0, does: 'tells systemd that the server is ready', answer: [] },
  {
    name: 'features',
    words: 0,
    does: 'tells how it was built, and of each feature of the kernel why it can not be used; empty: it can',
    answer: [
      { name: 'linking', is: 'text' }, // static, dynamic
      { name: 'libc', is: 'text' },
      { name: 'ofd-locks', is: 'text' },
      { name: 'pdeathsig', is: 'text' },
      { name: 'epoll-exclusive', is: 'text' },
      { name: 'pidfd', is: 'text' },
      { name: 'statx', is: 'text' },
      { name: 'unix-datagrams', is: 'text' },
      { name: 'seccomp-listener', is: 'text' },
    ],
  },
  {
    name: 'bottom-line',
    words: 0,
    does: 'keeps the last row of the terminal for the lines of stdin',
    answer: [],
  },
  { name: 'freshen', words: 0, does: "makes the files of all shims, with their tools' mtimes", answer: [] },
  {
    name: 'prepare', // PATH of the FIFO; empty: none
    words: 1,
    does: "makes a pool's FIFO, and tells which style of jobserver the make on PATH reads",
    answer: [{ name: 'style', is: 'text' }], // fifo, pipe, legacy
  },
  {
    name: 'lock',
    words: 0,
    does: 'locks the open file that is its descriptor 3',
    answer: [{ name: 'outcome', is: 'text' }], // locked; taken: somebody else has it
  },
  {
    name: 'fill',
    words: 1,
    does: 'fills the FIFO that stdin is, as MAKEOPTS asks; a line for a shell',
    answer: [],
  },
  {
    name: 'caretaker',
    words: 0,
    does: 'looks after a pool and the tools of a command, as stdin says',
    answer: [],
  },
  {
    name: 'supervise', // CONTROL, a descriptor; PATH of the socket
    words: 2,
    does: 'answers for a job sandbox (shims/sandbox/supervisor.h)',
    answer: [],
  },
  {
    name: 'phase', // PID of its shell; PATH of the socket
    words: 2,
    does: "starts the supervisor of an ebuild's phase (shims/sandbox/phase.h)",
    answer: [],
  },
  {
    name: 'sandbox', // the text of the rules that a build has; empty: those around it
    words: 1,
    does: 'tells which sandbox a build with this environment can have',
    answer: [{ name: 'place', is: 'text' }, why], // one of sandboxPlaces
  },
  {
    name: 'machine', // TOKENS that it gets if nobody uses it
    words: 1,
    does: "is a user of the machine's pool (shims/look/member.h)",
    answer: [
      { name: 'path', is: 'text' }, // of its FIFO
      { name: 'slots', is: 'count' },
    ],
  },
  {
    name: 'feed', // MACHINE, OWN, the paths of both FIFOs; SLOTS that the run gets at most
    words: 3,
    does: "gives the pool of a run slots of the machine's pool (shims/look/feeder.h)",
    answer: [{ name: 'slots', is: 'count' }], // of the command: 1; 0: none, after `patience`
  },
  { name: 'start', words: -4, does: 'starts a program, and ends as it does', answer: [] },
  {
    name: 'bypass',
    words: 1,
    does: 'prints lines about the tools below a process that take no slot',
    answer: [],
  },
  {
    name: 'tool', // NAME STARTED MARKS ARGV (shims/tool/self.h)
    words: -3,
    does: 'does the run of a launcher that became it',
    answer: [],
  },
  {
    name: 'pay', // PID START ABOVE
    words: 3,
    does: 'holds the slot of that client until it ends',
    answer: [],
  },
  {
    name: 'raw', // FD BYTES WORDS VARIABLES
    words: 4,
    does: 'reads a command with its words, and its environment, as bytes, and does it (shims/look/raw.h)',
    answer: [],
  },
] as const satisfies readonly LookCommand[]

export type LookCommandName = (typeof lookCommands)[number]['name']

/** What a row of the answer is about. */
export const buildRows = { record: 'record', client: 'client', child: 'child' } as const

/** What names a build (shims/wait/build.h). */
export const buildKinds = {
  named: 'named',
  client: 'client',
  session: 'session',
  unknown: 'unknown',
} as const

/** Where the sandbox of a build is. */
export const sandboxPlaces = {
  own: 'own', // it can have one of its own
  unprivileged: 'unprivileged', // the same, with no_new_privs: set-uid programs in it are ordinary ones
  above: 'above', // it is in one that serves it, too
  other: 'other', // it is in one that does not, and can have no other
  none: 'none',
} as const

/** With which word each comes. */
export const lookErrors = {
  noJobserver: 'no-jobserver', // why, for people
  noLedger: 'no-ledger', // why, for people
  system: 'system', // errno
} as const

/** What a caretaker is told to do, on stdin, and how many words stand behind each. */
export const caretakerOrders = { tend: 5, stay: 1, watch: 2, count: 0, end: 0 } as const

/** What it says: lines, each but the last with a number of tokens. */
export const caretakerReports = {
  free: 'free', // -1: that can't be told
  restored: 'restored',
  size: 'size', // that the pool has from now on
  surplus: 'surplus', // taken out
  gone: 'gone', // the FIFO is no more at its path
} as const
