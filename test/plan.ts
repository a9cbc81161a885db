/** Which tests `npm test` leaves to `npm run test:all`, and in what order files are started. */

type Row = {
  file: string // without .test.ts; one that ends in / or - begins the names of several
  part?: true // only those tests of it that need what not every machine has; testWith tells them
  why: string
}

export const rest: readonly Row[] = [
  { file: 'clients/bmake', why: 'needs bmake' },
  { file: 'clients/callers-jobserver', part: true, why: 'make 4.4, in both its styles' },
  { file: 'clients/cargo', why: 'needs cargo' },
  { file: 'clients/cmake', why: 'needs cmake' },
  { file: 'clients/company-prefix', part: true, why: 'a real ccache' },
  { file: 'clients/company-', why: 'needs ccache, distcc, icecc, sccache' },
  { file: 'clients/emerge', why: 'needs Portage' },
  { file: 'clients/go', why: 'needs go' },
  { file: 'clients/joined', part: true, why: 'make 4.4, ninja, cmake' },
  { file: 'clients/links', why: 'long, and shims/gather has each of its steps; make 4.4, ninja' },
  { file: 'clients/make-as-a-client', part: true, why: 'make 4.4' },
  { file: 'clients/naive-launcher', why: 'long: it tests that a test of clients/ would fail' },
  { file: 'clients/ninja', why: 'needs ninja' },
  { file: 'clients/portage', why: 'needs Portage' },
  { file: 'clients/prefix', why: 'needs ccache, cmake, cargo' },
  { file: 'clients/scons', why: 'needs scons' },
  { file: 'clients/script', part: true, why: 'make 4.4' },
  { file: 'clients/three-makes', part: true, why: 'make 4.4' },
  { file: 'commands/completion', part: true, why: 'bash-completion, zsh, fish' },
  { file: 'commands/env', part: true, why: 'fish, cmake, cargo, go' },
  { file: 'commands/run-census', part: true, why: 'make 4.4' },
  { file: 'commands/run-jobserver', part: true, why: 'make 4.4' },
  { file: 'commands/run-joins', part: true, why: 'make 4.4, in both its styles' },
  { file: 'commands/run-past', part: true, why: 'cmake, ninja' },
  {
    file: 'commands/run-memory',
    why: 'long: fills four gigabytes of a memory cgroup, thrice; shims/gates-machine has the gate',
  },
  { file: 'commands/run-progress', why: 'needs tmux' },
  { file: 'commands/serve-census', part: true, why: 'make 4.4, ninja, cargo' },
  { file: 'commands/timeline-browser', why: 'needs chromium' },
  { file: 'docs/man-page', why: 'needs mandoc' },
  { file: 'doctor/jobserver', part: true, why: 'make 4.4, ninja' },
  { file: 'doctor/system', part: true, why: 'bubblewrap' },
  { file: 'doctor/trees', part: true, why: 'cmake, ninja' },
  { file: 'ground/bottom-line', part: true, why: 'tmux' },
  { file: 'shimdir/killed', why: 'long: waits 18 times until a lock is stale' },
  { file: 'shims/deadlock', part: true, why: 'make 4.4' },
  { file: 'shims/journal', part: true, why: 'make 4.4' },
  { file: 'shims/namespaces', part: true, why: 'bubblewrap' },
  { file: 'shims/quick', why: 'needs strace' },
  { file: 'shims/transparent-terminal', part: true, why: 'strace' },
  { file: 'shims/transparent-tools', part: true, why: 'clang, rustc, ccache' },
  { file: 'soak/', why: 'long: storms over all clients' },
  { file: 'toolchain/configured', part: true, why: 'cmake, meson, ninja, autoconf' },
  { file: 'toolchain/engine', part: true, why: 'distcc' },
]

const rowOf = (name: string): Row | undefined =>
  rest.find(({ file }) => (/[/-]$/.test(file) ? name.startsWith(file) : name === file))

export type Scope = 'plain' | 'rest' | 'all'

/** How much of a file is run, as JOBSHIM_TEST_SCOPE tells it: see support/test-with.ts. */
export type Share = 'all' | 'plain' | 'part of a file' | 'rest of a file' | 'none'

export function shareOf(name: string, scope: Scope): Share {
  const row = rowOf(name)
  if (scope === 'all') return 'all'
  if (row === undefined) return scope === 'plain' ? 'plain' : 'none'
  if (row.part) return scope === 'plain' ? 'part of a file' : 'rest of a file'
  return scope === 'plain' ? 'none' : 'all'
}

/** What takes longest comes first, so that at the end nothing long is left to run alone. */
export const longest: readonly string[] = []

const rankOf = (name: string): number => {
  const rank = longest.indexOf(name)
  return rank < 0 ? longest.length : rank
}

export const longestFirst = (names: readonly string[]): string[] =>
  [...names].sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1))
