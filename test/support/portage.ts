/** A Portage with a repository of its own, as root and in a directory: nothing of the machine's is changed. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { type ClientKey, clients, findClient } from './clients.js'
import { type Counted, makeCounted } from './counted.js'
import { jobshim, type Outcome, run } from './jobshim.js'
import { makeRecorder, type Recorder } from './recording.js'
import { makeWorkspace, writeFiles } from './workspace.js'

/** A package whose build misbehaves. */
export type Package = {
  name: string
  files: Readonly<Record<string, string>> // of its source
  phases: Readonly<Record<string, string>> // the bodies of functions of its ebuild
}

export type Portage = {
  root: string
  configRoot: string
  /** Runs `ebuild` for a package, to the end of a phase; `more` is added to its environment. */
  ebuild(name: string, phases: readonly string[], more?: Readonly<Record<string, string>>): Promise<Outcome>
  /** What runs `emerge`, to the packages and no further: a command and its environment. */
  emerge(args: readonly string[]): { command: string[]; env: Record<string, string> }
  /** Installs jobshim, and opts the packages in; `--sandbox`: that way. */
  optIn(...how: readonly '--sandbox'[]): Promise<void>
  buildDirectory(name: string): string
  packageOf(name: string): string // of emerge
}

/** Whether there is the user as whom `userpriv` runs a phase, and the command succeeds as that one, wherever it lies. */
const succeedsAsPortage = (...command: string[]): boolean =>
  spawnSync('setpriv', ['--reuid=portage', '--regid=portage', '--clear-groups', ...command]).status === 0

let _toolchain: string | undefined

/** Rust's programs without rustup, whose home others can't come to: hard links to all that is there. */
function openToolchain(): string {
  if (_toolchain !== undefined) return _toolchain
  const directory = join(makeWorkspace('rust'), 'toolchain')
  const sysroot = execFileSync('rustc', ['--print', 'sysroot'], { encoding: 'utf8' }).trim()
  execFileSync('cp', ['-al', sysroot, directory])
  letIn(directory)
  _toolchain = join(directory, 'bin')
  return _toolchain
}

/** The directory of a client that a package needs; undefined where there is none. The user portage comes to it, too. */
export function openClient(needs: ClientKey): string | undefined {
  const found = findClient(needs)
  return found !== undefined && needs === 'cargo' ? openToolchain() : found
}

/** Whether Portage, and the client where one is named, are there, and for the user portage, too, where that is asked for. */
export function canBuild(needs: ClientKey | undefined, userpriv: boolean): boolean {
  const portage = findClient('portage')
  const client = needs === undefined ? '' : openClient(needs)
  if (portage === undefined || client === undefined) return false
  if (!userpriv) return true
  const program = needs === undefined ? 'true' : clients[needs].program
  return (
    succeedsAsPortage(join(portage, 'python'), '-c', 'import portage') &&
    succeedsAsPortage('env', `PATH=${[client, process.env.PATH].join(delimiter)}`, program, '--version')
  )
}

/** A recorder whose log the user portage may write, too. */
export function makeOpenRecorder(): Recorder {
  const recorder = makeRecorder(join(makeWorkspace(), 'recorder'))
  const [bin = ''] = recorder.bin.split(delimiter)
  letIn(bin)
  chmodSync(dirname(bin), 0o777)
  return recorder
}

/** The same for what counts compilers that may be killed. */
export function makeOpenCounted(): Counted {
  const directory = join(makeWorkspace(), 'counted')
  const counted = makeCounted(directory)
  letIn(counted.bin)
  chmodSync(join(directory, 'count'), 0o666)
  return counted
}

/** Lets other users into a directory of ours, wherever it lies. */
export function letIn(directory: string): void {
  for (
    let path = directory;
    statSync(path).uid === process.getuid?.() && dirname(path) !== path;
    path = dirname(path)
  ) {
    const { mode } = statSync(path)
    if ((mode & 0o001) === 0) chmodSync(path, (mode & 0o7777) | 0o011)
  }
}

/** The files that Portage would install, by name and content. */
export const imageOf = (directory: string): string[] =>
  readdirSync(join(directory, 'image'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => `${entry.name} ${readFileSync(join(entry.parentPath, entry.name), 'base64')}`)
    .sort()

/** Sandboxes that need another kernel, or another machine, than tests may count on. */
const withoutSandboxes =
  '-sandbox -usersandbox -userpriv -pid-sandbox -network-sandbox -ipc-sandbox -mount-sandbox -userfetch'

const indented = (text: string): string => text.trim().replace(/^/gm, '\t')

export type Setting = {
  path: string // what is on PATH in the phases, behind Portage's own
  makeopts: string
  features?: string
  settings?: readonly string[] // further lines of make.conf
}

export function makePortage(
  packages: readonly Package[],
  { path, makeopts, features = '', settings = [] }: Setting,
): Portage {
  const root = makeWorkspace('portage')
  letIn(root)
  const repo = join(root, 'repo')
  const configRoot = join(root, 'system')
  const etc = join(configRoot, 'etc/portage')
  writeFiles(repo, {
    'metadata/layout.conf': 'repo-name = test\nmasters =\nthin-manifests = true\nsign-manifests = false\n',
    'profiles/repo_name': 'test\n',
    'profiles/categories': 'app-misc\n',
    'profiles/arch.list': 'amd64\n',
    'profiles/profiles.desc': 'amd64 default stable\n',
    'profiles/default/eapi': '8\n',
    'profiles/default/make.defaults':
      'ARCH="amd64"\nACCEPT_KEYWORDS="amd64"\nCHOST="x86_64-pc-linux-gnu"\nACCEPT_LICENSE="*"\n',
    ...Object.fromEntries(
      packages.map(({ name, phases }) => [
        `app-misc/${name}/${name}-1.ebuild`,
        [
          'EAPI=8\nDESCRIPTION="misbehaves"\nHOMEPAGE="https://example.org/"\nLICENSE="MIT"\nSLOT="0"',
          'KEYWORDS="amd64"\nS="$WORKDIR/source"\n',
          `src_unpack() {\n\tcp -r "${join(root, 'sources', name)}" "\${S}" || die\n}`,
          ...Object.entries(phases).map(([phase, body]) => `${phase}() {\n${indented(body)}\n}`),
          '',
        ].join('\n'),
      ]),
    ),
  })
  for (const { name, files } of packages) writeFiles(join(root, 'sources', name), files)
  for (const directory of ['tmp', 'dist', 'installed']) {
    mkdirSync(join(root, directory))
    chmodSync(join(root, directory), 0o1777)
  }
  writeFiles(etc, {
    'repos.conf': `[DEFAULT]\nmain-repo = test\n[gentoo]\ndisabled = true\n[test]\nlocation = ${repo}\n`,
    'make.conf': [
      `MAKEOPTS="${makeopts}"`,
      `FEATURES="-news -merge-sync -strict ${withoutSandboxes} ${features}"`,
      `PORTAGE_TMPDIR="${join(root, 'tmp')}"`,
      `DISTDIR="${join(root, 'dist')}"`,
      `PKGDIR="${join(root, 'packages')}"`,
      'NOCOLOR="true"',
      ...settings,
      '',
    ].join('\n'),
  })
  symlinkSync(join(repo, 'profiles/default'), join(etc, 'make.profile'))
  const bin = findClient('portage') ?? ''
  const env = {
    PATH: [bin, path].join(delimiter),
    PORTAGE_CONFIGROOT: configRoot,
    NO_COLOR: '1',
  }
  return {
    root,
    configRoot,
    emerge: args => ({ command: [join(bin, 'emerge'), '--buildpkgonly', '--nodeps', ...args], env }),
    packageOf: name => join(root, 'packages/app-misc', name),
    async optIn(...how) {
      const at = ['--root', configRoot]
      for (const words of [
        ['install', '--no-config', ...at],
        ['enable', ...how, ...at, ...packages.map(({ name }) => `app-misc/${name}`)],
      ]) {
        const { status, stderr } = await jobshim(['portage', ...words], { env: { PATH: path }, cwd: root })
        assert.is(status, 0, stderr)
      }
    },
    ebuild: (name, phases, more = {}) =>
      run(join(bin, 'ebuild'), [join(repo, 'app-misc', name, `${name}-1.ebuild`), ...phases], {
        cwd: root,
        env: { ...env, ...more, ROOT: join(root, 'installed') },
      }),
    buildDirectory: name => join(root, 'tmp/portage/app-misc', `${name}-1`),
  }
}
