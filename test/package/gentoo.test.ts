/**
 * README, followed to the letter on Gentoo: by a real Portage, whose phases run as user portage. A path stands for the URL, `npm ci` copies
 * what had been fetched, and Gentoo's own repository is one of a test's: Node, and the eclasses as far as the ebuild uses them.
 */
import { realpathSync } from 'node:fs'
import { delimiter, dirname } from 'node:path'
import * as assert from 'uvu/assert'
import { findClient } from '../support/clients.js'
import { blockOf } from '../support/documents.js'
import { canBuild } from '../support/portage.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, openToOthers, writeFiles } from '../support/workspace.js'
import { type Line, mayType, nothingLeft, remember, type Typist, typeAll } from './typing.js'
import { completes, useIt } from './use.js'

const install = blockOf('README.md', 'git clone URL /usr/src/jobshim')
const update = blockOf('README.md', 'git -C /usr/src/jobshim pull')
const uninstallShims = blockOf('README.md', 'jobshim uninstall && rm')
const uninstall = blockOf('README.md', 'emerge --unmerge dev-build/jobshim')

/** Portage of a virtual environment is that of the system. */
const inPlace = 'export PORTAGE_OVERRIDE_EPREFIX=\n'

/** Its cache of ebuilds' metadata, which it keeps, and a directory that was there and that it removes once it is empty. */
const portagesOwn =
  'rm -r /var/cache/edb/dep/usr/src/jobshim\nmkdir -p /usr/share/fish/vendor_completions.d\n'

const into = (name: string, directory: string, mode = ''): string =>
  `${name}() { ( insopts -m 0644 ${mode}; insinto ${directory}; ${name.startsWith('new') ? 'newins' : 'doins'} "$@" ) || die; }`

const gentoo: Readonly<Record<string, string>> = {
  'metadata/layout.conf': 'masters =\nthin-manifests = true\nsign-manifests = false\n',
  'profiles/repo_name': 'gentoo\n',
  'profiles/categories': 'dev-build\nnet-libs\n',
  'profiles/arch.list': 'amd64\narm64\n',
  'profiles/eapi': '8\n',
  'profiles/profiles.desc': 'amd64 default stable\n',
  'profiles/default/eapi': '8\n',
  'profiles/default/make.defaults':
    'ARCH="amd64"\nACCEPT_KEYWORDS="amd64"\nCHOST="x86_64-pc-linux-gnu"\nACCEPT_LICENSE="*"\n',
  'eclass/git-r3.eclass': `PROPERTIES="live"
git-r3_src_unpack() {
	git init -q "\${WORKDIR}/\${P}" || die
	cd "\${WORKDIR}/\${P}" || die
	git fetch -q "\${EGIT_REPO_URI}" HEAD || die
	git checkout -q FETCH_HEAD || die
}
EXPORT_FUNCTIONS src_unpack
`,
  'eclass/shell-completion.eclass': [
    into('newbashcomp', '/usr/share/bash-completion/completions'),
    into('newzshcomp', '/usr/share/zsh/site-functions'),
    into('newfishcomp', '/usr/share/fish/vendor_completions.d'),
    '',
  ].join('\n'),
  'eclass/systemd.eclass': `${into('systemd_dounit', '/usr/lib/systemd/system')}\n`,
  'net-libs/nodejs/nodejs-22.0.0.ebuild': [
    'EAPI=8\nDESCRIPTION="Node"\nHOMEPAGE="https://example.org/"\nLICENSE="MIT"\nSLOT="0"',
    `KEYWORDS="amd64"\nIUSE="+npm"\nS="\${WORKDIR}"\n`,
  ].join('\n'),
}

/** Without what needs another kernel, or another machine, than tests may count on. */
const features =
  '-news -merge-sync -sandbox -usersandbox -pid-sandbox -network-sandbox -ipc-sandbox -mount-sandbox userpriv userfetch'

const etc: Readonly<Record<string, string>> = {
  'make.conf': `FEATURES="${features}"\nMAKEOPTS="-j2"\nPORTAGE_COMPRESS=""\nNOCOLOR="true"\n`,
  'repos.conf/gentoo.conf':
    '[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = /var/db/repos/gentoo\nauto-sync = no\n',
}

const type = (by: Typist, text: string, says?: RegExp): Line => ({
  by,
  text,
  ...(says === undefined ? {} : { says }),
})

const usedBy = (by: Typist): Line[] => [
  type(by, 'jobshim --version', /^0\.1\.0$/m),
  ...completes(by),
  ...useIt(by),
]

testWith(
  ['portage', 'bash', 'bashCompletion', 'zsh', 'fish', 'mandoc'],
  'package :: README :: on Gentoo, by its ebuild, to the letter :: root installs, root and a user use it',
  async portage => {
    const given = makeWorkspace('gentoo')
    openToOthers(given)
    writeFiles(given, {
      ...Object.fromEntries(Object.entries(gentoo).map(([path, text]) => [`repos/gentoo/${path}`, text])),
      ...Object.fromEntries(Object.entries(etc).map(([path, text]) => [`portage/${path}`, text])),
    })
    const home = dirname(realpathSync(portage))
    const prepared = `sed -i 's:"/share/portage:"/usr/share/portage:' ${home}/lib/python3*/site-packages/portage/const.py
cp -r ${home}/share/portage /usr/share
mkdir -p /var/db/repos /etc/portage
cp -r ${given}/repos/. /var/db/repos
cp -r ${given}/portage/. /etc/portage
ln -s /var/db/repos/gentoo/profiles/default /etc/portage/make.profile`
    assert.ok(install.includes(' URL '))
    const lines = [
      remember,
      type('root', inPlace + install.replace('URL', '~/origin')),
      ...usedBy('root'),
      ...usedBy('a user'),
      type('root', inPlace + update),
      ...(['root', 'a user'] as const).flatMap(by => [
        type(by, 'jobshim install'),
        type(by, uninstallShims),
        type(by, 'rm -rf project origin .npm'),
      ]),
      type('root', inPlace + uninstall),
      type('root', portagesOwn),
      nothingLeft,
    ]
    await typeAll(lines, { prepared, copied: home, path: [portage, process.env.PATH].join(delimiter) })
  },
  { may: () => findClient('portage') !== undefined && canBuild(undefined, true) && mayType() },
)

test.run()
