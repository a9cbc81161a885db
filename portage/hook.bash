# jobshim's part of a phase: its shims first on PATH, and a jobserver if there is none.
# /etc/portage/bashrc sources it; JOBSHIM_PORTAGE comes from /etc/portage/env/jobshim.conf, by package.env.
# shellcheck shell=bash

# Makes the FIFO of a pool, and opens it. We may be root by now, and a process of the user portage may still put links into $T.
# So the FIFO is made, and opened, from within a directory that only we can write.
__jobshim_open_fifo() {
	local place=$1 before=${PWD} old=${OLDPWD} made=1

	[[ ${before} -ef . ]] && rm -rf "${place}" && mkdir -m 0700 "${place}" && cd -P "${place}" || return
	[[ $(stat -c %u:%a .) == "${EUID}:"?(2)700 ]] && mkfifo -m 0600 fifo && exec {__JOBSHIM_POOL}<>fifo && made=0
	cd "${before}" && OLDPWD=${old}
	return "${made}"
}

# A pool of the phase's own. A FIFO's bytes stay as long as a process has it open: this shell, and what it starts. So the pool ends
# with the phase, however that ends. `look` reads MAKEOPTS, and tells what it can't read.
__jobshim_make_pool() {
	local place=${T}/jobshim-${EUID} answer jobs load flags

	__JOBSHIM_POOL=
	if ! __jobshim_open_fifo "${place}"; then
		ewarn "jobshim: no jobserver can be made in \$T: the build goes on without jobshim"
		return 1
	fi
	if ! answer=$(MAKEOPTS=${MAKEOPTS} "$1" fill "$(nproc)" <&"${__JOBSHIM_POOL}"); then
		exec {__JOBSHIM_POOL}>&-
		__JOBSHIM_POOL=
		return 1
	fi
	jobs=${answer%% *} load=${answer#* }
	# make's way: flags of one letter in the first word, which may be empty
	[[ ${MAKEFLAGS} == -* ]] && MAKEFLAGS=" ${MAKEFLAGS}"
	flags=${MAKEFLAGS%% -- *} # behind it there are variables
	export MAKEFLAGS="${flags} -j${jobs} ${load:+-l${load} }--jobserver-auth=fifo:${place}/fifo${MAKEFLAGS#"${flags}"}"
}

# Names in the log the tools that run past the shims. Init adopts it, so that a `wait` of the ebuild does not wait for it. It has the
# pool closed: any process that has it open might hold a token.
__jobshim_watch() {
	local pid=${BASHPID} stat

	# With its start time: in a PID sandbox the shell of every phase has the same number, and Portage saves our variables.
	read -r -a stat <"/proc/${pid}/stat"
	[[ ${__JOBSHIM_WATCHED} == "${pid} ${stat[21]}" ]] && return
	__JOBSHIM_WATCHED="${pid} ${stat[21]}"
	(
		[[ -z ${__JOBSHIM_POOL} ]] || exec {__JOBSHIM_POOL}>&-
		"$1" bypass "${pid}" </dev/null &
	)
}

__jobshim_begin_phase() {
	local shims=${BASH_SOURCE[0]%/*}/portage

	if [[ ! -x ${shims}/.jobshim/look ]]; then
		ewarn "jobshim: no shims beside its hook: run jobshim portage install"
		return
	fi
	# Portage may source us twice in a phase, and hands on the variables of the phase before.
	[[ -n ${__JOBSHIM_POOL} && /proc/${BASHPID}/fd/${__JOBSHIM_POOL} -ef ${T}/jobshim-${EUID}/fifo ]] && return
	[[ -v __JOBSHIM_MAKEFLAGS ]] && MAKEFLAGS=${__JOBSHIM_MAKEFLAGS}
	__JOBSHIM_MAKEFLAGS=${MAKEFLAGS}
	unset JOBSHIM_JOBSERVER
	[[ ${MAKEFLAGS} == *--jobserver-* ]] || __jobshim_make_pool "${shims}/.jobshim/look" || return
	export JOBSHIM_JOB=${CATEGORY}/${PF}
	# For our launchers: a make -jN of the package's own opens another pool, and names that in MAKEFLAGS.
	if [[ ${MAKEFLAGS} =~ --jobserver-auth=fifo:([^ ]+) ]]; then
		export JOBSHIM_JOBSERVER=fifo:${BASH_REMATCH[1]}
		addwrite "${BASH_REMATCH[1]}" # the sandbox lets us use one outside, and its ledger
		addwrite "${BASH_REMATCH[1]}.ledger"
	fi
	[[ ${PATH} == "${shims}":* ]] || export PATH=${shims}:${PATH}
	__jobshim_watch "${shims}/.jobshim/look"
}

if [[ ${JOBSHIM_PORTAGE} == 1 && ${EBUILD_PHASE} == @(configure|compile|test|install) ]]; then
	__jobshim_begin_phase
fi
