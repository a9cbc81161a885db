# Copyright 2026 Gentoo Authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit git-r3 shell-completion systemd

DESCRIPTION="Shims that make every compiler obey the GNU make jobserver"
HOMEPAGE="https://bugs.gentoo.org/692576"
# Where your copy of the repository is.
EGIT_REPO_URI="${JOBSHIM_REPO_URI:-file:///usr/src/jobshim}"

LICENSE="MIT"
SLOT="0"
# They want many build systems and a terminal: npm test in a checkout runs them.
RESTRICT="test"

# The launcher is built once more, as the user who installs shims, where this one is not there.
RDEPEND=">=net-libs/nodejs-20.17.0"
BDEPEND=">=net-libs/nodejs-20.17.0[npm]"

src_unpack() {
	# Git refuses a copy that belongs to another user than the one this phase runs as, as user portage does root's.
	local place=${EGIT_REPO_URI#file://} copy
	if [[ ${place} == /* ]]; then
		for copy in "${place%/}"{,/.git}; do
			git config --global --add safe.directory "${copy}" || die
		done
	fi
	git-r3_src_unpack
	# Only this phase has the network.
	cd "${S}" || die
	npm ci --ignore-scripts --no-audit --no-fund --cache "${T}/npm" || die
}

src_compile() {
	npm run build:ts || die
	emake -C shims
}

src_install() {
	local home=/usr/lib/node_modules/jobshim

	insinto "${home}"
	doins -r bin config.schema.json package.json portage shims
	insinto "${home}/dist"
	doins -r dist/bundle
	fperms 0755 "${home}"/{bin/jobshim.js,shims/build/{launcher,look}}
	dosym -r "${home}/bin/jobshim.js" /usr/bin/jobshim
	newinitd examples/serve/jobshim.initd jobshim
	systemd_dounit examples/serve/jobshim.service
	doman docs/jobshim.1
	newbashcomp dist/bundle/completion.bash jobshim
	newzshcomp dist/bundle/completion.zsh _jobshim
	newfishcomp dist/bundle/completion.fish jobshim.fish
	dodoc README.md docs/*.md
}

pkg_postinst() {
	elog "To hold packages to MAKEOPTS that ignore it:"
	elog "    jobshim portage install"
	elog "    jobshim portage enable CATEGORY/PACKAGE"
}
