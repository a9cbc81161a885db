/** Which tests `npm test` leaves to `npm run test:all`, which the other passes of .ci/run repeat, and in what order files are started. */

type Row = {
  file: string // without .test.ts; one that ends in / or - begins the names of several
  part?: true // only those tests of it that need what not every machine has; testWith tells them
  why: string
}

export const rest: readonly Row[] = [
  { file: 'bypass/configured', part: true, why: 'cmake, meson, ninja, autoconf' },
  { file: 'clients/accounting', why: 'needs FUSE; make 4.4, ninja, cargo' },
  { file: 'clients/bmake', why: 'needs bmake' },
  { file: 'clients/callers-jobserver', part: true, why: 'make 4.4, in both its styles; long in a sandbox' },
  { file: 'clients/cargo', why: 'needs cargo' },
  { file: 'clients/cmake', why: 'needs cmake' },
  { file: 'clients/company-prefix', part: true, why: 'a real ccache' },
  { file: 'clients/company-', why: 'needs ccache, distcc, icecc, sccache' },
  { file: 'clients/emerge', why: 'needs Portage' },
  { file: 'clients/go', why: 'needs go' },
  {
    file: 'clients/inner-pool',
    why: 'long: real builds at three widths, with two makes; shims/adapters has each rule',
  },
  { file: 'clients/joined', why: 'long: each client at three widths; shims/adapters has each rule' },
  {
    file: 'clients/killed-beside',
    why: 'needs make 4.4, ctest, wild, clang-linker-wrapper, nasm-rs, cargo, lld, mold',
  },
  { file: 'clients/links', why: 'long, and shims/gather has each of its steps; make 4.4, ninja' },
  { file: 'clients/make-as-a-client', why: 'long: real builds with two makes; shims/adapters has each rule' },
  { file: 'clients/naive-launcher', why: 'long: it tests that a test of clients/ would fail' },
  { file: 'clients/ninja', why: 'needs ninja' },
  { file: 'clients/paths', part: true, why: 'make 4.4, ninja, cargo, below strace' },
  { file: 'clients/portage', why: 'needs Portage' },
  { file: 'clients/portage-sandbox', why: 'needs Portage' },
  { file: 'clients/prefix', why: 'needs ccache, cmake, cargo' },
  { file: 'clients/scons', why: 'needs scons' },
  {
    file: 'clients/script',
    why: 'long: real builds in both styles of a pool; clients/callers-jobserver has the rules',
  },
  { file: 'clients/takes-all', why: 'long: real builds; make 4.4' },
  {
    file: 'clients/three-makes',
    why: 'long: three makes in each of their styles; shims/adapters has each rule',
  },
  { file: 'clients/unpaid', why: 'long: real builds; make 4.4, ninja, ctest' },
  { file: 'clients/unpaid-slow', why: 'needs strace' },
  { file: 'clients/watchers', why: 'needs cargo, scons' },
  {
    file: 'commands/closed',
    why: 'long: all that can be closed, for each command; commands/run-ends has the status',
  },
  { file: 'commands/completion', part: true, why: 'bash-completion, zsh, fish' },
  { file: 'commands/env', part: true, why: 'fish, cmake, cargo, go' },
  {
    file: 'commands/plain',
    why: 'long: each command, with names that no terminal should see; ground/visible has the rule',
  },
  { file: 'commands/run-census', part: true, why: 'make 4.4' },
  { file: 'commands/run-jobserver', part: true, why: 'make 4.4' },
  { file: 'commands/run-joins', part: true, why: 'make 4.4, in both its styles' },
  { file: 'commands/run-coverage', why: "needs root and the kernel's process events; bubblewrap" },
  { file: 'commands/run-bypass', part: true, why: 'cmake, ninja' },
  {
    file: 'commands/run-slots',
    why: 'long: sleeps a little in each build; bubblewrap; commands/run-bypass has what a build farm meets',
  },
  {
    file: 'commands/run-makeflags',
    why: 'long: each form with two makes, plain beside jobshim; jobserver/make-flags has the rules',
  },
  {
    file: 'commands/run-memory',
    why: 'long: fills two gigabytes of a memory cgroup, thrice; shims/gates-machine has the gate',
  },
  { file: 'commands/run-progress', why: 'needs tmux' },
  { file: 'commands/status-builds', part: true, why: 'make 4.4, tmux' },
  {
    file: 'commands/run-hidden',
    part: true,
    why: 'long: each way to hide something, in each part of a build',
  },
  { file: 'commands/serve-census', part: true, why: 'make 4.4, ninja, cargo' },
  { file: 'commands/serve-turns', why: 'make 4.4' },
  { file: 'commands/timeline-browser', why: 'needs chromium' },
  { file: 'docs/agents', why: 'needs zsh, fish' },
  { file: 'docs/ci', part: true, why: 'direnv, mise' },
  { file: 'docs/containers', part: true, why: 'bubblewrap, docker, podman' },
  {
    file: 'commands/timeline-crowds',
    why: 'long: large journals, in three formats; timeline/slot-rows has the rules',
  },
  { file: 'docs/debian', part: true, why: 'dpkg-dev, devscripts' },
  { file: 'docs/gentoo', why: 'needs OpenRC, Portage' },
  { file: 'docs/man-page', why: 'needs mandoc' },
  { file: 'doctor/advice-jobserver', part: true, why: 'make 4.3, ninja' },
  { file: 'doctor/advice-past', part: true, why: 'bubblewrap' },
  { file: 'doctor/advice-system', part: true, why: 'bubblewrap' },
  { file: 'doctor/advice-trees', part: true, why: 'cmake, meson, ninja, autoconf, waf' },
  { file: 'doctor/jobserver', part: true, why: 'make 4.4, ninja' },
  { file: 'doctor/system', part: true, why: 'bubblewrap' },
  { file: 'doctor/trees', part: true, why: 'cmake, ninja' },
  { file: 'jobserver/make-flags', part: true, why: 'long: 10,000 words; make 4.4' },
  { file: 'launcher/bottom-line', part: true, why: 'tmux' },
  { file: 'machine/clients', part: true, why: 'make 4.4, ninja, cargo' },
  { file: 'machine/shares', part: true, why: 'make 4.4, ninja, cargo' },
  { file: 'machine/mended', why: 'make 4.4, ninja 1.13' },
  { file: 'package/checkout', why: 'needs bash-completion, zsh, fish, mandoc' },
  { file: 'package/gentoo', why: 'needs Portage, bash-completion, zsh, fish, mandoc' },
  { file: 'package/packed', why: 'needs bubblewrap, musl-tools, zig, qemu' },
  { file: 'package/readme', why: 'needs bubblewrap, musl-tools' },
  { file: 'sandbox/beside-gcc', why: 'needs gcc, which loads plugins' },
  {
    file: 'sandbox/callers',
    part: true,
    why: 'bubblewrap, java, go, GNU parallel, qemu, valgrind; long at -j1 and -j3',
  },
  { file: 'sandbox/compilers', why: 'needs gcc, which loads plugins' },
  { file: 'sandbox/inside', part: true, why: 'strace, gdb' },
  { file: 'sandbox/offload', part: true, why: 'distcc, icecc, sccache' },
  { file: 'sandbox/starters', part: true, why: 'bubblewrap, gcc, which loads plugins' },
  { file: 'sandbox/terminal', part: true, why: 'zsh' },
  { file: 'sandbox/trees', why: 'needs gcc, cmake, ninja, autoconf, libtool, perl' },
  { file: 'setup/switch', part: true, why: 'zsh, fish' },
  { file: 'setup/terminals', part: true, why: 'zsh, fish, ninja' },
  { file: 'shimdir/install', part: true, why: 'long: ten rounds of three at once' },
  { file: 'shimdir/killed', why: 'long: waits 18 times until a lock is stale' },
  { file: 'shimdir/launcher', why: 'long: builds the launcher several times' },
  {
    file: 'shims/addresses',
    why: 'long: each kind of file by five programs; needs FUSE. shims/bad-jobserver has the rule',
  },
  { file: 'shims/accounting', why: 'needs FUSE' },
  { file: 'shims/accounting-fails', why: 'needs FUSE' },
  { file: 'shims/deadlock', part: true, why: 'make 4.4' },
  { file: 'shims/deadlock-shared', why: 'long: keeps all processors busy; shims/deadlock has the rules' },
  { file: 'shims/deadlock-trees', why: 'long: thousands of processes; shims/deadlock has the rules' },
  {
    file: 'shims/fails-',
    why: 'long: each system call of each path fails, once and often; shims/faults has the kinds',
  },
  { file: 'shims/journal', part: true, why: 'make 4.4' },
  { file: 'shims/links', part: true, why: 'clang, ccache, go, a cross compiler' },
  {
    file: 'shims/many-runs',
    why: 'long: hundreds of runs; shims/gather and shims/deadlock have each rule',
  },
  { file: 'shims/namespaces', part: true, why: 'bubblewrap' },
  { file: 'shims/bypass-levels', why: 'long: 1,500 processes; commands/run-bypass has what a look finds' },
  { file: 'shims/bypass-slow', why: 'needs strace' },
  { file: 'shims/payer-fails', why: 'long: each system call fails, or is the last' },
  { file: 'shims/priority-waits', why: 'long: waits for almost a minute; shims/priority has the rules' },
  { file: 'shims/quick', why: 'needs strace' },
  { file: 'shims/sockets', part: true, why: 'make 4.4' },
  { file: 'shims/strangers', why: 'long on a busy machine, which it waits for' },
  { file: 'shims/transparent-terminal', part: true, why: 'strace' },
  { file: 'shims/transparent-tools', part: true, why: 'clang, rustc, ccache' },
  { file: 'support/accounting', why: 'needs FUSE' },
  { file: 'soak/', why: 'long: storms over all clients' },
  { file: 'tools/engine', part: true, why: 'distcc' },
]

type Pick = { takes: readonly Row[]; leaves: readonly Row[] }

/** What runs the launcher much, each path of it once: .ci/run runs these with its sanitizers, at -j2. */
export const sanitized: Pick = {
  takes: [
    { file: 'shims/', why: 'the launcher, step by step' },
    { file: 'commands/serve-idle', why: 'the launcher that looks after a pool' },
    { file: 'commands/serve-sizes', why: 'and gives it another size' },
    {
      file: 'clients/callers-jobserver',
      why: "in a client's slot, in the job's, with a token; all forms of recipes",
    },
    { file: 'clients/company-engine', why: 'before the compiler: engines' },
    { file: 'clients/company-prefix', why: 'and behind ccache' },
    { file: 'clients/prefix', why: 'the launcher as a prefix' },
    { file: 'clients/script', why: 'below run, in both styles of its pool; env -i' },
    { file: 'commands/run-census', why: 'the census' },
    { file: 'commands/run-jobserver', why: 'a pool that somebody else made' },
    { file: 'commands/run-joins', why: 'the looks for an outer pool' },
    { file: 'commands/run-journal', why: 'the journal' },
    { file: 'commands/run-killed', why: 'what is left of the killed' },
    { file: 'commands/run-passes', why: 'what its environment becomes' },
    { file: 'commands/run-bypass', why: 'the looks at all processes' },
    { file: 'commands/run-rules', why: 'gates' },
    { file: 'commands/run-slots', why: 'what they find' },
    { file: 'commands/run-hidden', why: 'namespaces, badges, who answers for whom' },
    { file: 'machine/shares', why: 'what feeds a run from the machine’s pool' },
    { file: 'soak/machine', why: "the machine's pool, likewise" },
    { file: 'soak/storm', why: 'all at once, and killed at any time' },
    { file: 'unit/', why: 'what the launcher makes of texts' },
  ],
  leaves: [
    {
      file: 'shims/fails-',
      why: 'injects failures into the launcher that is installed, whatever stands in for it',
    },
    { file: 'shims/killed-at-each-call', why: 'so does this with its end' },
    { file: 'shims/payer-fails', why: 'and this with both' },
    { file: 'shims/bypass-slow', why: 'traces the launcher, which leaves no place for a sanitizer' },
    { file: 'shims/costs', why: "measures memory, of which a sanitizer's own is a part" },
  ],
}

/** What depends on Node, one file at least for each of its features: .ci/run runs these with the oldest Node and the newest. */
export const byNode: Pick = {
  takes: [
    { file: 'build/', why: 'numbers, texts' },
    { file: 'commands/closed', why: 'descriptors that Node opens' },
    { file: 'commands/completion', why: 'modules that are loaded late' },
    { file: 'commands/doctor', why: 'colours; programs that are asked with a time limit' },
    { file: 'commands/exec', why: 'spawn: descriptors, errors, ends' },
    { file: 'commands/help', why: 'each command is loaded' },
    { file: 'commands/list', why: 'stdout' },
    { file: 'commands/parser', why: 'a library' },
    { file: 'commands/run-census', why: 'timers beside a command; what is killed' },
    { file: 'commands/run-ends', why: 'statuses, and death by each signal' },
    { file: 'commands/run-environment', why: 'the environment that is handed on' },
    { file: 'commands/run-progress', why: 'the terminal: size, raw mode, what is drawn' },
    { file: 'commands/run-signals', why: 'signals that are passed on' },
    { file: 'commands/run-state', why: 'full disks, read-only ones' },
    { file: 'commands/run-terminal', why: 'job control' },
    { file: 'commands/serve', why: 'timers, locks, a socket of the service manager' },
    { file: 'commands/serve-census', why: 'timers, the mtime of a FIFO' },
    {
      file: 'commands/serve-place',
      why: 'errors of files, their dates and births; a descriptor that a child locks',
    },
    { file: 'commands/silent-launcher', why: 'what is said of a child that gives no answer' },
    { file: 'commands/status', why: '--watch: keys, timers' },
    { file: 'commands/timeline', why: 'large output, to files and pipes' },
    { file: 'commands/usage', why: 'what is loaded, and when' },
    { file: 'config/', why: 'what Node says of JSON; libraries' },
    { file: 'contract/', why: 'what is generated; expressions' },
    { file: 'docs/agreement', why: 'a library' },
    { file: 'doctor/system', why: 'programs that are started, asked and killed' },
    { file: 'ground/', why: 'all that is above Node' },
    { file: 'jobserver/', why: 'FIFOs, files that are mapped by others, locks' },
    { file: 'launcher/', why: 'a terminal, texts' },
    { file: 'portage/setup', why: 'files' },
    { file: 'setup/asks', why: 'a question on a terminal' },
    { file: 'setup/undo', why: 'files' },
    { file: 'shimdir/', why: 'links, modes, errors of files, locks' },
    { file: 'timeline/', why: 'large files, numbers, texts' },
    { file: 'tools/', why: 'programs that are asked, files and their dates' },
  ],
  leaves: [
    { file: 'commands/timeline-browser', why: 'the page runs in a browser' },
    { file: 'jobserver/make-flags', why: 'long, and nothing but text' },
    { file: 'shimdir/killed', why: 'long, and nothing that install does not do' },
    { file: 'shimdir/launcher', why: 'long: builds the launcher' },
  ],
}

const isOf = (name: string, { file }: Row): boolean =>
  /[/-]$/.test(file) ? name.startsWith(file) : name === file

const isPicked = (name: string, { takes, leaves }: Pick): boolean =>
  takes.some(row => isOf(name, row)) && !leaves.some(row => isOf(name, row))

/** What takes tokens from a jobserver that was there before: .ci/run runs these on one that keeps an account, in each way, at -j2. */
export const accounted: Pick = {
  takes: [
    { file: 'clients/', why: 'each client' },
    { file: 'commands/run-jobserver', why: 'run takes a slot there' },
    { file: 'shims/nothing-lost', why: 'each of its launchers killed' },
    { file: 'shims/nothing-lost-at-random', why: 'the same at any time' },
    { file: 'shims/deadlock', why: 'patience' },
    { file: 'shims/deadlock-', why: 'patience of builds beside each other' },
    { file: 'shims/gates', why: 'rules: nothing is held meanwhile' },
    { file: 'shims/gates-', why: 'the same with what only some machines have' },
    { file: 'shims/gather', why: 'several slots for one run' },
    { file: 'shims/adapters', why: 'the address that is handed on' },
    { file: 'soak/storm', why: 'all at once, and killed at any time' },
  ],
  leaves: [
    { file: 'clients/accounting', why: 'has such servers anyhow' },
    { file: 'clients/company-orders', why: 'long: clients/company-forms has each of its companions' },
    { file: 'clients/naive-launcher', why: "hangs below make, in make's own pool" },
    { file: 'clients/portage', why: 'each phase in a pool of its own; clients/emerge has the other one' },
    { file: 'clients/portage-sandbox', why: 'likewise' },
  ],
}

export type Scope = 'plain' | 'rest' | 'all' | 'sanitized' | 'byNode' | 'accounted'

/** How much of a file is run, as JOBSHIM_TEST_SCOPE tells it: see support/test-with.ts. */
export type Share = 'all' | 'plain' | 'part of a file' | 'rest of a file' | 'none'

export function shareOf(name: string, scope: Scope): Share {
  if (scope === 'all') return 'all'
  if (scope === 'sanitized') return isPicked(name, sanitized) ? 'all' : 'none'
  if (scope === 'accounted') return isPicked(name, accounted) ? 'all' : 'none'
  const row = rest.find(row => isOf(name, row))
  // What needs other clients depends on those, whatever Node there is.
  if (scope === 'byNode') return isPicked(name, byNode) ? (row?.part ? 'part of a file' : 'all') : 'none'
  if (row === undefined) return scope === 'plain' ? 'plain' : 'none'
  if (row.part) return scope === 'plain' ? 'part of a file' : 'rest of a file'
  return scope === 'plain' ? 'none' : 'all'
}

/** What takes longest comes first, so that at the end nothing long is left to run alone. */
export const longest: readonly string[] = [
  'clients/portage',
  'soak/storm',
  'soak/sandbox',
  'soak/machine',
  'clients/go',
  'clients/emerge',
  'clients/company-forms',
  'clients/links',
  'clients/company-orders',
  'clients/killed-beside',
  'shimdir/killed',
  'commands/serve-census',
  'commands/run-bypass',
  'commands/run-slots',
  'commands/timeline-browser',
  'commands/run-progress',
  'doctor/system',
  'clients/callers-jobserver',
  'clients/make-as-a-client',
  'clients/script',
  'shims/journal',
  'setup/undo',
  'commands/plain',
  'doctor/shims',
  'doctor/launcher',
  'commands/timeline',
  'doctor/jobserver',
  'shimdir/install',
  'commands/json',
  'shims/fails-often',
  'commands/serve',
]

const rankOf = (name: string): number => {
  const rank = longest.indexOf(name)
  return rank < 0 ? longest.length : rank
}

export const longestFirst = (names: readonly string[]): string[] =>
  [...names].sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1))
