import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { repository } from './workspace.js'

/** A program that tests drive and that a machine may lack. */
export type Client = {
  name: string // as the closing line of the tests has it
  program: string
  version?: RegExp // what its --version must look like
  fetched?: string // the directory of .cache/clients into which .ci/clients puts it
  file?: string // the directory of a file that is read, not run
}

/** Every optional client; make and a C compiler are none: without them jobshim can't be built. */
export const clients = {
  make43: { name: 'make 4.3', program: 'make', version: /^GNU Make (3\.|4\.[0-3]\b)/ }, // any that speaks no fifo:
  make44: { name: 'make 4.4', program: 'make', version: /^GNU Make 4\.([4-9]|\d\d)/, fetched: 'make-4.4.1' },
  ninja111: { name: 'ninja 1.11', program: 'ninja', version: /^1\.\d(\.|$)|^1\.1[0-2]\b/ }, // any that is no client
  ninja113: { name: 'ninja 1.13', program: 'ninja', version: /^1\.1[3-9]\b/, fetched: 'ninja-1.13' },
  autoconf: { name: 'autoconf', program: 'autoconf' },
  cargo: { name: 'cargo', program: 'cargo' },
  bash: { name: 'bash', program: 'bash' },
  bashCompletion: {
    name: 'bash-completion',
    program: 'bash_completion',
    file: '/usr/share/bash-completion',
  },
  bmake: { name: 'bmake', program: 'bmake' },
  ccache: { name: 'ccache', program: 'ccache' },
  chromium: { name: 'chromium', program: 'chromium' },
  clang: { name: 'clang', program: 'clang' },
  cmake: { name: 'cmake', program: 'cmake' },
  dash: { name: 'dash', program: 'dash' },
  distcc: { name: 'distcc', program: 'distcc' },
  distccd: { name: 'distccd', program: 'distccd' },
  fish: { name: 'fish', program: 'fish' },
  go: { name: 'go', program: 'go' },
  icecc: { name: 'icecc', program: 'icecc' },
  less: { name: 'less', program: 'less' },
  mandoc: { name: 'mandoc', program: 'mandoc' },
  meson: { name: 'meson', program: 'meson' },
  ninja: { name: 'ninja', program: 'ninja' },
  portage: { name: 'portage', program: 'ebuild', fetched: 'portage' },
  python: { name: 'python', program: 'python3' },
  sccache: { name: 'sccache', program: 'sccache' },
  scons: { name: 'scons', program: 'scons' },
  strace: { name: 'strace', program: 'strace' },
  tmux: { name: 'tmux', program: 'tmux', version: /^/ },
  zsh: { name: 'zsh', program: 'zsh' },
} as const satisfies Record<string, Client>

export type ClientKey = keyof typeof clients

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function isVersion(file: string, version: RegExp | undefined): boolean {
  if (version === undefined) return true
  const { stdout } = spawnSync(file, [file.endsWith('/tmux') ? '-V' : '--version'], { encoding: 'utf8' })
  return version.test(stdout ?? '')
}

/** Returns the directory that holds a client, or undefined where the machine lacks it. */
export function findClient(key: ClientKey): string | undefined {
  const { program, version, fetched, file }: Client = clients[key]
  if (file !== undefined) return existsSync(join(file, program)) ? file : undefined
  const directories = (process.env.PATH ?? '').split(delimiter).filter(entry => entry.startsWith('/'))
  if (fetched !== undefined) directories.unshift(join(repository, '.cache/clients', fetched, 'bin'))
  return directories.find(directory => {
    const path = join(directory, program)
    return isExecutable(path) && isVersion(path, version)
  })
}

/** The names of the clients that this machine lacks. */
export const missingClients = (): string[] =>
  Object.entries(clients)
    .filter(([key]) => findClient(key as ClientKey) === undefined)
    .map(([, { name }]) => name)
