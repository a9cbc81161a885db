# jobshim's part of a phase: its shims first on PATH or a sandbox around it, and a jobserver if there is none.
# /etc/portage/bashrc sources it; JOBSHIM_PORTAGE comes from jobshim.conf or jobshim-sandbox.conf in /etc/portage/env, by package.env.
# shellcheck shell=bash

# Runs a command in a new directory. We may be root by now, and a process of the user portage may still put links into $T. So what the
# command makes, and opens, it names from within a directory that only we can write.
__jobshim_in_new_place() {
	local place=$1 before=${PWD} old=${OLDPWD} made=1

	[[ ${before} -ef . ]] && rm -rf "${place}" && mkdir -m 0700 "${place}" && cd -P "${place}" || return
	[[ $(stat -c %u:%a .) == "${EUID}:"?(2)700 ]] && "${@:2}" && made=0
	cd "${before}" && OLDPWD=${old}
	return "${made}"
}

__jobshim_open_fifo() {
	mkfifo -m 0600 fifo && exec {__JOBSHIM_POOL}<>fifo
}

# A pool of the phase's own. A FIFO's bytes stay as long as a process has it open: this shell, and what it starts. So the pool ends
# with the phase, however that ends. `look` reads MAKEOPTS, and tells what it can't read.
__jobshim_make_pool() {
	local place=${T}/jobshim-${EUID} answer jobs load flags

	__JOBSHIM_POOL=
	if ! __jobshim_in_new_place "${place}" __jobshim_open_fifo; then
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
	local pid=${BASHPID}

	(
		[[ -z ${__JOBSHIM_POOL} ]] || exec {__JOBSHIM_POOL}>&-
		"$1" bypass "${pid}" </dev/null &
	)
}

__jobshim_enter_at_socket() {
	"$1" phase "${BASHPID}" ./socket && jobshim_sandbox ./socket
}

# Enters a sandbox with this shell, by a builtin that is gone again afterwards. False: the log has a line that says why it can't be.
__jobshim_enter_sandbox() {
	local file=${BASH_SOURCE[0]%/*}/portage-sandbox.so place=${T}/jobshim-${EUID}-sandbox entered=1

	if ! builtin enable -f "${file}" jobshim_sandbox 2>/dev/null; then
		ewarn "jobshim: no sandbox for this phase: bash can't load ${file##*/}: the shims keep its limit"
		return 1
	fi
	__jobshim_in_new_place "${place}" __jobshim_enter_at_socket "$1" && entered=0
	rm -rf "${place}"
	builtin enable -d jobshim_sandbox
	return "${entered}"
}

# In a sandbox only what adapts programs that start tools is to stand on PATH. Its links are absolute: after an install from outside of
# this root they lead nowhere, and the shims serve as well.
__jobshim_place_on_path() {
	local adapters=("$1/.jobshim/adapters"/*)

	[[ -e ${adapters[0]} ]] && echo "$1/.jobshim/adapters" || echo "$1"
}

# Once in a shell: Portage may source us twice in a phase. With its start time: in a PID sandbox the shell of every phase has the same
# number, and Portage saves our variables.
__jobshim_govern() {
	local shims=$1 pid=${BASHPID} stat place

	read -r -a stat <"/proc/${pid}/stat"
	[[ ${__JOBSHIM_GOVERNED} == "${pid} ${stat[21]} "* ]] && return
	if [[ ${JOBSHIM_PORTAGE} == sandbox ]] && __jobshim_enter_sandbox "${shims}/.jobshim/look"; then
		place=$(__jobshim_place_on_path "${shims}")
	else
		place=${shims}
		__jobshim_watch "${shims}/.jobshim/look"
	fi
	__JOBSHIM_GOVERNED="${pid} ${stat[21]} ${place}"
}

__jobshim_begin_phase() {
	local shims=${BASH_SOURCE[0]%/*}/portage place

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
	__jobshim_govern "${shims}"
	place=${__JOBSHIM_GOVERNED#* * }
	[[ ${PATH} == "${place}":* ]] || export PATH=${place}:${PATH}
}

if [[ ${JOBSHIM_PORTAGE} == @(1|sandbox) && ${EBUILD_PHASE} == @(configure|compile|test|install) ]]; then
	__jobshim_begin_phase
fi
