# jobshim's part of a phase: its shims first on PATH, and a jobserver where there is none.
# /etc/portage/bashrc sources it; JOBSHIM_PORTAGE comes from /etc/portage/env/jobshim.conf, by package.env.
# shellcheck shell=bash

# The jobs that MAKEOPTS asks for, and its -l: the last of each counts, as for make. Without a number: the cores.
__jobshim_read_makeopts() {
	local -a words
	local i word
	jobs= load=

	read -r -d '' -a words <<<"${MAKEOPTS}"
	for ((i = 0; i < ${#words[@]}; i++)); do
		word=${words[i]}
		case ${word} in
		-j | --jobs | -l | --load-average | --max-load)
			[[ ${words[i + 1]} =~ ^[0-9.]+$ ]] && word+=${words[++i]}
			;;
		esac
		case ${word} in
		-j* | --jobs*) jobs=${word##*[!0-9]} ;;
		-l* | --load-average* | --max-load*) load=${word##*[!0-9.]} ;;
		esac
	done
	[[ ${jobs} == *[1-9]* ]] || jobs=$(nproc)
}

# A pool of the phase's own: a FIFO's bytes are there for as long as somebody has it open, and that is this shell and
# what it starts. So it ends with the phase, however that ends.
__jobshim_make_pool() {
	local fifo=${T}/jobshim-fifo jobs load flags

	__jobshim_read_makeopts
	rm -f "${fifo}" && mkfifo -m 0600 "${fifo}" || return
	exec {__JOBSHIM_POOL}<>"${fifo}" || return
	((jobs == 1)) || printf '%*s' "$((jobs - 1))" '' >&"${__JOBSHIM_POOL}"
	# make's way: flags of one letter in the first word, which may be empty
	[[ ${MAKEFLAGS} == -* ]] && MAKEFLAGS=" ${MAKEFLAGS}"
	flags=${MAKEFLAGS%% -- *} # behind it there are variables
	export MAKEFLAGS="${flags} -j${jobs} ${load:+-l${load} }--jobserver-auth=fifo:${fifo}${MAKEFLAGS#"${flags}"}"
}

# Tools that run past the shims are named in the log. Adopted by init: a `wait` of the ebuild's must not wait for it. And
# without our pool: who has that open might hold a token.
__jobshim_watch() {
	local pid=${BASHPID} stat

	# With its start time: in a PID sandbox the shells of all phases have the same number, and Portage saves our variables.
	read -r -a stat <"/proc/${pid}/stat"
	[[ ${__JOBSHIM_WATCHED} == "${pid} ${stat[21]}" ]] && return
	__JOBSHIM_WATCHED="${pid} ${stat[21]}"
	(
		[[ -z ${__JOBSHIM_POOL} ]] || exec {__JOBSHIM_POOL}>&-
		"$1" --tell-past "${pid}" </dev/null &
	)
}

__jobshim_begin_phase() {
	local shims=${BASH_SOURCE[0]%/*}/portage

	if [[ ! -x ${shims}/.jobshim/launcher ]]; then
		ewarn "jobshim: no shims in ${shims}: run jobshim portage install"
		return
	fi
	# Portage may source us twice in a phase. And what the phase before made is in the environment that it saves.
	[[ -n ${__JOBSHIM_POOL} && /proc/${BASHPID}/fd/${__JOBSHIM_POOL} -ef ${T}/jobshim-fifo ]] && return
	[[ -v __JOBSHIM_MAKEFLAGS ]] && MAKEFLAGS=${__JOBSHIM_MAKEFLAGS}
	__JOBSHIM_MAKEFLAGS=${MAKEFLAGS}
	unset JOBSHIM_JOBSERVER
	export JOBSHIM_JOB=${CATEGORY}/${PF}
	[[ ${MAKEFLAGS} == *--jobserver-* ]] || __jobshim_make_pool ||
		ewarn "jobshim: no jobserver can be made in ${T}: the build is not governed"
	# Named once more for our launchers: a make -jN of the package's own opens another pool, and names that in MAKEFLAGS.
	if [[ ${MAKEFLAGS} =~ --jobserver-auth=fifo:([^ ]+) ]]; then
		export JOBSHIM_JOBSERVER=fifo:${BASH_REMATCH[1]}
		addwrite "${BASH_REMATCH[1]}" # one outside of the sandbox is ours to use, and its ledger
		addwrite "${BASH_REMATCH[1]}.ledger"
	fi
	[[ ${PATH} == "${shims}":* ]] || export PATH=${shims}:${PATH}
	__jobshim_watch "${shims}/.jobshim/launcher"
}

if [[ ${JOBSHIM_PORTAGE} == 1 && ${EBUILD_PHASE} == @(configure|compile|test|install) ]]; then
	__jobshim_begin_phase
fi
