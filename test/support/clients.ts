import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { scrubbed } from './jobshim.js'
import { packageAt } from './own-system.js'
import { repository } from './workspace.js'

/** A program that tests drive and that a machine may lack. */
export type Client = {
  name: string // as the closing line of the tests has it
  program: string
  asks?: readonly string[] // how it is called to see that it runs; --version
  version?: RegExp // what it must say then; any on PATH that does
  with?: string // a program that must run, too
  fetched?: string // the directory of .cache/clients into which .ci/clients puts it
  file?: string // the directory of a file that is read, not run
  plain?: true // every machine on which jobshim can be built and tested has it
}

/** As qemu and the kernel have it, by Node's name. */
const machines: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' }

/** Every optional client; a C compiler is none: without it jobshim can't be built. */
export const clients = {
  make43: { name: 'make 4.3', program: 'make', version: /^GNU Make (3\.|4\.[0-3]\b)/, plain: true }, // any that speaks no fifo:
  make44: { name: 'make 4.4', program: 'make', version: /^GNU Make 4\.([4-9]|\d\d)/, fetched: 'make-4.4.1' },
  ninja111: { name: 'ninja 1.11', program: 'ninja', version: /^1\.\d(\.|$)|^1\.1[0-2]\b/ }, // any that is no client
  ninja113: { name: 'ninja 1.13', program: 'ninja', version: /^1\.1[3-9]\b/, fetched: 'ninja-1.13' },
  autoconf: { name: 'autoconf', program: 'autoconf' },
  bwrap: { name: 'bubblewrap', program: 'bwrap' },
  cargo: { name: 'cargo', program: 'cargo', with: 'rustc' },
  bash: { name: 'bash', program: 'bash', plain: true },
  bashCompletion: {
    name: 'bash-completion',
    program: 'bash_completion',
    file: '/usr/share/bash-completion',
  },
  bmake: { name: 'bmake', program: 'bmake', asks: ['-V', 'MAKE_VERSION'] },
  ccache: { name: 'ccache', program: 'ccache' },
  chromium: { name: 'chromium', program: 'chromium' },
  clang: { name: 'clang', program: 'clang' },
  clangLinkerWrapper: {
    name: 'clang-linker-wrapper 22',
    program: 'clang-linker-wrapper',
    asks: ['--help'],
    version: /--wrapper-jobs=.*'jobserver'/, // a client
    fetched: 'llvm',
  },
  cmake: { name: 'cmake', program: 'cmake' },
  ctest: {
    name: 'ctest 3.29',
    program: 'ctest',
    version: /^ctest version (3\.(29|[3-9]\d)|[4-9])/,
    fetched: 'cmake',
  }, // a client
  dash: { name: 'dash', program: 'dash', asks: ['-c', ':'], plain: true },
  debuild: { name: 'devscripts', program: 'debuild' },
  direnv: { name: 'direnv', program: 'direnv' },
  distcc: { name: 'distcc', program: 'distcc' },
  distccd: { name: 'distccd', program: 'distccd' },
  docker: { name: 'docker', program: 'dockerd', file: packageAt('docker', 'usr/sbin') },
  dpkg: { name: 'dpkg-dev', program: 'dpkg-buildpackage' },
  // Of a server that keeps an account: test/support/accounting.c.
  fuse: { name: 'fuse', program: 'fusermount3' },
  fuseDevice: { name: '/dev/fuse', program: 'fuse', file: '/dev' },
  libfuse: { name: 'libfuse', program: 'fuse_lowlevel.h', file: '/usr/include/fuse3' },
  fish: { name: 'fish', program: 'fish' },
  gcc: { name: 'gcc', program: 'gcc' },
  gdb: { name: 'gdb', program: 'gdb' },
  go: { name: 'go', program: 'go', asks: ['version'] },
  java: { name: 'java', program: 'java', asks: ['-version'], with: 'javac' },
  icecc: { name: 'icecc', program: 'icecc' },
  libtoolize: { name: 'libtool', program: 'libtoolize' },
  less: { name: 'less', program: 'less' },
  lld: { name: 'lld', program: 'ld.lld' },
  mandoc: { name: 'mandoc', program: 'mandoc', asks: ['/dev/null'] },
  mise: { name: 'mise', program: 'mise', fetched: 'mise' },
  meson: { name: 'meson', program: 'meson' },
  mold: { name: 'mold', program: 'mold' },
  musl: { name: 'musl-tools', program: 'musl-gcc' },
  nasmRs: { name: 'nasm-rs', program: 'build-script-build', asks: [], fetched: 'nasm-rs' },
  ninja: { name: 'ninja', program: 'ninja' },
  openrc: { name: 'openrc', program: 'rc-service', file: packageAt('openrc', 'sbin') },
  parallel: { name: 'GNU parallel', program: 'parallel', version: /^GNU parallel/ },
  perl: { name: 'perl', program: 'perl' },
  podman: { name: 'podman', program: 'podman', file: packageAt('podman', 'usr/bin') },
  portage: { name: 'portage', program: 'ebuild', fetched: 'portage' },
  python: { name: 'python', program: 'python3', plain: true },
  qemu: { name: 'qemu-user-static', program: `qemu-${machines[process.arch] ?? process.arch}-static` }, // of this machine's own kind
  qemuArm: { name: 'qemu-user-static for arm64', program: 'qemu-aarch64-static' },
  sccache: { name: 'sccache', program: 'sccache' },
  scons: { name: 'scons', program: 'scons' },
  strace: { name: 'strace', program: 'strace' },
  tmux: { name: 'tmux', program: 'tmux', asks: ['-V'] },
  valgrind: { name: 'valgrind', program: 'valgrind' },
  wild: { name: 'wild', program: 'wild', fetched: 'wild' },
  waf: { name: 'waf', program: 'waf', with: 'python3', fetched: 'waf' },
  zig: { name: 'zig', program: 'zig', asks: ['version'], fetched: 'zig' },
  zsh: { name: 'zsh', program: 'zsh' },
} as const satisfies Record<string, Client>

export type ClientKey = keyof typeof clients

/** Where a client is, or why it is not met. */
export type Finding = { directory: string } | { lacks: 'missing' | 'does not run' }

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/** What a program says as tests start it, or undefined where it fails: a rustup without a toolchain is there and runs nothing. */
function ask(program: string, words: readonly string[], env: Environment): string | undefined {
  const { status, stdout } = spawnSync(program, words, { encoding: 'utf8', env: scrubbed(env) })
  return status === 0 ? stdout : undefined
}

/** Looks for a client in these directories. Of one without a version the first that is there is what tests run. */
export function findIn(client: Client, directories: readonly string[], env: Environment = {}): Finding {
  const { program, asks = ['--version'], version, with: other } = client
  const there = directories.filter(directory => isExecutable(join(directory, program)))
  const answers = (version ? there : there.slice(0, 1)).map(directory => ({
    directory,
    says: ask(join(directory, program), asks, env),
  }))
  const running = answers.filter(({ says }) => says !== undefined)
  const right = running.find(({ says = '' }) => version?.test(says) ?? true)
  if (right === undefined)
    return { lacks: there.length > 0 && running.length === 0 ? 'does not run' : 'missing' }
  const runs = other === undefined || ask(other, ['--version'], env) !== undefined
  return runs ? { directory: right.directory } : { lacks: 'does not run' }
}

function look({ file, fetched, ...client }: Client): Finding {
  if (file !== undefined)
    return existsSync(join(file, client.program)) ? { directory: file } : { lacks: 'missing' }
  const directories = (process.env.PATH ?? '').split(delimiter).filter(entry => entry.startsWith('/'))
  if (fetched !== undefined) directories.unshift(join(repository, '.cache/clients', fetched, 'bin'))
  return findIn(client, directories)
}

const found = new Map<ClientKey, Finding>()

function lookOnce(key: ClientKey): Finding {
  const finding = found.get(key) ?? look(clients[key])
  found.set(key, finding)
  return finding
}

/** Whether every machine has it on which jobshim can be built and tested. */
export const isPlain = (key: ClientKey): boolean => 'plain' in clients[key]

/**
 * Returns the directory that holds a client, or undefined where the machine lacks it. Of those that not every machine has
 * `npm test` finds none, whatever is there, and fails where test/plan.ts does not know that a file asks for one.
 */
export function findClient(key: ClientKey): string | undefined {
  const scope = process.env.JOBSHIM_TEST_SCOPE
  if (scope === 'plain' && !isPlain(key))
    throw new Error(
      `${clients[key].name} is not on every machine: test/plan.ts leaves such a test to test:all`,
    )
  if (scope === 'part of a file' && !isPlain(key)) return undefined
  const finding = lookOnce(key)
  return 'directory' in finding ? finding.directory : undefined
}

/** The names of the clients that this machine lacks: of those that every machine has, or of all. */
export const missingClients = (scope: 'plain' | 'all'): string[] =>
  (Object.keys(clients) as ClientKey[])
    .filter(key => scope === 'all' || isPlain(key))
    .flatMap(key => {
      const finding = lookOnce(key)
      if ('directory' in finding) return []
      return finding.lacks === 'missing' ? [clients[key].name] : [`${clients[key].name} (does not run)`]
    })
