/** A Portage with a repository of its own, as root and in a directory: nothing of the machine's is changed. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, statSync, symlinkSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { findClient } from './clients.js'
import { type Outcome, run } from './jobshim.js'
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
  /** Runs `ebuild` for a package, to the end of a phase; `env` is added to what it sees. */
  ebuild(name: string, phases: readonly string[], env?: Readonly<Record<string, string>>): Promise<Outcome>
  buildDirectory(name: string): string
}

/** Whether there is the user as whom `userpriv` runs a phase, and that one can come to Portage, wherever it lies. */
export const isReachable = (): boolean =>
  spawnSync('setpriv', [
    ...['--reuid=portage', '--regid=portage', '--clear-groups'],
    ...[join(findClient('portage') ?? '', 'python'), '-c', 'import portage'],
  ]).status === 0

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

/** Sandboxes that need another kernel, or another machine, than tests may count on. */
const withoutSandboxes =
  '-sandbox -usersandbox -userpriv -pid-sandbox -network-sandbox -ipc-sandbox -mount-sandbox -userfetch'

const indented = (text: string): string => text.trim().replace(/^/gm, '\t')

/** `path`: what is on PATH in the phases, behind Portage's own. */
export function makePortage(
  packages: readonly Package[],
  { path, makeopts, features = '' }: { path: string; makeopts: string; features?: string },
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
      'NOCOLOR="true"\n',
    ].join('\n'),
  })
  symlinkSync(join(repo, 'profiles/default'), join(etc, 'make.profile'))
  const bin = findClient('portage') ?? ''
  return {
    root,
    configRoot,
    ebuild: (name, phases, env = {}) =>
      run(join(bin, 'ebuild'), [join(repo, 'app-misc', name, `${name}-1.ebuild`), ...phases], {
        cwd: root,
        env: {
          ...env,
          PATH: [bin, path].join(delimiter),
          PORTAGE_CONFIGROOT: configRoot,
          ROOT: join(root, 'installed'),
          NO_COLOR: '1',
        },
        hangSeconds: 120,
      }),
    buildDirectory: name => join(root, 'tmp/portage/app-misc', `${name}-1`),
  }
}
